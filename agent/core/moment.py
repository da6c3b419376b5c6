"""Points in time as the shop counts them: milliseconds UTC, local time, business day, platform day."""

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

PLATFORM_ZONE = timezone(timedelta(hours=8))
"""Platform days are GMT+8 always, wherever the store is."""


DAY_STARTS = time(5)
"""Before this hour a shop that is still open trades in yesterday's business day; a box may set another hour."""

LAST_MS = 253_370_764_799_999
"""The end of the year 9998, everywhere: what lies later is no moment of a shop, and some calendars can't name it."""


def is_moment(value: object) -> bool:
    """Tell whether a value that came from outside is a moment in milliseconds UTC that every calendar has."""
    return type(value) is int and 0 <= value <= LAST_MS


def at(at_ms: int, zone: tzinfo) -> datetime:
    """Return the local date and time of a moment in milliseconds UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)


def milliseconds(moment: datetime) -> int:
    """Return milliseconds UTC of an aware date and time."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def business_day(at_ms: int, zone: tzinfo, day_starts: time) -> date:
    """Return the date of the business day that would open now: the local date, before `day_starts` the day before."""
    local = at(at_ms, zone)
    return local.date() if local.time() >= day_starts else local.date() - timedelta(days=1)


def platform_day(at_ms: int) -> date:
    """Return the platform's date (GMT+8) of a moment."""
    return at(at_ms, PLATFORM_ZONE).date()


def written(at_ms: int, zone: tzinfo) -> str:
    """Write a moment in local time, `2026-10-03 12:41:07`."""
    return at(at_ms, zone).strftime("%Y-%m-%d %H:%M:%S")
