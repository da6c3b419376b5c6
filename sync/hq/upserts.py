"""Inserts that know conflicts: PostgreSQL and SQLite have them in the same words, SQLAlchemy in two places."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_of(connection: Connection, table: Table) -> Any:
    """Return an insert with `on_conflict_do_nothing` and `on_conflict_do_update` for the database at hand."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_unless_there(
    connection: Connection,
    table: Table,
    key: Sequence[str],
    rows: Mapping[str, object] | Sequence[Mapping[str, object]],
) -> None:
    """Insert rows; those whose key is there already stay as they are."""
    connection.execute(insert_of(connection, table).on_conflict_do_nothing(index_elements=list(key)), rows)
