"""The journal as the uplink sees it."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.core.chain import Entry, Identity, first_fault, genesis, next_hash
from agent.core.errors import Broken, Refused
from agent.core.ports import OutgoingJournal, Watermark
from agent.store.connection import Readers
from agent.store.journal import every_entry, import_past
from agent.store.outgoing import Outgoing, receipt_of
from agent.store.writer import Writer
from tests.unit.store.support import START_MS, WHOSE, enrolled, noted, writer_on


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    writer = writer_on(enrolled(tmp_path))
    for number in range(9):
        writer.run(noted(f"奶茶{number}"))
    yield writer
    writer.close()


@pytest.fixture
def readers(writer: Writer) -> Iterator[Readers]:
    readers = Readers(writer.path)
    yield readers
    readers.close()


@pytest.fixture
def outgoing(writer: Writer, readers: Readers) -> OutgoingJournal:
    return Outgoing(writer, readers)


def receipt(next_seq: int, head: bytes, epoch: int = 2) -> dict[str, Any]:
    place = {"store": "S001", "box": "B1", "epoch": epoch, "next_seq": next_seq, "head": head.hex()}
    return {**place, "at_ms": START_MS, "kid": "r1", "signature": "00"}


def test_it_says_who_and_how_far(outgoing: OutgoingJournal) -> None:
    assert outgoing.identity() == WHOSE
    assert list(outgoing.epochs()) == [2]
    assert outgoing.last_seq(2) == 10
    assert outgoing.last_seq(1) == 0
    assert outgoing.watermark(2) == Watermark(2, 1, None)
    assert outgoing.head_before(2, 1) == genesis(WHOSE)
    with pytest.raises(Broken, match=r"journal\.no_such_place"):
        outgoing.head_before(2, 12)
    with pytest.raises(Broken, match=r"journal\.unknown_epoch"):
        outgoing.head_before(1, 1)


def test_entries_come_within_both_bounds_but_at_least_one(outgoing: OutgoingJournal) -> None:
    assert [one.seq for one in outgoing.entries(2, 4, 3, 10_000)] == [4, 5, 6]
    size_bytes = len(outgoing.entries(2, 2, 1, 1)[0].body.encode())
    assert [one.seq for one in outgoing.entries(2, 2, 500, 2 * size_bytes)] == [2, 3]
    assert [one.seq for one in outgoing.entries(2, 2, 500, 2 * size_bytes - 1)] == [2]
    assert outgoing.entries(2, 11, 500, 10_000) == []
    assert first_fault(outgoing.head_before(2, 4), 4, outgoing.entries(2, 4, 500, 10_000)) is None


def test_a_receipt_moves_the_watermark(outgoing: OutgoingJournal, readers: Readers) -> None:
    head = outgoing.head_before(2, 6)
    outgoing.record_receipt(receipt(6, head))
    assert outgoing.watermark(2) == Watermark(2, 6, head)
    stored = receipt_of(readers.get(), 2)
    assert stored is not None
    assert stored["kid"] == "r1"
    assert outgoing.last_seq(2) == 10


def test_a_lower_receipt_is_followed_and_journaled(outgoing: OutgoingJournal) -> None:
    outgoing.record_receipt(receipt(6, outgoing.head_before(2, 6)))
    outgoing.record_receipt(receipt(3, outgoing.head_before(2, 3)))
    assert outgoing.watermark(2).next_seq == 3
    last = outgoing.entries(2, 11, 1, 1)[0]
    assert (last.kind, last.body) == ("hq.rolled_back", '{"epoch":2,"from_seq":6,"to_seq":3}')


def test_a_stopped_epoch_takes_nothing_more(outgoing: OutgoingJournal, writer: Writer) -> None:
    outgoing.stop_epoch("HQ has more")
    with pytest.raises(Refused, match=r"journal\.epoch_stopped"):
        writer.run(noted("x"))
    outgoing.record_receipt(receipt(3, outgoing.head_before(2, 3)))


def test_an_older_epoch_goes_up_from_past(outgoing: OutgoingJournal, writer: Writer) -> None:
    older = Identity("S001", "B0", 1)
    head, rows = genesis(older), []
    for seq in range(1, 6):
        head = next_hash(head, seq, START_MS, "test.noted", "{}")
        rows.append(Entry(seq, START_MS, "test.noted", "{}", head))
    assert writer.run(lambda unit: import_past(unit, "B0", 1, rows[:3])) == 3
    assert writer.run(lambda unit: import_past(unit, "B0", 1, rows[1:], late=True)) == 2
    assert list(outgoing.epochs()) == [1, 2]
    assert outgoing.last_seq(1) == 5
    assert list(outgoing.entries(1, 2, 2, 1_000)) == rows[1:3]
    assert outgoing.head_before(1, 1) == genesis(older)
    assert outgoing.head_before(1, 6) == head


def test_past_takes_no_fork_gap_or_present(writer: Writer) -> None:
    first = genesis(Identity("S001", "B0", 1))
    good = Entry(1, START_MS, "test.noted", "{}", next_hash(first, 1, START_MS, "test.noted", "{}"))
    other = Entry(1, START_MS, "test.noted", "[]", next_hash(first, 1, START_MS, "test.noted", "[]"))
    late = Entry(3, START_MS, "test.noted", "{}", b"x" * 32)
    writer.run(lambda unit: import_past(unit, "B0", 1, [good]))
    for rows, epoch, code in (([other], 1, "journal.fork"), ([late], 1, "chain.gap"), ([good], 2, "journal.not_past")):
        with pytest.raises((Broken, Refused), match=code.replace(".", r"\.")):
            writer.run(lambda unit, rows=rows, epoch=epoch: import_past(unit, "B0", epoch, rows))


def test_every_entry_is_paged(readers: Readers, outgoing: OutgoingJournal, writer: Writer) -> None:
    for _ in range(600):
        writer.submit(noted("x"))
    assert writer.run(noted("last")) == 611
    assert [one.seq for one in every_entry(readers.get(), 2)] == list(range(1, 612))


def test_each_thread_reads_through_its_own_connection(readers: Readers) -> None:
    connections = {id(readers.get())}
    kept = []

    def look() -> None:
        kept.append(readers.get())
        connections.add(id(readers.get()))

    for _ in range(3):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert len(connections) == 4
    assert len(readers._all) <= 2
