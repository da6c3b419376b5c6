"""Months: late facts go to the open one, and nothing that was said before ever changes."""

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.errors import Refused
from agent.core.settlement.periods import ClosedMonth, checked_month, month_of, next_month, posting_period

CHINA = timezone(timedelta(hours=8))
LAST_OF_OCTOBER = date(2026, 10, 31)


def ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, tzinfo=CHINA).timestamp()) * 1000


CLOSED_ON_THE_THIRD = ClosedMonth("2026-10", ms(2026, 11, 3, 9))


def test_a_minute_before_midnight_at_the_end_of_a_month() -> None:
    arrived_ms = ms(2026, 10, 31, 23, 59)
    assert posting_period(LAST_OF_OCTOBER, arrived_ms, []) == "2026-10"
    assert posting_period(LAST_OF_OCTOBER, arrived_ms, [CLOSED_ON_THE_THIRD]) == "2026-10"


def test_the_night_after_belongs_to_the_business_day() -> None:
    assert posting_period(LAST_OF_OCTOBER, ms(2026, 11, 1, 1, 30), [CLOSED_ON_THE_THIRD]) == "2026-10"


def test_what_arrives_at_the_closing_or_later_goes_to_the_next_month() -> None:
    closed_at_ms = CLOSED_ON_THE_THIRD.closed_at_ms
    assert posting_period(LAST_OF_OCTOBER, closed_at_ms - 1, [CLOSED_ON_THE_THIRD]) == "2026-10"
    assert posting_period(LAST_OF_OCTOBER, closed_at_ms, [CLOSED_ON_THE_THIRD]) == "2026-11"


def test_a_late_fact_passes_every_month_that_is_closed() -> None:
    closed = [ClosedMonth(month, ms(2027, 2, 3)) for month in ("2026-11", "2026-12", "2027-01")]
    assert posting_period(date(2026, 11, 30), ms(2027, 2, 4), closed) == "2027-02"
    assert posting_period(LAST_OF_OCTOBER, ms(2027, 2, 4), closed) == "2026-10"


def test_while_a_month_is_reopened_it_takes_its_facts_again() -> None:
    twice = [
        ClosedMonth("2026-10", ms(2026, 11, 3), ms(2026, 11, 10)),
        ClosedMonth("2026-10", ms(2026, 11, 12)),
    ]
    days = [2, 3, 9, 10, 11, 12]
    found = [posting_period(LAST_OF_OCTOBER, ms(2026, 11, day), twice) for day in days]
    assert found == ["2026-10", "2026-11", "2026-11", "2026-10", "2026-10", "2026-11"]


@pytest.mark.parametrize(
    "text", ["", "2026-13", "2026-00", "2026-1", "2026-10-01", "9999-10", "２０２６-10", "2026-10\n"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"period\.no_month"):
        checked_month(text)


DAYS = st.dates(date(2024, 1, 1), date(2029, 12, 31))
CLOSINGS = st.lists(
    st.builds(
        lambda day, at_ms, open_for: ClosedMonth(month_of(day), at_ms, None if open_for is None else at_ms + open_for),
        DAYS,
        st.integers(0, 10_000),
        st.none() | st.integers(0, 10_000),
    ),
    max_size=20,
)


@given(DAYS, st.integers(0, 10_000), CLOSINGS)
def test_a_fact_is_posted_into_the_first_month_that_was_open(
    day: date, at_ms: int, closings: list[ClosedMonth]
) -> None:
    posted = posting_period(day, at_ms, closings)
    assert posted >= month_of(day)
    assert not any(one.month == posted and one.covers(at_ms) for one in closings)
    month = month_of(day)
    while month < posted:
        assert any(one.month == month and one.covers(at_ms) for one in closings)
        month = next_month(month)


@given(DAYS, st.integers(0, 10_000), CLOSINGS, DAYS, st.integers(1, 10_000))
def test_a_later_closing_moves_nothing(
    day: date, at_ms: int, closings: list[ClosedMonth], other: date, later_ms: int
) -> None:
    before = posting_period(day, at_ms, closings)
    assert posting_period(day, at_ms, [*closings, ClosedMonth(month_of(other), at_ms + later_ms)]) == before
