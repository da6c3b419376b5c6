"""Verification finds every change of history and names the first bad entry."""

from collections.abc import Callable
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pysqlite3 import dbapi2 as sqlite3

from agent.core.chain import Identity, genesis, next_hash
from agent.store.connection import Readers
from agent.store.outgoing import Outgoing
from agent.store.rebuild import rebuild
from agent.store.schema import TRIGGERS
from agent.store.unit import Unit
from agent.store.verify import verify, verify_tail
from tests.unit.store.support import START_MS, VIEWS, WHOSE, KeySigner, enrolled, noted, summed, writer_on

LAST = 41


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store: enrolment, 30 entries and a seal at 20, ten entries more, the last one in Chinese."""
    path = enrolled(tmp_path_factory.mktemp("original"), key=KeySigner())
    writer = writer_on(path, signer=KeySigner())
    for number in range(18):
        writer.run(summed(f"n{number % 3}", number))
    assert writer.seal() == 20
    for number in range(20):
        writer.run(summed("later", number) if number % 2 else noted("note"))
    writer.run(noted("奶茶"))
    writer.close()
    return path


@pytest.fixture
def path(original: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "journal.db"
    copyfile(original, copy)
    return copy


def tamper(path: Path, *statements: str, parameters: tuple[Any, ...] = ()) -> None:
    """Change the file as somebody with a SQLite shell would, guards removed and put back."""
    connection = sqlite3.connect(str(path), isolation_level=None)
    for name in TRIGGERS:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement, parameters)
    for trigger in TRIGGERS.values():
        connection.execute(trigger)
    connection.close()


def found(path: Path) -> tuple[str, int | None]:
    """Return code and entry of the fault."""
    fault = verify(path, VIEWS).fault
    assert fault is not None
    return fault.code, fault.seq


def test_an_untouched_store_is_sound(path: Path) -> None:
    done: list[tuple[int, int]] = []
    report = verify(path, VIEWS, lambda *counts: done.append(counts))
    assert report.ok
    assert (report.entries, report.seals) == (LAST, 1)
    assert report.unsealed_since is not None
    assert report.unsealed_since.seq == 21
    assert done[-1] == (LAST, LAST)
    assert verify_tail(path).ok
    assert verify_tail(path).entries == LAST - 19


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(
    seq=some.integers(1, LAST),
    column=some.sampled_from(["at_ms", "kind", "body", "hash"]),
    position=some.integers(0, 200),
    flip=some.integers(1, 255),
)
def test_any_changed_byte_is_found_at_its_entry(
    original: Path, tmp_path_factory: pytest.TempPathFactory, seq: int, column: str, position: int, flip: int
) -> None:
    path = tmp_path_factory.mktemp("changed") / "journal.db"
    copyfile(original, path)
    connection = sqlite3.connect(str(path))
    value = connection.execute(f"SELECT CAST({column} AS BLOB) FROM journal WHERE seq = ?", (seq,)).fetchone()[0]
    connection.close()
    changed = bytearray(value)
    changed[position % len(changed)] ^= flip
    if column == "at_ms":
        tamper(path, f"UPDATE journal SET at_ms = at_ms + {flip} WHERE seq = {seq}")
    else:
        cast = "BLOB" if column == "hash" else "TEXT"
        tamper(path, f"UPDATE journal SET {column} = CAST(? AS {cast}) WHERE seq = {seq}", parameters=(bytes(changed),))
    assert found(path) == ("chain.hash_differs", seq)


def test_text_that_is_no_utf8_is_found_and_breaks_nothing(path: Path) -> None:
    tamper(path, "UPDATE journal SET body = CAST(x'7BFFFE7D' AS TEXT) WHERE seq = 30")
    assert found(path) == ("chain.hash_differs", 30)
    assert verify_tail(path).fault is not None


@pytest.mark.parametrize("keep", [1, 15, 20, 40])
def test_a_deleted_tail_is_named(path: Path, keep: int) -> None:
    tamper(path, f"DELETE FROM journal WHERE seq > {keep}")
    assert found(path) == ("journal.truncated", keep + 1)
    tail = verify_tail(path).fault
    assert tail is not None
    assert (tail.code, tail.seq) == ("journal.truncated", keep + 1)


def test_a_missing_entry_is_named(path: Path) -> None:
    tamper(path, "DELETE FROM journal WHERE seq = 12")
    assert found(path) == ("chain.gap", 12)


def test_an_empty_journal_is_found(path: Path) -> None:
    tamper(path, "DELETE FROM journal")
    assert found(path) == ("chain.gap", 1)


def test_swapped_entries_are_found_at_the_first(path: Path) -> None:
    tamper(
        path,
        "UPDATE journal SET seq = -10 WHERE seq = 10",
        "UPDATE journal SET seq = 10 WHERE seq = 14",
        "UPDATE journal SET seq = 14 WHERE seq = -10",
    )
    assert found(path) == ("chain.hash_differs", 10)


@pytest.mark.parametrize("key", ["store", "box"])
def test_another_identity_is_found(path: Path, key: str) -> None:
    tamper(path, f"UPDATE meta SET value = 'X9' WHERE key = '{key}'")
    assert found(path) == ("chain.hash_differs", 1)


def test_another_key_is_found(path: Path) -> None:
    tamper(path, "UPDATE meta SET value = replace(value, substr(value, 1, 4), 'abcd') WHERE key = 'public_key'")
    assert found(path) == ("journal.key_differs", 1)


def rechain(path: Path, change: Callable[[int, str], str]) -> None:
    """Change bodies and recompute every hash, as somebody who knows the chain but not the key."""
    connection = sqlite3.connect(str(path), isolation_level=None)
    for name in TRIGGERS:
        connection.execute(f"DROP TRIGGER {name}")
    head = genesis(WHOSE)
    for seq, at_ms, kind, body in connection.execute("SELECT seq, at_ms, kind, body FROM journal").fetchall():
        new = change(seq, body)
        head = next_hash(head, seq, at_ms, kind, new)
        connection.execute("UPDATE journal SET body = ?, hash = ? WHERE seq = ?", (new, head, seq))
    for trigger in TRIGGERS.values():
        connection.execute(trigger)
    connection.close()


def test_a_recomputed_chain_breaks_at_the_next_seal(path: Path) -> None:
    rechain(path, lambda seq, body: body.replace('"amount_fen":7', '"amount_fen":1') if seq == 9 else body)
    assert found(path) == ("seal.head_differs", 20)


def test_a_recomputed_chain_and_seal_lack_the_signature(path: Path) -> None:
    heads: dict[int, str] = {}

    def change(seq: int, body: str) -> str:
        if seq == 20:
            connection = sqlite3.connect(str(path))
            heads[0] = connection.execute("SELECT hash FROM journal WHERE seq = 19").fetchone()[0].hex()
            connection.close()
            return f'{{"head":"{heads[0]}","signature":"{"00" * 64}"}}'
        return body.replace('"amount_fen":7', '"amount_fen":1') if seq == 9 else body

    rechain(path, change)
    assert found(path) == ("seal.signature_differs", 20)


def test_a_hidden_seal_is_found(path: Path) -> None:
    tamper(path, "DELETE FROM meta WHERE key = 'last_seal'")
    assert found(path) == ("seal.record_differs", 20)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE view_sum SET amount_fen = amount_fen + 1 WHERE name = 'n1'",
        "UPDATE view_sum SET entries = 0 WHERE name = 'n1'",
        "UPDATE view_sum SET name = 'm1' WHERE name = 'n1'",
        "UPDATE view_sum SET name = CAST(x'FF' AS TEXT) WHERE name = 'n1'",
        "DELETE FROM view_sum WHERE name = 'n1'",
    ],
)
def test_a_changed_view_is_named_by_table_and_row(path: Path, statement: str) -> None:
    tamper(path, statement)
    fault = verify(path, VIEWS).fault
    assert fault is not None
    assert (fault.code, fault.table, fault.row) == ("views.row_differs", "view_sum", 2)


def test_a_cell_of_another_type_is_found(path: Path) -> None:
    tamper(path, "UPDATE view_note SET raw = CAST(raw AS REAL) WHERE seq = 23")
    fault = verify(path, VIEWS).fault
    assert fault is not None
    assert (fault.table, fault.row) == ("view_note", 2)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE view_note",
        "CREATE TABLE view_extra(a)",
        "CREATE INDEX view_extra ON view_note(seq)",
        "CREATE TRIGGER shadow AFTER INSERT ON view_sum BEGIN DELETE FROM view_note; END",
    ],
)
def test_a_changed_view_schema_is_found(path: Path, statement: str) -> None:
    tamper(path, statement)
    fault = verify(path, VIEWS).fault
    assert fault is not None
    assert fault.code == "views.schema_differs"


def test_views_that_lag_are_found_and_rebuilt(path: Path) -> None:
    tamper(path, "UPDATE view_position SET seq = 30", "DELETE FROM view_sum")
    assert found(path) == ("views.behind", 31)
    assert rebuild(path, VIEWS) == LAST
    assert verify(path, VIEWS).ok


def test_a_missing_guard_is_found(path: Path) -> None:
    connection = sqlite3.connect(str(path))
    connection.execute("DROP TRIGGER journal_no_update")
    connection.close()
    assert found(path) == ("store.guard_missing", None)


def receipt(next_seq: int, head: str) -> dict[str, Any]:
    return {
        "store": "S001",
        "box": "B1",
        "epoch": 2,
        "next_seq": next_seq,
        "head": head,
        "at_ms": START_MS,
        "kid": "r1",
        "signature": "00",
    }


def recorded(path: Path, *receipts: dict[str, Any]) -> None:
    writer, readers = writer_on(path), Readers(path)
    for one in receipts:
        Outgoing(writer, readers).record_receipt(one)
    readers.close()
    writer.close()


def test_the_journal_must_reach_what_hq_acknowledged(path: Path) -> None:
    recorded(path, receipt(60, "00" * 32))
    assert found(path) == ("receipt.beyond_journal", LAST + 1)


def test_what_hq_acknowledged_must_be_what_is_here(path: Path) -> None:
    recorded(path, receipt(16, "00" * 32))
    assert found(path) == ("receipt.head_differs", 15)


def test_a_cut_tail_below_the_highest_receipt_is_found(path: Path) -> None:
    connection = sqlite3.connect(str(path))
    heads = dict(connection.execute("SELECT seq, hash FROM journal"))
    connection.close()
    recorded(path, receipt(LAST + 1, heads[LAST].hex()), receipt(16, heads[15].hex()))
    assert verify(path, VIEWS).ok
    tamper(
        path,
        "DELETE FROM journal WHERE seq > 38",
        "UPDATE view_position SET seq = 38",
    )
    assert found(path) == ("receipt.beyond_journal", 39)


def test_a_file_of_rubbish_is_told(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100:6_000] = b"\xa5" * 5_900
    path.write_bytes(content)
    report = verify(path, VIEWS)
    assert report.fault is not None
    assert report.fault.code == "store.damaged"


def test_an_older_epoch_is_verified_too(path: Path) -> None:
    from agent.core.chain import Entry
    from agent.store.journal import import_past

    older = Identity("S001", "B0", 1)
    body = '{"box":"B0","epoch":1,"previous":null,"public_key":null,"store":"S001"}'
    head = next_hash(genesis(older), 1, START_MS, "box.enrolled", body)
    text = '{"amount_fen":9,"name":"old"}'
    rows = [
        Entry(1, START_MS, "box.enrolled", body, head),
        Entry(2, START_MS, "test.summed", text, next_hash(head, 2, START_MS, "test.summed", text)),
    ]

    def command(unit: Unit) -> int:
        return import_past(unit, "B0", 1, rows)

    writer = writer_on(path)
    assert (writer.run(command), writer.run(command)) == (2, 0)
    writer.close()
    assert rebuild(path, VIEWS) == LAST + 2
    report = verify(path, VIEWS)
    assert (report.ok, report.entries) == (True, LAST + 2)
    tamper(path, "UPDATE past SET body = replace(body, '9', '8') WHERE seq = 2")
    fault = verify(path, VIEWS).fault
    assert fault is not None
    assert (fault.code, fault.epoch, fault.seq) == ("chain.hash_differs", 1, 2)
