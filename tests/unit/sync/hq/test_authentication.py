"""Who sends a request: one look-up and one check, also where every box of the chain has the same name."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from agent.core.chain import Identity
from agent.core.errors import StoreboxError
from agent.core.signing import request_header, request_message
from sync.hq import authentication, registry
from sync.hq.database import Database
from tests.unit.sync.fakes import AT_MS, new_key

STORES = 40
KEY = new_key()
MINE = Identity("S007", "B1", 1)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    database = Database.open(tmp_path)
    with database.write() as connection:
        for number in range(STORES):
            store = f"S{number:03d}"
            registry.add_store(connection, store, store, AT_MS)
            public_key = KEY.public_key if store == MINE.store else new_key().public_key
            registry.register_epoch(connection, Identity(store, "B1", 1), public_key, "enrolled", AT_MS)
        yield connection
    database.close()


def sender(connection: Connection, claimed: Identity, body: bytes = b"{}", sent: bytes = b"{}") -> Identity:
    signature = KEY.sign(request_message(claimed, "POST", "/v1/boxes/B1/entries", body))
    header = request_header(claimed, signature)
    return authentication.signed_box(connection, header, "B1", "POST", "/v1/boxes/B1/entries", sent).identity


def test_of_many_boxes_of_one_name_the_one_that_signed_is_found_at_once(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2]))
    checks: list[bytes] = []
    verify = authentication.verify
    monkeypatch.setattr(authentication, "verify", lambda key, *rest: (checks.append(key), verify(key, *rest))[1])
    assert sender(connection, MINE) == MINE
    assert len(statements) == 1
    assert checks == [KEY.public_key]


@pytest.mark.parametrize(
    ("claimed", "code"),
    [
        (Identity("S008", "B1", 1), "request.wrong_signature"),
        (Identity("S007", "B1", 2), "box.unknown"),
        (Identity("S007", "B2", 1), "request.not_signed"),
        (Identity("NONE", "B1", 1), "box.unknown"),
    ],
)
def test_a_box_is_nobody_else(connection: Connection, claimed: Identity, code: str) -> None:
    with pytest.raises(StoreboxError) as caught:
        sender(connection, claimed)
    assert caught.value.code == code


def test_a_changed_body_and_a_revoked_key_are_refused(connection: Connection) -> None:
    with pytest.raises(StoreboxError) as caught:
        sender(connection, MINE, sent=b"{ }")
    assert caught.value.code == "request.wrong_signature"
    registry.revoke(connection, "S007", 1, "stolen", AT_MS)
    with pytest.raises(StoreboxError) as caught:
        sender(connection, MINE)
    assert caught.value.code == "box.revoked"
