"""Bodies and addresses that no page sends: each gets a sentence, none a defect, and the till goes on selling."""

import json
from collections.abc import Callable

from starlette.testclient import TestClient

from agent.services.shop import Shop
from tests.unit.web.conftest import keyed

LONE = "\ud800"
HUGE = 10**30
LINE = {"sku": "A", "name": "a", "quantity": 1, "list_fen": 100}
CASH = [{"kind": "cash", "amount_fen": 100}]
POSTS = (
    ("/basket/lines", {"code": LONE}),
    ("/basket/lines", {"code": "D001", LONE: 1}),
    ("/basket/lines", {"code": "\x00"}),
    ("/basket/lines", {"code": "D001", "quantity": HUGE}),
    ("/basket/lines", {"code": "D001", "quantity": -1}),
    ("/basket/lines/1/quantity", {"quantity": HUGE}),
    ("/basket/lines/1/quantity", {"quantity": -HUGE}),
    (f"/basket/lines/{HUGE}/quantity", {"quantity": 1}),
    ("/basket/discount", {"reason": LONE, "percent": 5}),
    ("/basket/discount", {"reason": "a", "percent": HUGE}),
    ("/basket/discount", {"reason": "a", "percent": -1}),
    ("/basket/lines/1/discount", {"reason": LONE, "amount_fen": 1}),
    ("/basket/hold", {"label": LONE}),
    ("/basket/cancel", {"reason": LONE}),
    ("/held/%00/recall", {}),
    ("/scan", {"text": LONE}),
    ("/scan", {"text": "\x00" * 4096}),
    ("/scan/choose", {"choice": LONE, "index": 0}),
    ("/basket/tenders", {"kind": LONE, "amount_fen": 1}),
    ("/basket/tenders", {"kind": "card", "amount_fen": 1, "reference": LONE}),
    ("/basket/tenders", {"kind": "card", "amount_fen": 0, "reference": "1"}),
    ("/lookups", {"number": LONE}),
    ("/lookups", {"amount_fen": 1, "paid_at_ms": 2**53}),
    ("/drawer", {"movement": "paid_in", "amount_fen": 1, "reason": LONE}),
    ("/drawer", {"movement": LONE, "amount_fen": 1}),
    ("/shift/close", {"denominations": {LONE: 1}}),
    ("/shift/close", {"denominations": {"²": 1}}),
    ("/shift/close", {"denominations": {"10000": HUGE}}),
    ("/shift/close", {"denominations": {"1" * 5000: 1}}),
    ("/day/close", {"forced_reason": LONE}),
    ("/sales", {"reference": LONE, "lines": [LINE], "tenders": CASH}),
    ("/sales", {"reference": "1", "lines": [{**LINE, "name": LONE}], "tenders": CASH}),
    ("/sales", {"reference": "2", "lines": [{**LINE, "tax_bp": HUGE}], "tenders": CASH}),
    ("/sales", {"reference": "3", "lines": [{**LINE, "tax_bp": -5}], "tenders": CASH}),
    (
        "/sales",
        {"reference": "4", "lines": [{**LINE, "discounts": [{"reason": LONE, "amount_fen": 0}]}], "tenders": CASH},
    ),
    ("/sales", {"reference": "5", "lines": [LINE], "tenders": [{**CASH[0], "given_fen": 10**11}]}),
    ("/sales", {"reference": "6", "lines": [{**LINE, "quantity": -1}], "tenders": CASH}),
    ("/sales/S001-1-000001/refunds", {"reason": LONE}),
    (f"/sales/{'x' * 3000}/refunds", {"reason": "a"}),
    ("/refunds", {"lines": [{"name": "a", "quantity": HUGE, "total_fen": 1}], "reason": "a"}),
    ("/refunds", {"lines": [{"name": "a", "quantity": -1, "total_fen": 1}], "reason": "a"}),
    ("/refunds", {"lines": [{"name": LONE, "total_fen": 1}], "reason": "a"}),
    ("/slips/%00/reprint", {}),
    ("/attempts/%00/park", {}),
    ("/messages/%00/read", {}),
    ("/session", {"staff": LONE, "pin": "1234", "till": "1"}),
    ("/session", {"staff": "07", "pin": LONE * 4, "till": "1"}),
    ("/session", {"staff": "07", "pin": "777777", "till": LONE}),
)
GETS = (
    f"/events?after={HUGE}",
    f"/sales?limit={HUGE}",
    f"/sales?limit=-{HUGE}",
    "/sales?day=%00",
    "/sales/%00",
    "/attempts/%ff",
)


def test_no_body_or_address_is_a_defect(open_shop: Shop, log_in: Callable[..., TestClient]) -> None:
    manager = log_in("01")
    defects = []
    for number, (path, body) in enumerate(POSTS):
        manager.post("/api/v1/basket/lines", json={"code": "D001"})
        headers = {**keyed(f"k{number}"), "Content-Type": "application/json"}
        answer = manager.post(f"/api/v1{path}", content=json.dumps(body), headers=headers)
        if answer.status_code == 500:
            defects.append((path, str(body)[:60], answer.json()["error"]["code"]))
    for path in GETS:
        answer = manager.get(f"/api/v1{path}")
        if answer.status_code == 500:
            defects.append((path, "", answer.json()["error"]["code"]))
    assert not defects, defects
