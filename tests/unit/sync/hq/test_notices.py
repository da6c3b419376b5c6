"""Notices: counted, written once a minute however often somebody knocks, and never in the way of an answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.errors import TryLater
from sync.hq import registry
from sync.hq.database import Database
from sync.hq.notices import WRITTEN_EVERY_MS, Notice, Notices, note_trouble, notices_of
from sync.hq.webhooks.alarms import newest

NOW_MS = 1_795_000_000_000
KNOCK = Notice("S001", 1, "box.revoked", "B1")


@pytest.fixture
def database(tmp_path: Path, database_url: str | None) -> Iterator[Database]:
    made = Database.open(tmp_path, database_url)
    with made.write() as connection:
        registry.add_store(connection, "S001", "一号店", NOW_MS)
    yield made
    made.close()


def seen(database: Database) -> list[tuple[str, str, int]]:
    with database.read() as connection:
        return [(row.code, row.day, row.times) for row in notices_of(connection, "S001")]


def test_a_flood_is_written_once_a_minute_and_counted(database: Database) -> None:
    notices = Notices()
    for number in range(1_000):
        notices.note(database, KNOCK, NOW_MS + number)
    assert seen(database) == [("box.revoked", "2026-11-18", 1)]
    notices.note(database, KNOCK, NOW_MS + WRITTEN_EVERY_MS)
    assert seen(database) == [("box.revoked", "2026-11-18", 1_001)]
    with database.read() as connection:
        assert [one.kind.value for one in newest(connection, None, 9)] == ["alarm.revoked_box"]


def test_another_day_is_another_row_and_told_again(database: Database) -> None:
    notices = Notices()
    notices.note(database, KNOCK, NOW_MS)
    notices.note(database, KNOCK, NOW_MS + 24 * 3_600_000)
    assert [(day, times) for _, day, times in seen(database)] == [("2026-11-19", 1), ("2026-11-18", 1)]
    with database.read() as connection:
        assert len(newest(connection, None, 9)) == 2


def test_a_clock_that_was_set_back_does_not_silence_them(database: Database) -> None:
    notices = Notices()
    notices.note(database, KNOCK, NOW_MS)
    notices.note(database, KNOCK, NOW_MS - 3_600_000)
    assert [times for _, _, times in seen(database)] == [2]


def test_a_store_that_nobody_knows_leaves_nothing(database: Database) -> None:
    Notices().note(database, Notice("S999", 1, "request.wrong_signature"), NOW_MS)
    with database.read() as connection:
        assert not notices_of(connection, "S999") and not newest(connection, None, 9)


def test_a_busy_database_keeps_them_for_the_next_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    notices = Notices()

    def busy(_: Database) -> None:
        raise TryLater("hq.busy")

    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", busy)
        notices.note(database, KNOCK, NOW_MS)
        notices.note(database, KNOCK, NOW_MS + 1)
    notices.note(database, KNOCK, NOW_MS + 2)
    assert [times for _, _, times in seen(database)] == [3]


@pytest.mark.parametrize("trouble", [None, 7, ["hq.knows_more"], "hq.forked", "x" * 9_999, "'; DROP TABLE store"])
def test_a_heartbeat_that_says_something_else_is_no_trouble(database: Database, trouble: object) -> None:
    with database.write() as connection:
        assert note_trouble(connection, "S001", 1, {"trouble": trouble}, NOW_MS) == ()
    assert seen(database) == []
