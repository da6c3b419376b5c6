"""Payouts: which bank line settles which days, over weekends and holidays, and what no line explains."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent.core.settlement.bank import BankLine
from agent.core.settlement.payouts import DueDay, PayoutState, PayoutTerms, match_payouts

THURSDAY = date(2026, 10, 8)
TERMS = PayoutTerms(1, frozenset({date(2026, 10, 12)}), frozenset({date(2026, 10, 10)}))


def due(day: date, gross_fen: int, refunds_fen: int = 0, fees_fen: int = 0) -> DueDay:
    return DueDay(day, gross_fen, refunds_fen, fees_fen)


def line(booked: date, amount_fen: int, number: str = "") -> BankLine:
    return BankLine(number or f"{booked}", "6222", booked, amount_fen, "财付通", "结算", "")


def after(days: int) -> date:
    return THURSDAY + timedelta(days=days)


def test_weekends_holidays_and_the_saturday_that_works() -> None:
    assert TERMS.expected(THURSDAY) == after(1)
    assert TERMS.expected(after(1)) == after(2)
    assert TERMS.expected(after(2)) == after(5)


def test_one_line_settles_its_day() -> None:
    found = match_payouts([due(THURSDAY, 100_000, 1_000, 594)], [line(after(1), 98_406)], TERMS, after(1))
    assert [(one.state, one.due_fen, one.difference_fen) for one in found.days] == [(PayoutState.SETTLED, 98_406, 0)]
    assert found.unexplained == ()


def test_one_line_settles_the_days_of_a_weekend() -> None:
    days = [due(after(offset), 10_000) for offset in range(4)]
    found = match_payouts(days, [line(after(1), 10_000), line(after(5), 30_000)], TERMS, after(5))
    assert [one.state for one in found.days] == [PayoutState.SETTLED] * 4
    assert len({one.line for one in found.days}) == 2


def test_a_payout_that_never_came_does_not_swallow_those_that_did() -> None:
    days = [due(THURSDAY, 10_000), due(after(1), 20_000)]
    found = match_payouts(days, [line(after(2), 20_000)], TERMS, after(5))
    assert [one.state for one in found.days] == [PayoutState.OVERDUE, PayoutState.SETTLED]


def test_before_its_bank_day_money_is_awaited_and_afterwards_overdue() -> None:
    days = [due(THURSDAY, 10_000)]
    assert match_payouts(days, [], TERMS, after(1)).days[0].state is PayoutState.WAITING
    assert match_payouts(days, [], TERMS, after(2)).days[0].state is PayoutState.OVERDUE


def test_nothing_due_and_more_given_back_than_taken() -> None:
    days = [due(THURSDAY, 0), due(after(1), 100, 500)]
    found = match_payouts(days, [], TERMS, after(9))
    assert [one.state for one in found.days] == [PayoutState.NOTHING_DUE, PayoutState.NEGATIVE]


def test_what_a_platform_keeps_back_is_in_the_next_payout() -> None:
    days = [due(THURSDAY, 100, 500), due(after(1), 10_000)]
    found = match_payouts(days, [line(after(2), 9_600)], TERMS, after(2))
    assert [one.state for one in found.days] == [PayoutState.SETTLED] * 2


def test_a_line_that_is_short_is_named_and_settles_nothing_by_itself() -> None:
    found = match_payouts([due(THURSDAY, 10_000)], [line(after(1), 9_940)], TERMS, after(2))
    assert [one.line for one in found.unexplained] == [f"{after(1)}"]
    assert found.days[0].state is PayoutState.OVERDUE


def test_a_person_assigns_a_short_line_and_the_difference_is_told() -> None:
    days = [due(THURSDAY, 10_000)]
    lines = [line(after(1), 9_940)]
    found = match_payouts(days, lines, TERMS, after(2), assigned={f"{after(1)}": THURSDAY})
    assert (found.days[0].state, found.days[0].difference_fen) == (PayoutState.SETTLED, -60)


def test_a_line_before_the_money_was_due_is_another_s() -> None:
    found = match_payouts([due(after(1), 10_000)], [line(after(1), 10_000)], TERMS, after(2))
    assert len(found.unexplained) == 1


@given(
    st.lists(st.integers(0, 50_000), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 14), st.integers(-1_000, 200_000)), max_size=8),
)
def test_every_day_and_every_line_has_exactly_one_place(amounts: list[int], paid: list[tuple[int, int]]) -> None:
    days = [due(after(offset), amount_fen) for offset, amount_fen in enumerate(amounts)]
    lines = [line(after(offset), amount_fen, str(number)) for number, (offset, amount_fen) in enumerate(paid)]
    found = match_payouts(days, lines, TERMS, after(20))
    assert [one.day for one in found.days] == [one.day for one in days]
    used = {one.line for one in found.days if one.line is not None}
    assert used | {one.line for one in found.unexplained} == {one.line for one in lines}
    assert not used & {one.line for one in found.unexplained}
    settled_fen = sum(one.due_fen + one.difference_fen for one in found.days if one.line is not None)
    assert settled_fen == sum(one.amount_fen for one in lines if one.line in used)
