"""A line that only speaks, and whose pieces mean other bytes: key presses, HID reports.

Nothing can be said to it; whether it is still there is what reading tells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from drivers.base import DeviceGone
from drivers.transport.base import Monotonic


class Source(Protocol):
    """Gives the pieces; every member as in Transport."""

    def read(self, timeout_s: float, limit: int = 4096) -> bytes:
        """See Transport.read."""

    def wake(self) -> None:
        """See Transport.wake."""

    def close(self) -> None:
        """See Transport.close."""

    def describe(self) -> str:
        """See Transport.describe."""


class TranslatedTransport:
    """A read-only Transport over a source. `translate` gives the bytes of a piece, none when it means nothing."""

    def __init__(
        self,
        source: Source,
        translate: Callable[[bytes], bytes],
        piece_bytes: int,
        monotonic: Monotonic,
        *,
        bytes_per_s: float | None = None,
    ) -> None:
        self._source = source
        self._translate = translate
        self._piece_bytes = piece_bytes
        self._monotonic = monotonic
        self._bytes_per_s = bytes_per_s
        self._ready = bytearray()
        self._closed = False

    @property
    def bytes_per_s(self) -> float | None:
        """The slowest rate of such a device, so that its pauses end no scan; None when a piece is a whole scan."""
        return self._bytes_per_s

    def write(self, data: bytes, deadline_s: float) -> int:
        """Return 0: it takes nothing. Raises DeviceGone once closed."""
        if self._closed:
            raise DeviceGone("device.closed", f"{self.describe()}: closed")
        return 0

    def read(self, timeout_s: float, limit: int = 4096) -> bytes:
        """See Transport.read; waits on over pieces that mean nothing."""
        deadline_s = self._monotonic() + timeout_s
        wait_s = timeout_s
        while not self._ready:
            piece = self._source.read(wait_s, self._piece_bytes)
            if not piece:
                return b""
            self._ready += self._translate(piece)
            wait_s = max(0.0, deadline_s - self._monotonic())
        data = bytes(self._ready[:limit])
        del self._ready[:limit]
        return data

    def wake(self) -> None:
        """See Transport.wake."""
        self._source.wake()

    def close(self) -> None:
        """See Transport.close. A grab ends with it."""
        self._closed = True
        self._source.close()

    def describe(self) -> str:
        """See Transport.describe."""
        return self._source.describe()
