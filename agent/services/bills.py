"""The box's own matching, where the shop holds its merchant's keys itself: the platform's bill against this journal.

A bill is asked for when the platform has published it, and every hour until it is there. `bill.matched`,
`difference.found`, `difference.settled` and `refund.found` are written once each, decided in the writer.
"""

import logging
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from agent.core.errors import Refused, StoreboxError
from agent.core.moment import platform_day
from agent.core.payment import Custody, Platform
from agent.core.reconcile.differences import changes
from agent.core.reconcile.finding import Match
from agent.core.reconcile.matching import match, of_day
from agent.core.reconcile.publication import KEPT_DAYS, days_due
from agent.core.reconcile.scope import Terms
from agent.core.reconcile.statement import Statement
from agent.services import bill_journal, portal_refunds
from agent.services.bill_facts import first_day, read_facts
from agent.services.bill_fetching import AGAIN_DAYS, Fetching
from agent.services.phone_orders import PLATFORM as PHONE
from agent.services.shop import Shop
from agent.store.kept_bills import KeptBills
from agent.store.unit import Unit

log = logging.getLogger("storebox.bills")

Shown = dict[str, Any]
FETCHES_MAX = 20
"""Bills of one round: a box that was off for a month catches up in some hours, and its platform is not hurried."""
UNKNOWN_REFUND = "difference.refund_unknown"
_ONE_DAY = timedelta(days=1)


class Bills:
    """Fetches and matches; one caller at a time, whoever it is."""

    def __init__(self, shop: Shop, kept: KeptBills) -> None:
        self._shop = shop
        self._fetching = Fetching(shop, kept)
        self._lock = threading.Lock()

    def accounts(self) -> list[Platform]:
        """Return the platforms whose keys are here: only theirs have bills for this box."""
        return [one for one in self._shop.platforms.values() if one.custody is Custody.DIRECT and one.name != PHONE]

    def round(self) -> list[Shown]:
        """Do what is due: ask for published bills that are missing, match, and match again what may have changed.

        Returns what `match_day` returns, for each day that was matched. A platform that can't be reached is left until
        the next round; a day that can't be matched is told of, and hinders no other.
        """
        with self._lock:
            return [shown for platform in self.accounts() for shown in self._round_of(platform)]

    def match_day(self, name: str, day: date, *, fetch: bool = True, again: bool = False) -> Shown:
        """Match one day of a platform now, after asking for its bill when it is not here (or `again`).

        Returns `{platform, merchant, day, state, code, differences, found, settled}`; `state` is None, and nothing
        was matched, when there is no bill yet. Refuses a platform whose keys are not here (`bill.not_ours`), and what
        is no bill of this merchant and day.
        """
        platform = next((one for one in self.accounts() if one.name == name), None)
        if platform is None:
            raise Refused("bill.not_ours", platform=name[:20])
        with self._lock:
            statement, code = None if again else self._fetching.held(platform, day), None
            if statement is None and fetch:
                came = self._fetching.fetch(platform, day)
                statement, code = came.statement, came.code
            if statement is None:
                return {**self._shown(platform, day), "code": code}
            return self._matched(platform, statement)

    def _round_of(self, platform: Platform) -> Iterator[Shown]:
        now_ms = self._shop.clock.now_ms()
        fresh = self._fresh(platform, now_ms)
        for day in sorted(fresh.keys() | self._to_match_again(platform, set(fresh), now_ms)):
            try:
                statement = fresh.get(day) or self._fetching.held(platform, day)
                if statement is not None:
                    yield self._matched(platform, statement)
            except (StoreboxError, OSError) as error:
                self._cannot(platform, day, error)

    def _fresh(self, platform: Platform, now_ms: int) -> dict[date, Statement]:
        """Ask for the bills that are due and return those that came."""
        since = platform_day(now_ms) - timedelta(days=KEPT_DAYS)
        begins = first_day(self._shop.read(), platform.name, platform.merchant, since)
        due = [] if begins is None else list(days_due(begins, now_ms))
        wanted = [day for day in due if self._fetching.is_wanted(platform, day, now_ms)]
        fresh: dict[date, Statement] = {}
        for day in wanted[:FETCHES_MAX]:
            try:
                came = self._fetching.fetch(platform, day)
            except (StoreboxError, OSError) as error:
                self._cannot(platform, day, error)
                continue
            if came.is_silent:
                break
            if came.statement is not None:
                fresh[day] = came.statement
        return fresh

    def _to_match_again(self, platform: Platform, fresh: set[date], now_ms: int) -> set[date]:
        """Return days whose match may have changed: neighbours of new bills, the last days, and what is open still."""
        today = platform_day(now_ms)
        days = {day + step * _ONE_DAY for day in fresh for step in (-1, 1)}
        days |= {today - count * _ONE_DAY for count in range(1, AGAIN_DAYS + 1)}
        days |= bill_journal.days_with_open(self._shop.read(), platform.name, platform.merchant)
        return {day for day in days if day < today}

    def _matched(self, platform: Platform, statement: Statement) -> Shown:
        shop, day = self._shop, statement.day
        beside = [self._fetching.held(platform, day + step * _ONE_DAY) for step in (-1, 1)]
        statements = [statement, *(one for one in beside if one is not None)]
        days, lines = [one.day for one in statements], [line for one in statements for line in one.lines]
        connection = shop.read()
        facts = read_facts(connection, shop.identity.store, platform.name, platform.merchant, days, lines)
        found = of_day(match(facts, statements, Terms()), day)
        known = bill_journal.differences_of(connection, platform.name, platform.merchant, day)
        written = bill_journal.write(shop, changes(found, statement, known, None))
        taken_over = self._take_over(platform, found, statement.sha256)
        if written.found or (written.matched and found.alarms):
            self._tell(platform, day)
        if taken_over or written != bill_journal.NOTHING:
            shop.wake_uplink()
        shown = {**self._shown(platform, day), "state": statement.state.value}
        return {**shown, "found": written.found, "settled": written.settled}

    def _take_over(self, platform: Platform, found: Match, sha256: str) -> int:
        shop, count = self._shop, 0
        for one in found.findings:
            if one.reason.code == UNKNOWN_REFUND and one.listed is not None:
                line = one.listed.line

                def command(unit: Unit, line: Any = line) -> bool:
                    return portal_refunds.take_over(shop, unit, platform.name, line, sha256)

                count += bool(shop.writer.run(command))
        return count

    def _tell(self, platform: Platform, day: date) -> None:
        """Say on every page that a day does not agree, and how many differences somebody has to look at."""
        count = len(bill_journal.open_numbers(self._shop.read(), platform.name, platform.merchant, day))
        self._shop.tell(Refused("bill.differs", platform=platform.name, day=day.isoformat(), count=count))

    def _cannot(self, platform: Platform, day: date, error: Exception) -> None:
        log.error("bill of %s %s can't be matched: %s", platform.name, day, error)
        if isinstance(error, StoreboxError):
            self._shop.tell(error)

    def _shown(self, platform: Platform, day: date) -> Shown:
        numbers = bill_journal.open_numbers(self._shop.read(), platform.name, platform.merchant, day)
        shown: Shown = {"platform": platform.name, "merchant": platform.merchant, "day": day.isoformat()}
        return {**shown, "state": None, "code": None, "differences": len(numbers), "found": 0, "settled": 0}
