"""Who stands out among cashiers: by what they did for each sale, and by customers who come back for money."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.cashier_exceptions import CashierFigures, CashierTally, Sign, exceptions


def person(staff: str, sales: int = 100, **counts: int) -> CashierFigures:
    return CashierFigures("S001", staff, sales=sales, **counts)


PEERS = [person("li", refunds=1, voids=4), person("wang", refunds=2, voids=5), person("zhao", no_sales=1)]


def test_three_times_the_others_stands_out_with_what_would_be_usual() -> None:
    found = exceptions([*PEERS, person("qian", 50, refunds=9, voids=3, no_sales=2)])
    assert [(one.staff, one.sign, one.count, one.expected_permille) for one in found] == [
        ("qian", Sign.REFUNDS, 9, 500),
    ]


def test_few_events_or_few_peers_are_no_measure() -> None:
    assert exceptions([*PEERS, person("qian", 2, refunds=2)]) == []
    assert exceptions([*PEERS[:2], person("qian", 10, refunds=9)]) == []


def test_who_refunds_without_selling_stands_out() -> None:
    assert [one.staff for one in exceptions([*PEERS, person("qian", 0, refunds=3)])] == ["qian"]


def test_as_many_as_all_others_is_nothing() -> None:
    assert exceptions([person(name, refunds=20, voids=9, no_sales=5) for name in ("a", "b", "c", "d")]) == []


def by(staff: str, **more: object) -> dict[str, object]:
    return {"staff": staff, **more}


def test_journal_entries_add_up() -> None:
    tally = CashierTally("S001")
    for number in range(3):
        tally.add("attempt.ended", by("li", attempt=f"A{number}", payer="hash"))
        tally.add("sale.completed", by("li", total_fen=1_000))
        tally.add("sale.refunded", by("wang", total_fen=1_000))
        tally.add("refund.started", by("wang", attempt=f"A{number}", orphan=False))
    tally.add("refund.started", by("wang", attempt="A0", orphan=True))
    tally.add("sale.cancelled", by("li", total_fen=500))
    tally.add("sale.line_removed", by("li", amount_fen=300))
    tally.add("drawer.moved", by("li", movement="no_sale"))
    tally.add("drawer.moved", by("li", movement="drop", amount_fen=9))
    li, wang = tally.figures()
    assert (li.sales, li.sales_fen, li.voids, li.voids_fen, li.no_sales) == (3, 3_000, 2, 800, 1)
    assert (wang.refunds, wang.refunds_fen, wang.payers) == (3, 3_000, {"hash": 3})
    assert [(one.staff, one.sign, one.payer) for one in exceptions([li, wang])] == [("wang", Sign.SAME_PAYER, "hash")]


@pytest.mark.parametrize("body", [{}, {"staff": 7}, {"staff": ""}, {"staff": None, "total_fen": 5}])
def test_what_nobody_did_counts_for_nobody(body: dict[str, object]) -> None:
    tally = CashierTally("S001")
    tally.add("sale.completed", body)
    assert tally.figures() == []


def test_a_hostile_amount_counts_as_none() -> None:
    tally = CashierTally("S001")
    tally.add("sale.completed", by("li", total_fen="1e9"))
    assert (tally.figures()[0].sales, tally.figures()[0].sales_fen) == (1, 0)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 50), st.integers(0, 50)), max_size=12))
def test_the_order_changes_nothing_and_who_stands_out_did_more_than_usual(rows: list[tuple[int, int, int]]) -> None:
    figures = [person(f"p{number}", row[0], refunds=row[1], voids=row[2]) for number, row in enumerate(rows)]
    found = exceptions(figures)
    assert exceptions(figures[::-1]) == found
    for one in found:
        mine = next(each for each in figures if each.staff == one.staff)
        assert one.count == mine.count(one.sign) >= 3
        assert 1000 * one.count > one.expected_permille
