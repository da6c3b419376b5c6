"""Comparing the view tables with a rebuild: schema, rows, order and the type of every cell."""

import json
from itertools import zip_longest
from typing import Any

from pysqlite3 import dbapi2 as sqlite3

from agent.store.faults import Fault
from agent.store.place import Place
from agent.store.ports import Views

_SCHEMA = (
    "SELECT tbl_name, type, name, sql FROM sqlite_schema"
    " WHERE tbl_name GLOB 'view_*' AND tbl_name <> 'view_position' AND sql IS NOT NULL ORDER BY 1, 2, 3"
)


def tolerant_text(raw: bytes) -> str:
    """Decode text that may have been damaged, without losing what it was."""
    return raw.decode("utf-8", "surrogateescape")


class ViewCheck:
    """Evolves the views anew beside the store, then compares."""

    def __init__(self, views: Views) -> None:
        self._views = views
        # A nameless database: in memory while it is small, a temporary file that nobody else sees when it grows.
        self._anew = sqlite3.connect("", isolation_level=None)
        self._anew.execute("PRAGMA journal_mode=OFF")
        self._anew.text_factory = tolerant_text
        self._anew.execute("BEGIN")
        for statement in views.SCHEMA:
            self._anew.execute(statement)

    def take(self, place: Place, kind: bytes, body: bytes) -> Fault | None:
        """Evolve by one entry whose hash holds; an entry that the views cannot take is a fault of its own."""
        try:
            self._views.evolve(self._anew, place, kind.decode(), json.loads(body))
        except Exception:  # noqa: BLE001 - a view of any kind must not stop the verification of the chain
            return Fault("views.cannot_evolve", place.epoch, place.seq)
        return None

    def compare(self, connection: Any) -> Fault | None:
        """Return the first difference between the store's view tables and the rebuild."""
        found, wanted = connection.execute(_SCHEMA).fetchall(), self._anew.execute(_SCHEMA).fetchall()
        if found != wanted:
            different = sorted({row[0] for row in set(found) ^ set(wanted)})
            return Fault("views.schema_differs", table=different[0] if different else None)
        for table in self._views.TABLES:
            row = self._first_difference(connection, table)
            if row is not None:
                return Fault("views.row_differs", table=table, row=row)
        return None

    def close(self) -> None:
        """Throw the rebuild away."""
        self._anew.close()

    def _first_difference(self, connection: Any, table: str) -> int | None:
        statement = f'SELECT * FROM "{table}" ORDER BY rowid'
        pairs = zip_longest(connection.execute(statement), self._anew.execute(statement))
        for number, (found, wanted) in enumerate(pairs, start=1):
            if found != wanted or [type(cell) for cell in found] != [type(cell) for cell in wanted]:
                return number
        return None
