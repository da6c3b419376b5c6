"""When platforms publish, how often a late bill is asked for, and until when it can be had at all."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from agent.core.moment import PLATFORM_ZONE, milliseconds

MINUTE_MS = 60_000
PUBLISHED_AT: Mapping[str, time] = {"wechat": time(10), "alipay": time(10), "wallet": time(0, 10)}
"""On the next day (GMT+8). WeChat Pay makes bills from 09:00 and wants to be asked after 10:00, Alipay after 10:00."""
PUBLISHED_AT_OTHERS = time(10)
OVERDUE_AFTER_MS = 4 * 60 * MINUTE_MS
"""What is not there so long after it should be is told of."""
RETRY_FIRST_MS, RETRY_MAX_MS = 15 * MINUTE_MS, 6 * 60 * MINUTE_MS
KEPT_DAYS = 90
"""WeChat Pay keeps bills for three months."""
NOTHING_AGAIN_DAYS = 3
"""So long "no statement" is asked again where the journal has payments: Alipay says the same for never and not yet."""


def due_ms(platform: str, day: date) -> int:
    """Return when the bill of a platform's day is first asked for."""
    at = PUBLISHED_AT.get(platform, PUBLISHED_AT_OTHERS)
    return milliseconds(datetime.combine(day + timedelta(days=1), at, PLATFORM_ZONE))


def overdue_ms(platform: str, day: date) -> int:
    """Return from when on a bill that is not here is overdue."""
    return due_ms(platform, day) + OVERDUE_AFTER_MS


def wait_ms(tries: int) -> int:
    """Return how long to wait after so many tries; doubled each time up to six hours."""
    return int(min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** min(tries - 1, 10)))
