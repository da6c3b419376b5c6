"""The local API as docs/decisions/002 describes it, from logging in to the closed day."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from agent.core.directives import Message
from agent.services import health, staff
from agent.services.shop import Shop
from tests.shops import FakePlatform
from tests.unit.web.conftest import PINS, keyed

Browser = TestClient


def money(client: Browser, path: str, body: dict[str, Any], key: str) -> Any:
    return client.post(f"/api/v1{path}", json=body, headers=keyed(key))


def test_a_day_at_the_counter(client: Browser, log_in: Callable[..., Browser]) -> None:
    log_in("01")
    assert client.get("/api/v1/session").json()["name"] == "李店长"
    assert money(client, "/day/open", {}, "day").status_code == 200
    assert money(client, "/shift/open", {"float_fen": 50_000}, "shift").json()["float_fen"] == 50_000
    assert client.post("/api/v1/basket/lines", json={"code": "D001", "quantity": 2}).json()["total_fen"] == 17_600
    assert client.post("/api/v1/basket/lines/1/quantity", json={"quantity": 1}).json()["total_fen"] == 8_800
    basket = client.post("/api/v1/scan", json={"text": "D003"}).json()["basket"]
    assert [line["sku"] for line in basket["lines"]] == ["D001", "D003"]
    assert client.delete("/api/v1/basket/lines/2").json()["total_fen"] == 8_800
    assert client.post("/api/v1/basket/total", json={}).json()["state"] == "paying"
    assert client.post("/api/v1/basket/back", json={}).json()["state"] == "open"
    paid = money(client, "/basket/tenders", {"kind": "cash", "given_fen": 10_000}, "pay").json()
    assert paid["completed"]["change_fen"] == 1_200
    assert money(client, "/basket/tenders", {"kind": "cash", "given_fen": 10_000}, "pay").json() == paid
    sale = paid["completed"]["sale"]
    assert client.get("/api/v1/sales").json()[0]["sale"] == sale
    assert client.get(f"/api/v1/sales/{sale}").json()["refunded"] == {}
    back = money(client, f"/sales/{sale}/refunds", {"lines": {"1": 1}, "reason": "质量问题"}, "refund")
    assert back.json()["total_fen"] == 8_800
    assert client.post(f"/api/v1/sales/{sale}/reprint", json={}).json()["slip"]
    assert client.get("/api/v1/shift/x").json()["sales"] == 1
    open_shift = {"what": "shift", "name": "1", "staff": "李店长", "amount_fen": 0}
    assert client.get("/api/v1/day/unfinished").json()[0] == open_shift, "it hinders the close, so it comes first"
    closed = money(client, "/shift/close", {"denominations": {"10000": 5}}, "close").json()
    assert (closed["z_number"], closed["over_fen"], closed["short_fen"]) == (1, 0, 0)
    assert [thing["what"] for thing in client.get("/api/v1/day/unfinished").json()] == ["unsent"]
    assert money(client, "/day/close", {}, "end").json()["sales"] == 1


def test_whoever_knew_the_old_pin_is_out_at_once(cashier: Browser, open_shop: Shop) -> None:
    assert cashier.get("/api/v1/state").status_code == 200
    staff.add_person(open_shop, "07", "陈小雨", "cashier", "4711")
    refused = cashier.get("/api/v1/state")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "session.missing")


def test_a_wallet_answers_with_the_attempt_and_the_sale_completes(cashier: Browser) -> None:
    cashier.post("/api/v1/basket/lines", json={"code": "D001"})
    body = {"kind": "wechat", "auth_code": "134567890123456700"}
    answer = money(cashier, "/basket/tenders", body, "w")
    assert answer.status_code == 202
    attempt = answer.json()["attempt"]["attempt"]
    assert cashier.get(f"/api/v1/attempts/{attempt}").json()["state"] == "paid"
    assert cashier.get("/api/v1/state").json()["basket"] is None


def test_a_message_is_acknowledged_at_the_till(cashier: Browser, open_shop: Shop) -> None:
    open_shop.messages = (Message("明天停电", "No power tomorrow", None),)
    (shown,) = cashier.get("/api/v1/state").json()["messages"]
    assert (shown["text"], shown["until_ms"]) == ("明天停电", None)
    path = f"/api/v1/messages/{shown['message']}/read"
    assert cashier.post(path, json={}).json() == cashier.post(path, json={}).json() == {"messages": []}
    assert cashier.get("/api/v1/state").json()["messages"] == []
    refused = cashier.post("/api/v1/messages/ffff/read", json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "message.unknown")


def test_no_key_submits_a_second_time(cashier: Browser, open_shop: Shop) -> None:
    cashier.post("/api/v1/basket/lines", json={"code": "D001"})
    body = {"kind": "wechat", "auth_code": "134567890123456700"}
    for _ in range(3):
        assert money(cashier, "/basket/tenders", body, "w").status_code == 202
    platform = open_shop.platforms["wechat"]
    assert isinstance(platform, FakePlatform) and platform.pays == 1


def test_what_moves_money_asks_for_a_key(cashier: Browser) -> None:
    answer = cashier.post("/api/v1/basket/tenders", json={"kind": "cash"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "idempotency.key_missing")


def test_a_second_person_approves_with_his_pin(cashier: Browser) -> None:
    cashier.post("/api/v1/basket/lines", json={"code": "D001"})
    wish: dict[str, Any] = {"reason": "老顾客", "percent": 20}
    refused = cashier.post("/api/v1/basket/discount", json=wish)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "approval.needed")
    wish["approval"] = {"staff": "03", "pin": "000000"}
    assert cashier.post("/api/v1/basket/discount", json=wish).json()["error"]["code"] == "staff.wrong_pin"
    wish["approval"]["pin"] = PINS["03"]
    assert cashier.post("/api/v1/basket/discount", json=wish).json()["total_fen"] == 7_040
    assert cashier.delete("/api/v1/basket/discount").json()["total_fen"] == 8_800


def test_hold_and_recall(cashier: Browser) -> None:
    cashier.post("/api/v1/basket/lines", json={"code": "D001"})
    assert cashier.post("/api/v1/basket/hold", json={"label": "红衣服"}).json() == {}
    (held,) = cashier.get("/api/v1/held").json()
    assert held["label"] == "红衣服"
    assert cashier.post(f"/api/v1/held/{held['sale']}/recall", json={}).json()["total_fen"] == 8_800


def test_the_state_has_what_a_page_needs(cashier: Browser) -> None:
    state = cashier.get("/api/v1/state").json()
    names = {"till", "staff", "name", "role", "language", "store", "day", "shift", "basket", "held", "attempt", "last"}
    assert names | {"unconfirmed", "lamps", "unsent", "tenders", "acts"} <= set(state)
    cash = next(tender for tender in state["tenders"] if tender["kind"] == "cash")
    assert (cash["proof"], cash["reference"]) == ("count", "none")


def test_a_lamp_with_a_code_says_what_it_means(cashier: Browser, open_shop: Shop) -> None:
    open_shop.lamps = lambda: {"printer": {"state": "degraded", "code": "printer.paper_out"}}
    lamp = cashier.get("/api/v1/state").json()["lamps"]["printer"]
    assert lamp["title"]["zh"] and lamp["title"]["en"] and lamp["detail"]["zh"]


@pytest.mark.parametrize(("query", "count"), [("剁椒", 1), ("D001", 1), ("beef stir", 1), ("没有的东西", 0)])
def test_the_catalogue_is_searched_by_every_word(cashier: Browser, query: str, count: int) -> None:
    assert len(cashier.get("/api/v1/catalog", params={"query": query}).json()) == count


def test_the_feed_goes_on_after_a_number(cashier: Browser) -> None:
    first = cashier.get("/api/v1/events", params={"limit": 2}).json()
    assert [entry["seq"] for entry in first["entries"]] == [1, 2]
    rest = cashier.get("/api/v1/events", params={"after": first["next_after"]}).json()
    assert rest["entries"][0]["seq"] == 3
    assert isinstance(rest["entries"][0]["body"], dict)
    last = cashier.get("/api/v1/events", params={"after": rest["next_after"]}).json()
    assert last == {"entries": [], "next_after": rest["next_after"]}


def test_a_refused_scan_comes_with_its_sentence(cashier: Browser) -> None:
    answer = cashier.post("/api/v1/scan", json={"text": "6999999999999"}).json()
    assert answer["action"] == "refused"
    assert answer["error"]["title"]["zh"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "code"),
        ({"code": 7}, "code"),
        ({"code": "D001", "quantity": "2"}, "quantity"),
        ({"code": "x", "y": 1}, "y"),
    ],
)
def test_a_malformed_body_names_its_field(cashier: Browser, body: dict[str, Any], field: str) -> None:
    answer = cashier.post("/api/v1/basket/lines", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["values"]["field"]) == (400, "request.malformed", field)


def test_broken_json_is_malformed(cashier: Browser) -> None:
    headers = {"Content-Type": "application/json"}
    answer = cashier.post("/api/v1/basket/lines", content="{", headers=headers)
    assert answer.json()["error"]["code"] == "request.malformed"


def test_unknown_paths_and_methods_are_json(cashier: Browser) -> None:
    missing = cashier.get("/api/v1/nothing")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "request.not_found")
    wrong = cashier.post("/api/v1/state", json={})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "request.method_not_allowed")


def test_a_wrong_state_is_a_conflict(cashier: Browser) -> None:
    answer = cashier.post("/api/v1/basket/total", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "sale.empty")


def test_a_defect_shows_no_stack(cashier: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("secret detail")

    monkeypatch.setattr(health, "state", broken)
    answer = cashier.get("/api/v1/state")
    assert answer.status_code == 500
    assert "secret" not in answer.text and "Traceback" not in answer.text
    assert answer.json()["error"]["code"] == "web.defect"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_health_says_little_to_strangers(client: Browser, log_in: Callable[..., Browser]) -> None:
    assert set(client.get("/health").json()) == {"status", "version"}
    log_in()
    assert "journal" in client.get("/health").json()["parts"]


def test_the_display_shows_names_and_amounts_only(cashier: Browser) -> None:
    cashier.post("/api/v1/basket/lines", json={"code": "D001"})
    shown = cashier.get("/api/v1/display/1").json()
    assert set(shown["basket"]["lines"][0]) == {"name", "quantity", "unit", "list_fen", "total_fen"}
    money(cashier, "/basket/tenders", {"kind": "cash", "given_fen": 10_000}, "k")
    after = cashier.get("/api/v1/display/1").json()
    assert (after["basket"], after["last"]["change_fen"]) == (None, 1_200)
    assert cashier.get("/api/v1/display/9").json()["error"]["code"] == "till.unknown"


def test_a_technician_does_not_see_the_feed(client: Browser, shop: Shop) -> None:
    staff.add_person(shop, "90", "技术员", "technician", "909090")
    answer = client.post("/api/v1/session", json={"staff": "90", "pin": "909090", "till": "1"})
    client.headers["X-Storebox-CSRF"] = answer.json()["csrf"]
    assert client.get("/api/v1/events").status_code == 403


def test_operation_ids_are_the_names_of_the_verbs(app: FastAPI) -> None:
    found = [verb["operationId"] for path in app.openapi()["paths"].values() for verb in path.values()]
    assert len(found) == len(set(found))
    assert {"add_line", "take_tender", "refund_sale", "close_shift", "log_in"} <= set(found)


def test_the_desk_is_there_only_in_the_demo(client: Browser, shop: Shop, hub: object, desk: Any) -> None:
    from agent.web.app import create_app

    assert client.post("/desk/scan", json={"text": "D001"}).json() == {}
    assert client.post("/desk/scan", json={"text": "D002", "place": "receipt2"}).json() == {}
    assert desk.scans == [("", "D001"), ("receipt2", "D002")]
    assert [line["n"] for line in client.get("/desk/paper", params={"after": 1}).json()] == [2]
    assert client.get("/desk/papers/receipt1/1.png").headers["Content-Type"] == "image/png"
    assert client.get("/desk/papers/receipt1/7.png").status_code == 404
    assert client.get("/desk/papers/cellar/1.png").status_code == 404
    found = client.get("/desk/samples").json()
    assert found["items"] and found["phones"][0]["customer"] == "C1"
    phone = {"customer": "C1", "platform": "alipay"}
    assert client.post("/desk/phone", json=phone).json() == {}
    assert desk.scans[-1] == ("", "C1 alipay")
    assert client.post("/desk/plant", json={"what": "refund"}).json()["what"] == "refund"
    assert client.post("/desk/plant", json={"what": "a fire"}).status_code == 400
    assert client.post("/desk/morning", json={}).json() == {}
    assert desk.scans[-1] == ("", "morning")
    foreign = client.post("/desk/scan", json={"text": "x"}, headers={"Origin": "http://evil.example"})
    assert foreign.status_code == 403
    without = TestClient(create_app(shop, hub=hub), base_url="http://127.0.0.1:8080")  # type: ignore[arg-type]
    assert without.get("/desk").status_code == 404


def test_a_choice_that_is_over_is_refused(cashier: Browser) -> None:
    answer = cashier.post("/api/v1/scan/choose", json={"choice": "none", "index": 0})
    assert answer.json()["error"]["code"] == "choice.gone"


@pytest.mark.parametrize(
    "body",
    [
        {"switch": "roof", "on": False},
        {"switch": "network"},
        {"switch": "network", "to": "off"},
        {"switch": "paper", "on": False},
        {"switch": "paper", "to": "wet"},
        {"switch": "paper", "to": "out", "on": True},
        {"switch": "paper", "to": None},
    ],
)
def test_a_wrong_switch_of_the_desk_is_refused(client: Browser, desk: Any, body: dict[str, Any]) -> None:
    before = dict(desk.switches)
    assert client.post("/desk/switch", json=body).status_code == 400
    assert desk.switches == before


def test_the_desks_switches_and_choices(client: Browser) -> None:
    assert client.post("/desk/switch", json={"switch": "network", "on": False}).json()["network"] is False
    assert client.post("/desk/switch", json={"switch": "paper", "to": "low"}).json()["paper"] == "low"
    assert client.get("/desk/switch").status_code == 405


def test_a_picture_is_shown_to_the_desks_scanner(client: Browser, desk: Any) -> None:
    import base64

    body = {"picture": base64.b64encode(b"a picture").decode(), "place": "receipt2"}
    assert client.post("/desk/show", json=body).json() == {"text": "D001"}
    assert (desk.shown, desk.scans) == ([b"a picture"], [("receipt2", "D001")])
    assert client.post("/desk/show", json={"picture": "not base 64"}).status_code == 400
    assert client.post("/desk/show", json={"picture": "A" * 250_004}).status_code == 400
    assert client.post("/desk/show", json={"picture": "A" * 300_000}).status_code in (400, 413)
    assert client.post("/desk/show", json=body, headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.get("/desk/show").status_code == 405
    assert len(desk.shown) == 1


def test_a_till_without_a_scale_says_so_and_types(cashier: Browser) -> None:
    shown = cashier.get("/api/v1/scale").json()
    assert (shown["scale"], shown["code"]) == (False, "scale.none")
    assert shown["title"]["zh"]
    refused = cashier.post("/api/v1/basket/lines", json={"code": "F201", "from_scale": True})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "scale.none")
    assert cashier.post("/api/v1/basket/lines", json={"code": "F201", "quantity": 350}).status_code == 200


def test_the_weight_comes_from_the_scale_not_from_the_page(cashier: Browser, open_shop: Shop) -> None:
    scale = FakeScale(350)
    open_shop.scales = {"1": scale}
    body = {"code": "F201", "from_scale": True, "quantity": 1}
    assert cashier.post("/api/v1/basket/lines", json=body).json()["lines"][0]["quantity"] == 350
    again = cashier.post("/api/v1/basket/lines", json=body)
    assert again.json()["error"]["code"] == "scale.same_weighing"
    assert len(cashier.post("/api/v1/basket/lines", json={**body, "again": True}).json()["lines"]) == 2


class FakeScale:
    """A scale with one weighing on it."""

    def __init__(self, weight_g: int) -> None:
        self.weight_g = weight_g
        self.stable = True
        self.code: str | None = None
        self.weighing = 1

    def weight(self) -> "FakeScale":
        return self

    def take(self, weighing: int) -> bool:
        first = self.code is None
        self.code = "scale.same_weighing"
        return first

    def give_back(self, weighing: int) -> None:
        self.code = None


def test_a_technician_sees_no_sales(
    log_in: Callable[..., Browser], client: Browser, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff.add_person(shop, "09", "装机", "technician", "999999")
    monkeypatch.setitem(PINS, "09", "999999")
    log_in("09")
    for path in ("/sales", "/sales/S001-1-000001"):
        answer = client.get(f"/api/v1{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "act.not_allowed")
