"""Counting what a commit writes to the log: against the file itself and SQLite's own count."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite3

from agent.bench.disk import DiskFloor
from agent.bench.wal import FRAME_HEADER_BYTES, HEADER_BYTES, bytes_of_commit, wal_place, written_bytes

PAGE_BYTES = 4096
FRAME_BYTES = FRAME_HEADER_BYTES + PAGE_BYTES


@pytest.fixture
def database(tmp_path: Path) -> Iterator[tuple[Path, Any]]:
    path = tmp_path / "journal.db"
    connection = sqlite3.connect(str(path), isolation_level=None)
    connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("CREATE TABLE entry(seq INTEGER PRIMARY KEY, body TEXT)")
    yield path, connection
    connection.close()


def frames_in_log(connection: Any) -> int:
    """Let SQLite itself say how many frames the log has; copies them, but begins no new round."""
    return int(connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1])


def test_frames_are_those_that_sqlite_counts(database: tuple[Path, Any]) -> None:
    path, connection = database
    for size in (10, 5_000, 40_000):
        connection.execute("INSERT INTO entry(body) VALUES(?)", ("x" * size,))
    place = wal_place(path)
    assert place.page_bytes == PAGE_BYTES
    assert place.end == path.with_name("journal.db-wal").stat().st_size
    assert place.frames == frames_in_log(connection)


def test_a_commit_of_one_page_writes_one_frame(database: tuple[Path, Any]) -> None:
    path, connection = database
    before = wal_place(path)
    connection.execute("INSERT INTO entry(body) VALUES('a')")
    assert written_bytes(before, wal_place(path)) == FRAME_BYTES


def test_what_is_not_committed_does_not_count(database: tuple[Path, Any]) -> None:
    path, connection = database
    before = wal_place(path)
    connection.execute("PRAGMA cache_size=2")
    connection.execute("BEGIN")
    connection.execute("INSERT INTO entry(body) VALUES(?)", ("x" * 200_000,))
    assert path.with_name("journal.db-wal").stat().st_size > before.end, "pages have been spilled"
    assert wal_place(path) == before
    connection.execute("ROLLBACK")


def test_a_log_that_begins_anew_is_told_from_one_that_grew(database: tuple[Path, Any]) -> None:
    path, connection = database
    connection.execute("INSERT INTO entry(body) VALUES(?)", ("x" * 40_000,))
    before = wal_place(path)
    connection.execute("PRAGMA wal_checkpoint(RESTART)")
    connection.execute("INSERT INTO entry(body) VALUES('a')")
    after = wal_place(path)
    assert written_bytes(before, after) is None
    assert after.frames == 1, "frames of the round before are still in the file and do not count"
    assert path.with_name("journal.db-wal").stat().st_size > after.end


def test_no_log_has_no_frames(tmp_path: Path) -> None:
    assert wal_place(tmp_path / "nothing.db").frames == 0


def test_preparation_does_not_count(database: tuple[Path, Any]) -> None:
    path, connection = database

    def insert(size: int) -> None:
        connection.execute("INSERT INTO entry(body) VALUES(?)", ("x" * size,))

    assert bytes_of_commit(path, lambda: insert(50_000), lambda: insert(1), 5) == FRAME_BYTES
    assert bytes_of_commit(path, lambda: None, lambda: insert(50_000), 3) > HEADER_BYTES + FRAME_BYTES


def test_the_floor_goes_round_in_its_file(tmp_path: Path) -> None:
    with DiskFloor(tmp_path, 5 * 1024 * 1024) as floor:
        assert all(floor.seconds() > 0 for _ in range(4))
        (file,) = tmp_path.iterdir()
        assert file.stat().st_size == 16 * 1024 * 1024
    assert not list(tmp_path.iterdir())
