"""Matching in bulk and line by line agree on whatever orders share, on any day of a bill and a journal."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.errors import Refused
from agent.core.reconcile.classes import LineClass
from agent.core.reconcile.facts import Facts
from agent.core.reconcile.finding import Match
from agent.core.reconcile.matching import match
from agent.core.reconcile.scope import Terms
from agent.core.reconcile.statement import Statement, StatementState, check_statement
from sync.hq.matching.bulk import match_in_bulk
from sync.hq.matching.bulk_facts import FlatFacts
from sync.platforms.bill_files import open_bill
from tests.bills.test_bulk import ON, facts_of
from tests.bills.writing import DAY, MIDNIGHT_MS, WECHAT, Day, Entry, Line, wechat_bill

pytest.importorskip("duckdb", reason="pip install duckdb (extra hq)")
NUMBERS = tuple(f"S00{place}_1_000001_A1K7QF" for place in range(3))
TRANSACTIONS = tuple(f"42{place:026d}" for place in range(3))
BACKS = tuple(number.replace("_A", "_R") for number in NUMBERS)
FEN = (900, 901)
SECONDS = (5, 40_000)


def told(facts: Facts, day: Day, folder: Path) -> tuple[Match | str, Match | str]:
    """Match both ways; a refusal is told by its code."""
    (folder / "bill").write_bytes(wechat_bill(day))
    (folder / "spill").mkdir()
    bill, flat = open_bill(folder / "bill"), FlatFacts(folder / "facts", ON)
    flat.write([facts])
    lines = tuple(bill.lines())

    def line_by_line() -> Match:
        check_statement(WECHAT, ON, lines)
        return match(facts, [Statement("wechat", WECHAT, ON, StatementState.READY, lines, bill.sha256)], Terms())

    def in_bulk() -> Match:
        return match_in_bulk(bill, WECHAT, ON, flat, Terms(), folder / "spill").match

    found: list[Match | str] = []
    for way in (line_by_line, in_bulk):
        try:
            found.append(way())
        except Refused as error:
            found.append(error.code)
    return found[0], found[1]


def check(entries: Sequence[Entry], lines: Sequence[Line]) -> Match | None:
    day = Day(list(lines), list(entries))
    with tempfile.TemporaryDirectory() as folder:
        pure, bulk = told(facts_of(day), day, Path(folder))
    if isinstance(pure, str) or isinstance(bulk, str):
        assert pure == bulk
        return None
    assert bulk.totals == pure.totals
    assert bulk.alarms == pure.alarms
    differing = [one for one in pure.findings if one.line_class is not LineClass.MATCHED]
    assert [one for one in bulk.findings if one.line_class is not LineClass.MATCHED] == differing
    return pure


def sold(number: str, transaction: str | None, fen: int = 900, second: int = 40_000, outcome: str = "paid") -> Entry:
    at_ms = MIDNIGHT_MS + second * 1_000
    body = {"attempt": number, "platform": "wechat", "amount_fen": fen, "till": "1", "day": DAY, "merchant": WECHAT}
    return at_ms, "attempt.ended", {**body, "outcome": outcome, "transaction": transaction, "platform_at_ms": at_ms}


def given_back(back: str, number: str, fen: int = 900, second: int = 40_060) -> list[Entry]:
    at_ms = MIDNIGHT_MS + second * 1_000
    body = {"out_refund_no": back, "attempt": number, "platform": "wechat", "amount_fen": fen, "till": "1", "day": DAY}
    return [(at_ms, "refund.started", {**body, "refund": "X"}), (at_ms, "refund.ended", {**body, "outcome": "done"})]


LINE = Line(NUMBERS[0], TRANSACTIONS[0], 40_000, 900, 0)
REFUND = Line(NUMBERS[0], TRANSACTIONS[0], 40_060, 900, 0, BACKS[0])
YESTERDAY_S = -40_000


@pytest.mark.parametrize(
    ("entries", "lines", "classes"),
    [
        ([sold(NUMBERS[0], TRANSACTIONS[0]), sold(NUMBERS[1], TRANSACTIONS[0])], [LINE], {"matched", "duplicate"}),
        (
            [sold(NUMBERS[0], TRANSACTIONS[0]), sold(NUMBERS[1], TRANSACTIONS[0])],
            [LINE, replace(LINE, number=NUMBERS[1])],
            {"matched", "duplicate"},
        ),
        (
            [sold(NUMBERS[0], TRANSACTIONS[0]), sold(NUMBERS[1], TRANSACTIONS[0], second=YESTERDAY_S)],
            [LINE],
            {"matched", "duplicate"},
        ),
        ([sold(NUMBERS[0], TRANSACTIONS[0])], [LINE, LINE], {"matched", "duplicate"}),
        ([sold(NUMBERS[0], TRANSACTIONS[0])], [LINE, LINE, LINE], {"matched", "duplicate"}),
        (
            [sold(NUMBERS[0], TRANSACTIONS[0], second=YESTERDAY_S), *given_back(BACKS[0], NUMBERS[0])],
            [REFUND],
            {"matched"},
        ),
        (given_back(BACKS[0], NUMBERS[0]), [REFUND], {"matched"}),
        (
            [sold(NUMBERS[0], TRANSACTIONS[0]), *given_back(BACKS[0], NUMBERS[0])],
            [REFUND],
            {"matched", "journal_only"},
        ),
        (
            [sold(NUMBERS[0], TRANSACTIONS[0]), *given_back(BACKS[0], NUMBERS[0], second=YESTERDAY_S)],
            [LINE, REFUND],
            {"matched", "other_day"},
        ),
        ([sold(NUMBERS[0], None)], [LINE], {"matched"}),
        ([sold(NUMBERS[0], TRANSACTIONS[1]), sold(NUMBERS[1], TRANSACTIONS[0])], [LINE], {"matched", "journal_only"}),
        ([sold(NUMBERS[0], TRANSACTIONS[1])], [LINE], {"status_differs"}),
        ([sold(NUMBERS[0], TRANSACTIONS[0], second=YESTERDAY_S)], [LINE], {"other_day"}),
        ([sold(NUMBERS[0], TRANSACTIONS[0])], [], {"journal_only"}),
    ],
)
def test_what_orders_share(entries: list[Entry], lines: list[Line], classes: set[str]) -> None:
    found = check(entries, lines)
    assert found is not None
    assert {one.value for one, total in found.totals.items() if total.findings} >= classes


def test_a_bill_of_refunds_alone_is_not_empty() -> None:
    entries = [sold(NUMBERS[1], TRANSACTIONS[1]), *given_back(BACKS[0], NUMBERS[0])]
    found = check([*entries, sold(NUMBERS[0], TRANSACTIONS[0], second=YESTERDAY_S)], [REFUND])
    assert found is not None and not found.alarms


@pytest.mark.parametrize("fen", [2**31 - 1, 2**31, 2**33 + 900])
def test_amounts_that_do_not_fit_into_a_row_of_small_ones(fen: int) -> None:
    entries = [sold(NUMBERS[0], TRANSACTIONS[0], fen), sold(NUMBERS[1], TRANSACTIONS[1])]
    lines = [replace(LINE, fen=fen), Line(NUMBERS[1], TRANSACTIONS[1], 40_000, 900, 0)]
    found = check(entries, lines)
    assert found is not None
    assert (found.totals[LineClass.MATCHED].findings, found.totals[LineClass.MATCHED].bill_fen) == (2, fen + 900)
    differing = check(entries, [replace(LINE, fen=fen - 1), lines[1]])
    assert differing is not None and differing.totals[LineClass.AMOUNT_DIFFERS].findings == 1


payments = st.builds(
    sold,
    st.sampled_from(NUMBERS),
    st.sampled_from([None, *TRANSACTIONS]),
    st.sampled_from(FEN),
    st.sampled_from([*SECONDS, YESTERDAY_S]),
    st.sampled_from(["paid", "paid", "paid", "reversed", "closed"]),
)
refunds = st.builds(
    given_back, st.sampled_from(BACKS), st.sampled_from(NUMBERS), st.sampled_from(FEN), st.sampled_from(SECONDS)
)
billed = st.builds(
    Line,
    st.sampled_from([*NUMBERS, "PORTAL"]),
    st.sampled_from(TRANSACTIONS),
    st.sampled_from(SECONDS),
    st.sampled_from(FEN),
    st.just(0),
    st.sampled_from([None, None, *BACKS]),
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(payments, max_size=4, unique_by=lambda one: one[2]["attempt"]), st.lists(refunds, max_size=3),
    st.lists(billed, max_size=6),
)  # fmt: skip
def test_any_day(taken: list[Entry], returned: list[list[Entry]], lines: list[Line]) -> None:
    check([*taken, *(entry for one in returned for entry in one)], lines)
