"""A box in whose place another one trades: what headquarters still answer it, and what its till hears of a payment."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from agent.core.canonical import canonical_bytes
from agent.core.chain import Identity
from agent.core.directives import Kind
from agent.core.errors import StoreboxError
from agent.core.sentences import sentence_for
from agent.core.signing import SIGNATURE_HEADER, request_header, request_message
from agent.core.wish import BOX_REPLACED
from agent.services import checkout, days, payments, shifts
from agent.services.shop import Shop
from sync.hq import registry
from sync.hq.app import create_app
from sync.hq.directives import boxes_api, putting
from sync.hq.office import Office
from sync.keys import FileKey
from tests.custody import PayingBox, RunningPay, register
from tests.shops import CASHIER, MANAGER, make_shop
from tests.unit.sync.fakes import AT_MS, new_key

OLD, NEW = Identity("S001", "B1", 1), Identity("S001", "B2", 2)


class Desk:
    """Headquarters without a network, and requests as boxes sign them."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.client = TestClient(create_app(office))
        self.keys: dict[Identity, FileKey] = {}

    def enrols(self, identity: Identity) -> None:
        key = self.keys[identity] = new_key()
        with self.office.database.write() as connection:
            registry.register_epoch(connection, identity, key.public_key, "enrolled", AT_MS)

    def ask(self, who: Identity, method: str, path: str, document: object = None, **headers: str) -> Any:
        body = b"" if document is None else canonical_bytes(document)
        target = f"/v1/boxes/{who.box}/{path}"
        signature = self.keys[who].sign(request_message(who, method, target, body))
        signed = {SIGNATURE_HEADER: request_header(who, signature), **headers}
        return self.client.request(method, target, content=body, headers=signed)

    def code(self, who: Identity, method: str, path: str, document: object = None, **headers: str) -> str | None:
        answer = self.ask(who, method, path, document, **headers)
        return None if answer.status_code < 300 else f"{answer.status_code} {answer.json()['error']['code']}"


@pytest.fixture
def desk(tmp_path: Path, database_url: str | None) -> Iterator[Desk]:
    office = replace(Office.open(tmp_path / "hq", database_url), now_ms=lambda: AT_MS)
    with office.database.write() as connection:
        registry.add_store(connection, "S001", "S001", AT_MS)
        putting.put(
            connection, Kind.CATALOGUE, '[[item]]\nsku = "N1"\nname = "新品"\nprice_fen = 990\n', ["S001"], AT_MS, "x"
        )
    made = Desk(office)
    made.enrols(OLD)
    yield made
    office.close()


ASKED = [
    ("GET", "directives?have=catalogue%3A0&wait=0", None, {}),
    ("POST", "directives/answers", {"answers": []}, {}),
    ("POST", "bundles", {"not": "a bundle"}, {}),
    ("GET", "release?sequence=1&arch=amd64", None, {}),
    ("GET", f"release/{'0' * 64}", None, {"range": "bytes=0-9"}),
]


@pytest.mark.parametrize(("method", "path", "document", "headers"), ASKED, ids=[path[:18] for _, path, *_ in ASKED])
def test_directives_and_releases_are_for_the_box_that_trades(
    desk: Desk, method: str, path: str, document: object, headers: dict[str, str]
) -> None:
    assert desk.code(OLD, method, path, document, **headers) != "403 box.replaced"
    desk.enrols(NEW)
    assert desk.code(OLD, method, path, document, **headers) == "403 box.replaced"
    assert desk.code(NEW, method, path, document, **headers) != "403 box.replaced"


def test_a_box_that_is_replaced_while_it_waits_for_directives_gets_none(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another box enrols after the door has let the question in, and before it is answered."""
    let_in = boxes_api.live_sender

    def enrols_meanwhile(*asked: Any) -> Any:
        known = let_in(*asked)
        desk.enrols(NEW)
        return known

    monkeypatch.setattr(boxes_api, "live_sender", enrols_meanwhile)
    assert desk.code(OLD, "GET", "directives?have=catalogue%3A0&wait=0") == "403 box.replaced"


def test_what_it_still_has_it_may_send(desk: Desk) -> None:
    desk.enrols(NEW)
    beat = {"store": "S001", "box": "B1", "epoch": 1, "heartbeat": {}}
    answer = desk.ask(OLD, "POST", "heartbeat", beat)
    assert (answer.status_code, answer.json()["receipt"]["replaced_by"]) == (200, 2)


# At the till


@pytest.fixture
def pay(tmp_path: Path) -> Iterator[RunningPay]:
    made = RunningPay(tmp_path / "hq")
    yield made
    made.stop()


@pytest.fixture
def shop(tmp_path: Path, pay: RunningPay) -> Iterator[Shop]:
    """A shop whose wallet is reached through headquarters, with a shift open and a basket rung up."""
    made = make_shop(tmp_path / "box")
    made.platforms = {"wechat": PayingBox(pay.state, [pay.url], made.identity).platform("wechat")}
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 0)
    yield made
    made.writer.close()


def ring(shop: Shop) -> None:
    sku = next(item.sku for item in shop.catalog.by_sku.values() if item.price_fen and not item.flags)
    checkout.add_code(shop, CASHIER, sku)
    checkout.ask_total(shop, CASHIER)


def test_the_till_of_a_replaced_box_hears_that_nothing_was_sent_and_sells_no_more(pay: RunningPay, shop: Shop) -> None:
    register(pay.state, replace(shop.identity, box="B2", epoch=shop.identity.epoch + 1), new_key())
    ring(shop)
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", "134567890123456789")
    submit()
    found = payments.attempt(shop, started["attempt"])
    assert (found["state"], found["code"]) == ("declined", BOX_REPLACED), "never an unknown outcome"
    assert shop.writer.stopped == "box.replaced"
    rows = shop.read().execute("SELECT kind FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    assert rows == ("attempt.ended",), "the end of the attempt is the last thing that is written"
    with pytest.raises(StoreboxError) as refused:
        payments.start_code_payment(shop, CASHIER, "wechat", "134567890123456780")
    assert (refused.value.code, refused.value.values["reason"]) == ("journal.epoch_stopped", "box.replaced")


def test_a_code_on_the_screen_of_a_replaced_box_is_refused_alike(pay: RunningPay, shop: Shop) -> None:
    register(pay.state, replace(shop.identity, box="B2", epoch=shop.identity.epoch + 1), new_key())
    ring(shop)
    started, submit = payments.start_qr_payment(shop, CASHIER, "wechat")
    submit()
    assert payments.attempt(shop, started["attempt"])["state"] == "declined"
    assert shop.writer.stopped == "box.replaced"


def test_the_sentence_says_that_nothing_was_charged() -> None:
    said = sentence_for(BOX_REPLACED)
    assert "没扣钱" in said.zh_detail and "Nothing charged" in said.en_detail
