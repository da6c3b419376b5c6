"""Taking money: tenders at the counter, wallets by the customer's code, attempts."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response

from agent.services import checkout, payments, tendering
from agent.web.access import AnySeat, MoneyKey, TheWeb, approved
from agent.web.bodies import Approvable, TenderBody

router = APIRouter(tags=["payments"])
Shown = dict[str, Any]


@router.post("/basket/tenders")
def take_tender(body: TenderBody, seat: AnySeat, key: MoneyKey, web: TheWeb, response: Response) -> Shown:
    """Take one tender. With `auth_code` the answer is 202 and an attempt: a platform is asked meanwhile."""
    shop, actor = seat.shop, seat.actor
    if body.auth_code is not None:
        attempt, submit = payments.start_code_payment(shop, actor, body.kind, body.auth_code, key)
        web.run(submit)
        response.status_code = HTTPStatus.ACCEPTED
        return {"basket": checkout.basket(shop, actor), "completed": None, "attempt": attempt}
    if body.kind == "free":
        return tendering.finish_free(shop, actor, key)
    if body.kind == "cash":
        given_fen = body.given_fen if body.given_fen is not None else body.amount_fen
        return tendering.pay_cash(shop, actor, given_fen, key)
    approval = approved(shop, body.approval)
    return tendering.pay_other(shop, actor, body.kind, body.amount_fen, body.reference, approval, key)


@router.get("/attempts/{attempt}")
def attempt(attempt: str, seat: AnySeat) -> Shown:
    """Return where an attempt stands."""
    return payments.attempt(seat.shop, attempt)


@router.post("/attempts/{attempt}/park")
def park_attempt(attempt: str, body: Approvable, seat: AnySeat) -> Shown:
    """Release the sale of an unknown attempt to another tender."""
    return payments.park(seat.shop, seat.actor, attempt, approved(seat.shop, body.approval))
