"""A counter scale that talks by itself or answers `W`, with goods that are put on it by words.

Words: a number of grams on the pan (`0` empties it), `unstable`, `stable`, `tare`, `clear`, `overload`, `negative`,
`silence`, `garbage`, `ok`, `unplug`, `plug`, `state`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from drivers.emulators.endpoints import Endpoint, PtyEndpoint
from drivers.emulators.station import Served, Station

SAY_EVERY_S = 0.1
SETTLE_S = 0.3
"""How long the weight swings after something was put on the pan."""

CAPACITY_G = 15_000
SCALE_WORDS = "GRAMS, unstable, stable, tare, clear, overload, negative, silence, garbage, ok, unplug, plug, state"
PROTOCOLS = ("continuous", "toledo8217")


class ScaleStation(Station):
    """A scale on an endpoint; see the words above."""

    def __init__(
        self,
        endpoint: Endpoint,
        protocol: str = "continuous",
        *,
        settle_s: float = SETTLE_S,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(endpoint, monotonic_s)
        self._continuous = protocol == "continuous"
        self._settle_s = settle_s
        self._gross_g = 0
        self._tare_g = 0
        self._steady_from_s = 0.0
        self._held_unstable = False
        self._mood = "ok"
        self._next_s = 0.0

    def obey(self, line: str) -> str:
        """Obey a word: `ok`, an answer, or `refused: why`."""
        word = line.strip()
        if word == "state":
            return json.dumps({"weight_g": self._net_g, "tare_g": self._tare_g, "stable": self._stable})
        if word.isascii() and word.isdigit() and len(word) <= 6:
            self._put(int(word))
            return "ok"
        words: dict[str, Callable[[], None]] = {
            "unstable": lambda: self._hold(unstable=True),
            "stable": lambda: self._hold(unstable=False),
            "tare": self._set_tare,
            "clear": self._clear,
            "overload": lambda: self._put(CAPACITY_G + 1000),
            "negative": self._lift,
            "silence": lambda: self._be("silence"),
            "garbage": lambda: self._be("garbage"),
            "ok": lambda: self._be("ok"),
            "unplug": self.endpoint.close,
            "plug": self._plug,
        }
        if word not in words:
            return f"refused: unknown word {word!r}; there are {SCALE_WORDS}"
        try:
            words[word]()
        except OSError as error:
            return f"refused: cannot plug in: {error}"
        return "ok"

    def room(self) -> int:
        """Questions are short."""
        return 256

    def hear(self, data: bytes) -> None:
        """Answer each `W` of the host, with or without a parity bit."""
        if not self._continuous:
            for value in data:
                if value & 0x7F == ord("W"):
                    self._say(self._answer())

    def advance(self) -> None:
        """Say the weight when its time has come."""
        now_s = self._monotonic_s()
        if self._continuous and self.endpoint.is_open and now_s >= self._next_s:
            self._next_s = now_s + SAY_EVERY_S
            self._say(self._line())

    def next_due_s(self) -> float | None:
        """When the next line is due."""
        return self._next_s if self._continuous and self.endpoint.is_open else None

    @property
    def _net_g(self) -> int:
        return self._gross_g - self._tare_g

    @property
    def _stable(self) -> bool:
        return not self._held_unstable and self._monotonic_s() >= self._steady_from_s

    def _line(self) -> bytes:
        kind = "NT" if self._tare_g else "GS"
        if self._gross_g > CAPACITY_G:
            return f"OL,{kind},+999.999kg\r\n".encode()
        swing_g = 0 if self._stable else 20
        net_g = self._net_g + swing_g
        sign = "-" if net_g < 0 else "+"
        return f"{'ST' if self._stable else 'US'},{kind},{sign}{abs(net_g) / 1000:7.3f}kg\r\n".encode()

    def _answer(self) -> bytes:
        overload, negative = self._gross_g > CAPACITY_G, self._net_g < 0
        if overload or negative or not self._stable:
            status = (not self._stable) | overload << 1 | negative << 2 | 0x40
            return b"\x02?" + bytes((status,)) + b"\r"
        return f"\x02{self._net_g / 1000:06.3f}{'N' if self._tare_g else ''}\r".encode()

    def _say(self, data: bytes) -> None:
        if self._mood == "garbage":
            data = bytes(value ^ 0x2A for value in data[:-1]) + b"\r"
        if self._mood != "silence":
            self.endpoint.write(data)

    def _put(self, gross_g: int) -> None:
        self._gross_g = gross_g
        self._steady_from_s = self._monotonic_s() + self._settle_s

    def _lift(self) -> None:
        """Take everything off while a tare is set."""
        self._tare_g = max(self._tare_g, 100)
        self._put(0)

    def _hold(self, *, unstable: bool) -> None:
        self._held_unstable = unstable

    def _set_tare(self) -> None:
        self._tare_g = self._gross_g

    def _clear(self) -> None:
        self._tare_g = 0
        self._be("ok")

    def _be(self, mood: str) -> None:
        self._mood = mood

    def _plug(self) -> None:
        if not self.endpoint.is_open:
            self.endpoint.open()


def pty_scale(link: Path, protocol: str = "continuous", *, settle_s: float = SETTLE_S) -> Served:
    """A scale behind a pseudo-terminal; `word("350")` puts 350 g on it."""
    return Served(ScaleStation(PtyEndpoint(link), protocol, settle_s=settle_s))
