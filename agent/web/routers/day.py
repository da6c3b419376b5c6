"""The store's business day, a till's shift, its drawer."""

from typing import Any

from fastapi import APIRouter

from agent.services import days, shifts
from agent.web.access import AnySeat, MoneyKey, approved
from agent.web.bodies import Approvable, DayCloseBody, DrawerBody, NoBody, ShiftCloseBody, ShiftOpenBody

router = APIRouter(tags=["day"])
Shown = dict[str, Any]


@router.post("/day/open")
def open_day(body: Approvable, seat: AnySeat, key: MoneyKey) -> Shown:
    """Open the store's business day."""
    return days.open_the_day(seat.shop, seat.actor, approved(seat.shop, body.approval), key)


@router.get("/day/unfinished")
def unfinished(seat: AnySeat) -> list[Shown]:
    """Return what is not finished, by name."""
    return days.unfinished_things(seat.shop)


@router.post("/day/close")
def close_day(body: DayCloseBody, seat: AnySeat, key: MoneyKey) -> Shown:
    """Close the store's business day; returns its report."""
    approval = approved(seat.shop, body.approval)
    return days.close_the_day(seat.shop, seat.actor, body.forced_reason, approval, key)


@router.post("/shift/open")
def open_shift(body: ShiftOpenBody, seat: AnySeat, key: MoneyKey) -> Shown:
    """Begin the till's shift with a counted float."""
    return shifts.open_a_shift(seat.shop, seat.actor, body.float_fen, key)


@router.get("/shift/x")
def x_report(seat: AnySeat) -> Shown:
    """Return the running shift's figures."""
    return shifts.x_report(seat.shop, seat.actor)


@router.post("/shift/x/print")
def print_x_report(body: NoBody, seat: AnySeat) -> Shown:
    """Print the running shift's figures."""
    return shifts.print_x(seat.shop, seat.actor)


@router.post("/shift/close")
def close_shift(body: ShiftCloseBody, seat: AnySeat, key: MoneyKey) -> Shown:
    """Close the shift on a blind count; returns the Z report."""
    approval = approved(seat.shop, body.approval)
    return shifts.close_shift(seat.shop, seat.actor, body.denominations, body.reason, approval, body.recounted, key)


@router.post("/drawer")
def move_drawer(body: DrawerBody, seat: AnySeat, key: MoneyKey) -> Shown:
    """Put cash in or take it out without a sale, or open the drawer."""
    approval = approved(seat.shop, body.approval)
    return shifts.move_drawer(
        seat.shop, seat.actor, body.movement, body.amount_fen, body.reason, body.reference, approval, key
    )
