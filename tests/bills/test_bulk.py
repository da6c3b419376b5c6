"""Matching in bulk gives the same answers as the pure path, on whole bills of both platforms."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from agent.core.reconcile.book import Book
from agent.core.reconcile.classes import LineClass
from agent.core.reconcile.facts import Facts
from agent.core.reconcile.fees import FeeContract
from agent.core.reconcile.matching import match
from agent.core.reconcile.scope import Terms
from agent.core.reconcile.statement import Statement, StatementState
from sync.hq.matching.bulk import match_in_bulk
from sync.hq.matching.bulk_facts import FlatFacts
from sync.platforms.bill_files import open_bill
from tests.bills.test_planted import PLATFORMS
from tests.bills.writing import DAY, Day, made

pytest.importorskip("duckdb", reason="pip install duckdb (extra hq)")
ON = date.fromisoformat(DAY)


def facts_of(day: Day) -> Facts:
    book = Book()
    for at_ms, kind, body in day.entries:
        book.take(str(body["attempt"]).partition("_")[0], at_ms, kind, body)
    return book.facts()


def check(tmp_path: Path, day: Day, merchant: str, content: bytes, closer_max: int) -> None:
    path, flat, folder = tmp_path / "bill", FlatFacts(tmp_path / "facts", ON), tmp_path / "spill"
    path.write_bytes(content)
    folder.mkdir()
    facts, bill, terms = facts_of(day), open_bill(path), Terms(contracts=(FeeContract(6000),))
    flat.write([facts])
    whole = Statement(bill.platform, merchant, ON, StatementState.READY, tuple(bill.lines()), bill.sha256)
    pure = match(facts, [whole], terms)
    bulk = match_in_bulk(bill, merchant, ON, flat, terms, folder)
    assert bulk.match.totals == pure.totals
    assert bulk.match.alarms == pure.alarms
    unlisted = [one for one in pure.findings if one.line_class is not LineClass.MATCHED]
    assert [one for one in bulk.match.findings if one.line_class is not LineClass.MATCHED] == unlisted
    assert len(bulk.statement.lines) <= closer_max, "what agrees must not go through the classifier"


@pytest.mark.parametrize(("platform", "merchant", "write"), PLATFORMS)
def test_ten_thousand_lines(tmp_path: Path, platform: str, merchant: str, write: Callable[[Day], bytes]) -> None:
    day = made(10_000, platform)
    check(tmp_path, day, merchant, write(day), 1_000)


@pytest.mark.torture
@pytest.mark.parametrize(("platform", "merchant", "write"), PLATFORMS)
def test_a_hundred_thousand_lines(tmp_path: Path, platform: str, merchant: str, write: Callable[[Day], bytes]) -> None:
    day = made(100_000, platform)
    check(tmp_path, day, merchant, write(day), 10_000)
