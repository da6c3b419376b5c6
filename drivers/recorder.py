"""A flight recorder: the last bytes both ways, in the detail of every error of a line that had traffic.

Only the last bytes: enough to see what a device was in the middle of, too little to be a copy of a receipt. A line
whose bytes are secret (a scanner reads payment codes) shows their counts only.
"""

from __future__ import annotations

from collections import deque

from drivers.base import DeviceError
from drivers.transport.base import Transport

KEPT_PIECES = 8
KEPT_BYTES_A_PIECE = 24


class FlightRecorder:
    """Remembers the ends of the last pieces sent (`>`) and heard (`<`)."""

    def __init__(self, *, shows_bytes: bool = True) -> None:
        self._shows_bytes = shows_bytes
        self._pieces: deque[tuple[str, int, bytes]] = deque(maxlen=KEPT_PIECES)

    def sent(self, data: bytes) -> None:
        """Note what the line took."""
        self._note(">", data)

    def heard(self, data: bytes) -> None:
        """Note what came."""
        self._note("<", data)

    def text(self) -> str:
        """One line, such as `>12B 100401100402 <4B 12121212`; empty before any traffic."""
        return " ".join(f"{way}{size}B {end.hex()}".rstrip() for way, size, end in self._pieces)

    def added_to(self, detail: str) -> str:
        """The detail with the traffic at its end, once."""
        traffic = self.text()
        return detail if traffic in detail else f"{detail} {traffic}".strip()

    def _note(self, way: str, data: bytes) -> None:
        if data:
            self._pieces.append((way, len(data), data[-KEPT_BYTES_A_PIECE:] if self._shows_bytes else b""))


class RecordedLine:
    """A transport with a flight recorder; what it raises tells the last bytes. Everything else is the transport's."""

    def __init__(self, transport: Transport, *, shows_bytes: bool = True) -> None:
        self._transport = transport
        self.recorder = FlightRecorder(shows_bytes=shows_bytes)

    @property
    def bytes_per_s(self) -> float | None:
        """See Transport.bytes_per_s."""
        return self._transport.bytes_per_s

    def write(self, data: bytes, deadline_s: float) -> int:
        """See Transport.write."""
        try:
            taken = self._transport.write(data, deadline_s)
        except DeviceError as error:
            raise self._told(error) from error
        self.recorder.sent(data[:taken])
        return taken

    def read(self, timeout_s: float, limit: int = 4096) -> bytes:
        """See Transport.read."""
        try:
            data = self._transport.read(timeout_s, limit)
        except DeviceError as error:
            raise self._told(error) from error
        self.recorder.heard(data)
        return data

    def wake(self) -> None:
        """See Transport.wake."""
        self._transport.wake()

    def close(self) -> None:
        """See Transport.close."""
        self._transport.close()

    def describe(self) -> str:
        """See Transport.describe."""
        return self._transport.describe()

    def _told(self, error: DeviceError) -> DeviceError:
        return type(error)(error.code, self.recorder.added_to(error.detail))


def recorded(transport: Transport) -> RecordedLine:
    """The transport with a flight recorder: itself when it has one."""
    return transport if isinstance(transport, RecordedLine) else RecordedLine(transport)
