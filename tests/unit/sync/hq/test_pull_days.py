"""Which days a pull shows, and when the bank paid: from what the books know."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert

from sync.hq import registry, tables
from sync.hq.books.bill_tables import account_day, bill, store_account_day, store_day
from sync.hq.books.day_states import DayState
from sync.hq.books.money_tables import bank_line
from sync.hq.database import Database
from sync.hq.pull_dates import SettlementDays
from sync.hq.pull_days import BusinessDay, Days, DayStates

ACCOUNT = "@wechat:1230000109"
CLOSED = ("2026-10-01", "2026-10-02", "2026-10-03", "2026-10-04", "2026-10-05")
KEPT = {"2026-10-02": DayState.PROVISIONAL, "2026-10-03": DayState.MATCHED, "2026-10-04": DayState.SETTLED}


@pytest.fixture
def connection(tmp_path: Path, database_url: str | None) -> Iterator[Connection]:
    database = Database.open(tmp_path, database_url)
    with database.write() as opened:
        registry.add_store(opened, "S001", "S001", 0)
        for seq, day in enumerate(CLOSED, 1):
            opened.execute(insert(tables.closed_day).values(store="S001", day=day, epoch=1, seq=seq))
        rest = {"reasons": "[]", "addenda": 0, "late": 0, "mark": 0, "at_ms": 0}
        for day, state in {**KEPT, "2026-10-06": DayState.OPEN}.items():
            opened.execute(insert(store_day).values(store="S001", day=day, state=state.value, **rest))
        yield opened
    database.close()


def shown(connection: Connection, wanted: DayStates, bound: int = 9) -> str:
    days = Days(connection, "S001", {1: bound}, wanted)
    found = [days.of(f"2026-10-{number:02d}") for number in range(1, 7)]
    return "".join(str(number) for number, day in enumerate(found, 1) if day is not None and day.shown)


def with_bills(connection: Connection) -> None:
    rest = {"version": 1, "sha256": "", "form": "", "bytes": 1, "source": "file", "actor": "li", "at_ms": 0}
    connection.execute(insert(bill).values(store=ACCOUNT, day="2026-10-03", kind="trade", **rest))


def test_only_matched_days_unless_there_is_nothing_to_match_with(connection: Connection) -> None:
    assert shown(connection, DayStates.MATCHED) == "12345"
    with_bills(connection)
    assert shown(connection, DayStates.MATCHED) == "34"
    assert shown(connection, DayStates.CLOSED) == "12345"
    assert shown(connection, DayStates.SETTLED) == "4"
    assert shown(connection, DayStates.ANY) == "123456"


def test_a_day_whose_close_came_after_the_pull_began_is_open(connection: Connection) -> None:
    with_bills(connection)
    assert shown(connection, DayStates.MATCHED, bound=4) == "3"
    days = Days(connection, "S001", {1: 4}, DayStates.ANY)
    assert days.of("2026-10-04") == BusinessDay("2026-10-04", "open", "open", True)
    assert days.of("2026-02-31") is None


def test_the_rest_of_a_day_says_what_its_first_rows_said(connection: Connection) -> None:
    kept = BusinessDay("2026-10-03", "closed", "provisional", False)
    days = Days(connection, "S001", {1: 9}, DayStates.MATCHED, kept)
    assert days.of("2026-10-03") == kept


def test_the_bank_s_day_is_that_of_the_line_that_paid(connection: Connection) -> None:
    assert not SettlementDays(connection, "S001")
    link = {"store": "S001", "day": "2026-10-03", "account": ACCOUNT, "platform_day": "2026-10-04"}
    connection.execute(insert(store_account_day).values(**link))
    known = {"store": ACCOUNT, "day": "2026-10-04", "bill_state": "ready", "tries": 1, "next_fetch_ms": 0, "mark": 0}
    connection.execute(insert(account_day).values(**known, payout="settled", payout_line="L1"))
    line = {"store": "@bank:1", "line": "L1", "booked": "2026-10-06", "amount_fen": 1, "imported_at_ms": 0}
    words = {"counterparty": "", "text": "", "reference": "", "place": ACCOUNT}
    connection.execute(insert(bank_line).values(**line, **words))
    found = SettlementDays(connection, "S001")
    for merchant in ("1230000109", "hq", None):
        assert found.of("2026-10-03", "2026-10-04", "wechat", merchant) == "2026-10-06"
    assert found.of("2026-10-03", "2026-10-03", "wechat", "1230000109") is None
    assert found.of("2026-10-03", "2026-10-04", "alipay", None) is None
    assert found.of("2026-10-03", None, None, None) is None
    assert not SettlementDays(connection, "S002")
