"""From the spool to paper: one worker a printer, each slip exactly once or said to be unconfirmed."""

from dataclasses import dataclass
from typing import Any

from agent.core.errors import Broken, Refused
from agent.core.events import SlipNotPrinted, SlipPrinted, SlipReprinted, SlipUnconfirmed
from agent.core.receipt_parts import with_logo
from agent.services.authority import record_approval, require
from agent.services.drawers import DrawerOpener
from agent.services.journaling import record
from agent.services.shop import Actor, Approval, Shop
from agent.services.slips import copy_of, queue_copy, stand_in_name
from agent.services.spooled import Printer
from agent.services.trade import trading
from agent.store import spool
from agent.store.spool import Slip, SlipState
from agent.store.unit import Unit
from sync.threads import StepThread

Shown = dict[str, Any]
IDLE_S = 3600.0
WAIT_S = 1.0
"""How long a printer that is not ready is left alone before it is tried again."""
_UNPRINTABLE = "document."
"""Begins the codes of what is wrong with a slip itself."""


@dataclass(frozen=True, slots=True)
class _Fate:
    """What is known of the slip that was taken from the queue last: `outcome` is the printer's word."""

    slip: str
    outcome: str
    code: str | None = None


class PrinterWorker:
    """Takes slips of one printer from the spool in order; never blocks a sale."""

    def __init__(self, shop: Shop, name: str, printer: Printer) -> None:
        self._shop = shop
        self._name = name
        self._printer = printer
        self._stopping = False
        self._fate: _Fate | None = None
        self._drawer = DrawerOpener(shop, name, printer)
        self._waiting_code: str | None = None
        self._thread = StepThread(f"printer {name}", self.step)

    def start(self) -> None:
        """Say what an earlier run left unconfirmed, then begin."""
        self.own_up()
        self._thread.start()
        self._drawer.start()

    def wake(self) -> None:
        """There may be a slip, or the printer may be ready again."""
        self._thread.wake()
        self._drawer.wake()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End; the printer is stopped first by its owner, so that a print in progress returns."""
        self._stopping = True
        self._thread.stop(timeout_s)
        self._drawer.stop(timeout_s)

    def printed_late(self, mark: str) -> None:
        """Take the printer's late word: a slip that was unconfirmed is on paper after all."""
        for slip in spool.unconfirmed(self._shop.read()):
            if slip.printer == self._name and slip.process_id == mark:
                self._ended(slip, SlipState.PRINTED, "printer.printed_late", SlipState.UNCONFIRMED)
                self._shop.publish("state", {"till": None})
        broken = spool.broken_off(self._shop.read(), self._name)
        if broken is not None and broken[0] == mark:  # it is whole: nothing stands there that would have to be closed
            self._shop.writer.run(lambda unit: spool.close_off(unit, self._name, mark))

    def own_up(self) -> None:
        """Say what an earlier run left unconfirmed; before the first step.

        What stands half printed in the printer is remembered on disk: the run after the next may be the one to end it.
        """
        left = [slip for slip in spool.interrupted(self._shop.read()) if slip.printer == self._name]
        for slip in left:
            self._ended(slip, SlipState.UNCONFIRMED, "slip.interrupted")
        broken = spool.broken_off(self._shop.read(), self._name)
        if broken is not None:
            self._printer.doubt(*broken)

    def step(self) -> float:
        """Print what is queued; returns seconds until the next look, unless it is woken before.

        What the store does not take (a full disk) is raised, and written down by a later step before anything else.
        """
        while not self._stopping:
            self._make_up()
            slip = spool.next_queued(self._shop.read(), self._name)
            if slip is None:
                return IDLE_S
            if not self._print(slip):
                return WAIT_S
        return IDLE_S

    def _print(self, slip: Slip) -> bool:
        self._drawer.step()
        trouble = self._printer.trouble()
        if trouble is not None:  # what can't leave stays queued: were it marked, a crash would leave it unconfirmed
            self._waits(slip, trouble)
            return False
        witness = self._printer.witness(slip.document, void_predecessor=self._stands_half_printed())
        if witness.printed is not None:
            self.printed_late(witness.printed)
        mark, cuts_after = self._printer.process_id(slip.number), witness.cuts_after
        self._fate = _Fate(slip.slip, "not_started")
        if not self._shop.writer.run(lambda unit: spool.claim(unit, slip.slip, self._name, mark, cuts_after)):
            self._fate = None
            return True  # withdrawn, or moved to another printer
        voids, document = self._stands_half_printed(), with_logo(slip.document, self._shop.logo)
        self._fate = _Fate(slip.slip, "unconfirmed", "slip.unconfirmed")
        result = self._printer.print(document, mark, void_predecessor=voids, cuts_after=cuts_after)
        self._fate = _Fate(slip.slip, result.outcome, result.code)
        return self._conclude(slip, self._fate)

    def _stands_half_printed(self) -> bool:
        """Whether the slip before may be incomplete, so that this one has to call it void."""
        return spool.broken_off(self._shop.read(), self._name) is not None

    def _make_up(self) -> None:
        """Write down how the last slip ended where the store did not take it then: nobody else would before a restart.

        Also of one whose claim got no answer: it may be marked as sending, and nothing of it has left.
        """
        if self._fate is None:
            return
        found = spool.find_slip(self._shop.read(), self._fate.slip)
        if found is not None and found.state is SlipState.SENDING:
            self._conclude(found, self._fate)
        self._fate = None

    def _conclude(self, slip: Slip, fate: _Fate) -> bool:
        """Record the printer's word; False when the slip has to wait."""
        ended = fate.outcome != "not_started"
        unprintable = not ended and (fate.code or "").startswith(_UNPRINTABLE)
        if ended:
            self._waiting_code = None
            self._ended(slip, SlipState(fate.outcome), fate.code)
        elif unprintable:
            self._give_up(slip, fate.code or "")
        else:
            self._put_back(slip, fate.code)
        self._fate = None
        return ended or unprintable

    def _give_up(self, slip: Slip, code: str) -> None:
        """End a slip that no printer prints, however often it is tried; those behind it wait no longer."""

        def command(unit: Unit) -> None:
            spool.mark_result(unit, slip.slip, SlipState.NOT_PRINTED, code)
            if self._shop.writer.stopped is None:
                record(unit, SlipNotPrinted(slip.slip, code))

        self._shop.writer.run(command)
        self._shop.wake_uplink()
        self._shop.tell(Broken(code, slip=slip.slip), self._shop.till_of(self._name))

    def _put_back(self, slip: Slip, code: str | None) -> None:
        self._shop.writer.run(lambda unit: spool.mark_result(unit, slip.slip, SlipState.QUEUED, code))
        self._waits(slip, code)

    def _waits(self, slip: Slip, code: str | None) -> None:
        if code != self._waiting_code:
            self._waiting_code = code
            notice = {"till": self._shop.till_of(self._name), "code": code or "printer.not_ready", "slip": slip.slip}
            self._shop.publish("notice", notice)

    def _ended(self, slip: Slip, state: SlipState, code: str | None, before: SlipState = SlipState.SENDING) -> None:
        def command(unit: Unit) -> None:
            found = spool.find_slip(unit.connection, slip.slip)
            if found is None or found.state is not before:
                return  # another word was quicker: the cashier's, or the printer's on another way
            spool.mark_result(unit, slip.slip, state, code)
            if state is SlipState.UNCONFIRMED:
                spool.break_off(unit, self._name, found.process_id or "", found.cuts_after)
            elif before is SlipState.SENDING:
                spool.close_off(unit, self._name)
            if self._shop.writer.stopped is not None:
                return  # the epoch takes no more entries; the spool still says what became of the slip
            if state is SlipState.UNCONFIRMED:
                record(unit, SlipUnconfirmed(slip.slip, code or "slip.unconfirmed"))
            else:
                record(unit, SlipPrinted(slip.slip, state is SlipState.PRINTED))

        self._shop.writer.run(command)
        self._shop.wake_uplink()
        if state is SlipState.UNCONFIRMED:
            self._shop.publish("state", {"till": None})


