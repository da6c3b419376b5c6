"""Refunds: by line and whole, parts that add up, the original way, never above what was paid."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.errors import Refused
from agent.core.events import RefundLine
from agent.core.refund import Refunded, RefundPlan, plan_refund, refund_without_receipt, units_of

NOTHING = Refunded({}, {}, {})


def sale(
    *lines: tuple[int, int, int], rounding_fen: int = 0, tenders: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """A sale's body; a line is (quantity, list_fen, total_fen)."""
    rows = [
        {
            "line": number,
            "sku": "A",
            "name": "A",
            "quantity": quantity,
            "unit": "pc",
            "list_fen": list_fen,
            "total_fen": total_fen,
            "tax_code": "",
            "tax_bp": 0,
            "department": "",
        }
        for number, (quantity, list_fen, total_fen) in enumerate(lines, 1)
    ]
    paid_fen = sum(row["total_fen"] for row in rows) - rounding_fen
    cash = {"kind": "cash", "amount_fen": paid_fen, "account": "Assets:Cash:Till1", "attempt": None}
    return {"sale": "S", "lines": rows, "tenders": tenders or [cash], "rounding_fen": rounding_fen}


def after(before: Refunded, plan: RefundPlan) -> Refunded:
    """What went back once the plan was carried out."""
    units, line_fen, tender_fen = dict(before.units), dict(before.line_fen), dict(before.tender_fen)
    for line in plan.lines:
        units[line.line] = units.get(line.line, 0) + (line.quantity if line.quantity else 1)
        line_fen[line.line] = line_fen.get(line.line, 0) + line.total_fen
    for tender in plan.tenders:
        place = int(tender.reference or 0)
        tender_fen[place] = tender_fen.get(place, 0) + tender.amount_fen
    return Refunded(units, line_fen, tender_fen, before.count + 1)


@given(st.lists(st.tuples(st.integers(1, 7), st.integers(0, 5000)), min_size=1, max_size=4), st.data())
def test_any_order_of_parts_gives_back_exactly_what_was_paid(lines: list[tuple[int, int]], data: st.DataObject) -> None:
    """Unit by unit in any order: the sum is the price paid, and then nothing is left."""
    body = sale(*[(quantity, paid_fen, paid_fen) for quantity, paid_fen in lines])
    before, back_fen = NOTHING, 0
    units = [line for line, (quantity, _) in enumerate(lines, 1) for _ in range(quantity)]
    for line in data.draw(st.permutations(units)):
        plan = plan_refund(body, before, {line: 1})
        back_fen += plan.total_fen
        before = after(before, plan)
    assert back_fen == sum(paid_fen for _, paid_fen in lines)
    with pytest.raises(Refused, match=r"refund\.nothing_left"):
        plan_refund(body, before, None)


def test_more_than_is_left_is_refused_by_line() -> None:
    """Two of three went back: two more are one too many."""
    body = sale((3, 900, 900))
    before = after(NOTHING, plan_refund(body, NOTHING, {1: 2}))
    with pytest.raises(Refused, match=r"refund\.above_quantity"):
        plan_refund(body, before, {1: 2})
    for units in (0, -1):
        with pytest.raises(Refused, match=r"refund\.bad_quantity"):
            plan_refund(body, NOTHING, {1: units})
    with pytest.raises(Refused, match=r"sale\.no_such_line"):
        plan_refund(body, NOTHING, {9: 1})


def test_platform_money_goes_back_first_and_cash_may_replace_it() -> None:
    """The wallet's 5.00 before the drawer's 4.00; with a cash account all of it comes from the drawer."""
    wallet = {"kind": "wechat", "amount_fen": 500, "account": "Assets:Clearing:Wechat", "attempt": "A1"}
    cash = {"kind": "cash", "amount_fen": 400, "account": "Assets:Cash:Till1", "attempt": None}
    body = sale((3, 900, 900), tenders=[cash, wallet])
    ways = [(tender.kind, tender.amount_fen) for tender in plan_refund(body, NOTHING, {1: 2}).tenders]
    assert ways == [("wechat", 500), ("cash", 100)]
    in_cash = plan_refund(body, NOTHING, None, "Assets:Cash:Till2").tenders
    assert {(tender.kind, tender.account, tender.attempt) for tender in in_cash} == {
        ("cash", "Assets:Cash:Till2", None)
    }


def test_what_was_rounded_off_never_comes_back() -> None:
    """12.34 was paid as 12.30."""
    body = sale((1, 1234, 1234), rounding_fen=4)
    assert plan_refund(body, NOTHING, None).total_fen == 1230


def test_weighed_lines_go_back_whole_and_free_lines_count_as_one() -> None:
    """Half of 435 g can't be told apart from the rest."""
    assert units_of({"quantity": 435, "unit": "g"}) == 1
    assert units_of({"quantity": 0, "unit": "pc"}) == 1
    assert plan_refund(sale((0, 77, 77)), NOTHING, None).total_fen == 77


def test_without_a_receipt_lines_must_name_what_comes_back() -> None:
    """Nothing, or less than nothing, is no refund."""
    line = RefundLine(1, "A", "A", 1, "pc", 300, 300, "", 0)
    assert refund_without_receipt([line], "cash", "Assets:Cash:Till1").tenders[0].amount_fen == 300
    with pytest.raises(Refused, match=r"refund\.nothing_left"):
        refund_without_receipt([], "cash", "x")
