"""Runs print jobs: ask, send, and believe only the printer.

A returned write proves nothing: kernels take kilobytes that a printer never reads. A job is PRINTED when the
printer answers its process ID (GS ( H) or, for printers without, when it answers a fence (GS r) and then says that
it is well. Paper end and an open cover stop printing in the middle of a line and resume by themselves; the data
is still in the printer, so a blocked job waits for people and is never sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from drivers.base import DeviceGone
from drivers.printer.conversation import Conversation
from drivers.printer.encoder import FENCE, process_id_request
from drivers.printer.job import FLUSH, SETTLING, Job, PrintOutcome, PrintResult
from drivers.printer.profiles import PrinterProfile
from drivers.printer.status import InOrder, ProcessDone, Reply
from drivers.printer.witness import Doubt, ask_cuts
from drivers.transport.base import Monotonic

PATIENCE_S = 5.0
"""What a printer may take beyond the time that its bytes and lines need."""

ASK_EVERY_S = 2.0
"""How often a printer is asked for its status; rarely enough that an idle box idles."""

_SLICE_S = 0.25
_SLOWEST_ROWS_PER_S = 400
_SETTLE_QUIET_S = 0.5
_UNKNOWN_QUIET_S = 2.0
_UNKNOWN_FENCES = 1000
"""A run of ours before this one may have left any number of fences unanswered."""

WINDOW_BYTES = 2048
"""How much may be on its way to the printer without a fence answered: half of the receive buffer that printers have.

