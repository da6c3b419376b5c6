"""When a platform's bill of a day can be had: made from 09:00 (GMT+8) of the next day, sure from 10:00, kept 90 days.

Source: both vendors' pages on bills; they give no later time by which one must be there, so a day is allowed.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from agent.core.moment import PLATFORM_ZONE, milliseconds, platform_day

PUBLISHED_AT = time(10)
LATE_AFTER_MS = 24 * 3_600_000
KEPT_DAYS = 85
"""Five days less than the platforms keep: who asks on the last day has no second try."""
_ONE_DAY = timedelta(days=1)


def due_at_ms(day: date) -> int:
    """Return from when on a day's bill is worth asking for."""
    return milliseconds(datetime.combine(day + _ONE_DAY, PUBLISHED_AT, PLATFORM_ZONE))


def is_due(day: date, now_ms: int) -> bool:
    """Tell whether a day's bill should be there, or be asked for."""
    return now_ms >= due_at_ms(day)


def is_overdue(day: date, now_ms: int) -> bool:
    """Tell whether a day's bill should have been there for a day: then somebody is told."""
    return now_ms >= due_at_ms(day) + LATE_AFTER_MS


def days_due(first: date, now_ms: int) -> Iterator[date]:
    """Yield the days from `first` on whose bills can be had now, oldest first."""
    today = platform_day(now_ms)
    day = max(first, today - timedelta(days=KEPT_DAYS))
    while day < today and is_due(day, now_ms):
        yield day
        day += _ONE_DAY
