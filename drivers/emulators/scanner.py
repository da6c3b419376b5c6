"""A code scanner: each line it is given goes out as one scan, byte for byte as a real one sends it.

Words start with `!`, so that any text can be scanned: `!unplug`, `!plug`; `!!text` scans `!text`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from drivers.emulators.endpoints import Endpoint
from drivers.emulators.station import Station

Suffix = Literal["CR", "LF", "CRLF", "TAB", "NONE"]
SUFFIXES: dict[str, bytes] = {
    "CR": b"\r",
    "LF": b"\n",
    "CRLF": b"\r\n",
    "TAB": b"\t",
    "NONE": b"",
}
"""What ends a scan, by the names on scanners' set-up sheets."""
ENCODINGS = ("utf-8", "gb18030")
"""How scanners send Chinese."""


class ScannerStation(Station):
    """A scanner on an endpoint; lines are texts to scan, or words."""

    def __init__(self, endpoint: Endpoint, suffix: bytes = b"\r", prefix: bytes = b"", encoding: str = "utf-8") -> None:
        super().__init__(endpoint)
        self.scans = 0
        self.suffix = suffix
        self.prefix = prefix
        self.encoding = encoding

    def said(self, text: str) -> bytes:
        """What the host reads when this text is scanned."""
        return self.prefix + text.encode(self.encoding, "replace") + self.suffix

    def words(self) -> dict[str, Callable[[], None]]:
        """What lines beginning with `!` do."""
        return {"!unplug": self._unplug, "!plug": self._plug}

    def scan(self, text: str) -> bool:
        """Send a scan; False when the cable is out: the scan is lost."""
        if not self.endpoint.is_open:
            return False
        self.endpoint.write(self.said(text))
        self.scans += 1
        return True

    def obey(self, line: str) -> str:
        """Scan a line or obey a word: `ok`, or `refused: why`."""
        if not line.startswith("!") or line.startswith("!!"):
            text = line[1:] if line.startswith("!!") else line
            return "ok" if self.scan(text) else "refused: unplugged, the scan is lost"
        words = self.words()
        word = words.get(line.strip())
        if word is None:
            return f"refused: unknown word {line.strip()!r}; there are {', '.join(words)}, !!TEXT"
        try:
            word()
        except OSError as error:
            return f"refused: cannot plug in: {error}"
        return "ok"

    def room(self) -> int:
        """Commands of the host are taken and not obeyed."""
        return 4096

    def hear(self, data: bytes) -> None:
        """Set-up commands: a scanner that knows none says nothing."""

    def _unplug(self) -> None:
        self.endpoint.close()

    def _plug(self) -> None:
        if not self.endpoint.is_open:
            self.endpoint.open()
