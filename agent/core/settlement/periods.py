"""Months that accountants close: to which month a fact belongs that arrives when its own is over.

Nothing here changes once it was said: a fact's month follows from when it arrived and from what was closed at that
moment. Closing or reopening a month later moves nothing that was there before.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from agent.core.errors import Refused

_MONTH = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A month that was closed from a moment on, until it was reopened; times in milliseconds UTC."""

    month: str
    closed_at_ms: int
    reopened_at_ms: int | None = None

    def covers(self, at_ms: int) -> bool:
        """Tell whether the month was closed at a moment: from its closing on, and no more from its reopening on."""
        return self.closed_at_ms <= at_ms and (self.reopened_at_ms is None or at_ms < self.reopened_at_ms)


def month_of(day: date) -> str:
    """Return the month of a day, `2026-10`."""
    return f"{day.year:04d}-{day.month:02d}"


def checked_month(text: str) -> str:
    """Return `text` when it is a month like `2026-10`; else refuse with `period.no_month`."""
    if not _MONTH.fullmatch(text):
        raise Refused("period.no_month", text=text[:20])
    return text


def next_month(month: str) -> str:
    """Return the month after `month`."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def posting_period(business_day: date, arrived_ms: int, closed_months: Iterable[ClosedMonth]) -> str:
    """Return the month into which a fact is posted: that of its business day, or the first one after that was open.

    A business day decides, not the clock: a sale of half past one in the night of the first belongs to the day, and so
    to the month, before. `closed_months` are those of one legal entity, in any order.
    """
    closed = {one.month for one in closed_months if one.covers(arrived_ms)}
    month = month_of(business_day)
    while month in closed:
        month = next_month(month)
    return month
