"""A store's day from its facts: open, provisional, closed, matched, settled; and back, with an addendum."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from agent.core.bill import BillType
from sync.hq.books.bill_tables import seen_entry
from sync.hq.books.day_states import DayState
from sync.hq.books.days import states
from sync.hq.books.fetching import import_bill
from sync.hq.books.morning import declare_closed
from sync.hq.books.notes import notes_of, verify
from sync.hq.matching.one_day import BULK_BYTES
from tests.unit.sync.hq.books.chain import ACCOUNT, DAY, DAY_MS, MORNING_MS, NOON_MS, Chain, bill, closed, paid


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
