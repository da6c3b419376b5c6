"""Work handed to a printer's thread by others, and the place where its result will stand.

Separate from the device so that what may wait, how much of it, and how it is refused stand in one place.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from drivers.printer.conversation import Conversation
from drivers.threads import Event

MAX_WAITING = 16

Result = TypeVar("Result")


class Ticket(Generic[Result]):
    """One act on the printer's line. `refused` makes the result of an act that was never begun, of a code."""

    def __init__(self, act: Callable[[Conversation], Result], refused: Callable[[str], Result], done: Event) -> None:
        self._act = act
        self._refused = refused
        self._done = done
        self.result = refused("printer.stopped")

    def perform(self, talk: Conversation) -> None:
        """Do it, on the printer's thread; whoever waits goes on whatever comes of it."""
        try:
            self.result = self._act(talk)
        finally:
            self._done.set()

    def refuse(self, code: str) -> None:
        """End it undone."""
        self.result = self._refused(code)
        self._done.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the result; False when it is not there in time."""
        return self._done.wait(timeout_s)


class Tickets:
    """What waits for one printer, oldest first; `open` while there is a line to it. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Ticket[Any]] = deque()
        self._open = False

    def open(self) -> None:
        """Take tickets from now on."""
        with self._lock:
            self._open = True

    def close(self, code: str) -> None:
        """Take none any more, and refuse those that wait."""
        with self._lock:
            self._open = False
            left = list(self._waiting)
            self._waiting.clear()
        for ticket in left:
            ticket.refuse(code)

    def put(self, ticket: Ticket[Any], closed_code: str) -> None:
        """Let a ticket wait; it is refused at once when the line is closed or too many wait."""
        with self._lock:
            if self._open and len(self._waiting) < MAX_WAITING:
                self._waiting.append(ticket)
                return
            code = "printer.busy" if self._open else closed_code
        ticket.refuse(code)

    def next(self) -> Ticket[Any] | None:
        """Take the oldest."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def withdraw(self, ticket: Ticket[Any]) -> bool:
        """Take a ticket back that was not begun; False when it was."""
        with self._lock:
            if ticket not in self._waiting:
                return False
            self._waiting.remove(ticket)
            return True
