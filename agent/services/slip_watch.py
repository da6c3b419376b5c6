"""Slips that wait too long: a kitchen that says nothing gets loud and a stand-in, a till's slips go to its deputy."""

from collections.abc import Mapping

from agent.core.errors import TryLater
from agent.services.shop import Shop
from agent.services.spooled import Printer
from agent.services.stations import PURPOSES, stand_in
from agent.store import spool
from agent.store.spool import Slip

ACKNOWLEDGED_WITHIN_S = 30.0
"""The printer's word for a kitchen slip or label; after that a cook has nothing in hand (docs/decisions/003)."""
BROKEN_FOR_S = 8.0
"""A printer that is away or broken so long: longer than a plug put right, shorter than a customer's patience."""
HELPED_WITHIN_S = 60.0
"""Without paper or with its cover open: somebody changes the roll in less, and the slips should not be torn apart."""
LOOK_EVERY_S = 1.0
IDLE_S = 3600.0
_HELPED_BY_HAND = frozenset(
    {
        "printer.paper_out",
        "printer.cover_open",
        "printer.feeding",
        "printer.waiting",
        "printer.overheated",
        "printer.offline",
    }
)


class SlipWatch:
    """Looks after the queues of all printers; one thread. What it decides is on disk before anything else happens."""

    def __init__(self, shop: Shop, printers: Mapping[str, Printer]) -> None:
        self._shop = shop
        self._printers = printers
        self._due_s: dict[str, float] = {}
        self._told: set[str] = set()
        self._trouble_since_s: dict[str, float] = {}

    def step(self) -> float:
        """Do what is due; returns seconds until the next look, unless something changes before."""
        now_s = self._shop.clock.monotonic_s()
        waits = [self._acknowledged(now_s), self._moved(now_s)]
        return min(waits)

    def _acknowledged(self, now_s: float) -> float:
        """Have deputies print what kitchens have not acknowledged in time."""
        if not self._shop.plan.routes:
            return IDLE_S
        slips = spool.waiting(self._shop.read(), PURPOSES)
        names = {slip.slip for slip in slips}
        self._due_s = {name: due_s for name, due_s in self._due_s.items() if name in names}
        self._told &= names
        for slip in slips:
            due_s = self._due_s.setdefault(slip.slip, now_s + self._time_left_s(slip))
            if due_s <= now_s and slip.slip not in self._told:
                self._told.add(slip.slip)
                self._stand_in(slip.slip)
        pending = [due_s for name, due_s in self._due_s.items() if name not in self._told]
        return max(0.0, min(pending, default=now_s + IDLE_S) - now_s)

    def _time_left_s(self, slip: Slip) -> float:
        """By the wall clock, since it may have waited in an earlier run; bounded, since that clock may have stepped."""
        waited_s = (self._shop.clock.now_ms() - slip.queued_ms) / 1000
        return min(ACKNOWLEDGED_WITHIN_S, max(0.0, ACKNOWLEDGED_WITHIN_S - waited_s))

    def _stand_in(self, name: str) -> None:
        if self._shop.writer.stopped is not None:
            return
        answer = self._shop.writer.run(lambda unit: stand_in(self._shop, unit, name))
        if answer is None:
            return
        found, deputy = answer
        calling = self._shop.read().execute("SELECT calling FROM view_sale WHERE sale = ?", (found.sale,)).fetchone()
        self._shop.tell(
            TryLater(
                "kitchen.not_acknowledged",
                calling=calling[0] if calling else found.slip,
                printer=found.printer,
                deputy=deputy,
                slip=found.slip,
            )
        )
        if deputy is not None:
            self._shop.wake_printer(deputy)
        self._shop.wake_uplink()

    def _moved(self, now_s: float) -> float:
        """Move slips of which no byte left to the deputies of printers in trouble; where there is no line, at once."""
        look_s = IDLE_S
        for name, deputy in self._shop.plan.deputies.items():
            printer, other = self._printers.get(name), self._printers.get(deputy)
            code = printer.trouble() if printer is not None else "printer.absent"  # it has no line at all
            if code is None or other is None:
                self._trouble_since_s.pop(name, None)
                continue
            since_s = self._trouble_since_s.setdefault(name, now_s)
            slips = [slip for slip in spool.queued_after(self._shop.read(), name, 0) if slip.kind not in PURPOSES]
            if not slips:
                continue
            look_s = LOOK_EVERY_S
            patience_s = HELPED_WITHIN_S if code in _HELPED_BY_HAND else BROKEN_FOR_S
            due = printer is None or now_s - since_s >= patience_s
            if due and other.trouble() is None:
                self._move([slip.slip for slip in slips], name, deputy, code, loud=printer is not None)
        return look_s

    def _move(self, slips: list[str], name: str, deputy: str, code: str, *, loud: bool) -> None:
        moved = self._shop.writer.run(
            lambda unit: [slip for slip in slips if spool.redirect_from(unit, slip, name, deputy)]
        )
        if moved and loud:
            self._shop.tell(TryLater("slip.moved", printer=name, deputy=deputy, reason=code), self._shop.till_of(name))
        if moved:
            self._shop.wake_printer(deputy)
