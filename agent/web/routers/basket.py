"""Ringing up."""

from typing import Any

from fastapi import APIRouter

from agent.services import checkout, weighing
from agent.web.access import AnySeat, approved
from agent.web.bodies import AddBody, DiscountBody, HoldBody, NoBody, PriceBody, QuantityBody, ReasonBody

router = APIRouter(tags=["basket"])
Shown = dict[str, Any]


@router.post("/basket/lines")
def add_line(body: AddBody, seat: AnySeat) -> Shown:
    """Add an item by its number or barcode."""
    if body.from_scale:
        return weighing.add_from_scale(seat.shop, seat.actor, body.code, body.price_fen, again=body.again)
    return checkout.add_code(seat.shop, seat.actor, body.code, body.quantity, body.price_fen)


@router.post("/basket/lines/{line}/quantity")
def change_quantity(line: int, body: QuantityBody, seat: AnySeat) -> Shown:
    """Set the quantity of a line; 0 removes it."""
    return checkout.change_quantity(seat.shop, seat.actor, line, body.quantity)


@router.delete("/basket/lines/{line}")
def remove_line(line: int, seat: AnySeat) -> Shown:
    """Take a line out."""
    return checkout.remove_line(seat.shop, seat.actor, line)


@router.post("/basket/lines/{line}/price")
def override_price(line: int, body: PriceBody, seat: AnySeat) -> Shown:
    """Sell a line at another unit price."""
    return checkout.override_price(seat.shop, seat.actor, line, body.price_fen, approved(seat.shop, body.approval))


@router.post("/basket/lines/{line}/discount")
def discount_line(line: int, body: DiscountBody, seat: AnySeat) -> Shown:
    """Reduce one line."""
    approval = approved(seat.shop, body.approval)
    return checkout.discount_line(
        seat.shop, seat.actor, line, body.reason, body.amount_fen, body.percent, approval=approval
    )


@router.post("/basket/discount")
def discount_sale(body: DiscountBody, seat: AnySeat) -> Shown:
    """Reduce the whole sale."""
    approval = approved(seat.shop, body.approval)
    return checkout.discount_sale(seat.shop, seat.actor, body.reason, body.amount_fen, body.percent, approval=approval)


@router.delete("/basket/discount")
def clear_discounts(seat: AnySeat) -> Shown:
    """Take the discounts of the whole sale back."""
    return checkout.clear_discounts(seat.shop, seat.actor)


@router.post("/basket/age-checked")
def age_checked(body: NoBody, seat: AnySeat) -> Shown:
    """Note that the customer's age was checked."""
    return checkout.age_checked(seat.shop, seat.actor)


@router.post("/basket/hold")
def hold(body: HoldBody, seat: AnySeat) -> Shown:
    """Set the basket aside."""
    checkout.hold(seat.shop, seat.actor, body.label)
    return {}


@router.get("/held")
def held(seat: AnySeat) -> list[Shown]:
    """Return the held baskets of the store."""
    return checkout.held(seat.shop)


@router.post("/held/{sale}/recall")
def recall(sale: str, body: NoBody, seat: AnySeat) -> Shown:
    """Take a held basket up at this till."""
    return checkout.recall(seat.shop, seat.actor, sale)


@router.post("/basket/total")
def ask_total(body: NoBody, seat: AnySeat) -> Shown:
    """Go to paying."""
    return checkout.ask_total(seat.shop, seat.actor)


@router.post("/basket/back")
def back_to_ringing(body: NoBody, seat: AnySeat) -> Shown:
    """Go back to ringing up."""
    return checkout.back_to_ringing(seat.shop, seat.actor)


@router.post("/basket/cancel")
def cancel(body: ReasonBody, seat: AnySeat) -> Shown:
    """Give the basket up."""
    checkout.cancel(seat.shop, seat.actor, body.reason, approved(seat.shop, body.approval))
    return {}
