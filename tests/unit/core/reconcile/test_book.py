"""Entries become facts, whatever their order; what two boxes ended, and what contradicts."""

from itertools import permutations
from typing import Any

from agent.core.events import (
    AttemptContradicted,
    AttemptEnded,
    AttemptParked,
    AttemptStarted,
    RefundEnded,
    RefundStarted,
)
from agent.core.payment import AttemptState
from agent.core.reconcile.book import KINDS, Book
from agent.core.reconcile.facts import Facts, store_of
from tests.unit.core.reconcile.cases import number

TRADE: dict[str, Any] = {"till": "1", "shift": "S1", "staff": "7", "day": "2026-10-03"}
STARTED = AttemptStarted(
    **TRADE,
    attempt=number(),
    sale="S001-1-000001",
    platform="wechat",
    merchant="M",
    custody="hq",
    method="qr",
    amount_fen=500,
    code_tail="",
)
ENDED = AttemptEnded(
    **TRADE,
    attempt=number(),
    platform="wechat",
    amount_fen=500,
    outcome="paid",
    transaction="42",
    platform_at_ms=70,
    merchant_discount_fen=3,
    platform_discount_fen=2,
)
REVERSED = AttemptEnded(**TRADE, attempt=number(), platform="wechat", amount_fen=500, outcome="reversed")
PARKED = AttemptParked(**TRADE, attempt=number(), sale="S001-1-000001", approved_by="9")
AGAINST = AttemptContradicted(
    **TRADE, attempt=number(), code="attempt.amount_differs", amount_fen=400, transaction="43"
)
BACK = RefundStarted(
    **TRADE, out_refund_no="R1", refund="S001-1-000001-R1", attempt=number(), platform="wechat", amount_fen=200
)
DONE = RefundEnded(
    **TRADE,
    out_refund_no="R1",
    attempt=number(),
    platform="wechat",
    amount_fen=200,
    outcome="done",
    refund_transaction="50",
)
ENTRIES = [(50, STARTED), (60, PARKED), (80, ENDED), (90, AGAINST), (100, BACK), (110, DONE)]


def told(entries: Any) -> Facts:
    book = Book()
    for at_ms, event in entries:
        book.take("S001", at_ms, event.KIND, event.body())
    return book.facts()


def test_an_orders_life() -> None:
    facts = told(ENTRIES)
    (order,), (back,) = facts.payments, facts.refunds
    assert (order.state, order.merchant, order.method, order.amount_fen) == (AttemptState.PAID, "M", "qr", 500)
    assert (order.started_at_ms, order.ended_at_ms, order.platform_at_ms, order.at_ms) == (50, 80, 70, 70)
    assert (order.merchant_discount_fen, order.platform_discount_fen, order.booked_fen) == (3, 2, 500)
    assert [one.transaction for one in order.contradictions] == ["43"]
    assert (back.state, back.merchant, back.booked_fen, back.refund_transaction) == ("done", "M", -200, "50")
    assert {event.KIND for _, event in ENTRIES} == set(KINDS)


def test_the_order_of_entries_and_repeats_change_nothing() -> None:
    expected = told(ENTRIES)
    for some in permutations(ENTRIES):
        assert told(some) == expected
    assert told([*ENTRIES, *ENTRIES]) == expected


def test_half_a_story_is_a_fact_too() -> None:
    (parked,) = told(ENTRIES[:2]).payments
    assert (parked.state, parked.booked_fen, parked.at_ms) == (AttemptState.PARKED, 0, 50)
    (end_only,) = told([(80, ENDED)]).payments
    assert (end_only.state, end_only.amount_fen, end_only.method) == (AttemptState.PAID, 500, "")
    (back,) = told([(110, DONE)]).refunds
    assert (back.state, back.started_at_ms, back.attempt) == ("done", 110, number())
    book = Book()
    book.take("S001", 1, "sale.completed", {})
    assert book.facts() == Facts([], [])


def test_of_two_boxes_that_ended_one_order_the_one_that_saw_money_is_right() -> None:
    for both in ([(80, ENDED), (200, REVERSED)], [(200, REVERSED), (80, ENDED)]):
        (order,) = told([(50, STARTED), *both]).payments
        assert (order.state, order.transaction) == (AttemptState.PAID, "42")


def test_whose_number() -> None:
    assert store_of("S001_2_000421_A1K7QF") == store_of("S001_2_000421_R12K7QF") == "S001"
    assert [store_of(text) for text in ("", "0", "XX-1", "S001-2-000421", "S001_2_000421_B1K7QF")] == [None] * 5
