"""A receipt printer: supervised, asked for its health every two seconds, given one job at a time.

Everything that touches the line happens on the device's own thread; `print` and `kick` hand a job over and wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from drivers.base import DeviceState, DeviceTimeout, OnEvent
from drivers.drawer import DrawerState, drawer_state
from drivers.printer.conversation import Conversation
from drivers.printer.document import DocumentError, Kick
from drivers.printer.encoder import AUTOMATIC_STATUS_ON, check_process_id, real_time_pulse
from drivers.printer.identity import QUESTIONS, Identity, narrowed
from drivers.printer.job import SETTLING, Job, PrintOutcome, PrintResult, kick_job, print_job
from drivers.printer.profiles import PrinterProfile
from drivers.printer.runner import ASK_EVERY_S, PATIENCE_S, JobRunner
from drivers.printer.status import UNKNOWN, InOrder, PrinterHealth, ProcessDone, Reply
from drivers.printer.tickets import Ticket, Tickets
from drivers.printer.witness import Doubt, Witness, ask_cuts, cuts_of
from drivers.registry import OpenTransport, open_transport
from drivers.supervisor import Supervisor
from drivers.threads import SYSTEM_THREADS, Threads
from drivers.transport.base import Monotonic, Transport

SILENT_LINE_S = 20.0
"""A printer that is asked and says nothing for so long gets its line opened anew.

