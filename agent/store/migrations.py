"""Additive migrations: each in one transaction with its record; what an older release cannot read, it refuses."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from agent.core.errors import Broken
from agent.store.ports import Views
from agent.store.schema import FIRST_TABLES, assert_triggers

Step = tuple[str, Callable[[Any], None]]
MIGRATION_SET = "storebox"


def _first(database: Any) -> None:
    for statement in FIRST_TABLES:
        database.execute(statement)


def _cuts_after(database: Any) -> None:
    database.execute("ALTER TABLE spool ADD COLUMN cuts_after INTEGER")


def _broken_off(database: Any) -> None:
    # The slip that stands half printed in a printer, until the next one has ended it there.
    database.execute(
        "CREATE TABLE broken_off(printer TEXT PRIMARY KEY, process_id TEXT NOT NULL, cuts_after INTEGER)"
        " STRICT, WITHOUT ROWID"
    )


STEPS: tuple[Step, ...] = (
    ("0001_first", _first),
    ("0002_cuts_after", _cuts_after),
    ("0003_broken_off", _broken_off),
)
"""Every change of the schema, in order. A step only adds tables, columns with a default, and indexes."""


def migrate(connection: Any, views: Views, steps: tuple[Step, ...] = STEPS) -> bool:
    """Bring the schema up to date and re-assert the guards; return whether the views must be rebuilt.

    Raises `Broken("store.schema_newer")` when a later release has changed the file.
    """
    if _applied(connection) != [name for name, _ in steps]:
        _apply(connection, steps)
    assert_triggers(connection)
    return views_fingerprint(views) != meta_value(connection, "views")


def _applied(connection: Any) -> list[str]:
    """Read sqlite-utils' own record; with nothing to do, a start does not load the library."""
    made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone()
    if made is None:
        return []
    rows = connection.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY id", (MIGRATION_SET,)
    )
    return [str(name) for (name,) in rows.fetchall()]


def assert_known(connection: Any, steps: tuple[Step, ...] = STEPS) -> int:
    """Return how many steps the file has taken; raises `Broken("store.schema_newer")` when one is unknown here."""
    applied, known = _applied(connection), {name for name, _ in steps}
    newer = [name for name in applied if name not in known]
    if newer:
        raise Broken("store.schema_newer", migration=newer[0])
    return len(applied)


def _apply(connection: Any, steps: tuple[Step, ...]) -> None:
    from sqlite_utils import Database, Migrations

    database = Database(connection, recursive_triggers=True)
    migrations = Migrations(MIGRATION_SET)
    for name, step in steps:
        migrations(name=name)(step)
    known = {name for name, _ in steps}
    newer = [applied.name for applied in migrations.applied(database) if applied.name not in known]
    if newer:
        raise Broken("store.schema_newer", migration=newer[0])
    if migrations.pending(database):
        migrations.apply(database)


def meta_value(connection: Any, key: str) -> str | None:
    """Return a value of `meta`, or None."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def set_meta(connection: Any, key: str, value: str) -> None:
    """Store a value of `meta`."""
    connection.execute(
        "INSERT INTO meta(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value", (key, value)
    )


def views_fingerprint(views: Views) -> str:
    """Return the digest of the views' schema, by which a store notices that its views were made by another release."""
    return sha256("\n".join(views.SCHEMA).encode()).hexdigest()
