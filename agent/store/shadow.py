"""Whole views, built beside the store while it trades, and put in the place of the present ones in one transaction.

A year of a shop takes half a minute to evolve and a second to exchange; only the second holds the writer up.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite3

from agent.core.chain import Entry
from agent.core.errors import Broken
from agent.store.connection import open_reader, snapshot
from agent.store.journal import identity
from agent.store.place import Place
from agent.store.ports import Views
from agent.store.rebuild import PROGRESS_STEP, Progress, no_progress, set_position, view_tables
from agent.store.unit import Unit

Late = Mapping[int, Sequence[Entry]]
"""By epoch, entries of an old disk that follow what `past` has of it."""
_PAST = "SELECT seq, at_ms, kind, body FROM past WHERE epoch = ? ORDER BY seq"
_JOURNAL = "SELECT seq, at_ms, kind, body FROM journal WHERE seq > ? ORDER BY seq"
_BREATH_ENTRIES = 250
_BREATH_S = 0.001
"""The builder shares the processor with the counter: it steps aside often."""


class ShadowViews:
    """View tables in a file of their own; `last_seq` is the present epoch's entry that they have come to."""

    def __init__(self, path: Path, views: Views) -> None:
        """Begin anew: a file that a power cut left is of no use."""
        self.path = path
        self.last_seq = 0
        self._views = views
        self.discard()
        self._own = sqlite3.connect(str(path), isolation_level=None)
        self._own.execute("PRAGMA journal_mode=OFF")
        self._own.execute("PRAGMA synchronous=OFF")
        self._own.execute("PRAGMA cache_size=-65536")

    def build(
        self,
        journal: Path,
        late: Late | None = None,
        progress: Progress = no_progress,
        stopped: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Evolve past, `late` and journal as they stand; False when `stopped` said so.

        Raises `Broken("views.cannot_evolve")` naming the first entry that the views cannot take.
        """
        own = self._own
        own.execute("BEGIN")
        for statement in self._views.SCHEMA:
            own.execute(statement)
        connection = open_reader(journal)
        try:
            with snapshot(connection):
                finished = self._evolve(connection, late or {}, progress, stopped)
        finally:
            connection.close()
        own.execute("COMMIT")
        own.close()
        return finished

    def exchange(self, unit: Unit) -> None:
        """Put these tables in the place of the store's, then catch up with what was sold meanwhile; in a command."""
        connection = unit.connection
        if any(row[1] == "shadow" for row in connection.execute("PRAGMA database_list").fetchall()):
            connection.execute("DETACH shadow")
        for table in view_tables(connection):
            connection.execute(f'DROP TABLE "{table}"')
        connection.execute("ATTACH ? AS shadow", (str(self.path),))
        unit.after_commit(lambda: connection.execute("DETACH shadow"))
        self._copy(connection)
        epoch = unit.identity.epoch
        for seq, at_ms, kind, body in connection.execute(_JOURNAL, (self.last_seq,)).fetchall():
            self._views.evolve(connection, Place(epoch, seq, at_ms), kind, json.loads(body))
            self.last_seq = seq
        set_position(connection, epoch, self.last_seq)

    def discard(self) -> None:
        """Remove the file."""
        for suffix in ("", "-journal", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Close and remove the file."""
        self._own.close()
        self.discard()

    def _copy(self, connection: Any) -> None:
        tables = set(self._views.TABLES)
        indexes = [one for one in self._views.SCHEMA if " INDEX " in one.split("(", 1)[0]]
        for statement in self._views.SCHEMA:
            if statement not in indexes:
                connection.execute(statement)
        for table in sorted(tables):
            names = [str(row[1]) for row in connection.execute(f'PRAGMA main.table_info("{table}")')]
            columns = ", ".join(("rowid", *names))
            connection.execute(
                f'INSERT INTO main."{table}"({columns}) SELECT {columns} FROM shadow."{table}" ORDER BY rowid'
            )
        for statement in indexes:
            connection.execute(statement)

    def _evolve(self, connection: Any, late: Late, progress: Progress, stopped: Callable[[], bool]) -> bool:
        present = identity(connection).epoch
        counted = connection.execute("SELECT (SELECT count(*) FROM past) + (SELECT count(*) FROM journal)").fetchone()
        whole = int(counted[0]) + sum(len(entries) for entries in late.values())
        done = 0
        for place, kind, body in _history(connection, present, late):
            try:
                self._views.evolve(self._own, place, kind, json.loads(body))
            except (ValueError, KeyError, TypeError, sqlite3.Error) as error:
                reason = repr(error)[:120]
                raise Broken("views.cannot_evolve", epoch=place.epoch, seq=place.seq, reason=reason) from error
            if place.epoch == present:
                self.last_seq = place.seq
            done += 1
            if done % _BREATH_ENTRIES == 0:
                if stopped():
                    return False
                time.sleep(_BREATH_S)
            if done % PROGRESS_STEP == 0:
                progress(done, whole)
        progress(done, whole)
        return True


def _history(connection: Any, present: int, late: Late) -> Iterator[tuple[Place, str, str]]:
    epochs = {int(row[0]) for row in connection.execute("SELECT DISTINCT epoch FROM past")}
    for epoch in sorted(epochs | set(late)):
        for seq, at_ms, kind, body in connection.execute(_PAST, (epoch,)):
            yield Place(epoch, seq, at_ms), kind, body
        for entry in late.get(epoch, ()):
            yield Place(epoch, entry.seq, entry.at_ms), entry.kind, entry.body
    for seq, at_ms, kind, body in connection.execute(_JOURNAL, (0,)):
        yield Place(present, seq, at_ms), kind, body
