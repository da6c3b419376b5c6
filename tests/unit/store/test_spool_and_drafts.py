"""Slips go through their states by one table; baskets are kept as they were left."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite3

from agent.core.errors import Broken
from agent.store.connection import Readers
from agent.store.drafts import delete_draft, load_draft, load_drafts, save_draft
from agent.store.spool import (
    TRANSITIONS,
    SlipState,
    enqueue,
    find_slip,
    forget_slips,
    interrupted,
    mark_result,
    mark_sending,
    next_queued,
    redirect_from,
    unconfirmed,
)
from agent.store.writer import Writer
from tests.unit.store.support import START_MS, FakeClock, enrolled, writer_on

DOCUMENT = {"title": "小票", "blocks": [{"kind": "text", "text": "奶茶"}]}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def writer(tmp_path: Path, clock: FakeClock) -> Iterator[Writer]:
    writer = writer_on(enrolled(tmp_path), clock)
    yield writer
    writer.close()


@pytest.fixture
def readers(writer: Writer) -> Iterator[Readers]:
    readers = Readers(writer.path)
    yield readers
    readers.close()


def put(writer: Writer, slip: str, printer: str = "P1") -> None:
    writer.run(lambda unit: enqueue(unit, slip, printer=printer, kind="receipt", document=DOCUMENT, sale="S-1"))


def test_slips_leave_in_the_order_they_came(writer: Writer, readers: Readers) -> None:
    for slip, printer in (("z", "P1"), ("a", "P2"), ("b", "P1")):
        put(writer, slip, printer)
    first = next_queued(readers.get(), "P1")
    assert first is not None
    assert (first.slip, first.document, first.state) == ("z", DOCUMENT, SlipState.QUEUED)
    writer.run(lambda unit: mark_sending(unit, "z", "4711"))
    second = next_queued(readers.get(), "P1")
    assert second is not None
    assert second.slip == "b"
    assert [slip.process_id for slip in interrupted(readers.get())] == ["4711"]
    third = next_queued(readers.get(), "P2")
    assert third is not None
    assert third.state is SlipState.QUEUED
    assert next_queued(readers.get(), "P3") is None


def test_an_unconfirmed_slip_is_asked_about(writer: Writer, readers: Readers) -> None:
    put(writer, "a")
    writer.run(lambda unit: mark_sending(unit, "a"))
    writer.run(lambda unit: mark_result(unit, "a", SlipState.UNCONFIRMED, "printer.lost"))
    assert [(slip.slip, slip.code) for slip in unconfirmed(readers.get())] == [("a", "printer.lost")]
    writer.run(lambda unit: mark_result(unit, "a", SlipState.PRINTED))
    assert unconfirmed(readers.get()) == []


@pytest.mark.parametrize("before", list(SlipState))
@pytest.mark.parametrize("after", list(SlipState))
def test_only_listed_transitions_happen(writer: Writer, readers: Readers, before: SlipState, after: SlipState) -> None:
    put(writer, "a")
    writer.run(lambda unit: unit.connection.execute("UPDATE spool SET state = ?", (before.value,)) and None)
    if after in TRANSITIONS[before]:
        writer.run(lambda unit: mark_result(unit, "a", after))
        expected = after
    else:
        with pytest.raises(Broken, match=r"spool\.bad_transition"):
            writer.run(lambda unit: mark_result(unit, "a", after))
        expected = before
    found = find_slip(readers.get(), "a")
    assert found is not None
    assert found.state is expected


def test_a_slip_that_nobody_knows_is_our_defect(writer: Writer) -> None:
    with pytest.raises(Broken, match=r"spool\.unknown_slip"):
        writer.run(lambda unit: mark_sending(unit, "a"))


def test_a_slip_name_is_used_once(writer: Writer) -> None:
    put(writer, "a")
    with pytest.raises(sqlite3.IntegrityError):
        put(writer, "a")


def test_a_queued_slip_can_go_to_another_printer(writer: Writer, readers: Readers) -> None:
    put(writer, "a")
    assert writer.run(lambda unit: redirect_from(unit, "a", "P1", "P2"))
    assert next_queued(readers.get(), "P2") is not None
    assert not writer.run(lambda unit: redirect_from(unit, "a", "P1", "P3"))
    writer.run(lambda unit: mark_sending(unit, "a"))
    assert not writer.run(lambda unit: redirect_from(unit, "a", "P2", "P1"))


def test_old_ended_slips_are_forgotten_open_ones_never(writer: Writer, readers: Readers) -> None:
    for slip in ("a", "b"):
        put(writer, slip)
    writer.run(lambda unit: mark_result(unit, "a", SlipState.NOT_PRINTED))
    assert writer.run(lambda unit: forget_slips(unit.connection, START_MS + 1)) == 1
    assert find_slip(readers.get(), "b") is not None


def test_the_queue_is_found_by_its_index(readers: Readers) -> None:
    statement = "SELECT slip FROM spool WHERE state = 'queued' AND printer = 'P1' ORDER BY number LIMIT 1"
    plan = " ".join(str(row[3]) for row in readers.get().execute(f"EXPLAIN QUERY PLAN {statement}"))
    assert "spool_open" in plan
    assert "TEMP B-TREE" not in plan


def test_a_basket_is_saved_changed_and_deleted(writer: Writer, readers: Readers, clock: FakeClock) -> None:
    writer.run(lambda unit: save_draft(unit, till="T1", sale="S-1", state="open", body={"lines": []}))
    clock.pass_ms(5_000)
    writer.run(lambda unit: save_draft(unit, till="T1", sale="S-1", state="parked", body={"lines": ["奶茶"]}))
    writer.run(lambda unit: save_draft(unit, till="T2", sale="S-2", state="open", body={}))
    draft = load_draft(readers.get(), "S-1")
    assert draft is not None
    assert (draft.state, draft.body, draft.updated_ms - draft.created_ms) == ("parked", {"lines": ["奶茶"]}, 5_000)
    assert [draft.sale for draft in load_drafts(readers.get())] == ["S-1", "S-2"]
    assert [draft.sale for draft in load_drafts(readers.get(), "T2")] == ["S-2"]
    assert writer.run(lambda unit: delete_draft(unit, "S-1"))
    assert not writer.run(lambda unit: delete_draft(unit, "S-1"))
    assert load_draft(readers.get(), "S-1") is None
