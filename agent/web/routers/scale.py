"""The till's scale."""

from typing import Any

from fastapi import APIRouter

from agent.services import weighing
from agent.web.access import AnySeat
from agent.web.live import with_sentences

router = APIRouter(tags=["scale"])


@router.get("/scale")
def scale(seat: AnySeat) -> dict[str, Any]:
    """Return what lies on the till's scale now; with `error` when it can't be sold as it is."""
    return with_sentences(weighing.shown(seat.shop, seat.actor.till))
