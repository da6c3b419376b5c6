"""Entries by month: where they go, and that the clock can't lose one."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from agent.bench.postgres import Server
from sync.hq import tables
from sync.hq.database import Database
from sync.hq.months import Months, make_months, month_after, month_of, write_entries

NOVEMBER_MS = 1_795_000_000_000
"""2026-11-18."""


def row(seq: int, month: int, body: str = "{}") -> dict[str, object]:
    return {
        "store": "S001",
        "epoch": 1,
        "seq": seq,
        "at_ms": 5,
        "kind": "day.closed",
        "day": None,
        "body": body,
        "hash": "ab",
        "received_at_ms": NOVEMBER_MS,
        "month": month,
    }


@pytest.mark.parametrize(
    ("at_ms", "month"),
    [(0, 197001), (NOVEMBER_MS, 202611), (1_798_761_599_999, 202612), (1_798_761_600_000, 202701)],
)
def test_the_month_of_a_time(at_ms: int, month: int) -> None:
    assert month_of(at_ms) == month


def test_december_is_followed_by_january() -> None:
    assert (month_after(202611), month_after(202612)) == (202612, 202701)


def test_what_is_written_is_read_back_as_it_was(tmp_path: Path, database_url: str | None) -> None:
    body = '{"名":"鱼\\t\\\\N","x":"\\n"}'
    database = Database.open(tmp_path, database_url)
    Months().ready(database, NOVEMBER_MS)
    with database.write() as connection:
        write_entries(connection, [row(1, 202611, body), row(2, 202611, "\\N"), row(3, 202611, "a\tb\nc")])
    with database.read() as connection:
        bodies = connection.execute(select(tables.entry.c.body).order_by(tables.entry.c.seq)).scalars().all()
    assert bodies == [body, "\\N", "a\tb\nc"]
    database.close()


def test_a_month_without_a_partition_loses_nothing(tmp_path: Path, postgres: Server) -> None:
    database = Database.open(tmp_path, postgres.fresh_database())
    Months().ready(database, NOVEMBER_MS)
    with database.write() as connection:
        write_entries(connection, [row(1, 202611), row(2, 203001)])
    with database.read() as connection:
        counts = [
            connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar()
            for name in ("entry_202611", "entry_default")
        ]
    assert counts == [1, 1]
    with database.write() as connection:
        make_months(connection, 1_893_456_000_000 + 86_400_000)
        assert connection.execute(select(func.count()).select_from(tables.entry)).scalar() == 2
    database.close()
