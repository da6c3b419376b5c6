"""A line in memory: a transport and the peer at its other end, for tests and for demonstrations without a kernel."""

from __future__ import annotations

import threading
import time

from drivers.base import DeviceGone
from drivers.transport.base import Monotonic

DEFAULT_ROOM_BYTES = 4096
"""What the line takes while the peer reads nothing, like the transmit buffer of a tty."""


class _Line:
    """Both directions of one cable, under one lock."""

    def __init__(self, room_bytes: int) -> None:
        self.changed = threading.Condition()
        self.room_bytes = room_bytes
        self.outward = bytearray()
        self.inward = bytearray()
        self.cut = False
        self.closed = False
        self.woken = False


class MemoryTransport:
    """The box's end; keeps the contract of Transport."""

    def __init__(self, line: _Line, monotonic: Monotonic, bytes_per_s: float | None) -> None:
        self._line = line
        self._monotonic = monotonic
        self._bytes_per_s = bytes_per_s

    @property
    def bytes_per_s(self) -> float | None:
        """The rate that the test claims."""
        return self._bytes_per_s

    def write(self, data: bytes, deadline_s: float) -> int:
        """See Transport.write."""
        line = self._line
        taken = 0
        with line.changed:
            while taken < len(data):
                if line.cut or line.closed:
                    if taken:
                        break
                    raise DeviceGone("device.gone", "memory: cut")
                count = min(line.room_bytes - len(line.outward), len(data) - taken)
                if count > 0:
                    line.outward += data[taken : taken + count]
                    taken += count
                    line.changed.notify_all()
                elif not self._wait(deadline_s - self._monotonic()):
                    break
        return taken

    def read(self, timeout_s: float, limit: int = 4096) -> bytes:
        """See Transport.read."""
        line = self._line
        deadline_s = self._monotonic() + timeout_s
        with line.changed:
            while not line.inward:
                if line.cut or line.closed:
                    raise DeviceGone("device.gone", "memory: cut")
                if not self._wait(deadline_s - self._monotonic()):
                    return b""
            data = bytes(line.inward[:limit])
            del line.inward[:limit]
            return data

    def wake(self) -> None:
        """See Transport.wake."""
        with self._line.changed:
            self._line.woken = True
            self._line.changed.notify_all()

    def close(self) -> None:
        """See Transport.close."""
        with self._line.changed:
            self._line.closed = True
            self._line.changed.notify_all()

    def describe(self) -> str:
        """See Transport.describe."""
        return "memory:"

    def _wait(self, timeout_s: float) -> bool:
        """Wait for a change; False when the time is up or somebody called wake."""
        line = self._line
        if timeout_s > 0 and not line.woken:
            line.changed.wait(timeout_s)
            if not line.woken:
                return True
        line.woken = False
        return False


class MemoryPeer:
    """The device's end: what a test says and hears."""

    def __init__(self, line: _Line) -> None:
        self._line = line

    def send(self, data: bytes) -> None:
        """Let the box read these bytes."""
        with self._line.changed:
            self._line.inward += data
            self._line.changed.notify_all()

    def receive(self, count: int, timeout_s: float = 1.0) -> bytes:
        """Up to `count` bytes that the box wrote, as soon as so many are there or the time is up."""
        line = self._line
        deadline_s = time.monotonic() + timeout_s
        received = bytearray()
        with line.changed:
            while len(received) < count:
                piece = line.outward[: count - len(received)]
                del line.outward[: len(piece)]
                received += piece
                if piece:
                    line.changed.notify_all()
                elif not line.changed.wait(max(0.0, deadline_s - time.monotonic())):
                    break
        return bytes(received)

    def unplug(self) -> None:
        """Cut the cable; whatever was on its way is lost."""
        with self._line.changed:
            self._line.cut = True
            self._line.inward.clear()
            self._line.changed.notify_all()


def memory_line(
    monotonic: Monotonic, *, room_bytes: int = DEFAULT_ROOM_BYTES, bytes_per_s: float | None = None
) -> tuple[MemoryTransport, MemoryPeer]:
    """Both ends of a new line that holds `room_bytes` towards the device."""
    line = _Line(room_bytes)
    return MemoryTransport(line, monotonic, bytes_per_s), MemoryPeer(line)
