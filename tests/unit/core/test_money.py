"""Money: parts always add up, and nothing is rounded against the rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.errors import Broken
from agent.core.money import half_up, percentage, price_of, rounded_down_to_jiao, share_of_units, spread, yuan

FEN = st.integers(0, 10**9)


@given(FEN, st.lists(FEN, min_size=1, max_size=20))
def test_spread_adds_up_and_stays_within_a_fen_of_the_exact_share(amount_fen: int, weights: list[int]) -> None:
    """Largest remainder: no part is more than one fen from its exact share."""
    whole = sum(weights)
    if whole == 0:
        return
    parts = spread(amount_fen, weights)
    assert sum(parts) == amount_fen
    assert all(abs(part * whole - amount_fen * weight) < whole for part, weight in zip(parts, weights, strict=True))


@given(st.lists(FEN, min_size=1, max_size=20), st.data())
def test_no_part_exceeds_its_weight(weights: list[int], data: st.DataObject) -> None:
    """A discount never takes a line below zero."""
    amount_fen = data.draw(st.integers(0, sum(weights)))
    assert all(part <= weight for part, weight in zip(spread(amount_fen, weights), weights, strict=True))


def test_ties_go_to_the_earlier_line() -> None:
    """Two equal remainders: the first line pays the odd fen."""
    assert spread(1, [5, 5]) == [1, 0]
    assert spread(5, [1, 1, 1]) == [2, 2, 1]
    with pytest.raises(Broken):
        spread(1, [0, 0])


@given(FEN, st.integers(1, 50), st.data())
def test_refunding_unit_by_unit_gives_back_exactly_what_was_paid(
    paid_fen: int, quantity: int, data: st.DataObject
) -> None:
    """floor(paid·k/q) cumulatively, whatever the order of parts."""
    given, back_fen = 0, 0
    while given < quantity:
        now = data.draw(st.integers(1, quantity - given))
        back_fen += share_of_units(paid_fen, quantity, given, now)
        given += now
    assert back_fen == paid_fen


def test_weights_and_percentages_round_half_up() -> None:
    """435 g at 25.80 a kilogram is 11.22; half a fen goes up."""
    assert price_of(2580, 435, "g") == 1122
    assert (half_up(1, 2), half_up(3, 2), half_up(1, 3)) == (1, 2, 0)
    assert percentage(150, 33) == 50
    assert percentage(50, 1) == 1


def test_cash_is_rounded_down_only_and_amounts_are_written_with_two_decimals() -> None:
    """Rounding up would charge above the tag."""
    assert rounded_down_to_jiao(1239) == 1230
    assert [yuan(fen) for fen in (0, 5, -1234, 100)] == ["0.00", "0.05", "-12.34", "1.00"]
