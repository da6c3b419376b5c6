"""Finds the real-time commands (`DLE EOT`, `DLE ENQ`, `DLE DC4`) in the bytes as they arrive.

They are obeyed on arrival, whatever they stand in: a raster that happens to contain `10 04 01`
gets an answer, as on real printers. So this looks at the raw stream, before the receive buffer.
"""

from __future__ import annotations

DLE = 0x10
_CLEAR_TAIL = bytes((0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08))


def _length_at(data: bytes, start: int) -> int:
    """Length of the command at `start`; 0 when more bytes must decide, -1 when it is none."""
    rest = data[start + 1 : start + 10]
    if not rest:
        return 0
    kind = rest[0]
    if kind in (0x04, 0x05):
        if len(rest) < 2:
            return 0
        allowed = (1, 2, 3, 4) if kind == 0x04 else (0, 1, 2)
        return 3 if rest[1] in allowed else -1
    if kind != 0x14:
        return -1
    tail = rest[1:]
    if tail[:1] == b"\x01":
        if len(tail) > 1 and tail[1] > 1:
            return -1
        if len(tail) < 3:
            return 0
        return 5 if 1 <= tail[2] <= 8 else -1
    if _CLEAR_TAIL.startswith(tail):
        return 10 if len(tail) == len(_CLEAR_TAIL) else 0
    return -1


class RealTimeScanner:
    """Remembers a command that is cut by the end of a chunk, so chunking never matters."""

    def __init__(self) -> None:
        self._open = b""

    def reset(self) -> None:
        """Forget a half-received command (power lost)."""
        self._open = b""

    def push(self, data: bytes) -> list[tuple[int, bytes]]:
        """The commands completed by `data`: (index in `data` just after it, its bytes)."""
        if not self._open and DLE not in data:
            return []
        before = len(self._open)
        stream = self._open + data
        self._open = b""
        found: list[tuple[int, bytes]] = []
        at = stream.find(DLE)
        while at >= 0:
            length = _length_at(stream, at)
            if length == 0:
                self._open = stream[at:]
                break
            if length > 0:
                found.append((at + length - before, stream[at : at + length]))
            at = stream.find(DLE, at + max(length, 1))
        return found
