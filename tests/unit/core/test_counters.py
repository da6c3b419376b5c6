"""Counters of a restored box: read from entries, never lower than what was used."""

import json
from typing import Any

import pytest

from agent.core.counters import count_up
from agent.core.ids import calling_number


def counted(*entries: tuple[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for kind, body in entries:
        count_up(found, kind, body if isinstance(body, str) else json.dumps(body))
    return found


@pytest.mark.parametrize("count", [1, 42, 999, 1000, 2_500])
def test_calling_numbers_go_on(count: int) -> None:
    body = {"day": "2026-10-03", "calling": calling_number(count)}
    assert counted(("sale.completed", body)) == {"calling 2026-10-03": count}


def test_the_highest_counts_whatever_the_order() -> None:
    opened = [("shift.opened", {"shift": f"2026-10-03-A1-{number}"}) for number in (2, 7, 3)]
    closed = [("shift.closed", {"till": "A1", "z_number": number}) for number in (9, 8)]
    assert counted(*opened, *closed) == {"shift 2026-10-03 A1": 7, "z A1": 9}


def test_slips_of_shifts_days_and_bills() -> None:
    slips = [
        ("x", "2026-10-03-1-1-X3-P0"),
        ("z", "2026-10-03-1-1-Z4-P0"),
        ("day", "2026-10-03-D2-P0"),
        ("bill", "S001_1_000001_A1K7QF-B5-P0"),
        ("receipt", "S001-1-000001-P0"),
    ]
    entries = [("slip.queued", {"purpose": purpose, "slip": slip}) for purpose, slip in slips]
    assert counted(*entries) == {
        "slip 2026-10-03-1-1": 4,
        "slip 2026-10-03": 2,
        "phone slip S001_1_000001_A1K7QF": 5,
    }


def test_money_that_went_back_once_does_not_go_back_again() -> None:
    told = {"attempt": "A", "code": "attempt.second_transaction", "transaction": "42", "booked": True}
    found = counted(("attempt.contradicted", told), ("attempt.contradicted", {**told, "booked": False}))
    assert found == {"contradicted A attempt.second_transaction 42": 1, "booked A 42": 1}
    refund = {"out_refund_no": "S001_2_000421_R12K7QF"}
    assert counted(("refund.started", refund)) == {"refund S001-2-000421": 12}


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"shift": 7}', '{"calling": "äöü", "day": "x"}', "null", "\x00"])
def test_what_cannot_be_read_counts_nothing(body: str) -> None:
    for kind in ("sale.completed", "shift.opened", "slip.queued", "refund.started", "unheard.of"):
        assert counted((kind, body)) == {}
