"""Headquarters' database: SQLite in its state folder by default, any SQLAlchemy URL otherwise; migrated at opening.

SQLite has one writing connection, so that writers queue in the pool and not in SQLite's busy handler, and readers of
their own which see one snapshot for as long as they read.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from agent.core.errors import TryLater, UnknownOutcome

_log = logging.getLogger("storebox.hq")

DATABASE_FILE = "hq.db"
OPENING_FILE = "hq-opening.lock"
WRITER_WAIT_S = 10
AWAY_RETRY_S = 2
"""A server that restarts is away for seconds."""
GAVE_WAY = frozenset({"40001", "40P01", "55P03"})
"""PostgreSQL's states of a transaction taken back for another's sake: overtaken, deadlocked, waited too long."""
GIVEN_WAY_RETRY_S = 1
MIGRATION_LOCK = 0x5342_4851
"""Any number that nobody else locks by: "SBHQ"."""


class Database:
    """Opens transactions; knows nothing of tables."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._writer = writer
        self._reader = reader
        self._away = False

    @classmethod
    def open(cls, state: Path, url: str | None = None) -> "Database":
        """Open the database of a state folder, or the one at `url`, and bring its tables up to date."""
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if url:
            database = cls(*_server_engines(url))
            database.migrate()
            return database
        with _opening(state):
            database = cls(*_sqlite_engines(state / DATABASE_FILE))
            database.migrate()
        return database

    def migrate(self) -> None:
        """Apply the migrations that are not applied yet, all in one transaction."""
        from sync.hq.migrations.run import upgrade

        with self.write() as connection:
            one_process(connection)
            upgrade(connection)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes; committed at the end of the block, rolled back by an exception.

        Raises `TryLater` when it could not begin or gave way to another, `UnknownOutcome` when the connection broke.
        """
        with self._connected(self._writer) as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads, one snapshot from its first query on."""
        with self._connected(self._reader) as connection, connection.begin():
            yield connection

    @contextmanager
    def _connected(self, engine: Engine) -> Iterator[Connection]:
        """Give a connection: `TryLater` when there is none, or nothing was done for another's sake.

        `UnknownOutcome` when it breaks before the end is known.
        """
        try:
            connection = engine.connect()
        except PoolTimeoutError as error:
            raise TryLater("hq.busy", retry_after_s=WRITER_WAIT_S) from error
        except OperationalError as error:
            self._say_away(str(error.orig))
            raise TryLater("hq.database_away", retry_after_s=AWAY_RETRY_S) from error
        self._away = False
        try:
            with connection:
                yield connection
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in GAVE_WAY:
                raise TryLater("hq.busy", retry_after_s=GIVEN_WAY_RETRY_S) from error
            if not error.connection_invalidated:
                raise
            self._say_away(str(error.orig))
            raise UnknownOutcome("hq.database_lost") from error

    def _say_away(self, reason: str) -> None:
        """Log that the server is away, once until it is back."""
        if not self._away:
            self._away = True
            _log.warning("the database can't be reached: %s", reason.strip())

    def close(self) -> None:
        """Close all connections."""
        self._reader.dispose()
        self._writer.dispose()


@contextmanager
def _opening(state: Path) -> Iterator[None]:
    """Let one process at a time open SQLite's file: turning a new one to WAL does not wait for another that does."""
    descriptor = os.open(state / OPENING_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sqlite_engines(path: Path) -> tuple[Engine, Engine]:
    writer = _sqlite_engine(path, "BEGIN IMMEDIATE", pool_size=1, max_overflow=0, pool_timeout=WRITER_WAIT_S)
    return writer, _sqlite_engine(path, "BEGIN", pool_size=4, max_overflow=16)


def _sqlite_engine(path: Path, begin: str, **pool: int) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        module=pysqlite3.dbapi2,
        connect_args={"check_same_thread": False, "timeout": WRITER_WAIT_S},
        **pool,
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _server_engines(url: str) -> tuple[Engine, Engine]:
    """Return the engines of a server; `postgresql://` means psycopg 3, the driver that headquarters brings."""
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    pool: dict[str, Any] = {
        "pool_size": 8,
        "max_overflow": 24,
        "pool_timeout": WRITER_WAIT_S,
        "pool_pre_ping": True,
        "connect_args": {"connect_timeout": WRITER_WAIT_S, "options": f"-c lock_timeout={WRITER_WAIT_S}s"},
    }
    return create_engine(parsed, **pool), create_engine(parsed, isolation_level="REPEATABLE READ", **pool)


def one_process(connection: Connection) -> None:
    """Keep other processes from changing tables until this transaction ends; on SQLite the writer's lock does it."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
