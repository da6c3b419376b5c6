"""Sales that were made, and giving money back."""

from typing import Any

from fastapi import APIRouter

from agent.services import printing, refunds
from agent.services.authority import require
from agent.web.access import AnySeat, MoneyKey, approved
from agent.web.bodies import Approvable, GoodsRefundBody, RefundBody

router = APIRouter(tags=["sales"])
Shown = dict[str, Any]


@router.get("/sales")
def recent_sales(seat: AnySeat, day: str | None = None, limit: int = 50) -> list[Shown]:
    """Return the newest sales, of one business day when given."""
    require(seat.shop, seat.actor, "see_sales")
    return refunds.recent(seat.shop, day, limit)


@router.get("/sales/{sale}")
def sale(sale: str, seat: AnySeat) -> Shown:
    """Return a sale, and what went back of it."""
    require(seat.shop, seat.actor, "see_sales")
    return refunds.sale(seat.shop, sale)


@router.post("/sales/{sale}/refunds")
def refund_sale(sale: str, body: RefundBody, seat: AnySeat, key: MoneyKey) -> Shown:
    """Give units of a sale's lines back, or all that is left."""
    lines = None if body.lines is None else {int(line): units for line, units in body.lines.items()}
    approval = approved(seat.shop, body.approval)
    return refunds.refund_sale(seat.shop, seat.actor, sale, lines, body.reason, body.in_cash, approval, key)


@router.post("/refunds")
def refund_goods(body: GoodsRefundBody, seat: AnySeat, key: MoneyKey) -> Shown:
    """Give cash back for goods without a receipt."""
    lines = refunds.refund_lines([line.model_dump() for line in body.lines])
    approval = approved(seat.shop, body.approval)
    return refunds.refund_goods(seat.shop, seat.actor, lines, body.reason, approval, key=key)


@router.post("/sales/{sale}/reprint")
def reprint_sale(sale: str, body: Approvable, seat: AnySeat) -> Shown:
    """Print a copy of a sale's receipt."""
    return printing.reprint_sale(seat.shop, seat.actor, sale, approved(seat.shop, body.approval))
