"""Reading what can still be read of a damaged journal: page after page where it holds, entry by entry around a hole."""

from collections.abc import Iterator
from typing import Any

from pysqlite3 import dbapi2 as sqlite3

from agent.core.chain import Entry
from agent.store.journal import identity

HOLE_ENTRIES_MAX = 20_000
"""How far behind a hole it is looked for more: a damaged inner page hides some thousands of entries."""
_STEP = 256
_COLUMNS = "seq, at_ms, kind, body, hash"


def readable_entries(connection: Any, epoch: int, first_seq: int) -> Iterator[Entry]:
    """Yield the entries of an epoch from a number on that can be read, in order; holes are left out."""
    present = identity(connection).epoch == epoch
    table = "journal" if present else "past"
    condition = "" if present else f"epoch = {epoch:d} AND "
    seq, missing = first_seq, 0
    while missing <= HOLE_ENTRIES_MAX:
        found, whole = _page(connection, table, condition, seq)
        yield from found
        if found:
            missing = 0
            seq = found[-1].seq + 1
            if whole:
                continue
        elif whole:
            return
        single = _single(connection, table, condition, seq)
        if single is not None:
            yield single
        missing = 0 if single is not None else missing + 1
        seq += 1


def _page(connection: Any, table: str, condition: str, seq: int) -> tuple[list[Entry], bool]:
    """Return entries from a number on, and whether the disk gave all that it should have."""
    found: list[Entry] = []
    try:
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM {table} WHERE {condition}seq >= ? ORDER BY seq LIMIT {_STEP}", (seq,)
        )
        for row in rows:
            found.append(Entry(*row))
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return found, False
    return found, True


def _single(connection: Any, table: str, condition: str, seq: int) -> Entry | None:
    try:
        row = connection.execute(f"SELECT {_COLUMNS} FROM {table} WHERE {condition}seq = ?", (seq,)).fetchone()
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None
    return None if row is None else Entry(*row)
