"""The dates that stand beside the business day on a pull's rows: moments, platform day, settlement day, posting period.

A million rows have few days, so each is worked out once.
"""

from datetime import date, timedelta
from functools import lru_cache

from sqlalchemy import Connection, select

from agent.core.settlement.periods import posting_period
from sync.hq import tables
from sync.hq.books.accounts import account_of
from sync.hq.books.bill_tables import account_day, store_account_day
from sync.hq.books.money_tables import bank_line
from sync.hq.books.periods import closed_months

DAY_MS, EAST_MS = 86_400_000, 8 * 3_600_000
_EPOCH = date(1970, 1, 1)
_LAST_DAY = (date.max - _EPOCH).days


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


class SettlementDays:
    """When the bank booked the payouts with a store's money, as the books found out (`sync.hq.books.settling`)."""

    def __init__(self, connection: Connection, store: str) -> None:
        linked, known, line = store_account_day.c, account_day.c, bank_line.c
        paid = (known.store == linked.account) & (known.day == linked.platform_day)
        booked = (line.place == linked.account) & (line.line == known.payout_line)
        query = (
            select(linked.day, linked.account, linked.platform_day, line.booked)
            .select_from(store_account_day.join(account_day, paid).join(bank_line, booked))
            .where(linked.store == store)
            .order_by(line.booked)
        )
        self._booked: dict[tuple[str, str, str, str], str] = {}
        for row in connection.execute(query):
            platform, merchant = account_of(row.account)
            for name in (merchant, ""):
                self._booked[row.day, row.platform_day, platform, name] = row.booked

    def __bool__(self) -> bool:
        """Tell whether anything is known."""
        return bool(self._booked)

    def of(self, day: str, platform_day: str | None, platform: str | None, merchant: str | None) -> str | None:
        """Return the bank's day for money of a business day; a merchant that the journal leaves open may be any."""
        place = (day, platform_day or "", platform or "")
        return self._booked.get((*place, merchant or "")) or self._booked.get((*place, ""))
