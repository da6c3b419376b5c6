"""Guards, durable settings and migrations."""

from pathlib import Path
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite3

from agent.core.errors import Broken
from agent.store.connection import check_version, open_reader, open_writer
from agent.store.migrations import READABLE_FROM, STEPS, meta_value, migrate
from agent.store.rebuild import rebuild
from agent.store.schema import TRIGGERS, assert_triggers, triggers_missing
from agent.store.verify import verify
from tests.unit.store.support import VIEWS, WHOSE, SmallViews, enrolled, summed, writer_on


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = enrolled(tmp_path)
    writer = writer_on(path)
    writer.run(summed("tea", 1))
    writer.close()
    return path


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET body = '{}' WHERE seq = 2",
        "DELETE FROM journal WHERE seq = 2",
        "INSERT OR REPLACE INTO journal VALUES(2, 0, 'a.b', '{}', x'00')",
        "REPLACE INTO journal VALUES(1, 0, 'a.b', '{}', x'00')",
        "INSERT INTO journal VALUES(4, 0, 'a.b', '{}', x'00')",
        "INSERT INTO journal VALUES(2, 0, 'a.b', '{}', x'00') ON CONFLICT DO UPDATE SET body = 'x'",
        "UPDATE past SET body = '{}'",
        "DELETE FROM past",
        "REPLACE INTO past VALUES(1, 'B0', 1, 0, 'a.b', '{}', x'01', 0)",
    ],
)
def test_history_cannot_be_edited_through_sql(path: Path, recursive: str, statement: str) -> None:
    connection = open_writer(path)
    connection.execute(f"PRAGMA recursive_triggers={recursive}")
    connection.execute("INSERT INTO past VALUES(1, 'B0', 1, 0, 'a.b', '{}', x'00', 0)")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


def test_guards_that_were_taken_away_are_put_back_at_start(path: Path) -> None:
    connection = open_writer(path)
    connection.execute("DROP TRIGGER journal_no_delete")
    connection.execute("DROP TRIGGER past_no_update")
    connection.execute("CREATE TRIGGER past_no_update BEFORE UPDATE ON past BEGIN SELECT 1; END")
    assert triggers_missing(connection) == ["journal_no_delete", "past_no_update"]
    connection.close()
    writer_on(path).close()
    reader = open_reader(path)
    assert triggers_missing(reader) == []
    reader.close()


def test_a_guard_that_cannot_be_made_stops_the_start(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = open_writer(path)
    monkeypatch.setitem(
        TRIGGERS, "journal_no_delete", "CREATE TRIGGER other BEFORE DELETE ON journal BEGIN SELECT 1; END"
    )
    with pytest.raises(Broken, match=r"store\.guard_missing"):
        assert_triggers(connection)
    connection.close()


def test_settings_are_read_back(path: Path) -> None:
    connection = open_writer(path)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_journal_that_cannot_be_wal_does_not_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.store.connection._WRITER", ("PRAGMA synchronous=NORMAL",))
    with pytest.raises(Broken, match=r"store\.not_durable"):
        open_writer(tmp_path / "journal.db", create=True)


def test_an_old_sqlite_is_refused() -> None:
    check_version((3, 51, 3))
    with pytest.raises(Broken, match=r"store\.sqlite_too_old"):
        check_version((3, 51, 2))


def test_a_reader_cannot_write(path: Path) -> None:
    reader = open_reader(path)
    with pytest.raises(sqlite3.OperationalError):
        reader.execute("DELETE FROM draft")
    reader.close()


def _add_column(database: Any) -> None:
    database.execute("ALTER TABLE staff ADD COLUMN language TEXT")


def _break_off(database: Any) -> None:
    database.execute("ALTER TABLE staff ADD COLUMN half TEXT")
    raise RuntimeError("power")


def _columns(connection: Any) -> list[str]:
    return [row[1] for row in connection.execute("PRAGMA table_info(staff)")]


def test_a_migration_is_applied_once_and_whole(path: Path) -> None:
    connection = open_writer(path)
    with pytest.raises(RuntimeError):
        migrate(connection, VIEWS, (*STEPS, ("0002_language", _add_column), ("0003_half", _break_off)))
    assert "language" in _columns(connection)
    assert "half" not in _columns(connection)
    connection.close()


def test_the_old_release_trades_on_what_the_new_one_only_added_to(path: Path) -> None:
    """After the way back the file keeps the new schema; a copy from before would lose the sales in between."""
    connection = open_writer(path)
    migrate(connection, VIEWS)
    assert meta_value(connection, "schema") == str(len(STEPS))
    migrate(connection, VIEWS, (*STEPS, ("9001_language", _add_column)))
    said = {name: meta_value(connection, name) for name in ("schema", "readable_from")}
    assert said == {"schema": str(len(STEPS) + 1), "readable_from": str(READABLE_FROM)}
    migrate(connection, VIEWS)
    assert {name: meta_value(connection, name) for name in said} == said
    assert "language" in _columns(connection)
    connection.close()


def test_a_schema_that_took_something_away_is_refused_by_releases_that_need_it(path: Path) -> None:
    connection = open_writer(path)
    migrate(connection, VIEWS)
    migrate(connection, VIEWS, (*STEPS, ("9001_language", _add_column)), readable_from=len(STEPS) + 1)
    with pytest.raises(Broken, match=r"store\.schema_newer"):
        migrate(connection, VIEWS)
    connection.close()


def test_a_schema_of_another_branch_is_refused(path: Path) -> None:
    """The newer release has to know every step of this one: else it is none of its line."""
    connection = open_writer(path)
    migrate(connection, VIEWS, (*STEPS, ("9001_language", _add_column)))
    with pytest.raises(Broken, match=r"store\.schema_newer"):
        migrate(connection, VIEWS, (*STEPS, ("9002_half", _break_off)))
    connection.close()


def test_views_of_another_release_are_rebuilt_at_start(path: Path) -> None:
    class NewViews(SmallViews):
        SCHEMA = (*SmallViews.SCHEMA[:1], "CREATE TABLE view_seen(seq INTEGER) STRICT")
        TABLES = ("view_sum", "view_seen")

        def evolve(self, connection: Any, place: Any, kind: str, body: dict[str, Any], /) -> None:
            super().evolve(connection, place, kind, body)
            connection.execute("INSERT INTO view_seen VALUES(?)", (place.seq,))

    from agent.store.writer import Writer
    from tests.unit.store.support import FakeClock

    Writer(path, views=NewViews(), clock=FakeClock()).close()
    reader = open_reader(path)
    assert reader.execute("SELECT seq FROM view_seen").fetchall() == [(1,), (2,)]
    assert reader.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'view_note'").fetchone() == (0,)
    assert reader.execute("SELECT epoch, seq FROM view_position").fetchone() == (WHOSE.epoch, 2)
    reader.close()
    assert verify(path, NewViews()).ok


def test_a_rebuild_names_the_entry_that_it_cannot_take(path: Path) -> None:
    connection = open_writer(path)
    connection.execute("DROP TRIGGER journal_no_update")
    connection.execute("UPDATE journal SET body = '{}' WHERE seq = 2")
    connection.close()
    with pytest.raises(Broken, match=r"views\.cannot_evolve") as caught:
        rebuild(path, VIEWS)
    assert (caught.value.values["epoch"], caught.value.values["seq"]) == (WHOSE.epoch, 2)
    reader = open_reader(path)
    assert reader.execute("SELECT count(*) FROM view_sum").fetchone() == (1,)
    reader.close()
