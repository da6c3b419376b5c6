"""`storebox payment find` on a box that does not run: answers, the entry, what it refuses."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.unit.cli.conftest import Terminal

TRANSACTION = "4200002345202610031234567890"


@pytest.fixture
def box(terminal: Terminal) -> Terminal:
    terminal.run("enrol", "--alone", "--store", "S007", "--box", "B2")
    return terminal


def entries(box: Terminal) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in box.run("ledger", "export").splitlines()]
    return [json.loads(line["body"]) for line in lines if line["kind"] == "payment.looked_up"]


def test_a_number_that_nobody_knows(box: Terminal) -> None:
    """No shift, no day, no network: the answer is given all the same, and written."""
    found = box.json("payment", "find", TRANSACTION)
    assert (found["state"], found["answer"], found["reason"]) == ("answered", "not_charged", "not_ours")
    text = box.run("payment", "find", "S008_1_000001_A1AAAA")
    assert "This number is of store S008" in text and "S008-1-000001" in text
    first, second = entries(box)
    assert (first["number"], first["staff"], first["shift"]) == (TRANSACTION, "technician", None)
    assert second["found_store"] == "S008"


def test_amount_and_time_by_the_shops_clock(box: Terminal) -> None:
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    for when in (f"{now:%Y-%m-%d %H:%M}", f"{now:%H:%M}", f"{now + timedelta(hours=1):%H:%M}"):
        found = box.json("payment", "find", "--amount", "36.5", "--at", when, "--within", "5")
        assert found["reason"] == "nothing_then"
        assert (found["asked"]["amount_fen"], found["asked"]["within_ms"]) == (3_650, 300_000)
        assert found["asked"]["paid_at_ms"] / 1000 <= now.timestamp() + 60


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        ((), "", 2),
        (("--amount", "36"), "", 2),
        ((TRANSACTION, "--amount", "36", "--at", "12:41"), "", 2),
        (("13812345678",), "lookup.not_a_number", 1),
        (("--amount", "-36", "--at", "12:41"), "lookup.terms", 1),
        (("--amount", "36", "--at", "noon"), "lookup.terms", 1),
        (("--amount", "36", "--at", "2020-01-01 12:41"), "lookup.terms", 1),
        ((TRANSACTION, "--till", "9"), "till.unknown", 1),
    ],
)
def test_what_can_not_be_looked_up_is_refused(
    box: Terminal, arguments: tuple[str, ...], code: str, expected: int
) -> None:
    box.run("payment", "find", *arguments, expected=expected)
    assert box.error.startswith(code)
    assert entries(box) == []
