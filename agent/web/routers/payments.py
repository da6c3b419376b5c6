"""Taking money: tenders at the counter, wallets by the customer's code, attempts."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response

from agent.services import abandoned, checkout, payments, pending, phone_payments, tendering
from agent.web.access import AnySeat, MoneyKey, Seat, TheWeb, Web, approved
from agent.web.bodies import Approvable, TenderBody
from agent.web.qr import with_rows

router = APIRouter(tags=["payments"])
Shown = dict[str, Any]


@router.post("/basket/tenders")
def take_tender(body: TenderBody, seat: AnySeat, key: MoneyKey, web: TheWeb, response: Response) -> Shown:
    """Take one tender. With `auth_code` or `method` the answer is 202 and an attempt: a platform is asked meanwhile."""
    shop, actor = seat.shop, seat.actor
    if body.method == "qr":
        attempt, submit = payments.start_qr_payment(shop, actor, body.kind, key)
        return _under_way(seat, web, response, attempt, submit)
    if body.method == "phone":
        order = phone_payments.start_phone_payment(shop, actor, key)
        return _under_way(seat, web, response, order, shop.wake_resolver)
    if body.auth_code is not None:
        attempt, submit = payments.start_code_payment(shop, actor, body.kind, body.auth_code, key)
        return _under_way(seat, web, response, attempt, submit)
    if body.kind == "free":
        return tendering.finish_free(shop, actor, key)
    if body.kind == "cash":
        given_fen = body.given_fen if body.given_fen is not None else body.amount_fen
        return tendering.pay_cash(shop, actor, given_fen, key)
    approval = approved(shop, body.approval)
    return tendering.pay_other(shop, actor, body.kind, body.amount_fen, body.reference, approval, key)


def _under_way(seat: Seat, web: Web, response: Response, attempt: Shown, submit: Callable[[], None]) -> Shown:
    web.run(submit)
    response.status_code = HTTPStatus.ACCEPTED
    return {"basket": checkout.basket(seat.shop, seat.actor), "completed": None, "attempt": with_rows(attempt)}


@router.get("/attempts/{attempt}")
def attempt(attempt: str, seat: AnySeat) -> Shown | None:
    """Return where an attempt stands; `qr` is the text of a code that the customer may scan, `qr_rows` its drawing."""
    return with_rows(payments.attempt(seat.shop, attempt))


@router.post("/attempts/{attempt}/give-up")
def give_up_attempt(attempt: str, seat: AnySeat) -> Shown:
    """The customer does not pay after all: undo or close it as soon as it may be."""
    return payments.give_up(seat.shop, seat.actor, attempt)


@router.post("/attempts/{attempt}/set-aside")
def set_aside_attempt(attempt: str, seat: AnySeat) -> Shown:
    """Set the till's sale aside with its open payment: the next customer first."""
    return pending.set_aside(seat.shop, seat.actor, attempt)


@router.post("/attempts/{attempt}/use")
def use_attempt(attempt: str, seat: AnySeat, key: MoneyKey) -> Shown:
    """Take a paid attempt that no sale has taken for the sale at this till."""
    return abandoned.use(seat.shop, seat.actor, attempt, key)


@router.post("/attempts/{attempt}/give-back")
def give_back_attempt(attempt: str, seat: AnySeat, key: MoneyKey) -> Shown:
    """Give a paid attempt that no sale has taken back, the way it came."""
    return abandoned.give_back(seat.shop, seat.actor, attempt, key)


@router.post("/attempts/{attempt}/code")
def print_attempt_code(attempt: str, seat: AnySeat) -> Shown:
    """Print the code of an order for the customer's own phone."""
    return phone_payments.print_code(seat.shop, seat.actor, attempt)


@router.post("/attempts/{attempt}/slip")
def print_attempt_slip(attempt: str, seat: AnySeat) -> Shown:
    """Print the customer's slip of a payment without an end."""
    return pending.print_slip(seat.shop, seat.actor, attempt)


@router.get("/attempts")
def list_pending(seat: AnySeat) -> Shown:
    """Return what has no end yet: payments, paid ones that no sale has taken, refunds on their way."""
    return pending.listed(seat.shop, seat.actor)


@router.post("/attempts/{attempt}/park")
def park_attempt(attempt: str, body: Approvable, seat: AnySeat) -> Shown:
    """Release the sale of an unknown attempt to another tender."""
    return payments.park(seat.shop, seat.actor, attempt, approved(seat.shop, body.approval))