One that nobody told how to hold the line loses what comes when its buffer is full; and the less is on its way, the
less is in doubt when a cable is pulled.
"""


class JobRunner:
    """Runs jobs on the device's thread, one after the other, over whatever connection there is.

    It outlives connections, since a printer may answer the fence of a job that its line did not survive. `on_proven`
    gets the process ID of an interrupted job that turns out to be on paper; `attend` is called while a job waits
    with all its bytes sent, for what must not wait for it.
    """

    def __init__(
        self,
        profile: PrinterProfile,
        monotonic: Monotonic,
        stopping: Callable[[], bool],
        on_replies: Callable[[Conversation, list[Reply]], None],
        on_proven: Callable[[str], None],
        attend: Callable[[Conversation], None],
        *,
        patience_s: float = PATIENCE_S,
        ask_every_s: float = ASK_EVERY_S,
    ) -> None:
        self._profile = profile
        self._monotonic = monotonic
        self._stopping = stopping
        self._on_replies = on_replies
        self._on_proven = on_proven
        self._attend = attend
        self._patience_s = patience_s
        self._ask_every_s = ask_every_s
        self._has_begun = False
        self._settled = 0
        self._flushed: Conversation | None = None
        self.fences_owed = 0
        """Fences that were sent and not answered: the next answers are theirs, not the next job's."""
        self.doubt: Doubt | None = None
        """The job that was interrupted last, until it is known what can be known about it."""

    def run(self, talk: Conversation, job: Job) -> PrintResult:
        """Run one job to its end. A lost line is an outcome, and so is a fault of ours: bytes may have left before."""
        run = _Run(job, talk, self._monotonic)
        first, self._has_begun = not self._has_begun, True
        if first and job.voids_predecessor:
            self.begin_in_doubt(Doubt(""))
        try:
            code = self.preflight(talk)
            if code is None:
                self._count_cuts(run)
                code = self._deliver(run)
            if code is None:
                code = self._confirm(run)
        except DeviceGone as gone:
            code, run.detail = "printer.lost", gone.detail
        except Exception as fault:  # noqa: BLE001 - raised, it would leave a slip that is half on paper as not begun
            code, run.detail = "printer.fault", repr(fault)
        self.fences_owed += run.fences_sent - run.fences_heard
        result = run.result(code)
        if result.outcome is PrintOutcome.UNCONFIRMED:
            self.doubt = run.job.doubt
            if run.incomplete and self.doubt is not None:  # its cut proves nothing
                self.doubt = replace(self.doubt, cuts_after=None)
        return result

    def begin_in_doubt(self, doubt: Doubt) -> None:
        """Say that a run of ours before this one was interrupted in a job; its fence may be answered any time."""
        self._has_begun = True
        self.doubt = doubt
        self.fences_owed = _UNKNOWN_FENCES if self._profile.fence else 0

    def hear(self, talk: Conversation, timeout_s: float) -> list[Reply]:
        """Hear, and let the device know at once."""
        replies = talk.hear(timeout_s)
        self._on_replies(talk, replies)
        return replies

    def preflight(self, talk: Conversation) -> str | None:
        """The code of what speaks against sending anything, None when nothing does.

        The last interrupted job is looked into first: what comes after it would wipe its traces out.
        """
        if not self._profile.status:
            return self._flush(talk)
        health, replies = talk.ask_status(self._profile.reply_timeout_s)
        self._on_replies(talk, replies)
        if health is None or health.blocked:
            return health.blocked if health else "printer.silent"
        if self.doubt is None and not self.fences_owed:
            return None
        code = self._settle(talk) if self._profile.fence else None
        if code is None:
            self._conclude(talk)
        return code

    def heard_of(self, mark: str) -> str | None:
        """Take the late word for a process ID; returns that of the job in doubt when it is its own."""
        doubt = self.doubt
        if doubt is None or mark not in (doubt.mark, doubt.body_mark):
            return None
        self.doubt = None
        return doubt.mark

    def _flush(self, talk: Conversation) -> str | None:
        """Over a new line a printer that cannot answer may still be within a command that the old line was lost in."""
        if self._flushed is not talk:
            if not talk.request(FLUSH, self._patience_s + _wire_s(talk, FLUSH)):
                return "printer.stalled"
            self._flushed = talk
        return None

    def _settle(self, talk: Conversation) -> str | None:
        """Make sure that nothing of an earlier job is still to come: neither its paper nor its answers."""
        flush = FLUSH if self.doubt is not None else b""
        if self._profile.process_ids:
            return self._settle_by_name(talk, flush)
        patience_s = self._patience_s + _wire_s(talk, flush)
        if not talk.request(flush + FENCE, patience_s):
            return "printer.busy"
        owed = self.fences_owed + 1
        deadline_s = self._monotonic() + patience_s
        answered = 0
        quiet_s = _SETTLE_QUIET_S if owed < _UNKNOWN_FENCES else _UNKNOWN_QUIET_S
        while owed > answered and not self._stopping():
            rest_s = deadline_s - self._monotonic()
            replies = self.hear(talk, min(rest_s, quiet_s) if answered else rest_s)
            answered += _count_fences(replies)
            if not replies and (answered or rest_s <= 0):
                break
        self.fences_owed = 0 if answered else owed
        return None if answered else "printer.busy"

    def _settle_by_name(self, talk: Conversation, flush: bytes) -> str | None:
        """A printer with process IDs need not be counted with: the answer names what it answers."""
        self._settled = (self._settled + 1) % 90
        mark = SETTLING + chr(ord("!") + self._settled)
        patience_s = self._patience_s + _wire_s(talk, flush)
        end_of_line = b"\x1bJ\x00" if flush else b""  # ESC J: print what is left of a line, and feed nothing
        if not talk.request(flush + end_of_line + process_id_request(mark), patience_s):
            return "printer.busy"
        deadline_s = self._monotonic() + patience_s
        while (rest_s := deadline_s - self._monotonic()) > 0 and not self._stopping():
            if ProcessDone(mark) in self.hear(talk, rest_s):
                self.fences_owed = 0
                return None
        return "printer.busy"

    def _conclude(self, talk: Conversation) -> None:
        """Say whether the job in doubt is on paper, as far as the counter of cuts can tell; then let go of it."""
        doubt = self.doubt
        if doubt is None:
            return
        cuts, replies = ask_cuts(talk, self._profile) if doubt.cuts_after is not None else (None, [])
        self._on_replies(talk, replies)
        if self.doubt is None:  # its process ID came meanwhile
            return
        self.doubt = None
        if cuts is not None and cuts == doubt.cuts_after:
            self._on_proven(doubt.mark)

    def _count_cuts(self, run: _Run) -> None:
        """Read the counter before the job, unless the caller has."""
        job = run.job
        if job.cuts and job.cuts_after is None:
            cuts, replies = ask_cuts(run.talk, self._profile)
            self._on_replies(run.talk, replies)
            run.job = replace(job, cuts_after=None if cuts is None else cuts + job.cuts)

    def _deliver(self, run: _Run) -> str | None:
        """Send all of it, never more than a window ahead of the printer's answers, listening meanwhile."""
        run.progress(self._time_to_print(run))
        ask_at_s = self._monotonic() + self._ask_every_s
        while run.written < len(run.job.data):
            if self._stopping():
                return "printer.stopped"
            count, wait_s = 0, 0.0
            if run.written < run.goal:
                count = run.send(self._monotonic() + _SLICE_S)
            else:  # between whole commands, where questions may stand
                ask_at_s = self._ask_now_and_then(run, ask_at_s)
                wait_s = min(ask_at_s, run.deadline_s) - self._monotonic()
            heard, was_blocked = run.fences_heard, run.blocked
            run.note(self.hear(run.talk, max(0.0, wait_s)))
            if count or run.fences_heard > heard or self._waits_for_people(run) or was_blocked:
                run.progress(self._time_to_print(run))
            elif run.overdue:
                return self._silence(run.talk) if run.talk.awaits_answer else "printer.stalled"
        return None

    def _ask_now_and_then(self, run: _Run, ask_at_s: float) -> float:
        """Ask for status when it is time or wanted at once; returns when it is time again."""
        self._attend(run.talk)
        if self._monotonic() < ask_at_s and not run.should_ask_at_once:
            return ask_at_s
        run.ask(self._time_to_answer(run))
        return self._monotonic() + self._ask_every_s

    def _confirm(self, run: _Run) -> str | None:
        """Wait for the printer's word; None when it came or none is to be had."""
        run.progress(self._time_to_print(run))
        if not run.expects_word:
            return None
        ask_at_s = self._monotonic() + self._ask_every_s
        while not run.confirmed:
            if self._stopping():
                return "printer.stopped"
            ask_at_s = self._ask_now_and_then(run, ask_at_s)
            was_blocked = run.blocked
            replies = self.hear(run.talk, max(0.0, min(ask_at_s, run.deadline_s) - self._monotonic()))
            run.note(replies)
            if run.incomplete:
                return "printer.unconfirmed"
            if self._profile.process_ids and run.talk.automatic_vanished and not run.confirmed:
                return "printer.reset"
            if self._waits_for_people(run) or was_blocked:
                run.progress(self._time_to_print(run))
            elif run.overdue:
                return self._silence(run.talk) if run.talk.awaits_answer else "printer.unconfirmed"
        return None

    def _silence(self, talk: Conversation) -> str:
        """What the printer said before it fell silent is true no longer."""
        talk.forget_status()
        self._on_replies(talk, [])
        return "printer.silent"

    def _waits_for_people(self, run: _Run) -> bool:
        return run.job.waits_for_people and run.blocked

    def _time_to_answer(self, run: _Run) -> float:
        """The longest until the answer to a request that stands behind all of the job."""
        return self._profile.reply_timeout_s + _wire_s(run.talk, run.job.data)

    def _time_to_print(self, run: _Run) -> float:
        """The longest that a live printer takes from now on, as far as bytes, rate and lines tell."""
        data = run.job.data
        rows = len(data) * 8 / self._profile.dots
        lines = data.count(b"\n")
        return _wire_s(run.talk, data) + rows / _SLOWEST_ROWS_PER_S + lines * self._profile.line_s + self._patience_s


