"""Slips that nobody saw come out, and copies."""

from typing import Any

from fastapi import APIRouter

from agent.core.errors import Refused
from agent.services import printing
from agent.store.spool import SlipState
from agent.web.access import AnySeat, approved
from agent.web.bodies import Approvable, ConfirmBody

router = APIRouter(tags=["slips"])
Shown = dict[str, Any]


@router.get("/slips")
def slips(seat: AnySeat, state: str = "unconfirmed") -> list[Shown]:
    """Return the slips in a state with their printers; without one those that the cashier is asked about."""
    try:
        wanted = SlipState(state)
    except ValueError as error:
        raise Refused("request.malformed", field="state") from error
    return printing.listed(seat.shop, wanted)


@router.post("/slips/{slip}/reprint")
def reprint_slip(slip: str, body: Approvable, seat: AnySeat) -> Shown:
    """Print a copy of a slip."""
    return printing.reprint(seat.shop, seat.actor, slip, approved(seat.shop, body.approval))


@router.post("/slips/{slip}/confirm")
def confirm_slip(slip: str, body: ConfirmBody, seat: AnySeat) -> Shown:
    """Say whether a slip came out; a copy is printed when it did not."""
    return printing.confirm(seat.shop, seat.actor, slip, body.printed)
