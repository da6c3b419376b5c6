"""The dates that stand beside the business day on a pull's rows: moments, platform day, settlement day, posting period.

A million rows have few days, so each is worked out once.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, select

from agent.core.moment import platform_day as platform_day_of
from agent.core.settlement.payouts import PayoutState
from agent.core.settlement.periods import posting_period
from sync.hq import tables
from sync.hq.books.bank import lines_of
from sync.hq.books.money_tables import bank_line
from sync.hq.books.payouts import account_payouts, accounts_of
from sync.hq.books.periods import closed_months

DAY_MS, EAST_MS = 86_400_000, 8 * 3_600_000
_EPOCH = date(1970, 1, 1)
_LAST_DAY = (date.max - _EPOCH).days
SettlementDays = Mapping[tuple[str, str, str], str]
"""(platform, merchant, platform day) -> the day on which the bank booked it."""


@lru_cache(maxsize=20_000)
def _day_text(days: int) -> str | None:
    return (_EPOCH + timedelta(days=days)).isoformat() if 0 <= days <= _LAST_DAY else None


def platform_day(at_ms: int) -> str | None:
    """Return the platform's date (GMT+8) of a moment, None for one that no calendar holds."""
    return _day_text((at_ms + EAST_MS) // DAY_MS)


def moment(at_ms: int) -> str | None:
    """Return a moment to the second, in China, with offset; None for one that no calendar holds."""
    days, within_ms = divmod(at_ms + EAST_MS, DAY_MS)
    day = _day_text(days)
    seconds = within_ms // 1000
    return day and f"{day}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}+08:00"


class Periods:
    """The posting periods of one store's facts (`agent.core.settlement.periods`)."""

    def __init__(self, connection: Connection, store: str) -> None:
        entity = connection.execute(select(tables.store.c.entity).where(tables.store.c.store == store)).scalar()
        self._closed = closed_months(connection, entity or "")

    def of(self, day: str, arrived_ms: int) -> str:
        """Return the month of a fact that came at `arrived_ms`; `day` is a date."""
        return posting_period(date.fromisoformat(day), arrived_ms, self._closed) if self._closed else day[:7]


def settlement_days(connection: Connection, state: Path | None, now_ms: int) -> SettlementDays:
    """Return by when the bank booked each platform day's money; nothing without statements.

    `state` holds the terms of payouts (STATE/bank). Refuses with `bank.mapping_wrong`.
    """
    paid = select(bank_line.c.store).where(bank_line.c.place.like("@%")).limit(1)
    if state is None or connection.execute(paid).first() is None:
        return {}
    found: dict[tuple[str, str, str], str] = {}
    for account in accounts_of(connection, state):
        booked = {line.line: line.booked.isoformat() for line in lines_of(connection, account.book)}
        if not booked:
            continue
        for one in account_payouts(connection, state, account, platform_day_of(now_ms)).payouts.days:
            if one.state is PayoutState.SETTLED and one.line is not None:
                found[account.platform, account.merchant, one.day.isoformat()] = booked[one.line]
    return found
