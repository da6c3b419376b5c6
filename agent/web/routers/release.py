"""The release that waits for a quiet moment at the counter."""

from typing import Any

from fastapi import APIRouter

from agent.core.errors import Refused
from agent.web.access import AnySeat
from agent.web.bodies import NoBody

router = APIRouter(tags=["release"])
Shown = dict[str, Any]


@router.get("/upgrade")
def coming(seat: AnySeat) -> Shown:
    """Return the release that waits, `null` when none does."""
    releases = seat.shop.coming_release
    return {"waiting": None if releases is None else releases.shown()}


@router.post("/upgrade/later")
def put_off(body: NoBody, seat: AnySeat) -> Shown:
    """Put it off by half an hour, twice at most."""
    if seat.shop.coming_release is None:
        raise Refused("upgrade.nothing_pending")
    return {"waiting": seat.shop.coming_release.put_off()}
