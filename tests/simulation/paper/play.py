"""Plays one case: slips are sold, the fault comes, the box may die, people help, trade goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.services import printing
from agent.store.spool import SlipState
from drivers.emulators.paper import Mark, Note
from drivers.emulators.printer import EmulatedPrinter
from drivers.printer.device import PrinterDevice
from tests.shops import CASHIER
from tests.simulation.paper.case import Case, Fault, document_of
from tests.simulation.paper.checks import ENDED, Paper, name_of, spool_of, wrong_about_slip
from tests.simulation.paper.line import EmulatedLine
from tests.simulation.paper.shop import Incarnation, Premises, queue_slip
from tests.simulation.world import Life, World

CONNECT_S = 5.0
FAULTY_S = 45.0
"""What happens while something is wrong is over by then."""
SOUND_S = 120.0
"""The longest until every slip has ended once everything is well again."""
COPIES_S = 60.0
Sabotage = Callable[[PrinterDevice], None]


class Play:
    """One case under way."""

    def __init__(self, case: Case, premises: Premises, sabotage: Sabotage | None = None) -> None:
        self.case = case
        self.world = World()
        self.wrong: list[str] = []
        self.told: list[tuple[str, dict[str, Any]]] = []
        self._premises = premises
        self._sabotage = sabotage
        self._pending: list[Fault] = []
        self._lengths: dict[str, str] = {}
        self._ended = (-1, False)
        self._killed = False
        self.printer = EmulatedPrinter(
            case.model.emulated,
            self.world.monotonic_s,
            lambda: int(self.world.now_s * 1000),
            line_ms=case.line_ms,
            on_mark=self._on_mark,
        )
        self.line = EmulatedLine(self.world, self.printer, case.cable)
        self.world.sources.append(self.line)
        premises.begin(self.world)
        self.box = self._new_life(case.kill_at)

    def play(self) -> list[str]:
        """Play it to the end."""
        self._run(lambda: self.box.device.state.value in ("ready", "degraded"), CONNECT_S)
        for length in self.case.lengths[:2]:
            self._sell(length)
        for fault in self.case.faults:
            self._pending.append(fault)
            self.line.say(f"{fault.word} at {fault.at_byte}")
        self.box.life.steps = 0
        self.world.after(self.case.third_sale_after_s, lambda: self._sell(self.case.lengths[2]))
        self._run(lambda: len(self._lengths) == 3 and self._all_ended() and not self._hurt, FAULTY_S)
        self.box.life.kill_at = None
        self._pending.clear()
        self.line.say("clear")
        self._run(self._all_ended, SOUND_S)
        self._run(lambda: self.line.at_rest, SOUND_S)
        self._look()
        self._trade_goes_on()
        self._look()
        self._premises.end()
        return self.wrong

    @property
    def _hurt(self) -> bool:
        return bool(self._pending) and self.printer.bytes_received < max(fault.at_byte for fault in self._pending)

    def _run(self, until: Callable[[], object], timeout_s: float) -> bool:
        ends_s = self.world.now_s + timeout_s
        while True:
            done = self.world.run(lambda: self.box.life.dead or until(), ends_s - self.world.now_s)
            if not self.box.life.dead:
                return done
            self._rise_again()

    def _rise_again(self) -> None:
        """The process is gone; systemd starts the next one."""
        self._killed = True
        self.world.bury(self.box.life)
        restarted_s = self.world.now_s + self.case.restart_after_s
        self.world.run(lambda: self.world.now_s >= restarted_s, self.case.restart_after_s)
        self.box = self._new_life(None)

    def _new_life(self, kill_at: int | None) -> Incarnation:
        box = Incarnation(self.world, self._premises, self.line, self.case.model.profile, Life(kill_at), self.told)
        if self._sabotage is not None:
            self._sabotage(box.device)
        box.start()
        return box

    def _sell(self, length: str) -> str:
        slip = name_of(self.case.number, len(self._lengths) + 1)
        self._lengths[slip] = length
        began_s = self.world.now_s
        queue_slip(self.box.shop, slip, document_of(slip, length))
        if self.world.now_s != began_s:
            self.wrong.append(f"the sale of {slip} waited for {self.world.now_s - began_s} s")
        self.box.wake()
        return slip

    def _on_mark(self, mark: Mark) -> None:
        if not isinstance(mark.op, Note):
            return
        for fault in self._pending:
            if mark.op.text == fault.word:
                self._pending.remove(fault)
                self.world.after(fault.cured_after_s, lambda cured=fault: self._cure(cured))  # type: ignore[misc]
                return

    def _cure(self, fault: Fault) -> None:
        for word in fault.cure:
            self.line.say(word)
        if "clear" in fault.cure:  # which forgets what has yet to come
            for later in self._pending:
                self.line.say(f"{later.word} at {max(1, later.at_byte - self.printer.bytes_received)}")

    def _all_ended(self) -> bool:
        runs = self._premises.writer.runs
        if self._ended[0] != runs:
            query = "SELECT count(*) FROM spool WHERE state IN ('queued', 'sending')"
            self._ended = runs, not self._premises.shop.read().execute(query).fetchone()[0]
        return self._ended[1]

    def _look(self) -> None:
        """Compare spool, list and journal with the paper."""
        paper = Paper(self.case.model, self.printer.marks)
        shop = self.box.shop
        offered = {shown["slip"] for shown in printing.unconfirmed(shop)}
        for slip in spool_of(shop):
            if slip.copy:
                continue
            self.wrong += wrong_about_slip(paper, slip, self._lengths[slip.slip])
            if slip.state is SlipState.UNCONFIRMED:
                self._check_told(slip.slip, offered)

    def _check_told(self, slip: str, offered: set[str]) -> None:
        if slip not in offered:
            self.wrong.append(f"{slip} is unconfirmed and not offered to the cashier")
        if not self._killed and not any(kind == "state" for kind, _ in self.told):  # pages of a new life ask anew
            self.wrong.append(f"{slip} is unconfirmed and no page was told")
        (entries,) = (
            self.box.shop.read()
            .execute("SELECT count(*) FROM view_slip WHERE slip = ? AND state = 'unconfirmed'", (slip,))
            .fetchone()
        )
        if not entries:
            self.wrong.append(f"{slip} is unconfirmed and the journal does not say so")

    def _trade_goes_on(self) -> None:
        """The cashier looks at the paper and answers; then the next customers come. Nothing is restarted."""
        paper = Paper(self.case.model, self.printer.marks)
        copies: dict[str, str] = {}
        for shown in printing.unconfirmed(self.box.shop):
            slip = shown["slip"]
            seen = bool(paper.originals(slip, self._lengths[slip]))
            copy = printing.confirm(self.box.shop, CASHIER, slip, seen)["slip"]
            if copy is not None:
                copies[slip] = copy
        last = [self._sell("short"), self._sell("usual")]
        self.box.wake()
        self._run(self._all_ended, COPIES_S)
        self._run(lambda: self.line.at_rest, COPIES_S)
        states = {slip.slip: slip for slip in spool_of(self.box.shop)}
        good = SlipState.PRINTED if self.case.model.profile.status else SlipState.PRINTED_UNVERIFIED
        for slip in (*last, *copies.values()):
            if states[slip].state is not good:
                self.wrong.append(f"all is well and yet {slip} is {states[slip].state} ({states[slip].code})")
        paper = Paper(self.case.model, self.printer.marks)
        for slip in last:
            if len(paper.originals(slip, self._lengths[slip])) != 1:
                self.wrong.append(f"all is well and yet {slip} is not on paper once")
        for slip, copy in copies.items():
            marked = len(paper.whole(slip, self._lengths[slip])) - len(paper.originals(slip, self._lengths[slip]))
            if marked != 1:
                self.wrong.append(f"{copy} is on paper {marked} times with its mark")
        assert all(slip.state in ENDED for slip in states.values()) or self.wrong
