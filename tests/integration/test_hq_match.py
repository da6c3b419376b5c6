"""`storebox-hq match`: a bill file against headquarters' tables."""

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.core.canonical import canonical
from agent.core.errors import Refused
from agent.core.events import AttemptEnded, AttemptStarted
from sync.hq import tables
from sync.hq.cli import app
from sync.hq.matching.by_hand import match_file
from sync.hq.months import month_of
from sync.hq.office import Office
from sync.platforms.amounts import moment_ms

BILL = Path(__file__).resolve().parents[1] / "data" / "bills" / "wechat_all.csv"
NUMBER = "S001_1_000001_A1K7QF"
TRADE = {"till": "1", "shift": "S1", "staff": "7", "day": "2026-10-03"}
TEXT = (
    "交易时间,商户号,微信订单号,商户订单号,交易状态,应结订单金额,商品名称,手续费,订单金额,申请退款金额\n"
    "`2026-10-03 09:12:45,`1900000001,`42000001,`{number},`SUCCESS,`12.80,`茶,`0.08000,`{amount},`0.00\n"
    "总交易单数,应结订单总金额\n`1,`12.80\n"
)


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """A headquarters with one payment of 12.80 yuan."""
    state = tmp_path / "hq"
    office = Office.open(state)
    at_ms = moment_ms("2026-10-03 09:12:45")
    events = [
        AttemptStarted(
            **TRADE,
            attempt=NUMBER,
            sale="S001-1-000001",
            platform="wechat",
            merchant="1900000001",
            custody="hq",
            method="code",
            amount_fen=1280,
            code_tail="",
        ),
        AttemptEnded(
            **TRADE,
            attempt=NUMBER,
            platform="wechat",
            amount_fen=1280,
            outcome="paid",
            transaction="42000001",
            platform_at_ms=at_ms,
            customer_paid_fen=1280,
        ),
    ]
    with office.database.write() as connection:
        connection.execute(tables.store.insert().values(store="S001", name="", created_at_ms=0))
        for seq, event in enumerate(events, 1):
            connection.execute(
                tables.entry.insert().values(
                    store="S001",
                    epoch=1,
                    seq=seq,
                    at_ms=at_ms + 3_600_000,
                    kind=event.KIND,
                    day="2026-10-03",
                    body=canonical(event.body()),
                    hash="",
                    received_at_ms=0,
                    month=month_of(at_ms),
                )
            )
    office.close()
    return state


def run(state: Path, path: Path, *more: str) -> tuple[int, str]:
    result = CliRunner().invoke(
        app,
        ["match", "--bill", str(path), "--merchant", "1900000001", "--day", "2026-10-03", "--state", str(state), *more],
    )
    return result.exit_code, result.output


def test_agreement_and_differences(books: Path, tmp_path: Path) -> None:
    path = tmp_path / "bill.csv"
    path.write_text(TEXT.format(number=NUMBER, amount="12.80"), encoding="utf-8")
    code, output = run(books, path, "--rate-bp", "60", "--json")
    document = json.loads(output)
    assert (code, document["differs"], document["classes"]["matched"]["lines"]) == (0, False, 2)
    path.write_text(TEXT.format(number=NUMBER, amount="13.80"), encoding="utf-8")
    code, output = run(books, path, "--json")
    (found,) = json.loads(output)["findings"]
    assert (code, found["class"], found["journal_fen"], found["bill_fen"]) == (1, "amount_differs", 1280, 1380)
    code, output = run(books, path)
    assert code == 1 and "amount differs" in output and "13.80" in output


def test_a_bill_of_strangers(books: Path) -> None:
    code, output = run(books, BILL, "--json")
    classes = json.loads(output)["classes"]
    assert code == 1 and classes["journal_only"]["findings"] == 1 and classes["platform_only"]["findings"] > 0


def test_in_bulk_says_the_same_as_line_by_line(books: Path, tmp_path: Path) -> None:
    pytest.importorskip("duckdb", reason="pip install duckdb (extra hq)")
    path = tmp_path / "bill.csv"
    office = Office.open(books)
    for amount in ("12.80", "13.80"):
        for encoding in ("utf-8", "gb18030"):
            path.write_bytes(TEXT.format(number=NUMBER, amount=amount).encode(encoding))
            both = [
                match_file(office.database, path, "1900000001", date(2026, 10, 3), 60, bulk_bytes=size)
                for size in (0, 1_000_000)
            ]
            bulk, pure = both
            assert (bulk.in_bulk, pure.in_bulk) == (True, False)
            assert bulk.match.totals == pure.match.totals and bulk.statement.sha256 == pure.statement.sha256
            assert len(bulk.statement.lines) == (amount != "12.80"), "a line in agreement is counted only"
            expected = pure.match.findings if amount != "12.80" else ()
            assert [one.reason for one in bulk.match.findings] == [one.reason for one in expected]
    office.close()


def test_a_broken_bill_is_refused_in_bulk_too(books: Path, tmp_path: Path) -> None:
    path = tmp_path / "bill.csv"
    text = TEXT.format(number=NUMBER, amount="12.80")
    office = Office.open(books)
    broken = {
        "platform.bill_unreadable": [text.partition("总交易单数")[0], text.replace("`0.08000", "`0,08")],
        "bill.other_merchant": [text.replace("1900000001", "1900000002")],
        "bill.other_day": [text.replace("2026-10-03", "2026-10-04")],
    }
    for code, texts in broken.items():
        for one in texts:
            path.write_text(one, encoding="utf-8")
            with pytest.raises(Refused) as refused:
                match_file(office.database, path, "1900000001", date(2026, 10, 3), bulk_bytes=0)
            assert refused.value.code == code
    office.close()
