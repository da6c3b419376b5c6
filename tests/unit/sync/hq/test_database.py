"""Headquarters' database on SQLite and PostgreSQL: durable, migrated, one process at a time."""

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, inspect, update

from agent.bench.postgres import Server
from agent.core.errors import TryLater, UnknownOutcome
from sync.hq import schema, tables
from sync.hq.database import Database
from sync.hq.migrations.run import upgrade
from sync.hq.months import Months


def own(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Leave the months out: PostgreSQL shows each partition as a table."""
    return not (kind == "table" and name is not None and name.startswith("entry_"))


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"include_object": own})
    return list(compare_metadata(context, schema.metadata))


def test_migrations_and_tables_agree(tmp_path: Path, database_url: str | None) -> None:
    database = Database.open(tmp_path, database_url)
    Months().ready(database, 1_795_000_000_000)
    with database.read() as connection:
        assert differences(connection) == []
    database.close()


def test_sqlite_writes_through_to_the_disk(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    database.close()


def test_two_processes_may_open_a_new_database_at_once(tmp_path: Path, database_url: str | None) -> None:
    opened: list[Database] = []
    threads = [threading.Thread(target=lambda: opened.append(Database.open(tmp_path, database_url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(opened) == 4
    for database in opened:
        database.close()


def test_who_waits_for_each_other_in_vain_may_try_again(tmp_path: Path, postgres: Server, migrated: str) -> None:
    database = Database.open(tmp_path, postgres.copy_of(migrated))
    with database.write() as connection:
        for name in ("A", "B"):
            connection.execute(tables.store.insert().values(store=name, name=name, created_at_ms=0))
    both, ended = threading.Barrier(2), list[Exception | None]()

    def rename(first: str, then: str) -> None:
        try:
            with database.write() as connection:
                change = update(tables.store).where(tables.store.c.store == first).values(name="x")
                connection.execute(change)
                both.wait(10)
                connection.execute(update(tables.store).where(tables.store.c.store == then).values(name="y"))
            ended.append(None)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test compares it
            ended.append(error)

    threads = [threading.Thread(target=rename, args=names) for names in (("A", "B"), ("B", "A"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    database.close()
    assert sorted(type(error).__name__ for error in ended) == ["NoneType", "TryLater"]


def engine_at_first_version(tmp_path: Path, database_url: str | None) -> Engine:
    return create_engine(database_url or f"sqlite:///{tmp_path / 'hq.db'}")


def test_entries_from_before_the_months_are_moved(tmp_path: Path, empty_database_url: str | None) -> None:
    engine = engine_at_first_version(tmp_path, empty_database_url)
    insert = (
        "INSERT INTO entry (store, epoch, seq, at_ms, kind, day, body, hash, received_at_ms)"
        " VALUES ('S001', 1, 1, 5, 'day.closed', NULL, '{}', 'ab', 1790000000000)"
    )
    with engine.begin() as connection:
        upgrade(connection, "0001")
        connection.exec_driver_sql(insert)
    engine.dispose()
    database = Database.open(tmp_path, empty_database_url)
    with database.read() as connection:
        row = connection.execute(tables.entry.select()).one()
        assert (row.store, row.seq, row.body, row.month) == ("S001", 1, "{}", 202609)
        assert "entry_before" not in inspect(connection).get_table_names()
    database.close()


def test_tokens_that_were_given_out_before_work_as_they_did(tmp_path: Path, empty_database_url: str | None) -> None:
    engine = engine_at_first_version(tmp_path, empty_database_url)
    insert = (
        "INSERT INTO enrolment_token (store, token_sha256, created_at_ms, expires_at_ms) VALUES ('S001', 'ab', 1, 2)"
    )
    with engine.begin() as connection:
        upgrade(connection, "0016")
        connection.exec_driver_sql(insert)
    engine.dispose()
    database = Database.open(tmp_path, empty_database_url)
    with database.read() as connection:
        row = connection.execute(tables.enrolment_token.select()).one()
        assert (row.mode, row.made_by, row.short_sha256) == ("replace", "", None), "also where a store has its box"
    database.close()


def test_a_database_that_is_away_is_no_defect(tmp_path: Path) -> None:
    with pytest.raises(TryLater) as caught:
        Database.open(tmp_path, f"postgresql:///storebox?host={tmp_path}")
    assert caught.value.code == "hq.database_away"
    assert caught.value.values["retry_after_s"] == 2


def test_a_database_that_breaks_in_the_middle_leaves_the_outcome_unknown(tmp_path: Path, postgres: Server) -> None:
    database = Database.open(tmp_path, postgres.fresh_database())
    with pytest.raises(UnknownOutcome) as caught, database.write() as connection:
        connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
    assert caught.value.code == "hq.database_lost"
    with database.write() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    database.close()