SHOWN_MAX = 200


def shown(slip: Slip) -> Shown:
    """Return a slip as pages and other programs see it."""
    return {
        "slip": slip.slip,
        "purpose": slip.kind,
        "subject": slip.sale,
        "state": slip.state.value,
        "copy": slip.copy,
        "printer": slip.printer,
        "code": slip.code,
        "queued_ms": slip.queued_ms,
    }


def unconfirmed(shop: Shop) -> list[Shown]:
    """Return the slips that the cashier is asked about, oldest first."""
    return [shown(slip) for slip in spool.unconfirmed(shop.read())]


def listed(shop: Shop, state: SlipState) -> list[Shown]:
    """Return the slips in a state, the newest 200 first; those that nobody saw come out, oldest first and all."""
    if state is SlipState.UNCONFIRMED:
        return unconfirmed(shop)
    return [shown(slip) for slip in spool.in_state(shop.read(), [state], SHOWN_MAX)]


def confirm(shop: Shop, actor: Actor, slip: str, printed: bool) -> Shown:
    """Take the cashier's word on a slip: it came out, or it did not and a copy is printed that says so.

    A slip that came out is not called void by the next one. One that a deputy has printed already gets no copy.
    """

    def command(unit: Unit) -> Shown:
        found = spool.find_slip(unit.connection, slip)
        if found is None:
            raise Refused("slip.unknown", slip=slip[:60])
        if found.state is not SlipState.UNCONFIRMED:
            raise Refused("slip.not_unconfirmed", slip=slip, state=found.state.value)
        trade = trading(unit.connection, actor)
        if printed:
            spool.mark_result(unit, slip, SlipState.PRINTED_UNVERIFIED, "slip.seen_by_cashier")
            if found.process_id is not None:
                spool.close_off(unit, found.printer, found.process_id)
            record(unit, SlipPrinted(slip, verified=False))
            return {"slip": None}
        spool.mark_result(unit, slip, SlipState.NOT_PRINTED, "slip.missing_by_cashier")
        record(unit, SlipNotPrinted(slip, "slip.missing_by_cashier"))
        stand_in = stand_in_name(slip)
        if stand_in != slip and spool.find_slip(unit.connection, stand_in) is not None:
            return {"slip": stand_in}
        return {"slip": queue_copy(shop, unit, trade, found)}

    answer: Shown = shop.writer.run(command)
    _wake_for(shop, answer["slip"])
    shop.changed(actor.till)
    return answer


