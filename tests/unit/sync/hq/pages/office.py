"""A headquarters with two stores, persons of each role, and a browser without a browser."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from agent.core.chain import Identity, genesis
from sync.hq import registry
from sync.hq.app import create_app
from sync.hq.ingest import ingest
from sync.hq.office import Office
from sync.hq.people.accounts import add_person, change_password
from sync.hq.records import note_heartbeat
from sync.keys import FileKey
from sync.wire import SentEntry, Upload
from tests.unit.sync.fakes import chained, enrolled_body, new_key

NOW_MS = 1_795_000_000_000
DAY = "2026-11-18"
PASSWORD = "correct horse"
ORIGIN = "http://hq.test"
ATTEMPT = "S001_1_000002_A1K7QF"


@dataclass
class House:
    """Headquarters, its clock, and boxes that send what a test says."""

    office: Office
    now_ms: int = NOW_MS
    boxes: dict[str, tuple[Identity, FileKey, list[Any]]] = field(default_factory=dict)

    def person(self, name: str, role: str, stores: list[str] | None = None) -> str:
        with self.office.database.write() as connection:
            first = add_person(connection, name, role, stores, self.now_ms)
            change_password(connection, name, PASSWORD)
        return first

    def store(self, store: str, name: str) -> None:
        identity, key = Identity(store, "B1", 1), new_key()
        with self.office.database.write() as connection:
            registry.add_store(connection, store, name, NOW_MS)
            registry.register_epoch(connection, identity, key.public_key, "enrolled", NOW_MS)
        self.boxes[store] = (identity, key, [("box.enrolled", enrolled_body(identity, key))])

    def send(self, store: str, *facts: tuple[str, Mapping[str, object]]) -> None:
        """Let the store's box send its whole journal once more, with what is new."""
        identity, _, said = self.boxes[store]
        said += facts
        entries = [SentEntry(one.seq, one.at_ms, one.kind, one.body) for one in chained(identity, said)]
        with self.office.database.write() as connection:
            owner = registry.epoch_of_store(connection, store, 1)
            upload = Upload(identity, 1, genesis(identity), entries, {})
            assert ingest(connection, owner, identity, upload, self.now_ms).code is None

    def beat(self, store: str, **said: object) -> None:
        with self.office.database.write() as connection:
            note_heartbeat(connection, self.boxes[store][0], said, self.now_ms)

    def browser(self, name: str | None = None, language: str = "en") -> "Browser":
        client = TestClient(create_app(self.office), base_url=ORIGIN, follow_redirects=False)
        browser = Browser(client, language)
        if name is not None:
            answer = browser.post("/login", name=name, password=PASSWORD)
            assert answer.status_code == 303, answer.text
        return browser


@dataclass
class Browser:
    """Sends forms as a page of ours would."""

    client: TestClient
    language: str = "en"

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers={"Accept-Language": self.language, **headers})

    def post(self, path: str, **fields: str) -> Any:
        return self.client.post(path, data=fields, headers={"Origin": ORIGIN, "Accept-Language": self.language})

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="(\w+)"', self.get("/password").text)
        assert found is not None
        return found[1]

    def act(self, path: str, **fields: str) -> Any:
        """Send a form with the session's token."""
        return self.post(path, csrf=self.csrf(), **fields)


def opened(state: Path, database_url: str | None) -> House:
    house = House(Office.open(state, database_url))
    house.office = replace(house.office, now_ms=lambda: house.now_ms)
    house.store("S001", "一号店")
    house.store("S002", "<script>alert(1)</script>")
    return house


def sale(number: int, total_fen: int, kind: str = "cash", **more: object) -> tuple[str, dict[str, object]]:
    tender = {"kind": kind, "amount_fen": total_fen, "account": "A", "attempt": more.pop("attempt", None)}
    body = {"sale": f"S001-1-{number:06d}", "day": DAY, "till": "1", "total_fen": total_fen, "tenders": [tender]}
    return "sale.completed", {**body, **more}


def attempt_started(amount_fen: int = 700, **more: object) -> tuple[str, dict[str, object]]:
    body = {"attempt": ATTEMPT, "sale": "S001-1-000002", "platform": "wechat", "merchant": "M", "day": DAY, "till": "1"}
    return "attempt.started", {**body, "amount_fen": amount_fen, **more}
