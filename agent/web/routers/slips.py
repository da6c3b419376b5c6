"""Slips that nobody saw come out, and copies."""

from typing import Any

from fastapi import APIRouter

from agent.core.errors import Refused
from agent.services import printing
from agent.web.access import AnySeat, approved
from agent.web.bodies import Approvable, ConfirmBody

router = APIRouter(tags=["slips"])
Shown = dict[str, Any]


@router.get("/slips")
def slips(seat: AnySeat, state: str = "unconfirmed") -> list[Shown]:
    """Return the slips that the cashier is asked about."""
    if state != "unconfirmed":
        raise Refused("request.malformed", field="state")
    return printing.unconfirmed(seat.shop)


@router.post("/slips/{slip}/reprint")
def reprint_slip(slip: str, body: Approvable, seat: AnySeat) -> Shown:
    """Print a copy of a slip."""
    return printing.reprint(seat.shop, seat.actor, slip, approved(seat.shop, body.approval))


@router.post("/slips/{slip}/confirm")
def confirm_slip(slip: str, body: ConfirmBody, seat: AnySeat) -> Shown:
    """Say whether a slip came out; a copy is printed when it did not."""
    return printing.confirm(seat.shop, seat.actor, slip, body.printed)
