"""A store's day from its facts: open, provisional, closed, matched, settled; and back, with an addendum."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from agent.core.bill import BillType
from agent.core.reconcile.fees import FeeContract
from agent.core.settlement.deposits import Deposit
from sync.hq.books.bank import assign_line, import_statement, listed_lines
from sync.hq.books.bank_settings import statement_mapping
from sync.hq.books.bill_tables import seen_entry
from sync.hq.books.day_states import DayState
from sync.hq.books.days import states
from sync.hq.books.deposits import declare_deposit
from sync.hq.books.fees import agree
from sync.hq.books.fetching import import_bill
from sync.hq.books.morning import declare_closed
from sync.hq.books.notes import notes_of, verify
from sync.hq.matching.one_day import BULK_BYTES
from tests.unit.sync.hq.books.chain import ACCOUNT, DAY, DAY_MS, MORNING_MS, NOON_MS, TRADE, Chain, bill, closed, paid

CONFIG = Path(__file__).resolve().parents[5] / "config"
STATEMENT = "交易日期,借方发生额,贷方发生额,对方户名,摘要,附言\n"


@pytest.fixture
def chain(tmp_path: Path, database_url: str | None) -> Iterator[Chain]:
    made = Chain(tmp_path, database_url)
    made.add_store()
    yield made
    made.close()


def brought(chain: Chain, content: bytes, day: date = DAY) -> None:
    import_bill(chain.database, chain.state, ACCOUNT, day, content, "", BillType.TRADE, "li", chain.now_ms)


def test_a_day_comes_to_its_end(chain: Chain) -> None:
    assert chain.codes() == ("open", ["day.silent"])
    chain.sent([*paid(1, 1280), *paid(2, 500, ends=False)])
    chain.jobs()
    assert chain.codes() == ("open", ["day.not_closed"])
    chain.sent([closed()])
    chain.jobs()
    assert chain.codes() == ("provisional", ["day.attempts_open", "day.bill_not_due"])
    with chain.database.write() as connection:
        connection.execute(delete(seen_entry))
    assert chain.codes() == ("open", ["day.not_read"])
    chain.sent(paid(2, 500)[1:])
    chain.now_ms = MORNING_MS
    chain.jobs()
    assert chain.codes() == ("provisional", ["day.bill_not_due"])
    brought(chain, bill((1, "12.80"), (2, "5.00")))
    assert chain.codes() == ("closed", ["day.bill_not_matched"])
    chain.jobs()
    assert chain.codes() == ("matched", ["day.payout_waiting"])
    with chain.database.read() as connection:
        assert states(connection, ["S001"], DAY, DAY) == {("S001", DAY.isoformat()): DayState.MATCHED}
        assert [one.kind for one in notes_of(connection, ACCOUNT)] == ["bill.kept", "bill.matched"]
        assert verify(connection, ACCOUNT) is None


def test_a_late_fact_takes_a_day_back_and_is_an_addendum(chain: Chain) -> None:
    chain.sent([*paid(1, 1280), closed()])
    chain.now_ms = MORNING_MS
    chain.jobs()
    brought(chain, bill((1, "12.80")))
    chain.jobs()
    assert chain.codes()[0] == "matched" and chain.day().addenda == ()
    chain.sent(paid(3, 900))
    chain.jobs()
    found = chain.day()
    assert found.state is DayState.CLOSED and [one.code for one in found.reasons] == ["day.differences_open"]
    assert [(one.before.value, one.after.value, one.late) for one in found.addenda] == [("matched", "closed", 2)]
    brought(chain, bill((1, "12.80"), (3, "9.00")))
    chain.jobs()
    assert chain.codes()[0] == "matched" and len(chain.day().addenda) == 1


def test_nothing_that_arrives_again_changes_a_day(chain: Chain) -> None:
    chain.sent([*paid(1, 1280), closed()])
    brought(chain, bill((1, "12.80")))
    chain.jobs()
    with chain.database.read() as connection:
        before = [list(notes_of(connection, book)) for book in (ACCOUNT, "S001")]
    brought(chain, bill((1, "12.80")))
    for _ in range(3):
        assert not any(ran.did for ran in chain.jobs() if ran.name != "bills")
    with chain.database.read() as connection:
        assert [list(notes_of(connection, book)) for book in (ACCOUNT, "S001")] == before


def test_a_day_without_trade_that_was_declared_is_settled(chain: Chain) -> None:
    with chain.database.write() as connection:
        declare_closed(connection, "S001", [DAY], "装修", "li", NOON_MS)
    assert chain.codes() == ("settled", [])
    assert chain.codes(day=DAY + timedelta(days=1)) == ("open", ["day.silent"])


@pytest.mark.parametrize("big_bytes", [0, BULK_BYTES], ids=["big", "small"])
def test_a_line_near_midnight_waits_for_the_next_bill(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, big_bytes: int
) -> None:
    monkeypatch.setattr("sync.hq.books.matching.BULK_BYTES", big_bytes)
    midnight_ms = NOON_MS + DAY_MS // 2
    chain.sent([*paid(1, 1280), *paid(2, 700, midnight_ms - 1000), closed()])
    brought(chain, bill((1, "12.80")))
    chain.jobs()
    assert chain.codes() == ("provisional", ["day.lines_waiting"])
    chain.now_ms = MORNING_MS + DAY_MS
    brought(chain, bill((2, "7.00"), at="2026-10-09 00:00:01"), DAY + timedelta(days=1))
    chain.jobs()
    assert chain.codes()[0] == "matched"
    classes = json.loads(chain.account_day()["matched"])["classes"]
    assert {name: (one["lines"], one["journal_fen"], one["bill_fen"]) for name, one in classes.items()} == {
        "matched": (2, 1280, 1280)
    }


def deposited(chain: Chain, reference: str, amount_fen: int, day: date = DAY) -> None:
    with chain.database.write() as connection:
        declare_deposit(connection, Deposit("S001", day, reference, amount_fen), "li", chain.now_ms)


def booked(chain: Chain, *rows: str) -> None:
    folder = chain.state / "bank"
    folder.mkdir(exist_ok=True)
    (folder / "icbc.toml").write_bytes((CONFIG / "bank" / "statement.toml").read_bytes())
    content = STATEMENT + "".join(f"{row}\n" for row in rows)
    with chain.database.write() as connection:
        import_statement(
            connection, content.encode(), statement_mapping(chain.state, "icbc"), "icbc", "li", chain.now_ms
        )


def test_cash_settles_a_day_when_the_bank_has_it(chain: Chain) -> None:
    chain.now_ms = MORNING_MS
    next_day = DAY + timedelta(days=1)
    for day, counted_fen in ((DAY, 120_000), (next_day, 50_000)):
        shift = {**TRADE, "day": day.isoformat(), "counted_fen": counted_fen}
        chain.sent([("shift.closed", shift), closed(day)])
    chain.jobs()
    assert chain.codes() == ("matched", ["day.cash_in_safe"])
    deposited(chain, "D77", 120_000)
    deposited(chain, "D78", 30_000, next_day)
    chain.jobs()
    assert chain.codes() == ("matched", ["day.cash_in_transit"])
    assert chain.day(day=next_day).reasons[0].values == {"amount_fen": 20_000}
    booked(chain, "2026-10-09,,1200.00,,现金存入,D77")
    chain.jobs()
    assert chain.codes() == ("settled", [])
    assert chain.codes(day=next_day) == ("matched", ["day.cash_in_safe"])


def test_an_account_s_payout_settles_its_days(chain: Chain) -> None:
    chain.sent([*paid(1, 100_000), closed()])
    brought(chain, bill((1, "1000.00"), fee="6.00000"))
    with chain.database.write() as connection:
        agree(connection, ACCOUNT, FeeContract(6000), "li", NOON_MS)
    chain.now_ms = MORNING_MS
    chain.jobs()
    assert chain.codes() == ("matched", ["day.payout_waiting"])
    booked(chain, "2026-10-09,,994.00,财付通支付科技,结算,")
    with chain.database.write() as connection:
        line = next(str(one["line"]) for one in listed_lines(connection))
        assign_line(connection, line, ACCOUNT, None, "li", "", chain.now_ms)
    chain.jobs()
    assert chain.codes() == ("settled", [])
    assert chain.day().accounts[0].payout_line == line
