"""Bills for the box's own matching: asked of the platform, kept as they came, read back when a day is matched again."""

import logging
from dataclasses import dataclass
from datetime import date, timedelta

from agent.core.bill import BillLine, BillVerdict
from agent.core.moment import platform_day
from agent.core.payment import Platform
from agent.core.reconcile.facts import store_of
from agent.core.reconcile.publication import is_overdue
from agent.core.reconcile.statement import Statement, StatementState, billed_as, check_statement
from agent.services import bill_journal
from agent.services.shop import Shop
from agent.store.kept_bills import KeptBills

log = logging.getLogger("storebox.bills")

AGAIN_DAYS = 5
"""So long a day that does not agree is asked for again: platforms correct their bills."""
AGAIN_AFTER_MS = 20 * 3_600_000


@dataclass(frozen=True, slots=True)
class Came:
    """What came of asking for a day's bill: the statement to match, or none yet, and the platform's code."""

    statement: Statement | None
    code: str | None

    @property
    def is_silent(self) -> bool:
        """Tell whether the line is what is missing: another day's bill would not come either."""
        return self.statement is None and (self.code or "").startswith("network.")


class Fetching:
    """Used by one thread at a time."""

    def __init__(self, shop: Shop, kept: KeptBills) -> None:
        self._shop = shop
        self._kept = kept
        self._asked_ms: dict[tuple[str, date], int] = {}

    def is_wanted(self, platform: Platform, day: date, now_ms: int) -> bool:
        """Tell whether a day's bill should be asked for: it is not here, or its day is young and does not agree."""
        known = bill_journal.bill(self._shop.read(), platform.name, platform.merchant, day)
        if known is None or known["state"] == StatementState.OVERDUE:
            return True
        if known["state"] == StatementState.READY and self._kept.path(known["sha256"]) is None:
            return True
        asked_ms = self._asked_ms.get((platform.name, day))
        if platform_day(now_ms) - day > timedelta(days=AGAIN_DAYS):
            return False
        if asked_ms is not None and now_ms - asked_ms < AGAIN_AFTER_MS:
            return False
        numbers = bill_journal.open_numbers(self._shop.read(), platform.name, platform.merchant, day)
        return bool(known["alarms"] or numbers)

    def fetch(self, platform: Platform, day: date) -> Came:
        """Ask for a day's bill and keep what comes.

        Without one the bill that is here already counts on; else the platform's word that there is none, or, a day
        after it was due, that it is overdue. Raises `Refused` for another merchant's or day's bill and an unreadable
        one, `OSError` when it can't be kept.
        """
        now_ms = self._shop.clock.now_ms()
        self._asked_ms[platform.name, day] = now_ms
        bill = platform.fetch_bill(day)
        log.info("bill of %s %s: %s %s", platform.name, day, bill.verdict.value, bill.code or "")
        if bill.verdict is BillVerdict.READY and bill.content is not None:
            return Came(self._read(platform, day, self._kept.keep(bill.content)), bill.code)
        held = self.held(platform, day)
        if held is not None and held.state is StatementState.READY:
            return Came(held, bill.code)
        state = StatementState.NOTHING if bill.verdict is BillVerdict.NOTHING else None
        if state is None and is_overdue(day, now_ms):
            state = StatementState.OVERDUE
        if state is None:
            return Came(None, bill.code)
        return Came(Statement(platform.name, platform.merchant, day, state), bill.code)

    def held(self, platform: Platform, day: date) -> Statement | None:
        """Return the statement of a day that was matched before, None where there was none or its file is gone."""
        known = bill_journal.bill(self._shop.read(), platform.name, platform.merchant, day)
        if known is None:
            return None
        state = StatementState(known["state"])
        if state is StatementState.READY:
            return self._read(platform, day, known["sha256"])
        return Statement(platform.name, platform.merchant, day, state)

    def _read(self, platform: Platform, day: date, sha256: str) -> Statement | None:
        """Return a kept bill; other stores' orders of a shared merchant account are left to their own boxes."""
        path = self._kept.path(sha256)
        if path is None:
            return None
        with path.open("rb") as file:
            lines = tuple(platform.read_bill(file))
        check_statement(billed_as(platform.name, platform.merchant), day, lines)
        ours = tuple(line for line in lines if self._is_ours(line))
        return Statement(platform.name, platform.merchant, day, StatementState.READY, ours, sha256)

    def _is_ours(self, line: BillLine) -> bool:
        return store_of(line.out_trade_no) in (None, self._shop.identity.store)
