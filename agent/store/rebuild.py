"""Views anew from the journal: dropped, created and filled in one transaction."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from agent.core.errors import Broken
from agent.store.connection import open_writer
from agent.store.migrations import meta_value, set_meta, views_fingerprint
from agent.store.place import Place
from agent.store.ports import Views

Progress = Callable[[int, int], None]
"""Called with entries done and entries in all."""
PROGRESS_STEP = 1_000
_PAST = "SELECT epoch, seq, at_ms, kind, body FROM past ORDER BY epoch, seq"
_FIRST = "SELECT epoch, seq, at_ms, kind, body FROM past_first ORDER BY epoch, seq"
"""Instead of the past while that is on its way from headquarters (`agent.store.restoring`)."""
_JOURNAL = "SELECT seq, at_ms, kind, body FROM journal ORDER BY seq"


def no_progress(done: int, whole: int) -> None:
    """Report to nobody."""


def rebuild(path: Path, views: Views, progress: Progress = no_progress) -> int:
    """Rebuild every view of a store that no writer has open; return how many entries were read."""
    connection = open_writer(path)
    try:
        connection.execute("BEGIN IMMEDIATE")
        count = rebuild_in(connection, views, progress)
        connection.execute("COMMIT")
    finally:
        connection.close()
    return count


def rebuild_in(connection: Any, views: Views, progress: Progress = no_progress) -> int:
    """Rebuild every view inside the caller's transaction; return how many entries were read.

    Raises `Broken("views.cannot_evolve")` naming the first entry that the views cannot take.
    """
    for table in view_tables(connection):
        connection.execute(f'DROP TABLE "{table}"')
    for statement in views.SCHEMA:
        connection.execute(statement)
    whole = count_entries(connection)
    last: Place | None = None
    done = 0
    for place, kind, body in _history(connection):
        try:
            views.evolve(connection, place, kind, json.loads(body))
        except (ValueError, KeyError, TypeError) as error:
            raise Broken("views.cannot_evolve", epoch=place.epoch, seq=place.seq, reason=repr(error)[:120]) from error
        last = place
        done += 1
        if done % PROGRESS_STEP == 0:
            progress(done, whole)
    if last is not None:
        set_position(connection, last.epoch, last.seq)
    set_meta(connection, "views", views_fingerprint(views))
    progress(done, whole)
    return done


def view_tables(connection: Any) -> list[str]:
    """Return the names of the view tables that are there, without the position."""
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'view_*' AND name <> 'view_position'"
        " ORDER BY name"
    )
    return [str(row[0]) for row in rows]


def count_entries(connection: Any) -> int:
    """Return how many entries past and journal hold."""
    row = connection.execute("SELECT (SELECT count(*) FROM past) + (SELECT count(*) FROM journal)").fetchone()
    return int(row[0])


def set_position(connection: Any, epoch: int, seq: int) -> None:
    """Store how far the views have come."""
    connection.execute(
        "INSERT INTO view_position(one, epoch, seq) VALUES(1, ?, ?)"
        " ON CONFLICT(one) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq",
        (epoch, seq),
    )


def _history(connection: Any) -> Iterator[tuple[Place, str, str]]:
    past = _PAST if meta_value(connection, "restore") is None else _FIRST
    for epoch, seq, at_ms, kind, body in connection.execute(past):
        yield Place(epoch, seq, at_ms), kind, body
    present = int(meta_value(connection, "epoch") or 0)
    for seq, at_ms, kind, body in connection.execute(_JOURNAL):
        yield Place(present, seq, at_ms), kind, body
