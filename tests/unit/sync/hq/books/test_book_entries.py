"""Headquarters' own double entry: what settles brings a platform's clearing account to zero, store by store."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from agent.core.canonical import canonical
from agent.core.chain import Identity
from agent.core.events_matching import DifferenceFound, DifferenceSettled
from agent.core.reconcile.differences import Changes
from agent.core.settlement.deposits import Deposit
from sync.hq import registry, tables
from sync.hq.books.bank import assign_line, import_statement, listed_lines
from sync.hq.books.bank_settings import statement_mapping
from sync.hq.books.book_entries import BookEntry, book_entries
from sync.hq.books.deposits import declare_deposit
from sync.hq.books.differences import record
from sync.hq.database import Database
from sync.hq.months import Months, month_of, write_entries
from sync.hq.projection import project, readable
from sync.hq.pull import Selection
from sync.hq.pull_books import book_rows
from sync.hq.pull_columns import Rows
from sync.hq.pull_place import Tally
from sync.hq.trial_balance import TrialBalance, trial_balance
from sync.wire import SentEntry

CONFIG = Path(__file__).resolve().parents[5] / "config" / "bank"
NOON_MS, DAY_MS = 1_791_432_000_000, 86_400_000
"""2026-10-08 12:00 in China, a Thursday."""
NOW_MS = NOON_MS + 5 * DAY_MS
ACCOUNT = "@wechat:1230000109"
STORES = ("S001", "S002")
TRADE = {"till": "1", "shift": "1", "staff": "01", "day": "2026-10-08"}
HEAD = "交易日期,借方发生额,贷方发生额,对方户名,摘要,附言\n"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    folder.mkdir()
    (folder / "icbc.toml").write_bytes((CONFIG / "statement.toml").read_bytes())
    fee = "[[fee]]\nrate_ppm = 6000\n"
    account = '[[account]]\nplatform = "wechat"\nmerchant = "1230000109"\n'
    (folder / "payouts.toml").write_text(account + fee, encoding="utf-8")
    return tmp_path


@pytest.fixture
def database(state: Path, database_url: str | None) -> Iterator[Database]:
    opened = Database.open(state, database_url)
    Months().ready(opened, NOON_MS)
    with opened.write() as connection:
        for store in STORES:
            registry.add_store(connection, store, store, NOON_MS)
            registry.register_epoch(connection, Identity(store, "B1", 1), b"\0" * 32, "simulated", NOON_MS)
    for store, sales_fen in (("S001", (10_000, 25_000)), ("S002", (50_000,))):
        traded(opened, store, sales_fen)
    yield opened
    opened.close()


def traded(database: Database, store: str, sales_fen: tuple[int, ...]) -> None:
    """Sell by wallet, give 1 yuan of the first sale back, and close a shift with cash."""
    facts: list[tuple[str, dict[str, object]]] = []
    for number, amount_fen in enumerate(sales_fen, 1):
        attempt = f"{store}_1_{number:06d}_A1AAAA"
        order = {**TRADE, "attempt": attempt, "platform": "wechat", "amount_fen": amount_fen}
        facts.append(("attempt.started", {**order, "merchant": "1230000109", "sale": f"{store}-1-{number:06d}"}))
        paid = {"outcome": "paid", "transaction": f"W{number}", "platform_at_ms": NOON_MS, "merchant_discount_fen": 0}
        facts.append(("attempt.ended", {**order, **paid}))
        tender = {"kind": "wechat", "amount_fen": amount_fen, "account": "", "attempt": attempt}
        sale = {"sale": f"{store}-1-{number:06d}", "total_fen": amount_fen, "rounding_fen": 0, "tenders": [tender]}
        facts.append(("sale.completed", {**TRADE, **sale, "lines": [{"list_fen": amount_fen}]}))
    first = f"{store}_1_000001_A1AAAA"
    back = {**TRADE, "out_refund_no": f"{store}_R1", "attempt": first, "platform": "wechat", "amount_fen": 100}
    tender = {"kind": "wechat", "amount_fen": 100, "account": "", "attempt": first}
    facts.append(("sale.refunded", {**TRADE, "refund": "R1", "sale": None, "total_fen": 100, "tenders": [tender]}))
    facts.append(("refund.started", {**back, "refund": "R1", "orphan": False}))
    facts.append(("refund.ended", {**back, "outcome": "done", "merchant_fen": 0}))
    facts.append(("shift.opened", {**TRADE, "float_fen": 0}))
    counted = {"counted_fen": 30_000, "expected_fen": 30_000, "short_fen": 0, "over_fen": 0}
    facts.append(("drawer.moved", {**TRADE, "movement": "paid_in", "amount_fen": 30_000}))
    facts.append(("shift.closed", {**TRADE, **counted}))
    facts.append(("day.closed", {**TRADE, "unfinished": []}))
    sent = [SentEntry(seq, NOON_MS, kind, canonical(body)) for seq, (kind, body) in enumerate(facts, 1)]
    rows = [
        {"store": store, "epoch": 1, "seq": one.seq, "at_ms": one.at_ms, "kind": one.kind, "day": TRADE["day"]}
        | {"body": one.body, "hash": "", "received_at_ms": NOON_MS, "month": month_of(NOON_MS)}
        for one in sent
    ]
    with database.write() as connection:
        write_entries(connection, rows)
        project(connection, store, 1, [(one, readable(one.body)) for one in sent])
        where = tables.of_epoch(tables.cursor, store, 1)
        connection.execute(tables.cursor.update().where(where).values(next_seq=len(sent) + 1))


def booked(database: Database, state: Path, *lines: str) -> None:
    with database.write() as connection:
        data = (HEAD + "".join(lines)).encode("gb18030")
        import_statement(connection, data, statement_mapping(state, "icbc"), "icbc", "li", NOW_MS)


def entries(database: Database, state: Path) -> list[BookEntry]:
    with database.read() as connection:
        found = list(book_entries(connection, state, NOW_MS))
    assert all(sum(one.postings.values()) == 0 for one in found)
    assert len({(one.store, one.entry) for one in found}) == len(found)
    return found


def balance(database: Database, state: Path, last_day: str | None = None) -> TrialBalance:
    with database.read() as connection:
        found = trial_balance(connection, state, STORES, last_day, True, NOW_MS)
    assert found.unbalanced == {}
    assert found.incomplete == 0
    assert sum(found.chain.values()) == 0
    return found


def test_a_payout_brings_each_store_s_clearing_to_zero(database: Database, state: Path) -> None:
    assert balance(database, state).accounts["S001"]["Assets:Clearing:Wechat"] == 34_900
    booked(database, state, "2026-10-09,,842.92,财付通支付科技,结算,1230000109 20261008\n")
    found = balance(database, state)
    for store in STORES:
        assert found.accounts[store]["Assets:Clearing:Wechat"] == 0
    assert found.chain["Assets:Clearing:Wechat"] == 0
    assert found.chain["Assets:Headquarters"] == 0
    assert found.chain["Expenses:PlatformFees"] == 60 + 150 + 300 - 2
    assert found.chain["Assets:Bank:6222000000000001"] == 84_292
    assert balance(database, state, "2026-10-08").chain["Assets:Clearing:Wechat"] == 84_800


def test_a_payout_that_a_person_took_names_its_difference(database: Database, state: Path) -> None:
    booked(database, state, "2026-10-09,,800.00,财付通支付科技,结算,1230000109 20261008\n")
    assert balance(database, state).chain["Liabilities:Unassigned"] == -80_000
    with database.write() as connection:
        (line,) = [str(row["line"]) for row in listed_lines(connection)]
        assign_line(connection, line, ACCOUNT, date(2026, 10, 8), "li", "agreed", NOW_MS)
    found = balance(database, state)
    assert found.chain["Assets:Clearing:Wechat"] == 0
    assert found.chain["Expenses:PayoutDifferences"] == 84_292 - 80_000
    assert "Liabilities:Unassigned" not in found.chain


def test_a_difference_that_was_written_off_is_in_its_store_s_share(database: Database, state: Path) -> None:
    lost = difference("D1", "S002", 50_000)
    with database.write() as connection:
        record(connection, Changes(None, (lost,), ()), ACCOUNT, NOON_MS)
        settled = DifferenceSettled(difference="D1", settlement="write_off", by="li", reason="r", approved_by="wang")
        record(connection, Changes(None, (), (settled,)), ACCOUNT, NOW_MS)
    assert balance(database, state).accounts["S002"]["Assets:Clearing:Wechat"] == 49_900 - 50_000
    booked(database, state, "2026-10-09,,345.92,财付通支付科技,结算,1230000109 20261008\n")
    with database.write() as connection:
        (line,) = [str(row["line"]) for row in listed_lines(connection)]
        assign_line(connection, line, ACCOUNT, date(2026, 10, 8), "li", "agreed", NOW_MS)
    found = balance(database, state)
    assert [found.accounts[store]["Assets:Clearing:Wechat"] for store in STORES] == [0, 0]
    assert found.accounts["S002"]["Expenses:PaymentDifferences"] == 50_000
    assert found.chain["Expenses:PayoutDifferences"] == 84_292 - 50_000 - 34_592


def difference(number: str, store: str, journal_fen: int) -> DifferenceFound:
    place = {"store": store, "business_day": "2026-10-08", "till": "1", "transaction": None, "out_refund_no": None}
    told = {"line_kind": "payment", "line_class": "journal_only", "code": "match.journal_only", "owner": "hq"}
    sums = {"journal_fen": journal_fen, "bill_fen": 0, "fee_fen": 0, "values": {}}
    return DifferenceFound(
        difference=number, platform="wechat", merchant="1230000109", bill_day="2026-10-08", settlement="re_query",
        out_trade_no=f"{store}_1_000001_A1AAAA", **place, **told, **sums,  # type: ignore[arg-type]
    )  # fmt: skip


def test_cash_goes_from_the_safe_over_the_road_to_the_bank(database: Database, state: Path) -> None:
    assert balance(database, state).accounts["S001"]["Assets:Cash:Safe"] == 30_000
    slip = Deposit("S001", date(2026, 10, 9), "D77", 30_000, ("1",))
    with database.write() as connection:
        declare_deposit(connection, slip, "li", NOON_MS)
    found = balance(database, state).accounts["S001"]
    assert (found["Assets:Cash:Safe"], found["Assets:Cash:InTransit"]) == (0, 30_000)
    booked(database, state, "2026-10-10,,299.00,,现金存入,D77\n", "2026-10-10,20.00,,房东,房租,\n")
    found = balance(database, state).accounts["S001"]
    assert (found["Assets:Cash:InTransit"], found["Expenses:CashOverShort"]) == (0, 100)
    chain = balance(database, state).chain
    assert chain["Assets:Headquarters"] == 0
    assert chain["Assets:Bank:6222000000000001"] == 29_900 - 2_000
    assert chain["Liabilities:Unassigned"] == 2_000


def test_rows_of_the_books_keep_to_what_may_be_read(database: Database, state: Path) -> None:
    booked(database, state, "2026-10-09,,842.92,财付通支付科技,结算,1230000109 20261008\n")
    names = {one.entry for one in entries(database, state)}
    with database.read() as connection:
        for stores, chain, wanted in ((STORES, True, {*STORES, ACCOUNT}), (("S001",), False, {"S001"})):
            tally = Tally()
            asked = Selection(stores, "2026-10-01", "2026-10-31", rows=Rows.BOOKS, chain=chain)
            rows = [row for page in book_rows(connection, asked, state, NOW_MS, tally) for row in page]
            assert {row[0] for row in rows} == wanted
            assert {row[1] for row in rows} <= names
            assert {row[-3:] for row in rows} == {("2026-10-08", "2026-10-09", "2026-10")}
            assert (tally.rows, tally.total_fen) == (len(rows), 0)
