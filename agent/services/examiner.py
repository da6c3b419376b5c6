"""The examination of the box by its own command card: it runs beside trade, and its slip goes through the spool.

What is looked at is told from outside (`agent.diagnosis`); here is who asks, that it runs once at a time, and the slip.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from agent.core.errors import Refused, TryLater
from agent.core.moment import business_day, written
from agent.core.receipt_diagnosis import Complaint, Examined, examination_document
from agent.services.shop import TECHNICIAN, Shop
from agent.services.slips import queue_slip
from agent.services.trade import Trade, open_shift
from agent.store.unit import Unit

APART_S = 30.0
Shown = dict[str, Any]
Examine = Callable[[str], tuple[int, Sequence[Complaint]]]
"""Looks at the box, in a language; returns how much was looked at and what is not well."""


class Examiner:
    """Examines the box on a thread of the caller's, once at a time."""

    def __init__(self, examine: Examine) -> None:
        self._examine = examine
        self._at_work = threading.Lock()
        self._not_before_s = 0.0

    def start(self, shop: Shop, till: str, staff: str, run: Callable[[Callable[[], None]], None]) -> Shown:
        """Begin an examination whose slip comes out at a till.

        Refuses while one is at work (`doctor.at_work`), and, where nobody is logged in, for a while after the last one:
        a code that a passer-by holds up must not empty the roll.
        """
        too_soon = staff == TECHNICIAN and shop.clock.monotonic_s() < self._not_before_s
        if too_soon or not self._at_work.acquire(blocking=False):
            raise TryLater("doctor.at_work")

        def examine() -> None:
            try:
                looked_at, complaints = self._examine(shop.store.language)
                print_examination(shop, till, looked_at, complaints, staff)
            finally:
                self._not_before_s = shop.clock.monotonic_s() + APART_S
                self._at_work.release()

        run(examine)
        return {"action": "examining"}


def print_examination(
    shop: Shop, till: str, looked_at: int, complaints: Sequence[Complaint], staff: str = TECHNICIAN
) -> str:
    """Queue the slip of an examination at a till and return its name; refuses an unknown till (`till.unknown`)."""
    examined = Examined(
        store=shop.identity.store,
        box=shop.identity.box,
        version=version("storebox"),
        written_at=written(shop.clock.now_ms(), shop.store.zone),
        looked_at=looked_at,
        complaints=tuple(complaints),
    )
    document = examination_document(examined, shop.translate, shop.store.language)
    return print_for_technician(shop, till, "doctor", document, staff)


def print_for_technician(
    shop: Shop, till: str, purpose: str, document: Mapping[str, Any], staff: str = TECHNICIAN
) -> str:
    """Queue a slip that belongs to no trade, also while no shift is open; returns its name."""
    if till not in shop.tills:
        raise Refused("till.unknown", till=till[:40])

    def command(unit: Unit) -> str:
        shift = open_shift(unit.connection, till)
        today = business_day(unit.now_ms, shop.store.zone, shop.store.day_starts).isoformat()
        trade = Trade(till, shift["shift"] if shift else None, staff, shift["day"] if shift else today)
        number = unit.counter("technician slip")
        name = f"{unit.identity.store}-{unit.identity.epoch}-T{number:06d}-P0"
        return queue_slip(shop, unit, trade, name, purpose, document)

    slip: str = shop.writer.run(command)
    shop.wake_printer(shop.tills[till].printer)
    return slip
