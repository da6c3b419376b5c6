"""A customer display of two rows that interprets what it is sent, as the command tables of ESC/POS displays say.

Words: `unplug`, `plug`, `power off`, `power on`, `state` (JSON of the rows and of how many bytes it did not know).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from drivers.emulators.endpoints import Endpoint, PtyEndpoint
from drivers.emulators.station import Served, Station

ROWS = 2
CELLS = 20
DISPLAY_WORDS = "unplug, plug, power off|on, state"

OnRows = Callable[[list[str]], None]


class DisplayCells:
    """The glass and its command interpreter; bytes may be cut anywhere."""

    def __init__(self) -> None:
        self.unknown = 0
        self._pending = b""
        self._clear()

    def rows(self) -> list[str]:
        """What can be read: each row without the blanks at its end."""
        return [bytes(row).decode("gb18030", "replace").rstrip() for row in self._cells]

    def feed(self, data: bytes) -> None:
        """Interpret bytes of the host."""
        data = self._pending + data
        while data:
            used = self._step(data)
            if not used:
                break
            data = data[used:]
        self._pending = data

    def _step(self, data: bytes) -> int:
        """Obey what stands first; how many bytes that was, 0 when more must come."""
        first = data[0]
        if first == 0x1B:
            return self._command(data, {0x40: (2, self._clear), 0x74: (3, None), 0x52: (3, None)})
        if first == 0x1F:
            if data[1:2] == b"$":
                return self._move(data)
            return self._command(data, {0x01: (2, None), 0x43: (3, None), 0x58: (3, None), 0x45: (3, None)})
        if first == 0x0C:
            self._clear()
        elif first == 0x0B:
            self._row = self._column = 0
        elif first >= 0x20:
            return self._write(data)
        else:
            self.unknown += 1
        return 1

    def _command(self, data: bytes, known: dict[int, tuple[int, Callable[[], None] | None]]) -> int:
        if len(data) < 2:
            return 0
        length, act = known.get(data[1], (2, self._not_known))
        if len(data) < length:
            return 0
        if act is not None:
            act()
        return length

    def _move(self, data: bytes) -> int:
        if len(data) < 4:
            return 0
        column, row = data[2], data[3]
        if 1 <= column <= CELLS and 1 <= row <= ROWS:
            self._row, self._column = row - 1, column - 1
        else:
            self.unknown += 1
        return 4

    def _write(self, data: bytes) -> int:
        """A character of one byte, or of two (four where GB 18030 has four, on two cells each)."""
        if data[0] < 0x81:
            self._put(data[:1])
            return 1
        if len(data) < 2:
            return 0
        self._put(data[:2])
        return 2

    def _put(self, data: bytes) -> None:
        for value in data:
            self._cells[self._row][self._column] = value
            self._column += 1
            if self._column == CELLS:
                self._row, self._column = (self._row + 1) % ROWS, 0

    def _not_known(self) -> None:
        self.unknown += 1

    def _clear(self) -> None:
        self._cells = [bytearray(b" " * CELLS) for _ in range(ROWS)]
        self._row = self._column = 0


class DisplayStation(Station):
    """A display on an endpoint; `on_rows` is told each time that what it shows has changed."""

    def __init__(self, endpoint: Endpoint, on_rows: OnRows | None = None) -> None:
        super().__init__(endpoint)
        self.cells = DisplayCells()
        self.powered = True
        self._on_rows = on_rows
        self._told = self.cells.rows()

    def obey(self, line: str) -> str:
        """Obey a word: `ok`, an answer, or `refused: why`."""
        words: dict[str, Callable[[], None]] = {
            "unplug": self.endpoint.close,
            "plug": self._plug,
            "power off": lambda: self._power(on=False),
            "power on": lambda: self._power(on=True),
        }
        word = line.strip()
        if word == "state":
            return json.dumps({"rows": self.cells.rows(), "unknown": self.cells.unknown}, ensure_ascii=False)
        if word not in words:
            return f"refused: unknown word {word!r}; there are {DISPLAY_WORDS}"
        try:
            words[word]()
        except OSError as error:
            return f"refused: cannot plug in: {error}"
        return "ok"

    def room(self) -> int:
        """A display takes what comes."""
        return 4096

    def hear(self, data: bytes) -> None:
        """Show what the host sends; nothing while there is no power."""
        if self.powered:
            self.cells.feed(data)
            self._tell()

    def _plug(self) -> None:
        if not self.endpoint.is_open:
            self.endpoint.open()

    def _power(self, *, on: bool) -> None:
        if on != self.powered:
            self.powered = on
            self.cells = DisplayCells()
            self._tell()

    def _tell(self) -> None:
        rows = self.cells.rows()
        if self._on_rows is not None and rows != self._told:
            self._told = rows
            self._on_rows(rows)


def pty_display(link: Path, on_rows: OnRows | None = None) -> Served:
    """A display behind a pseudo-terminal; `word("state")` tells what it shows."""
    return Served(DisplayStation(PtyEndpoint(link), on_rows))
