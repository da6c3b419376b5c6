"""Additive migrations: each in one transaction with its record; what an older release cannot read, it refuses.

After a return to the old release the file keeps the schema of the new one: copying the old file back would lose the
sales in between. So a store says how it may be read: `schema` is the number of its last step, `readable_from` the
number of the oldest release that may open it. As long as steps only add, that stays 1.
"""

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


def _past_first(database: Any) -> None:
    # Of a history that is still on its way from headquarters: what selling needs now (`agent.store.restoring`).
    database.execute(
        "CREATE TABLE past_first(epoch INTEGER NOT NULL, box TEXT NOT NULL, seq INTEGER NOT NULL,"
        " at_ms INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, hash BLOB NOT NULL,"
        " PRIMARY KEY(epoch, seq)) STRICT, WITHOUT ROWID"
    )


STEPS: tuple[Step, ...] = (
    ("0001_first", _first),
    ("0002_cuts_after", _cuts_after),
    ("0003_broken_off", _broken_off),
    ("0004_past_first", _past_first),
)
"""Every change of the schema, in order. A step only adds tables, columns with a default, and indexes."""
READABLE_FROM = 1
"""How many of the steps a release must know at least to trade on this schema. It rises only with a step that takes
something away, two releases after the last one that used it."""


def migrate(connection: Any, views: Views, steps: tuple[Step, ...] = STEPS, readable_from: int = READABLE_FROM) -> bool:
    """Bring the schema up to date and re-assert the guards; return whether the views must be rebuilt.

    A file that a later release has changed stays as it is when that one says that this release can read it; else
    raises `Broken("store.schema_newer")`.
    """
    applied = _applied(connection)
    if len(applied) < len(steps) and applied:
        _say(connection, "readable_from", readable_from)  # first: the steps may take away what older ones read
    if applied != [name for name, _ in steps]:
        _apply(connection, steps, applied)
    if len(applied) <= len(steps):
        _say(connection, "readable_from", readable_from)
        _say(connection, "schema", len(steps))
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
    """Return how many steps the file has taken; raises `Broken("store.schema_newer")` when this release can't read it.

    Steps that it does not know are no hindrance where the release that took them says so.
    """
    applied = _applied(connection)
    _check_readable(connection, applied, [name for name, _ in steps])
    return len(applied)


def _check_readable(connection: Any, applied: list[str], known: list[str]) -> bool:
    """Tell whether a later release has taken steps; raises unless it says that this one can read the file."""
    newer = [name for name in applied if name not in known]
    if newer:
        oldest = meta_value(connection, "readable_from")
        if oldest is None or int(oldest) > len(known) or [name for name in applied if name in known] != known:
            raise Broken("store.schema_newer", migration=newer[0])
    return bool(newer)


def _say(connection: Any, key: str, number: int) -> None:
    if meta_value(connection, key) != str(number):
        set_meta(connection, key, str(number))


def _apply(connection: Any, steps: tuple[Step, ...], applied: list[str]) -> None:
    if _check_readable(connection, applied, [name for name, _ in steps]):
        return
    from sqlite_utils import Database, Migrations

    database = Database(connection, recursive_triggers=True)
    migrations = Migrations(MIGRATION_SET)
    for name, step in steps:
        migrations(name=name)(step)
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
