"""Headquarters' messages, acknowledged at a till."""

from typing import Any

from fastapi import APIRouter

from agent.services import messages
from agent.web.access import AnySeat
from agent.web.bodies import NoBody

router = APIRouter(tags=["messages"])


@router.post("/messages/{message}/read")
def read(message: str, body: NoBody, seat: AnySeat) -> dict[str, Any]:
    """Say that a message was read at this till; it is not shown there again. Returns those that are left."""
    messages.acknowledge(seat.shop, seat.actor, message)
    return {"messages": messages.unread(seat.shop, seat.shop.read(), seat.actor.till)}
