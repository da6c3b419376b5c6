"""Card slips against an acquirer's file: matched by the slip's number, differing by amount, paid by a bank line."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from agent.core.bill import BillType
from agent.core.errors import Refused
from sync.hq.books.acquirers import acquirer_of, acquirers_of
from sync.hq.books.bank import assign_line, import_statement, listed_lines
from sync.hq.books.bank_settings import statement_mapping
from sync.hq.books.book_entries import book_entries
from sync.hq.books.fetching import import_bill
from tests.unit.sync.hq.books.chain import DAY, DAY_MS, MORNING_MS, TRADE, Chain, closed

CONFIG = Path(__file__).resolve().parents[5] / "config"
BOOK = "@card:898000000000001"
HEAD = "参考号,交易时间,交易金额,手续费,终端号,交易类型\n"
STATEMENT = "交易日期,借方发生额,贷方发生额,对方户名,摘要,附言\n2026-10-09,,99.40,银联商务,清算,\n"


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    for name, source in (("acquirers/bank.toml", "acquirer.toml"), ("bank/icbc.toml", "bank/statement.toml")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes((CONFIG / source).read_bytes())
    made = Chain(tmp_path, None)
    made.add_store()
    yield made
    made.close()


def sold(chain: Chain, reference: str, amount_fen: int) -> None:
    tender = {"kind": "card", "amount_fen": amount_fen, "account": "A", "attempt": None, "reference": reference}
    sale = {**TRADE, "day": DAY.isoformat(), "sale": f"S-{reference}", "total_fen": amount_fen, "tenders": [tender]}
    chain.sent([("sale.completed", sale)])


def brought(chain: Chain, *rows: str, day: date = DAY) -> None:
    content = (HEAD + "".join(f"{row}\n" for row in rows)).encode("gb18030")
    import_bill(chain.database, chain.state, BOOK, day, content, "bank", BillType.TRADE, "li", chain.now_ms)


def test_slips_are_matched_and_paid(chain: Chain) -> None:
    sold(chain, "000123456789", 10_000)
    chain.sent([closed()])
    chain.now_ms = MORNING_MS
    chain.jobs()
    assert chain.codes() == ("provisional", ["day.bill_not_due"])
    brought(chain, "000123456789,2026-10-08 12:00:00,100.00,0.60,T1,消费")
    chain.jobs()
    assert chain.codes() == ("matched", ["day.payout_waiting"])
    with chain.database.write() as connection:
        import_statement(connection, STATEMENT.encode(), statement_mapping(chain.state, "icbc"), "icbc", "li", 1)
        line = next(str(one["line"]) for one in listed_lines(connection))
        assign_line(connection, line, BOOK, None, "li", "card", 2)
    chain.now_ms += DAY_MS
    chain.jobs()
    assert chain.codes() == ("settled", [])
    with chain.database.read() as connection:
        found = list(book_entries(connection, chain.state, chain.now_ms))
    assert [one.postings for one in found] == [
        {"Assets:Headquarters": 9_940, "Expenses:PlatformFees": 60, "Assets:Clearing:Card": -10_000},
        {"Assets:Bank:6222000000000001": 9_940, "Assets:Headquarters": -9_940},
    ]
    assert {one.store for one in found} == {BOOK}


def test_another_amount_and_a_slip_that_is_not_there_are_differences(chain: Chain) -> None:
    sold(chain, "000123456789", 10_000)
    sold(chain, "000123456790", 5_000)
    chain.sent([closed()])
    chain.jobs()
    brought(chain, "000123456789,2026-10-08 12:00:00,10.00,0.06,T1,消费")
    chain.jobs()
    found = chain.day()
    assert [(one.code, one.values["count"]) for one in found.reasons] == [("day.differences_open", 2)]


def test_a_word_that_the_mapping_lacks_is_refused(chain: Chain) -> None:
    with pytest.raises(Refused, match=r"file\.unknown_kind"):
        brought(chain, "1,2026-10-08 12:00:00,10.00,0.06,T1,预授权")


def test_only_its_stores_and_tenders(chain: Chain) -> None:
    (acquirer,) = acquirers_of(chain.state)
    assert acquirer.pays("S001", "card") and not acquirer.pays("S001", "cash")
    path = chain.state / "acquirers" / "bank.toml"
    path.write_text(path.read_text().replace('# stores = ["S001", "S002"]', 'stores = ["S002"]'))
    found = acquirer_of(chain.state, BOOK)
    assert found is not None and not found.pays("S001", "card")
    path.write_text("columns = 1")
    with pytest.raises(Refused, match=r"bank\.mapping_wrong"):
        acquirers_of(chain.state)
