"""What the customer sees on the page beside the till."""

from typing import Any

from fastapi import APIRouter

from agent.services import customer_display
from agent.web.access import TheWeb
from agent.web.qr import with_rows

router = APIRouter(tags=["display"])


@router.get("/display/{till}")
def display(till: str, web: TheWeb) -> dict[str, Any]:
    """Return names and amounts only, and the code of a payment that waits for a scan; nobody need be logged in."""
    shown = customer_display.shown(web.shop, till)
    return {**shown, "payment": with_rows(shown["payment"])}
