"""What the database takes: every table counts, a month's partition to its own, and the pace is right."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.chain import Identity
from sync.hq import registry, tables
from sync.hq.database import Database
from sync.hq.months import Months, month_of, write_entries
from sync.hq.size import DAY_MS, measured
from tests.unit.sync.fakes import AT_MS

NOW_MS = AT_MS + 100 * DAY_MS
ENTRIES = 500


@pytest.fixture
def database(tmp_path: Path, database_url: str | None) -> Iterator[Database]:
    made = Database.open(tmp_path, database_url)
    yield made
    made.close()


def fill(database: Database, store: str, count: int, receipts: dict[int, int]) -> None:
    """Keep entries of a store, and receipts: the number wanted next by its time."""
    Months().ready(database, NOW_MS)
    with database.write() as connection:
        registry.add_store(connection, store, store, AT_MS)
        registry.register_epoch(connection, Identity(store, "B1", 1), bytes(32), "simulated", AT_MS)
        place = {"store": store, "epoch": 1}
        fixed = {"at_ms": AT_MS, "kind": "sale.completed", "day": "2026-11-01", "body": "x" * 400, "hash": "0" * 64}
        more = {"received_at_ms": NOW_MS, "month": month_of(NOW_MS)}
        write_entries(connection, [{**place, **fixed, **more, "seq": seq} for seq in range(1, count + 1)])
        connection.execute(tables.cursor.update().where(tables.cursor.c.store == store).values(next_seq=count + 1))
        for at_ms, next_seq in receipts.items():
            row = {**place, "next_seq": next_seq, "at_ms": at_ms, "head": "", "document": "{}"}
            connection.execute(tables.receipt.insert().values(**row))


def test_entries_and_their_bytes_are_counted(database: Database) -> None:
    fill(database, "S001", ENTRIES, {})
    with database.read() as connection:
        found = measured(connection, NOW_MS)
    assert found.entries == ENTRIES
    assert found.total_bytes >= ENTRIES * 464
    assert sum(found.tables.values()) == (found.total_bytes if found.tables else 0)
    if found.tables:
        assert next(iter(found.tables)) == "entry"
        assert found.tables["entry"] > ENTRIES * 464


def test_the_pace_is_that_of_the_last_seven_days(database: Database) -> None:
    fill(database, "S001", 500, {NOW_MS - 9 * DAY_MS: 101, NOW_MS - 2 * DAY_MS: 501})
    fill(database, "S002", 300, {NOW_MS - 3 * DAY_MS: 301})
    fill(database, "S003", 50, {NOW_MS - 30 * DAY_MS: 51})
    with database.read() as connection:
        assert measured(connection, NOW_MS).entries_a_day == pytest.approx((400 + 300) / 7)


def test_a_headquarters_of_yesterday_counts_its_own_days_only(database: Database) -> None:
    fill(database, "S001", 500, {NOW_MS - 2 * DAY_MS: 251, NOW_MS - DAY_MS: 501})
    with database.read() as connection:
        assert measured(connection, NOW_MS).entries_a_day == pytest.approx(250)


def test_an_empty_database_has_no_pace(database: Database) -> None:
    with database.read() as connection:
        found = measured(connection, NOW_MS)
    assert (found.entries, found.bytes_an_entry, found.entries_a_day) == (0, 0.0, 0.0)