Noise may have stopped the line for ever (an XOFF that the printer never sent), or an adapter hangs.
"""

Result = TypeVar("Result")


class PrinterDevice:
    """One printer. Events have the codes of PrinterHealth, `printer.lost`, `printer.absent`, `drawer.open`,
    `drawer.closed`, `printer.identified` with its own words, `printer.no_chinese` when its font has no characters of
    ours, `printer.reset` when it was switched off and on, and `printer.printed_late`, whose detail is the process ID
    of an earlier job that is on paper after all, by the printer's word or by its counter of cuts.
    """

    def __init__(
        self,
        name: str,
        url: str,
        profile: PrinterProfile,
        on_event: OnEvent,
        *,
        monotonic: Monotonic = time.monotonic,
        open_transport: OpenTransport = open_transport,
        patience_s: float = PATIENCE_S,
        ask_every_s: float = ASK_EVERY_S,
        threads: Threads = SYSTEM_THREADS,
    ) -> None:
        self.name = name
        self.profile = profile
        self._monotonic = monotonic
        self._ask_every_s = ask_every_s
        self._narrowed = profile
        self._health = UNKNOWN
        self._drawer = DrawerState.UNKNOWN
        self._identity = Identity()
        self._greeted = False
        self._tickets = Tickets()
        self._urgent = Tickets()
        self._known_at_s = 0.0
        self._running: Job | None = None
        self._proven: str | None = None
        self._threads = threads
        self._supervisor = Supervisor(
            name,
            "printer",
            url,
            self._serve,
            on_event,
            monotonic=monotonic,
            open_transport=open_transport,
            threads=threads,
        )
        self._runner = JobRunner(
            profile,
            monotonic,
            self._supervisor.stopping,
            self._on_replies,
            self._on_proven,
            self._attend,
            patience_s=patience_s,
            ask_every_s=ask_every_s,
        )

    @property
    def state(self) -> DeviceState:
        """How the printer stands now; any thread may ask."""
        return self._supervisor.state

    def health(self) -> PrinterHealth:
        """What the printer last said; unknown while it is away or silent."""
        return self._health

    def drawer(self) -> DrawerState:
        """The drawer's switch as the printer last reported it."""
        return drawer_state(self._health, open_is_high=self.profile.drawer_open_is_high)

    def identity(self) -> Identity:
        """Maker, model, serial number and font in the printer's own words; empty when not asked or not said."""
        return self._identity

    def start(self) -> None:
        """Begin to look for the printer."""
        self._supervisor.start()

    def stop(self) -> None:
        """Let go of the printer. A job under way ends with what is known about it, waiting ones as not started."""
        self._supervisor.stop()
        for tickets in (self._tickets, self._urgent):
            tickets.close("printer.stopped")

    def doubt(self, process_id: str, cuts_after: int | None) -> None:
        """Say that an earlier run was interrupted in this job, before `start`; see `printer.printed_late`."""
        self._runner.begin_in_doubt(Doubt(process_id, None, cuts_after))

    def witness(self, document: Mapping[str, object], *, void_predecessor: bool = False) -> Witness:
        """Ask the printer what will prove a job that is about to begin, for the caller to write down before `print`.

        Returns at once for a printer without counters when no earlier job is in doubt; never waits for people.
        """
        if not self.profile.counters and self._runner.doubt is None:
            return Witness()
        return self._wait_for(lambda talk: self._witness(talk, document, void_predecessor), lambda code: Witness())

    def print(
        self,
        document: Mapping[str, object],
        process_id: str,
        *,
        void_predecessor: bool = False,
        cuts_after: int | None = None,
    ) -> PrintResult:
        """Print and wait for the printer's word; as long as people must help (paper, cover), for them too.

        `process_id` is four printable ASCII characters (`job.process_id` makes them), written down by the caller
        before this call, with `cuts_after` of `witness`. `void_predecessor` first ends a slip that a fault cut off,
        with a line that says so.
        NOT_STARTED: no byte left, print again later. UNCONFIRMED: only people can tell. Faults of document and
        device are outcomes; ValueError means that `process_id` is none.
        """
        check_process_id(process_id)

        def make(profile: PrinterProfile) -> Job:
            return print_job(document, profile, process_id, void_predecessor=void_predecessor, cuts_after=cuts_after)

        return self._wait_for(lambda talk: self._print(talk, make), _refused)

    def kick(self, pin: int = 2, milliseconds: int = 100, *, timeout_s: float = 5.0) -> PrintResult:
        """Open the drawer; PRINTED when the printer has given the pulse, PRINTED_UNVERIFIED when it was told to.

        Never waits for people: by profile the pulse is given at once, also without paper and while a slip waits for
        it, or it queues in the printer. NOT_STARTED `printer.busy` when another job held the printer for `timeout_s`.
        """
        kick = Kick(pin, milliseconds)
        at_once = self.profile.drawer_real_time
        tickets = self._urgent if at_once else self._tickets
        ticket = Ticket(
            (lambda talk: self._pulse(talk, kick)) if at_once else (lambda talk: self._kick(talk, kick)),
            _refused,
            self._threads.event(),
        )
        self._put(tickets, ticket)
        if not ticket.wait(timeout_s) and tickets.withdraw(ticket):
            ticket.refuse("printer.busy")
        ticket.wait()
        return ticket.result

    # on the callers' threads

    def _wait_for(self, act: Callable[[Conversation], Result], refused: Callable[[str], Result]) -> Result:
        ticket = Ticket(act, refused, self._threads.event())
        self._put(self._tickets, ticket)
        ticket.wait()
        return ticket.result

    def _put(self, tickets: Tickets, ticket: Ticket[Result]) -> None:
        tickets.put(ticket, "printer.absent" if self.state is DeviceState.ABSENT else "printer.lost")
        self._supervisor.wake()

    # on the device's thread

    def _serve(self, transport: Transport) -> None:
        talk = Conversation(transport, self._monotonic, self._supervisor.stopping)
        self._identity, self._greeted = Identity(), False
        self._narrowed = self.profile
        self._known_at_s = self._monotonic()
        for tickets in (self._tickets, self._urgent):
            tickets.open()
        try:
            self._ask(talk)
            self._greet(talk)
            self._turn(talk)
        finally:
            self._health = UNKNOWN
            for tickets in (self._tickets, self._urgent):
                tickets.close("printer.stopped" if self._supervisor.stopping() else "printer.lost")

    def _turn(self, talk: Conversation) -> None:
        ask_at_s = self._monotonic() + self._ask_every_s
        while not self._supervisor.stopping():
            self._check_line()
            self._attend(talk)
            ticket = self._tickets.next()
            if ticket is not None:
                ticket.perform(talk)
            elif self._monotonic() >= ask_at_s:
                self._look(talk)
            else:
                self._runner.hear(talk, ask_at_s - self._monotonic())
                continue
            ask_at_s = self._monotonic() + self._ask_every_s

    def _check_line(self) -> None:
        """Raise DeviceTimeout when the line has brought nothing for too long."""
        if self._health.known or not self.profile.status:
            self._known_at_s = self._monotonic()
        elif self._monotonic() - self._known_at_s >= SILENT_LINE_S:
            raise DeviceTimeout("device.silent", f"no answer for {SILENT_LINE_S:.0f} s; the line is opened anew")

    def _look(self, talk: Conversation) -> None:
        """Ask how it is; a printer that is well again is greeted, and asked about the job that was interrupted."""
        if self._runner.doubt is not None and self._health.known and not self._health.blocked:
            self._runner.preflight(talk)
        else:
            self._ask(talk)
        self._greet(talk)

    def _attend(self, talk: Conversation) -> None:
        """Do what must not wait for a job; only between whole commands."""
        while (ticket := self._urgent.next()) is not None:
            ticket.perform(talk)

    def _print(self, talk: Conversation, make: Callable[[PrinterProfile], Job]) -> PrintResult:
        self._greet(talk)
        try:
            job = make(self._narrowed)
        except DocumentError as error:
            return PrintResult(PrintOutcome.NOT_STARTED, error.code, 0, error.detail)
        return self._run(talk, job)

    def _kick(self, talk: Conversation, kick: Kick) -> PrintResult:
        return self._run(talk, kick_job(kick, self.profile))

    def _pulse(self, talk: Conversation, kick: Kick) -> PrintResult:
        """A real-time pulse; it needs no status, since the printer gives it in almost any state."""
        data = real_time_pulse(kick)
        if not talk.request(data):
            return PrintResult(PrintOutcome.NOT_STARTED, "printer.busy", 0, talk.recorder.text())
        return PrintResult(PrintOutcome.PRINTED_UNVERIFIED, "drawer.pulsed", len(data))

    def _run(self, talk: Conversation, job: Job) -> PrintResult:
        self._running = job
        try:
            return self._runner.run(talk, job)
        finally:
            self._running = None

    def _witness(self, talk: Conversation, document: Mapping[str, object], void_predecessor: bool) -> Witness:
        self._proven = None
        self._greet(talk)
        if self._health.blocked:
            return Witness()
        if self._runner.doubt is not None and self._runner.preflight(talk):
            return Witness()
        voids = void_predecessor and self._proven is None
        cuts, replies = ask_cuts(talk, self.profile)
        self._on_replies(talk, replies)
        own = cuts_of(document, self.profile) + voids
        return Witness(None if cuts is None or not own else cuts + own, self._proven)

    def _greet(self, talk: Conversation) -> None:
        """Tell a printer that is well to report changes by itself, and ask who it is, once a connection.

        One that was switched off and on has forgotten the first and is told again.
        """
        if not talk.health.known or talk.health.blocked:
            return
        if self._greeted and talk.automatic_vanished:
            self._greeted = False
            self._supervisor.emit("printer.reset", talk.recorder.text())
        if self.profile.automatic_status and not self._greeted:
            talk.expect_automatic()
            talk.request(AUTOMATIC_STATUS_ON)
        self._greeted = True
        if self.profile.identify and not self._identity.maker:
            self._identify(talk)

    def _identify(self, talk: Conversation) -> None:
        """Ask again, later, a printer that did not answer; it costs nothing while that answer may still come."""
        said: dict[str, str] = {}
        for name, question in QUESTIONS:
            answer, replies = talk.ask_text(question, self.profile.reply_timeout_s)
            self._on_replies(talk, replies)
            if answer is None:
                break
            said[name] = answer
        self._identity = Identity(**said)
        self._narrowed = narrowed(self.profile, self._identity)
        if said:
            self._supervisor.emit("printer.identified", str(self._identity))
        if self._narrowed.charset.repertoire == "none" != self.profile.charset.repertoire:
            self._supervisor.emit("printer.no_chinese", self._identity.font)

    def _ask(self, talk: Conversation) -> None:
        replies: list[Reply] = []
        if self.profile.status:
            _, replies = talk.ask_status(self.profile.reply_timeout_s)
        self._on_replies(talk, replies, asked=True)

    def _on_replies(self, talk: Conversation, replies: list[Reply], *, asked: bool = False) -> None:
        """Let the outside know what has changed; called after everything that was heard."""
        for reply in replies:
            self._on_reply(reply)
        if replies or asked or talk.health is not self._health:
            self._health = talk.health
            self._report_health()
            self._report_drawer()

    def _on_reply(self, reply: Reply) -> None:
        match reply:
            case ProcessDone(mark) if mark.startswith(SETTLING):
                return
            case ProcessDone(mark) if self._running is None or mark not in self._running.marks:
                self._on_proven(self._runner.heard_of(mark) or mark)
            case InOrder() if self._running is None:
                self._runner.fences_owed = max(0, self._runner.fences_owed - 1)
            case _:
                return

    def _on_proven(self, mark: str) -> None:
        self._proven = mark
        self._supervisor.emit("printer.printed_late", mark)

    def _report_health(self) -> None:
        if not self.profile.status:
            self._supervisor.report(DeviceState.READY, "printer.ready")
            return
        state = DeviceState.DEGRADED if self._health.blocked else DeviceState.READY
        self._supervisor.report(state, self._health.code)

    def _report_drawer(self) -> None:
        """Tell that the drawer was opened or closed; a printer that goes away and comes back tells nothing new."""
        now = self.drawer()
        if now is DrawerState.UNKNOWN:
            return
        before, self._drawer = self._drawer, now
        if DrawerState.UNKNOWN is not before is not now:
            self._supervisor.emit(f"drawer.{now.value}")


def _refused(code: str) -> PrintResult:
    return PrintResult(PrintOutcome.NOT_STARTED, code, 0)
