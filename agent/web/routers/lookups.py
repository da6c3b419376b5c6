"""“I paid, you don't have it”: looking a payment up. The answer comes as the live event `lookup`, or is asked for."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter

from agent.core.errors import Refused
from agent.services import lookup
from agent.web.access import AnySeat, TheWeb
from agent.web.bodies import LookupBody, NoBody

router = APIRouter(tags=["payments"])
Shown = dict[str, Any]


@router.post("/lookups", status_code=HTTPStatus.ACCEPTED)
def look_up(body: LookupBody, seat: AnySeat, web: TheWeb) -> Shown:
    """Look a payment up by a number of the customer's bill, or by amount and time; places are asked meanwhile."""
    shop, actor = seat.shop, seat.actor
    by_terms = body.amount_fen is not None and body.paid_at_ms is not None
    if (body.number is None) is not by_terms:
        raise Refused("lookup.terms")
    if body.number is not None:
        asked, run = lookup.start_by_number(shop, actor, body.number)
    else:
        within_ms = body.within_min * 60_000
        asked, run = lookup.start_by_terms(shop, actor, body.amount_fen or 0, body.paid_at_ms or 0, within_ms)
    web.run(run)
    return asked


@router.get("/lookups/{number}")
def looked_up(number: str, seat: AnySeat) -> Shown:
    """Return where a look-up stands: `state` is asking or answered."""
    return lookup.get(seat.shop, seat.actor, number)


@router.post("/lookups/{number}/slip")
def print_slip(number: str, body: NoBody, seat: AnySeat) -> Shown:
    """Print the slip of a payment that can't be looked up now, beside which nothing else is taken."""
    return lookup.print_slip(seat.shop, seat.actor, number)
