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
    AutomaticWatch,
    Block,
    Demultiplexer,
    PrinterHealth,
    RealTime,
    Reply,
    health_from_automatic,
    health_from_real_time,
)
from drivers.recorder import recorded
from drivers.transport.base import Monotonic, Transport

_REQUEST_WRITE_S = 0.5
_TEXT_HEADER = 0x5F
"""Begins the answers of GS I 65 and up and of GS g 2."""


class Conversation:
    """One connection to a printer. Whatever talks may raise DeviceGone; waits end early when `stopping` says so."""

    def __init__(self, transport: Transport, monotonic: Monotonic, stopping: Callable[[], bool]) -> None:
        self._transport = recorded(transport)
        self._monotonic = monotonic
        self._stopping = stopping
        self._replies = Demultiplexer()
        self._values: dict[int, int] = {}
        self._asked_at_s = 0.0
        self._unsent = b""
        self._texts_owed = 0
        self._watch = AutomaticWatch()
        self.recorder = self._transport.recorder
        self.health: PrinterHealth = UNKNOWN
        self.answers = 0
        """How many complete status answers have come; a caller sees by it that health is fresh."""

    @property
    def automatic_vanished(self) -> bool:
        """Whether the printer no longer reports changes by itself although it was told to: it was switched off."""
        return self._watch.vanished

    def expect_automatic(self) -> None:
        """Say that the printer is being told to report changes by itself (again)."""
        self._watch.restart()

    @property
    def bytes_per_s(self) -> float | None:
        """The line's rate when it has one."""
        return self._transport.bytes_per_s

    @property
    def awaits_answer(self) -> bool:
        """Whether a status request is unanswered so far."""
        return self._replies.awaits_status

    def send(self, data: bytes, deadline_s: float) -> int:
        """Hand over bytes; see Transport.write. The rest of a request that the line took in part goes before them."""
        while self._unsent:
            taken = self._transport.write(self._unsent, deadline_s)
            self._unsent = self._unsent[taken:]
            if not taken:
                return 0
        return self._transport.write(data, deadline_s)

    def hear(self, timeout_s: float) -> list[Reply]:
        """The replies of one read, after bringing `health` up to date with them."""
        data = self._transport.read(timeout_s)
        replies = self._replies.feed(data)
        for reply in replies:
            self._learn(reply)
        return replies

    def request_status(self, answer_within_s: float) -> bool:
        """Send DLE EOT 1 to 4 in one write; False when nothing of it went out, or answers to the last are still due.

        When those did not come within `answer_within_s` the printer has said nothing about itself any more: it may
        have been switched off while it waited for paper.
        """
        if self._replies.awaits_status:
            if self._monotonic() - self._asked_at_s < answer_within_s:
                return False
            self.forget_status()
        self._asked_at_s = self._monotonic()
        if not self.request(STATUS_REQUEST):
            return False
        self._values.clear()
        self._replies.expect_status()
        return True

    def ask_text(self, request: bytes, timeout_s: float) -> tuple[str | None, list[Reply]]:
        """Ask for a block of text (GS I, GS g 2) and wait for it; None for silence. Also what else was heard.

        While an answer is overdue nothing more is asked: it would pass for the answer to another question.
        """
        heard: list[Reply] = self.hear(0)
        self._texts_owed = max(0, self._texts_owed - len(_texts(heard)))
        if self._texts_owed or not self.request(request):
            return None, heard
        deadline_s = self._monotonic() + timeout_s
        while (rest_s := deadline_s - self._monotonic()) > 0 and not self._stopping():
            replies = self.hear(rest_s)
            heard += replies
            if texts := _texts(replies):
                return texts[-1], heard
        self._texts_owed += 1
        return None, heard

    def request(self, request: bytes, timeout_s: float = _REQUEST_WRITE_S) -> bool:
        """Send a request whole, now or before whatever is sent next; False when nothing of it went out."""
        taken = self.send(request, self._monotonic() + timeout_s)
        if taken:
            self._unsent = request[taken:]
        return bool(taken)

    def ask_status(self, timeout_s: float) -> tuple[PrinterHealth | None, list[Reply]]:
        """Ask anew and wait for all four answers; None for silence. Also what else was heard meanwhile."""
        others = self._hear_outstanding(timeout_s)
        deadline_s = self._monotonic() + timeout_s
        before = self.answers
        asked = self.request_status(timeout_s)
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
                self._watch.told(self.health)
            case RealTime(number, value):
                self._values[number] = value
                if number == REAL_TIME_STATUS[-1] and len(self._values) == len(REAL_TIME_STATUS):
                    self.health = health_from_real_time(self._values)
                    self._watch.asked(self.health)
                    self._values = {}
                    self.answers += 1
            case _:
                return


def _texts(replies: list[Reply]) -> list[str]:
    blocks = [reply for reply in replies if isinstance(reply, Block)]
    return [block.data.decode("ascii") for block in blocks if block.header == _TEXT_HEADER]
