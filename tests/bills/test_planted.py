"""Whole bills of both platforms with every class planted: matching finds each in its place, and nothing else."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from agent.core.reconcile.book import Book
from agent.core.reconcile.classes import LineClass
from agent.core.reconcile.fees import FeeContract
from agent.core.reconcile.finding import Match
from agent.core.reconcile.matching import match
from agent.core.reconcile.scope import Terms
from agent.core.reconcile.statement import Statement, StatementState, check_statement
from sync.platforms.bill_files import open_bill
from tests.bills.writing import ALIPAY, DAY, PLANTED, WECHAT, Day, alipay_bill, made, wechat_bill

PLATFORMS = [("wechat", WECHAT, wechat_bill), ("alipay", ALIPAY, alipay_bill)]


def check(tmp_path: Path, count: int, platform: str, merchant: str, write: Callable[[Day], bytes]) -> None:
    day = made(count, platform)
    path = tmp_path / "bill"
    path.write_bytes(write(day))
    bill = open_bill(path)
    lines = tuple(bill.lines())
    check_statement(merchant, date.fromisoformat(DAY), lines)
    book = Book()
    for at_ms, kind, body in day.entries:
        book.take(str(body["attempt"]).partition("_")[0], at_ms, kind, body)
    statement = Statement(bill.platform, merchant, date.fromisoformat(DAY), StatementState.READY, lines, bill.sha256)
    found = match(book.facts(), [statement], Terms(contracts=(FeeContract(6000),)))
    assert bill.platform == platform and len(lines) == len(day.lines)
    assert found_as_planted(found, day) == count + len(day.twins)


def found_as_planted(found: Match, day: Day) -> int:
    """Check that everything planted was found in its place, every class among it, and nothing else; returns orders."""
    told: dict[str, list[str]] = defaultdict(list)
    for one in found.findings:
        told[one.out_trade_no].append(one.reason.code.partition(".")[2])
    assert {number: sorted(told[number]) for number in day.expected} == day.expected
    assert all(codes == ["none"] for number, codes in told.items() if number not in day.expected)
    total_fen = sum(total.bill_fen for total in found.totals.values())
    assert total_fen == sum(-one.fen if one.undone or one.back else one.fen for one in day.lines)
    assert all(found.totals[one].findings for one in LineClass), "every class is planted"
    return len(told)


@pytest.mark.parametrize(("platform", "merchant", "write"), PLATFORMS)
def test_ten_thousand_lines(tmp_path: Path, platform: str, merchant: str, write: Callable[[Day], bytes]) -> None:
    assert len(PLANTED) < 10_000 // 20
    check(tmp_path, 10_000, platform, merchant, write)


@pytest.mark.torture
@pytest.mark.parametrize(("platform", "merchant", "write"), PLATFORMS)
def test_a_hundred_thousand_lines(tmp_path: Path, platform: str, merchant: str, write: Callable[[Day], bytes]) -> None:
    check(tmp_path, 100_000, platform, merchant, write)
