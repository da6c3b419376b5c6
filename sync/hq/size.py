"""What headquarters' database takes on disk, by table and by entry, and how quickly that grows."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, func, select

from sync.hq import tables
from sync.hq.schema import metadata

DAY_MS = 86_400_000
PACE_DAYS = 7

_BYTES_OF_TABLES = """
    SELECT coalesce(parent.relname, own.relname) AS name, sum(pg_total_relation_size(own.oid))::bigint AS bytes
    FROM pg_class own
    LEFT JOIN pg_inherits ON pg_inherits.inhrelid = own.oid
    LEFT JOIN pg_class parent ON parent.oid = pg_inherits.inhparent
    WHERE own.relkind IN ('r', 'p') AND own.relnamespace = current_schema()::regnamespace
    GROUP BY 1
"""
"""Indexes and long values count to their table, months to `entry` (pg_total_relation_size, pg_inherits)."""


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes on disk; `tables` is empty on SQLite, which does not tell. `entries_a_day`: the mean of the last days."""

    entries: int
    total_bytes: int
    tables: dict[str, int]
    entries_a_day: float

    @property
    def bytes_an_entry(self) -> float:
        """Return what an entry takes with everything that is kept of it beside; 0 without entries."""
        return self.total_bytes / self.entries if self.entries else 0.0

    @property
    def bytes_a_day(self) -> float:
        """Return what a day like the last ones adds."""
        return self.bytes_an_entry * self.entries_a_day

    def data(self) -> dict[str, Any]:
        """Return the size as plain data."""
        return {
            "entries": self.entries,
            "total_bytes": self.total_bytes,
            "bytes_an_entry": round(self.bytes_an_entry),
            "entries_a_day": round(self.entries_a_day),
            "bytes_a_day": round(self.bytes_a_day),
            "tables": self.tables,
        }


def measured(connection: Connection, now_ms: int) -> Size:
    """Measure the database; reads cursors and receipts, not entries, so that it is quick on a large one."""
    entries = connection.execute(select(func.coalesce(func.sum(tables.cursor.c.next_seq - 1), 0))).scalar_one()
    by_table: dict[str, int] = {}
    if connection.dialect.name == "postgresql":
        rows = connection.exec_driver_sql(_BYTES_OF_TABLES)
        by_table = {row.name: row.bytes for row in rows if row.name in metadata.tables}
        total_bytes = sum(by_table.values())
    else:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        total_bytes = pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    largest_first = dict(sorted(by_table.items(), key=lambda item: (-item[1], item[0])))
    return Size(int(entries), total_bytes, largest_first, _entries_a_day(connection, now_ms))


def _entries_a_day(connection: Connection, now_ms: int) -> float:
    """Return the mean of the last seven days, of fewer when headquarters is younger, at least of one."""
    kept = tables.receipt
    begin_ms = now_ms - PACE_DAYS * DAY_MS
    before = func.max(case((kept.c.at_ms < begin_ms, kept.c.next_seq), else_=1))
    came = select((func.max(kept.c.next_seq) - before).label("entries"), func.min(kept.c.at_ms).label("first_ms"))
    of_epochs = came.group_by(kept.c.store, kept.c.epoch).subquery()
    row = connection.execute(select(func.sum(of_epochs.c.entries), func.min(of_epochs.c.first_ms))).one()
    if row[0] is None:
        return 0.0
    days = (now_ms - max(begin_ms, row[1])) / DAY_MS
    return float(row[0]) / float(min(PACE_DAYS, max(1.0, days)))
