"""What a device needs of threads: one to run on, and events to wait for.

Separate so that a simulation can run a device and its callers in turns, on one thread and in a time of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol


class Event(Protocol):
    """A flag that can be waited for; threading.Event is one."""

    def set(self) -> None:
        """Raise the flag and end every wait for it."""

    def is_set(self) -> bool:
        """Whether it was raised."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the flag, at most `timeout` seconds; whether it is raised."""


class Running(Protocol):
    """What was started; threading.Thread is one."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, at most `timeout` seconds."""


class Threads(Protocol):
    """Where a device runs, and how others wait for it."""

    def event(self) -> Event:
        """A new flag."""

    def start(self, name: str, run: Callable[[], None]) -> Running:
        """Run beside the caller; never keeps the program from ending."""

    def within(self, running: Running) -> bool:
        """Whether the caller is what runs there."""


class SystemThreads:
    """The system's own."""

    def event(self) -> threading.Event:
        """See Threads.event."""
        return threading.Event()

    def start(self, name: str, run: Callable[[], None]) -> threading.Thread:
        """See Threads.start."""
        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        return thread

    def within(self, running: Running) -> bool:
        """See Threads.within."""
        return running is threading.current_thread()


SYSTEM_THREADS = SystemThreads()
