"""The contract of a transport: bytes with deadlines, and one error for everything that means "gone".

Separate from the transports so that protocols depend on bytes only and tests can pass any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Monotonic = Callable[[], float]
"""Seconds of a clock that never steps; deadlines are moments of it."""


class Transport(Protocol):
    """A two-way line. One thread reads and writes; any thread may call `wake` and `close`."""

    @property
    def bytes_per_s(self) -> float | None:
        """The line's rate when the line has one, else None."""

    def write(self, data: bytes, deadline_s: float) -> int:
        """Hand over bytes until all are taken, the moment `deadline_s` comes or `wake` is called.

        Returns how many were taken. Raises DeviceGone only when this call had none taken. Taken means
        that the kernel has them, not that the device does.
        """

    def read(self, timeout_s: float, limit: int = 4096) -> bytes:
        """Wait up to `timeout_s` for bytes and return at most `limit` of what is there; may be empty.

        Returns early and empty when `wake` is called. Raises DeviceGone when the device went away.
        """

    def wake(self) -> None:
        """Make the read or write under way, or else the next one that has to wait, return at once."""

    def close(self) -> None:
        """Let go of the device. Never blocks for long, may be called twice."""

    def describe(self) -> str:
        """The address as the technician knows it."""
