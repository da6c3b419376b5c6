"""A receipt printer: supervised, asked for its health every two seconds, given one job at a time.

Everything that touches the line happens on the device's own thread; `print` and `kick` hand a job over and wait.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping

from drivers.base import DeviceState, OnEvent
from drivers.drawer import DrawerState, drawer_state
from drivers.printer.conversation import Conversation
from drivers.printer.document import DocumentError, Kick
from drivers.printer.encoder import AUTOMATIC_STATUS_ON
from drivers.printer.job import Job, PrintOutcome, PrintResult, kick_job, print_job
from drivers.printer.profiles import PrinterProfile
from drivers.printer.runner import ASK_EVERY_S, PATIENCE_S, JobRunner
from drivers.printer.status import UNKNOWN, Block, InOrder, PrinterHealth, ProcessDone, Reply
from drivers.registry import OpenTransport, open_transport
from drivers.supervisor import Supervisor
from drivers.threads import SYSTEM_THREADS, Event, Threads
from drivers.transport.base import Monotonic, Transport

MAX_WAITING_JOBS = 16

_SEND_S = 0.5
_IDENTIFY = b"\x1dIB\x1dIC"
"""GS I 66 and 67: maker and model, answered as blocks that begin with 0x5F."""
_IDENTITY_HEADER = 0x5F
_IDENTITY_PARTS = 2


class _Ticket:
    """A job and the place where its result will stand."""

    def __init__(self, job: Job, done: Event) -> None:
        self.job = job
        self.done = done
        self.result = PrintResult(PrintOutcome.NOT_STARTED, "printer.stopped", 0)

    def finish(self, result: PrintResult) -> None:
        self.result = result
        self.done.set()


class PrinterDevice:
    """One printer. Events have the codes of PrinterHealth, `printer.lost`, `printer.absent`, `drawer.open`,
    `drawer.closed`, `printer.identified` and `printer.printed_late`, whose detail is the process ID of an earlier
    job that the printer reports done after all.
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
        self._health = UNKNOWN
        self._drawer = DrawerState.UNKNOWN
        self._identity: tuple[str, ...] = ()
        self._tickets: deque[_Ticket] = deque()
        self._serving = False
        self._running: Job | None = None
        self._lock = threading.Lock()
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

    def identity(self) -> tuple[str, ...]:
        """Maker and model in the printer's own words; empty when it was not asked or did not say."""
        return self._identity

    def start(self) -> None:
        """Begin to look for the printer."""
        self._supervisor.start()

    def stop(self) -> None:
        """Let go of the printer. A job under way ends with what is known about it, waiting ones as not started."""
        self._supervisor.stop()
        self._refuse_waiting("printer.stopped")

    def print(self, document: Mapping[str, object], process_id: str, *, void_predecessor: bool = False) -> PrintResult:
        """Print and wait for the printer's word; as long as people must help (paper, cover), for them too.

        `process_id` is four printable ASCII characters (`job.process_id` makes them), written down by the caller
        before this call. `void_predecessor` first ends a slip that a fault cut off, with a line that says so.
        NOT_STARTED: no byte left, print again later. UNCONFIRMED: only people can tell. Faults of document and
        device are outcomes; ValueError means that `process_id` is none.
        """
        try:
            job = print_job(document, self.profile, process_id, void_predecessor=void_predecessor)
        except DocumentError as error:
            return PrintResult(PrintOutcome.NOT_STARTED, error.code, 0, error.detail)
        ticket = self._queue(job)
        ticket.done.wait()
        return ticket.result

    def kick(self, pin: int = 2, milliseconds: int = 100, *, timeout_s: float = 5.0) -> PrintResult:
        """Open the drawer; PRINTED when the printer has given the pulse.

        Never waits for people. NOT_STARTED `printer.busy` when another job held the printer for `timeout_s`.
        """
        ticket = self._queue(kick_job(Kick(pin, milliseconds), self.profile))
        if not ticket.done.wait(timeout_s) and self._withdraw(ticket):
            ticket.finish(PrintResult(PrintOutcome.NOT_STARTED, "printer.busy", 0))
        ticket.done.wait()
        return ticket.result

    def _queue(self, job: Job) -> _Ticket:
        ticket = _Ticket(job, self._threads.event())
        with self._lock:
            if not self._serving:
                code = "printer.absent" if self.state is DeviceState.ABSENT else "printer.lost"
                ticket.finish(PrintResult(PrintOutcome.NOT_STARTED, code, 0))
            elif len(self._tickets) >= MAX_WAITING_JOBS:
                ticket.finish(PrintResult(PrintOutcome.NOT_STARTED, "printer.busy", 0))
            else:
                self._tickets.append(ticket)
        self._supervisor.wake()
        return ticket

    def _withdraw(self, ticket: _Ticket) -> bool:
        with self._lock:
            if ticket not in self._tickets:
                return False
            self._tickets.remove(ticket)
            return True

    def _next(self) -> _Ticket | None:
        with self._lock:
            return self._tickets.popleft() if self._tickets else None

    def _refuse_waiting(self, code: str) -> None:
        while ticket := self._next():
            ticket.finish(PrintResult(PrintOutcome.NOT_STARTED, code, 0))

    def _serve(self, transport: Transport) -> None:
        talk = Conversation(transport, self._monotonic, self._supervisor.stopping)
        self._identity = ()
        try:
            with self._lock:
                self._serving = True
            self._identify(talk)
            ask_at_s = self._monotonic() + self._ask_every_s
            while not self._supervisor.stopping():
                ticket = self._next()
                if ticket is not None:
                    self._run(talk, ticket)
                elif self._monotonic() >= ask_at_s:
                    self._ask(talk)
                else:
                    self._runner.hear(talk, ask_at_s - self._monotonic())
                    continue
                ask_at_s = self._monotonic() + self._ask_every_s
        finally:
            with self._lock:
                self._serving = False
            self._health = UNKNOWN
            self._refuse_waiting("printer.stopped" if self._supervisor.stopping() else "printer.lost")

    def _run(self, talk: Conversation, ticket: _Ticket) -> None:
        self._running = ticket.job
        try:
            ticket.result = self._runner.run(talk, ticket.job)
        finally:
            self._running = None
            ticket.done.set()

    def _identify(self, talk: Conversation) -> None:
        self._ask(talk)
        if not talk.health.known:
            return
        hello = AUTOMATIC_STATUS_ON * self.profile.automatic_status + _IDENTIFY * self.profile.identify
        if hello:
            talk.send(hello, self._monotonic() + _SEND_S)

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
            case Block(header, data) if header == _IDENTITY_HEADER:
                self._identity = (*self._identity, data.decode("ascii"))[-_IDENTITY_PARTS:]
                if len(self._identity) == _IDENTITY_PARTS:
                    self._supervisor.emit("printer.identified", " ".join(self._identity))
            case ProcessDone(mark) if self._running is None or mark not in self._running.marks:
                self._supervisor.emit("printer.printed_late", mark)
            case InOrder() if self._running is None:
                self._runner.fences_owed = max(0, self._runner.fences_owed - 1)
            case _:
                return

    def _report_health(self) -> None:
        if not self.profile.status:
            self._supervisor.report(DeviceState.READY, "printer.ready")
            return
        state = DeviceState.DEGRADED if self._health.blocked else DeviceState.READY
        self._supervisor.report(state, self._health.code)

    def _report_drawer(self) -> None:
        before, self._drawer = self._drawer, self.drawer()
        if DrawerState.UNKNOWN not in (before, self._drawer) and before is not self._drawer:
            self._supervisor.emit(f"drawer.{self._drawer.value}")
