"""Sales of third-party tills: rung up and paid elsewhere, journaled and printed here."""

from typing import Any

from fastapi import APIRouter

from agent.services import foreign_sales
from agent.web.access import AnySeat, MoneyKey
from agent.web.bodies import SaleBody

router = APIRouter(tags=["sales"])


@router.post("/sales")
def record_sale(body: SaleBody, seat: AnySeat, key: MoneyKey) -> dict[str, Any]:
    """Journal a paid sale of another till and print its receipt."""
    plain = body.model_dump()
    return foreign_sales.record_sale(seat.shop, seat.actor, plain["reference"], plain["lines"], plain["tenders"], key)
