"""The local API of look-ups: accepted at once, answered when asked for again; who may, and what is no question."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from agent.services import staff
from agent.services.shop import Shop
from agent.web.hub import Hub

TRANSACTION = "4200002345202610031234567890"


def test_a_look_up_is_accepted_and_then_answered(cashier: TestClient, open_shop: Shop) -> None:
    answer = cashier.post("/api/v1/lookups", json={"number": TRANSACTION})
    assert answer.status_code == 202
    found = cashier.get(f"/api/v1/lookups/{answer.json()['lookup']}").json()
    assert (found["state"], found["answer"], found["reason"]) == ("answered", "not_charged", "not_ours")
    assert found["title"]["zh"] and found["detail"]["en"] and found["payment"] is None
    refused = cashier.post(f"/api/v1/lookups/{found['lookup']}/slip", json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "lookup.no_slip")


def test_by_amount_and_time(cashier: TestClient, open_shop: Shop) -> None:
    body = {"amount_fen": 3_600, "paid_at_ms": open_shop.clock.now_ms() - 60_000, "within_min": 5}
    asked = cashier.post("/api/v1/lookups", json=body).json()
    assert asked["asked"] == {
        "number": None,
        "amount_fen": 3_600,
        "paid_at_ms": body["paid_at_ms"],
        "within_ms": 300_000,
        "sale": None,
    }
    assert cashier.get(f"/api/v1/lookups/{asked['lookup']}").json()["reason"] == "nothing_then"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "lookup.terms"),
        ({"amount_fen": 1}, "lookup.terms"),
        ({"number": TRANSACTION, "amount_fen": 1, "paid_at_ms": 1}, "lookup.terms"),
        ({"amount_fen": 1, "paid_at_ms": 0}, "lookup.terms"),
        ({"number": "13812345678"}, "lookup.not_a_number"),
        ({"number": ""}, "request.malformed"),
        ({"number": "9" * 65}, "request.malformed"),
        ({"number": TRANSACTION, "store": "S002"}, "request.malformed"),
        ({"amount_fen": 0, "paid_at_ms": 1}, "request.malformed"),
        ({"amount_fen": 1, "paid_at_ms": 1, "within_min": 61}, "request.malformed"),
    ],
)
def test_what_is_no_question_is_refused(cashier: TestClient, body: dict[str, object], code: str) -> None:
    answer = cashier.post("/api/v1/lookups", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_a_look_up_that_is_gone_says_so(cashier: TestClient) -> None:
    answer = cashier.get("/api/v1/lookups/LGONE")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "lookup.gone")


def test_nobody_without_a_session_and_no_till_without_a_shift(
    client: TestClient, shop: Shop, log_in: Callable[..., TestClient]
) -> None:
    assert client.post("/api/v1/lookups", json={"number": TRANSACTION}).status_code == 401
    log_in("01")
    refused = client.post("/api/v1/lookups", json={"number": TRANSACTION})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "day.not_open")


def test_a_third_party_till_looks_up_by_its_key(client: TestClient, open_shop: Shop) -> None:
    _, key = staff.add_api_key(open_shop, "erp", "cashier", "1")
    headers = {"Authorization": f"Bearer {key}"}
    asked = client.post("/api/v1/lookups", json={"number": TRANSACTION}, headers=headers)
    assert asked.status_code == 202
    assert client.get(f"/api/v1/lookups/{asked.json()['lookup']}", headers=headers).json()["state"] == "answered"


def test_the_schema_tells_of_it(client: TestClient, hub: Hub) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert {"/api/v1/lookups", "/api/v1/lookups/{number}", "/api/v1/lookups/{number}/slip"} <= set(paths)