def reprint(shop: Shop, actor: Actor, slip: str, approval: Approval | None = None) -> Shown:
    """Print a copy of a slip; it carries its number and says that it is one. A second copy asks a shift lead.

    Of a slip that by policy was not printed the first paper is the slip itself. One whose paper the cashier missed has
    had its copy without being asked for, and may have another.
    """

    def command(unit: Unit) -> Shown:
        found = spool.find_slip(unit.connection, slip)
        if found is None:
            raise Refused("slip.unknown", slip=slip[:60])
        trade = trading(unit.connection, actor)
        copy = copy_of(unit.connection, found)
        act = "reprint" if copy <= (2 if found.code == "slip.missing_by_cashier" else 1) else "reprint_again"
        approver = require(shop, actor, act, approval)
        record_approval(unit, trade, act, approver, slip, "")
        queued = queue_copy(shop, unit, trade, found)
        if copy:
            record(unit, SlipReprinted(**trade.fields(), slip=queued, original=slip, copy=copy))
        return {"slip": queued}

    answer: Shown = shop.writer.run(command)
    _wake_for(shop, answer["slip"])
    shop.changed(actor.till)
    return answer


def _wake_for(shop: Shop, slip: str | None) -> None:
    """Wake the printer of a slip that was queued: a copy of a station's slip comes out there, not at the till."""
    found = None if slip is None else spool.find_slip(shop.read(), slip)
    if found is not None:
        shop.wake_printer(found.printer)


def reprint_sale(shop: Shop, actor: Actor, sale: str, approval: Approval | None = None) -> Shown:
    """Print a copy of a sale's receipt; refuses a sale without one in the spool (`slip.unknown`)."""
    return reprint(shop, actor, f"{sale}-P0", approval)


def reprint_last(shop: Shop, actor: Actor, approval: Approval | None = None) -> Shown:
    """Print a copy of the till's last receipt."""
    row = (
        shop.read()
        .execute("SELECT sale FROM view_sale WHERE till = ? ORDER BY rowid DESC LIMIT 1", (actor.till,))
        .fetchone()
    )
    if row is None:
        raise Refused("slip.unknown", slip="")
    return reprint_sale(shop, actor, row[0], approval)
