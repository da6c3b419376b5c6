"""Postings: every event balances, whatever its amounts."""

from hypothesis import given
from hypothesis import strategies as st

from agent.core.events import Discount, SaleCompleted, SaleLine, ShiftClosed, TenderLine
from agent.core.ledger import postings

TRADE = {"till": "1", "shift": "s", "staff": "07", "day": "2026-10-03"}
FEN = st.integers(0, 10**7)


@st.composite
def sales(draw: st.DrawFn) -> SaleCompleted:
    """A sale with line discounts, rounding and a mixed tender."""
    lines = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        list_fen = draw(FEN)
        off_fen = draw(st.integers(0, list_fen))
        discounts = (Discount("manual", off_fen),) if off_fen else ()
        lines.append(SaleLine(number, "A", "A", 1, "pc", list_fen, list_fen, discounts, list_fen - off_fen, "", 600))
    total_fen = sum(line.total_fen for line in lines)
    rounding_fen = total_fen % 10 if draw(st.booleans()) else 0
    cash_fen = draw(st.integers(0, total_fen - rounding_fen))
    tenders = (
        TenderLine("cash", cash_fen, "Assets:Cash:Till1"),
        TenderLine("wechat", total_fen - rounding_fen - cash_fen, "Assets:Clearing:Wechat", attempt="x"),
    )
    return SaleCompleted(
        **TRADE, sale="S", total_fen=total_fen, lines=tuple(lines), tenders=tenders, rounding_fen=rounding_fen
    )


@given(sales())
def test_a_sale_balances(sale: SaleCompleted) -> None:
    """Debits equal credits."""
    assert sum(postings(sale.KIND, sale.body()).values()) == 0


@given(FEN, FEN)
def test_a_shift_close_balances_and_empties_the_drawer(counted_fen: int, expected_fen: int) -> None:
    """What is over or short has its own account."""
    event = ShiftClosed(
        **TRADE,
        z_number=1,
        counted_fen=counted_fen,
        expected_fen=expected_fen,
        denominations={},
        over_fen=max(counted_fen - expected_fen, 0),
        short_fen=max(expected_fen - counted_fen, 0),
        reason=None,
        approved_by=None,
        unfinished=(),
    )
    found = postings(event.KIND, event.body())
    assert sum(found.values()) == 0
    assert found.get("Assets:Cash:Till1", 0) == -expected_fen


def test_money_on_the_way_stands_in_the_liabilities() -> None:
    """A paid attempt owes a sale; an orphan's refund moves it to the refunds that are owed."""
    paid = {**TRADE, "outcome": "paid", "platform": "wechat", "amount_fen": 500, "merchant_discount_fen": 0}
    orphan = {**TRADE, "orphan": True, "amount_fen": 500}
    done = {**TRADE, "outcome": "done", "platform": "wechat", "amount_fen": 500}
    sums: dict[str, int] = {}
    for kind, body in (("attempt.ended", paid), ("refund.started", orphan), ("refund.ended", done)):
        for account, amount_fen in postings(kind, body).items():
            sums[account] = sums.get(account, 0) + amount_fen
    assert all(amount_fen == 0 for amount_fen in sums.values())
