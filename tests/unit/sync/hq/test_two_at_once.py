"""Two requests of one box at once, on PostgreSQL: neither waits for the other in vain, and who reads never waits."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from agent.bench.postgres import Server
from agent.core.canonical import canonical_bytes
from agent.core.signing import SIGNATURE_HEADER, request_header, request_message
from sync.hq import tables
from sync.hq.ingest import locked_cursor
from sync.hq.records import note_heartbeat
from tests.unit.sync.hq.pages.office import NOW_MS, House, opened

WAITS = text("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
LOOKS = 2_000


@pytest.fixture
def house(tmp_path: Path, postgres: Server, migrated: str) -> Iterator[House]:
    made = opened(tmp_path, postgres.copy_of(migrated))
    yield made
    made.office.close()


def asked(house: House, method: str, target: str, document: object = None) -> Any:
    from sync.hq.app import create_app

    identity, key, _ = house.boxes["S001"]
    body = b"" if document is None else canonical_bytes(document)
    signature = key.sign(request_message(identity, method, target, body))
    headers = {SIGNATURE_HEADER: request_header(identity, signature)}
    return TestClient(create_app(house.office)).request(method, target, content=body, headers=headers)


def test_a_heartbeat_beside_an_upload_waits_for_it_and_is_taken(house: House) -> None:
    identity = house.boxes["S001"][0]
    house.beat("S001", unsent_entries=1)
    told = {"store": "S001", "box": "B1", "epoch": 1, "heartbeat": {"unsent_entries": 2}}
    answers: list[Any] = []
    beating = threading.Thread(target=lambda: answers.append(asked(house, "POST", "/v1/boxes/B1/heartbeat", told)))
    with house.office.database.write() as connection:
        locked_cursor(connection, identity)
        beating.start()
        assert any(waiting(house) for _ in range(LOOKS)), "the heartbeat did not come as far as the cursor"
        note_heartbeat(connection, identity, {"unsent_entries": 0}, NOW_MS)
    beating.join(30)
    assert [one.status_code for one in answers] == [200]


def test_who_asks_for_the_cursor_does_not_wait_for_an_upload(house: House) -> None:
    identity = house.boxes["S001"][0]
    with house.office.database.write() as connection:
        locked_cursor(connection, identity)
        connection.execute(tables.cursor.update().values(next_seq=9))
        answer = asked(house, "GET", "/v1/boxes/B1/cursor?epoch=1")
    assert (answer.status_code, answer.json()["receipt"]["next_seq"]) == (200, 1)


def waiting(house: House) -> bool:
    with house.office.database.read() as connection:
        return connection.execute(WAITS).first() is not None
