"""From when to when a day's bill can be had."""

from datetime import date, datetime, timedelta

from agent.core.moment import PLATFORM_ZONE, milliseconds
from agent.core.reconcile.publication import KEPT_DAYS, days_due, is_due, is_overdue

DAY = date(2026, 10, 3)


def moment_ms(day: date, hour: int, minute: int = 0) -> int:
    return milliseconds(datetime(day.year, day.month, day.day, hour, minute, tzinfo=PLATFORM_ZONE))


def test_a_bill_is_due_at_ten_of_the_next_day_and_overdue_a_day_later() -> None:
    next_day = DAY + timedelta(days=1)
    assert not is_due(DAY, moment_ms(next_day, 9, 59)) and is_due(DAY, moment_ms(next_day, 10))
    assert not is_overdue(DAY, moment_ms(next_day, 23, 59))
    assert is_overdue(DAY, moment_ms(next_day + timedelta(days=1), 10))


def test_days_are_asked_for_from_the_first_order_on_until_yesterday_oldest_first() -> None:
    now_ms = moment_ms(DAY + timedelta(days=3), 9)
    assert list(days_due(DAY, now_ms)) == [DAY, DAY + timedelta(days=1)], "yesterday's is not made yet"
    assert list(days_due(DAY, moment_ms(DAY + timedelta(days=3), 10)))[-1] == DAY + timedelta(days=2)
    assert list(days_due(DAY, moment_ms(DAY, 12))) == []
    assert list(days_due(DAY + timedelta(days=9), moment_ms(DAY, 12))) == [], "a clock that was set back"


def test_what_platforms_keep_no_more_is_not_asked_for() -> None:
    today = DAY + timedelta(days=400)
    found = list(days_due(DAY, moment_ms(today, 12)))
    assert (found[0], len(found)) == (today - timedelta(days=KEPT_DAYS), KEPT_DAYS)
