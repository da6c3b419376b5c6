"""What the customer sees: names and amounts of the till's basket, and the change of its last sale."""

from typing import Any

from fastapi import APIRouter

from agent.core.errors import Refused
from agent.services import checkout, health, refunds
from agent.services.shop import Actor, Shop
from agent.web.access import TheWeb

router = APIRouter(tags=["display"])
Shown = dict[str, Any]
LAST_SHOWN_MS = 90_000


@router.get("/display/{till}")
def display(till: str, web: TheWeb) -> Shown:
    """Return names and amounts only; nobody need be logged in."""
    shop = web.shop
    if till not in shop.tills:
        raise Refused("till.unknown", till=till[:40])
    nobody = Actor("", "", "cashier", till)
    basket = checkout.basket(shop, nobody)
    store = {"name": shop.store.name, "branch": shop.store.branch}
    if basket is None or not basket["lines"]:
        return {"store": store, "basket": None, "last": _last(shop, nobody)}
    return {"store": store, "basket": _basket(basket), "last": None}


def _basket(basket: Shown) -> Shown:
    names = ("name", "quantity", "unit", "list_fen", "total_fen")
    return {
        "state": basket["state"],
        "lines": [{name: line[name] for name in names} for line in basket["lines"]],
        **{name: basket[name] for name in ("list_fen", "total_fen", "tendered_fen", "due_fen")},
    }


def _last(shop: Shop, nobody: Actor) -> Shown | None:
    last = health.state(shop, nobody)["last"]
    if last is None:
        return None
    sale = refunds.sale(shop, last["sale"])
    if shop.clock.now_ms() - sale["at_ms"] > LAST_SHOWN_MS:
        return None
    change_fen = sum(tender["change_fen"] or 0 for tender in sale["tenders"])
    return {"total_fen": sale["total_fen"], "change_fen": change_fen, "calling": sale["calling"]}
