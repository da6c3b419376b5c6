"""What the customer sees on the page beside the till."""

from typing import Any

from fastapi import APIRouter

from agent.services import customer_display
from agent.web.access import TheWeb

router = APIRouter(tags=["display"])


@router.get("/display/{till}")
def display(till: str, web: TheWeb) -> dict[str, Any]:
    """Return names and amounts only; nobody need be logged in."""
    return customer_display.shown(web.shop, till)
