"""Headquarters' own journal: appended in order, and every change of it is found."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from agent.core.errors import Broken
from sync.hq.books.notes import notes_of, verify, write_note
from sync.hq.books.tables import book, note
from sync.hq.database import Database

ACCOUNT = "@wechat:1230000109"


@pytest.fixture
def database(tmp_path: Path, database_url: str | None) -> Iterator[Database]:
    opened = Database.open(tmp_path, database_url)
    yield opened
    opened.close()


def filled(database: Database, count: int = 5) -> None:
    with database.write() as connection:
        for number in range(count):
            write_note(connection, ACCOUNT, number, "li", "difference.commented", f"D{number % 2}", {"text": "查过了"})


def test_notes_are_numbered_and_found_by_their_subject(database: Database) -> None:
    filled(database)
    with database.read() as connection:
        assert [one.number for one in notes_of(connection, ACCOUNT)] == [1, 2, 3, 4, 5]
        assert [one.number for one in notes_of(connection, ACCOUNT, "D1")] == [2, 4]
        assert next(notes_of(connection, ACCOUNT)).body == {"text": "查过了"}
        assert verify(connection, ACCOUNT) is None
        assert verify(connection, "S001") is None


def test_books_do_not_know_each_other(database: Database) -> None:
    filled(database, 2)
    with database.write() as connection:
        assert write_note(connection, "S001", 1, "job:bills", "bill.kept", "2026-10-03", {}) == 1


def test_a_note_goes_with_its_transaction(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as connection:
        write_note(connection, "S001", 1, "li", "day.settled", "2026-10-03", {})
        raise RuntimeError("power cut")
    with database.read() as connection:
        assert list(notes_of(connection, "S001")) == []
        assert verify(connection, "S001") is None


@pytest.mark.parametrize("column", ["body", "actor", "kind", "subject", "at_ms"])
def test_a_changed_note_is_named(database: Database, column: str) -> None:
    filled(database)
    with database.write() as connection:
        changed = {column: 99 if column == "at_ms" else "{}"}
        connection.execute(update(note).where(note.c.number == 3).values(**changed))
    with database.read() as connection:
        fault = verify(connection, ACCOUNT)
    assert fault is not None
    assert (fault.number, fault.code) == (3, "note.hash_differs")


@pytest.mark.parametrize(("number", "code"), [(1, "note.gap"), (3, "note.gap"), (5, "note.cut_off")])
def test_a_removed_note_is_named(database: Database, number: int, code: str) -> None:
    filled(database)
    with database.write() as connection:
        connection.execute(delete(note).where(note.c.number == number))
    with database.read() as connection:
        fault = verify(connection, ACCOUNT)
    assert fault is not None
    assert (fault.number, fault.code) == (number, code)


def test_a_gate_that_is_gone_or_behind_is_told_of(database: Database) -> None:
    filled(database)
    with database.write() as connection:
        connection.execute(delete(book))
    with database.read() as connection:
        fault = verify(connection, ACCOUNT)
    assert fault is not None
    assert fault.code == "note.cut_off"


def test_many_hands_write_one_chain(database: Database) -> None:
    def write() -> None:
        for _ in range(10):
            with database.write() as connection:
                write_note(connection, ACCOUNT, 1, "li", "difference.commented", "D1", {})

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with database.read() as connection:
        assert [one.number for one in notes_of(connection, ACCOUNT)] == list(range(1, 41))
        assert verify(connection, ACCOUNT) is None


def test_a_line_break_would_blur_the_chain(database: Database) -> None:
    with pytest.raises(Broken, match=r"note\.line_break"), database.write() as connection:
        write_note(connection, ACCOUNT, 1, "li\nwang", "difference.commented", "D1", {})
