"""Connections to the journal's file: one writer, readers one a thread, durable settings set and read back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite3

from agent.core.errors import Broken

JOURNAL_FILE = "journal.db"
OLDEST_SQLITE = (3, 51, 3)
"""The first release with the fix of the WAL-reset bug, by which older ones can lose commits or corrupt the file."""
FULL = 2
BUSY_TIMEOUT_MS = 5_000
CHECKPOINT_PAGES = 4_000
CACHE_KIB = 16_384
STATEMENTS = 512


def check_version(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """Raise `Broken("store.sqlite_too_old")` when the SQLite in use lacks the fix of the WAL-reset bug."""
    if version < OLDEST_SQLITE:
        raise Broken("store.sqlite_too_old", version=".".join(str(part) for part in version))


def open_writer(path: Path, *, create: bool = False) -> Any:
    """Return a connection that may write; without `create` a missing file raises `Broken("store.missing")`."""
    connection = _opened(path, create=create, settings=("PRAGMA journal_mode=WAL", *_WRITER))
    try:
        _check_durable(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path, *, any_thread: bool = False) -> Any:
    """Return a connection that can only read; with `any_thread` it may be closed by another thread."""
    return _opened(path, create=False, settings=_READER, any_thread=any_thread)


@contextmanager
def snapshot(connection: Any) -> Iterator[Any]:
    """Let several reads see one state; the connection is in autocommit before and after."""
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


class Readers:
    """Reading connections, one a thread, opened when a thread first asks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._own = threading.local()
        self._lock = threading.Lock()
        self._all: list[tuple[threading.Thread, Any]] = []

    def get(self) -> Any:
        """Return this thread's connection."""
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = open_reader(self.path, any_thread=True)
            with self._lock:
                self._close_of_ended_threads()
                self._all.append((threading.current_thread(), connection))
        return connection

    def close(self) -> None:
        """Close every connection; a thread that asks again later gets a new one."""
        with self._lock:
            for _, connection in self._all:
                connection.close()
            self._all.clear()
            self._own = threading.local()

    def _close_of_ended_threads(self) -> None:
        living = []
        for thread, connection in self._all:
            if thread.is_alive():
                living.append((thread, connection))
            else:
                connection.close()
        self._all = living


_BOTH = (
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA recursive_triggers=ON",
    f"PRAGMA cache_size=-{CACHE_KIB}",
    "PRAGMA trusted_schema=OFF",
)
_WRITER = (*_BOTH, f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
_READER = (*_BOTH, "PRAGMA query_only=ON")


def _opened(path: Path, *, create: bool, settings: tuple[str, ...], any_thread: bool = False) -> Any:
    check_version()
    if not create and not path.exists():
        raise Broken("store.missing", path=str(path))
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}",
        uri=True,
        timeout=BUSY_TIMEOUT_MS / 1_000,
        isolation_level=None,
        check_same_thread=not any_thread,
        cached_statements=STATEMENTS,
    )
    try:
        for setting in settings:
            connection.execute(setting)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_durable(connection: Any) -> None:
    """Read the settings back: without WAL and `synchronous=FULL` an acknowledged sale could be lost."""
    journal_mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    foreign_keys = connection.execute("PRAGMA foreign_keys").fetchone()[0]
    recursive = connection.execute("PRAGMA recursive_triggers").fetchone()[0]
    if (journal_mode, synchronous, foreign_keys, recursive) != ("wal", FULL, 1, 1):
        raise Broken(
            "store.not_durable",
            journal_mode=journal_mode,
            synchronous=synchronous,
            foreign_keys=foreign_keys,
            recursive_triggers=recursive,
        )
