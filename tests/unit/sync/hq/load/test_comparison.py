"""The comparison after a run finds what it is there to find: a missing, a changed and a double entry, another head."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from agent.core.chain import Identity
from sync.hq import registry, tables
from sync.hq.database import Database
from sync.hq.ingest import ingest
from sync.hq.load.boxes import PreparedBox, SimulatedBox
from sync.hq.load.comparison import broken_chains, differences, register
from sync.hq.months import make_months, month_after
from sync.wire import inflate, parse_upload
from tests.unit.sync.fakes import AT_MS, new_key

ENTRIES = 30
ENTRY = tables.entry


@pytest.fixture
def box() -> PreparedBox:
    key = new_key()
    return PreparedBox(SimulatedBox(Identity("L001", "B1", 1), key.public_key, key), ENTRIES)


@pytest.fixture
def held(tmp_path: Path, database_url: str | None, box: PreparedBox) -> Iterator[Connection]:
    """Headquarters that took everything of the box."""
    database = Database.open(tmp_path, database_url)
    with database.write() as connection:
        make_months(connection, AT_MS)
        register(connection, [box], AT_MS)
        owner = registry.epoch_of_store(connection, "L001", 1)
        ingest(connection, owner, owner.identity, parse_upload(inflate(box.upload()[0])), AT_MS)
        yield connection
    database.close()


def test_what_was_sent_is_held(held: Connection, box: PreparedBox) -> None:
    assert differences(held, [box]) == []
    assert broken_chains(held, [box]) == []


def test_a_missing_entry_is_found(held: Connection, box: PreparedBox) -> None:
    held.execute(delete(ENTRY).where(ENTRY.c.seq == 7))
    assert len(differences(held, [box])) == 1
    assert broken_chains(held, [box]) == ["L001/B1/1: #8 is not what was sent"]


def test_a_double_entry_is_found(held: Connection, box: PreparedBox) -> None:
    row = dict(held.execute(select(ENTRY).where(ENTRY.c.seq == 7)).one()._mapping)
    held.execute(insert(ENTRY).values({**row, "month": month_after(row["month"])}))
    assert len(differences(held, [box])) == 1


def test_a_changed_body_is_found(held: Connection, box: PreparedBox) -> None:
    held.execute(update(ENTRY).where(ENTRY.c.seq == 7).values(body='{"total_fen":1}'))
    assert broken_chains(held, [box]) == ["L001/B1/1: #7 is not what was sent"]


def test_another_head_is_found(held: Connection, box: PreparedBox) -> None:
    held.execute(update(tables.cursor).values(head="0" * 64))
    assert len(differences(held, [box])) == 1
    box.head = bytes(32)
    assert broken_chains(held, [box]) == ["L001/B1/1: ends with another head than was sent"]
