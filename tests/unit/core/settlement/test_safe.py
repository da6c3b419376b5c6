"""Cash in the safe: what entries bring, and since when the oldest of it waits."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.settlement.safe import SafeBalance, cash_to_safe_fen, safe_balance

FIRST = date(2026, 10, 1)


@pytest.mark.parametrize(
    ("kind", "body", "amount_fen"),
    [
        ("shift.opened", {"float_fen": 20_000}, -20_000),
        ("shift.closed", {"counted_fen": 81_000, "expected_fen": 80_000}, 81_000),
        ("drawer.moved", {"movement": "drop", "amount_fen": 50_000}, 50_000),
        ("drawer.moved", {"movement": "paid_out", "amount_fen": 50_000}, 0),
        ("drawer.moved", {"movement": "drop", "amount_fen": "50000"}, 0),
        ("shift.closed", {}, 0),
        ("sale.completed", {"amount_fen": 5}, 0),
    ],
)
def test_what_an_entry_brings(kind: str, body: dict[str, object], amount_fen: int) -> None:
    assert cash_to_safe_fen(kind, body) == amount_fen


def test_the_oldest_cash_leaves_first() -> None:
    moved = [(FIRST, 1_000), (FIRST + timedelta(days=1), 2_000)]
    assert safe_balance(moved, 0) == SafeBalance(3_000, FIRST)
    assert safe_balance(moved, 1_000) == SafeBalance(2_000, FIRST + timedelta(days=1))
    assert safe_balance(moved, 3_000) == SafeBalance(0, None)
    assert safe_balance(moved, 3_500) == SafeBalance(-500, None)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(-500, 5_000)), max_size=12), st.integers(0, 20_000))
def test_nothing_is_lost_and_the_order_changes_nothing(rows: list[tuple[int, int]], deposited_fen: int) -> None:
    moved = [(FIRST + timedelta(days=offset), amount_fen) for offset, amount_fen in rows]
    found = safe_balance(moved, deposited_fen)
    assert safe_balance(moved[::-1], deposited_fen) == found
    assert found.amount_fen == sum(amount_fen for _, amount_fen in moved) - deposited_fen
    assert (found.since is not None) == (found.amount_fen > 0)
