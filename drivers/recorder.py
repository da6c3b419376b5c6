"""A flight recorder: the last bytes both ways, for the detail of an error.

Only the last bytes: enough to see what a device was in the middle of, too little to be a copy of a receipt.
"""

from __future__ import annotations

from collections import deque

KEPT_PIECES = 8
KEPT_BYTES_A_PIECE = 24


class FlightRecorder:
    """Remembers the ends of the last pieces sent (`>`) and heard (`<`)."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[str, int, bytes]] = deque(maxlen=KEPT_PIECES)

    def sent(self, data: bytes) -> None:
        """Note what the line took."""
        self._note(">", data)

    def heard(self, data: bytes) -> None:
        """Note what came."""
        self._note("<", data)

    def text(self) -> str:
        """One line, such as `>12B 100401100402 <4B 12121212`."""
        return " ".join(f"{way}{size}B {end.hex()}" for way, size, end in self._pieces)

    def _note(self, way: str, data: bytes) -> None:
        if data:
            self._pieces.append((way, len(data), data[-KEPT_BYTES_A_PIECE:]))
