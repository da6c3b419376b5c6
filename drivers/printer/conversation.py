"""Talking with a printer over a transport: sends bytes, hears replies, keeps the printer's last word about itself.

Separate from the job protocol, which decides what to say, and from the device, which decides when.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.printer.status import (
    REAL_TIME_STATUS,
    STATUS_REQUEST,
    UNKNOWN,
    Automatic,
    Demultiplexer,
    PrinterHealth,
    RealTime,
    Reply,
    health_from_automatic,
    health_from_real_time,
)
from drivers.recorder import FlightRecorder
from drivers.transport.base import Monotonic, Transport

_REQUEST_WRITE_S = 0.5


class Conversation:
    """One connection to a printer. Whatever talks may raise DeviceGone; waits end early when `stopping` says so."""

    def __init__(self, transport: Transport, monotonic: Monotonic, stopping: Callable[[], bool]) -> None:
        self._transport = transport
        self._monotonic = monotonic
        self._stopping = stopping
        self._replies = Demultiplexer()
        self._values: dict[int, int] = {}
        self._asked_at_s = 0.0
        self.recorder = FlightRecorder()
        self.health: PrinterHealth = UNKNOWN
        self.answers = 0
        """How many complete status answers have come; a caller sees by it that health is fresh."""

    @property
    def bytes_per_s(self) -> float | None:
        """The line's rate when it has one."""
        return self._transport.bytes_per_s

    @property
    def awaits_answer(self) -> bool:
        """Whether a status request is unanswered so far."""
        return self._replies.awaits_status

    def send(self, data: bytes, deadline_s: float) -> int:
        """Hand over bytes; see Transport.write."""
        taken = self._transport.write(data, deadline_s)
        self.recorder.sent(data[:taken])
        return taken

    def hear(self, timeout_s: float) -> list[Reply]:
        """The replies of one read, after bringing `health` up to date with them."""
        data = self._transport.read(timeout_s)
        self.recorder.heard(data)
        replies = self._replies.feed(data)
        for reply in replies:
            self._learn(reply)
        return replies

    def request_status(self) -> bool:
        """Send DLE EOT 1 to 4 in one write unless answers are still outstanding; False when that did not go out."""
        if self._replies.awaits_status:
            return False
        self._asked_at_s = self._monotonic()
        taken = self.send(STATUS_REQUEST, self._asked_at_s + _REQUEST_WRITE_S)
        if taken == len(STATUS_REQUEST):
            self._values.clear()
            self._replies.expect_status()
        return taken == len(STATUS_REQUEST)

    def ask_status(self, timeout_s: float) -> tuple[PrinterHealth | None, list[Reply]]:
        """Ask anew and wait for all four answers; None for silence. Also what else was heard meanwhile."""
        others = self._hear_outstanding(timeout_s)
        deadline_s = self._monotonic() + timeout_s
        before = self.answers
        asked = self.request_status()
        while asked and self.answers == before:
            rest_s = deadline_s - self._monotonic()
            if rest_s <= 0 or self._stopping():
                asked = False
            else:
                others += self.hear(rest_s)
        if asked:
            return self.health, others
        self.forget_status()
        return None, others

    def forget_status(self) -> None:
        """Give up outstanding answers; the printer has not said anything about itself any more."""
        self._replies.forget()
        self.health = UNKNOWN

    def _hear_outstanding(self, timeout_s: float) -> list[Reply]:
        """Late answers must not pass for the ones to come: hear them out, then drop what is left."""
        replies: list[Reply] = []
        while True:
            rest_s = self._asked_at_s + timeout_s - self._monotonic()
            waits = self._replies.awaits_status and rest_s > 0 and not self._stopping()
            heard = self.hear(rest_s if waits else 0)
            replies += heard
            if not heard and not waits:
                break
        self._replies.forget()
        return replies

    def _learn(self, reply: Reply) -> None:
        match reply:
            case Automatic(status):
                self.health = health_from_automatic(status)
            case RealTime(number, value):
                self._values[number] = value
                if number == REAL_TIME_STATUS[-1] and len(self._values) == len(REAL_TIME_STATUS):
                    self.health = health_from_real_time(self._values)
                    self._values = {}
                    self.answers += 1
            case _:
                return
