"""Entries by the month of their arrival: partitions on PostgreSQL, and the quickest way in on either database.

Idempotency is the gate's part (`sync.hq.ingest`): what comes here is new. Rates measured in reference/ledger.md §7.2.
"""

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from sync.hq import tables
from sync.hq.database import Database, one_process

MONTHS_AHEAD = 2
COLUMNS = tuple(column.name for column in tables.entry.columns)
_COPY = f"COPY entry ({', '.join(COLUMNS)}) FROM STDIN"


def month_of(at_ms: int) -> int:
    """Return the month of a time, UTC: 202611."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.year * 100 + moment.month


def month_after(month: int) -> int:
    """Return the month that follows."""
    return month + 1 if month % 100 < 12 else month + 89


class Months:
    """Makes a month's partition when its first upload comes, once a process."""

    def __init__(self) -> None:
        self._made: int | None = None
        self._making = threading.Lock()

    def ready(self, database: Database, now_ms: int) -> None:
        """Make sure that the month of `now_ms` has its partition; costs nothing when it has."""
        month = month_of(now_ms)
        if month == self._made:
            return
        with self._making:
            if month != self._made:
                with database.write() as connection:
                    make_months(connection, now_ms)
                self._made = month


def make_months(connection: Connection, now_ms: int) -> None:
    """On PostgreSQL, make the partitions of this month and the next; on SQLite there is nothing to make.

    A month whose rows lie in the default partition already, since the clock was wrong once, stays there.
    """
    if connection.dialect.name != "postgresql":
        return
    one_process(connection)
    connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS entry_default PARTITION OF entry DEFAULT")
    month = month_of(now_ms)
    for _ in range(MONTHS_AHEAD):
        in_default = "SELECT 1 FROM entry_default WHERE month = %s LIMIT 1"
        if not connection.exec_driver_sql(in_default, (month,)).first():
            connection.exec_driver_sql(
                f"CREATE TABLE IF NOT EXISTS entry_{month} PARTITION OF entry"
                f" FOR VALUES FROM ({month}) TO ({month_after(month)})"
            )
        month = month_after(month)


def write_entries(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Write new rows of `entry`, by COPY where the database has it."""
    if connection.dialect.name != "postgresql":
        connection.execute(tables.entry.insert(), list(rows))
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row in rows:
            copy.write_row([row[name] for name in COLUMNS])
