"""A shop behind the web layer, asked like a browser or like a third-party till."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from agent.services import days, shifts, staff
from agent.services.shop import Shop
from agent.web.app import create_app
from agent.web.hub import Hub
from tests.shops import CASHIER, MANAGER, FakePlatform, make_shop

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

ORIGIN = "http://127.0.0.1:8080"
PINS = {"01": "111111", "03": "333333", "07": "777777"}


@dataclass
class Desk:
    """A desk that remembers what it was told."""

    scans: list[tuple[str, str]] = field(default_factory=list)
    switches: dict[str, Any] = field(default_factory=lambda: {"network": True, "power": True, "paper": "ok"})
    shown: list[bytes] = field(default_factory=list)

    def paper(self, place: str, after: int) -> list[dict[str, Any]]:
        lines = [{"n": 1, "kind": "line", "text": "湘味小馆"}, {"n": 2, "kind": "cut", "text": "full"}]
        return [line for line in lines if line["n"] > after]

    def picture(self, place: str, n: int) -> bytes | None:
        return b"\x89PNG" if (place, n) == ("receipt1", 1) else None

    def scan(self, place: str, text: str) -> None:
        self.scans.append((place, text))

    def phones(self) -> list[dict[str, Any]]:
        return [
            {"customer": "C1", "name": "小陈", "name_en": "Chen", "page": "http://127.0.0.1:8070/phone?customer=C1"}
        ]

    def show_phone(self, place: str, customer: str, platform: str) -> None:
        self.scans.append((place, f"{customer} {platform}"))

    def next_morning(self) -> None:
        self.scans.append(("", "morning"))

    def plant(self, what: str) -> dict[str, Any]:
        return {"platform": "wechat", "what": what, "amount_fen": 200}

    def read(self, data: bytes) -> str:
        self.shown.append(data)
        return "D001"

    def switch(self, place: str, name: str, on: bool) -> None:
        self.switches[name] = on

    def choose(self, place: str, name: str, to: str) -> None:
        self.switches[name] = to

    def state(self, place: str) -> dict[str, Any]:
        return dict(self.switches)


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def shop(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(staff, "_hasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    platform = FakePlatform("wechat")
    made = make_shop(tmp_path, platforms={"wechat": platform}, publish=hub.publish)
    platform.clock = made.clock  # type: ignore[assignment]
    for actor in (MANAGER, CASHIER):
        staff.add_person(made, actor.staff, actor.name, actor.role, PINS[actor.staff])
    staff.add_person(made, "03", "王领班", "shift_lead", PINS["03"])
    yield made
    made.writer.close()


@pytest.fixture
def open_shop(shop: Shop) -> Shop:
    days.open_the_day(shop, MANAGER)
    shifts.open_a_shift(shop, CASHIER, 50_000)
    return shop


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def app(shop: Shop, hub: Hub, desk: Desk) -> FastAPI:
    return create_app(shop, hub=hub, desk=desk, run=lambda call: call())


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A browser on the box's own page, nobody logged in."""
    with TestClient(app, base_url=ORIGIN, headers={"Origin": ORIGIN}, raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def log_in(client: TestClient) -> Callable[..., TestClient]:
    def log_in(who: str = "07", till: str = "1") -> TestClient:
        answer = client.post("/api/v1/session", json={"staff": who, "pin": PINS[who], "till": till})
        assert answer.status_code == 200, answer.text
        client.headers["X-Storebox-CSRF"] = answer.json()["csrf"]
        return client

    return log_in


@pytest.fixture
def cashier(open_shop: Shop, log_in: Callable[..., TestClient]) -> TestClient:
    """The cashier's browser in an open shift."""
    return log_in()


def keyed(key: str) -> dict[str, str]:
    """Return the header of a wish that moves money."""
    return {"Idempotency-Key": key}
