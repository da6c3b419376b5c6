"""What headquarters let nobody sell, at a basket that was rung up before they said so."""

from agent.core.sale import Basket
from agent.services.shop import Shop


def refuse_stopped(shop: Shop, basket: Basket) -> None:
    """Refuse to take money for what must not be sold; a sale for which money was taken already may be finished."""
    if basket.tenders:
        return
    for line in basket.lines:
        shop.stop_sale.check(line.sku, line.name)