class _Run:
    """One job under way: what was written and what was heard."""

    def __init__(self, job: Job, talk: Conversation, monotonic: Monotonic) -> None:
        self.job = job
        self.talk = talk
        self.written = 0
        self.deadline_s = 0.0
        self.detail = ""
        self.body_done = False
        self.final_done = False
        self.fences_heard = 0
        self.incomplete = False
        """The printer reports as printed what it cannot have received whole."""
        self._answers_at_fence: int | None = None
        self._monotonic = monotonic

    @property
    def expects_word(self) -> bool:
        return self.job.fence or self.job.final_mark is not None

    @property
    def fences_sent(self) -> int:
        return sum(place <= self.written for place in self.job.fences)

    @property
    def fenced(self) -> bool:
        """Every fence was answered, the last one too."""
        return self.job.fence and self.fences_heard == len(self.job.fences)

    @property
    def goal(self) -> int:
        """How far the data may be sent now: a whole number of fences, or to the end."""
        places = (*self.job.fences, len(self.job.data))
        reach = (places[self.fences_heard - 1] if self.fences_heard else 0) + WINDOW_BYTES
        within = [place for place in places if place <= reach]
        return max(within[-1] if within else 0, places[min(self.fences_heard, len(places) - 1)])

    @property
    def confirmed(self) -> bool:
        if self.final_done:
            return True
        return self.fenced and self.answered_since_fence and not self.talk.health.blocked

    @property
    def answered_since_fence(self) -> bool:
        return self._answers_at_fence is not None and self.talk.answers > self._answers_at_fence

    @property
    def should_ask_at_once(self) -> bool:
        """After the fence one clean status is wanted, and no request is under way for it."""
        return self.fenced and self._answers_at_fence is None

    @property
    def blocked(self) -> bool:
        """The printer says itself that it cannot go on until somebody helps it."""
        return self.talk.health.known and bool(self.talk.health.blocked) and not self.talk.health.broken

    @property
    def overdue(self) -> bool:
        return self._monotonic() >= self.deadline_s

    def progress(self, time_to_print_s: float) -> None:
        self.deadline_s = self._monotonic() + time_to_print_s

    def send(self, deadline_s: float) -> int:
        count = self.talk.send(self.job.data[self.written : self.goal], deadline_s)
        self.written += count
        return count

    def ask(self, answer_within_s: float) -> None:
        """Ask for status; what was asked before the fence does not count after it."""
        if self.talk.request_status(answer_within_s) and self.fenced:
            self._answers_at_fence = self.talk.answers

    def note(self, replies: list[Reply]) -> None:
        for reply in replies:
            match reply:
                case ProcessDone(done) if done in self.job.marks and self.fences_heard < len(self.job.fences):
                    self.incomplete = True
                case ProcessDone(done) if done == self.job.final_mark:
                    self.body_done = self.final_done = True
                case ProcessDone(done) if done == self.job.body_mark:
                    self.body_done = True
                case InOrder() if self.fences_heard < self.fences_sent:
                    self.fences_heard += 1
                case _:
                    continue

    def result(self, code: str | None) -> PrintResult:
        outcome, code = self._judge(code)
        return PrintResult(outcome, code, self.written, self.talk.recorder.added_to(self.detail))

    def _judge(self, code: str | None) -> tuple[PrintOutcome, str]:
        if code is None:
            if self.expects_word:
                return PrintOutcome.PRINTED, "printer.printed"
            return PrintOutcome.PRINTED_UNVERIFIED, "printer.unverified"
        if self.body_done:
            return PrintOutcome.PRINTED, "printer.cut_unconfirmed"
        return (PrintOutcome.UNCONFIRMED if self.written else PrintOutcome.NOT_STARTED), code


def _wire_s(talk: Conversation, data: bytes) -> float:
    """How long the line takes for these bytes, as far as its rate is known."""
    return len(data) / talk.bytes_per_s if talk.bytes_per_s else 0.0


def _count_fences(replies: list[Reply]) -> int:
    return sum(isinstance(reply, InOrder) for reply in replies)
