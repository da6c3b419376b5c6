"""Weighed articles and the till's scale: the weight is taken from the scale by the box, not by whoever asks.

One weighing is sold once: goods that stay on the pan are offered again only when a person says so.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from agent.core.catalog import Item
from agent.core.errors import Refused, StoreboxError
from agent.services import checkout
from agent.services.shop import Actor, Shop

Shown = dict[str, Any]
SAME = "scale.same_weighing"


class WeightNow(Protocol):
    """What lies on a scale; `code` says why it can't be sold as it is."""

    @property
    def weight_g(self) -> int | None:
        """Grams, None when nothing is known."""

    @property
    def stable(self) -> bool:
        """Whether it stands still."""

    @property
    def code(self) -> str | None:
        """Why not, or None."""

    @property
    def weighing(self) -> int:
        """Counts weighings."""


class Scale(Protocol):
    """A till's scale, as the daemon drives it."""

    def weight(self) -> WeightNow:
        """Return what lies on it now; never waits."""

    def take(self, weighing: int) -> bool:
        """Sell this weighing: True for the first who asks, and no other."""

    def give_back(self, weighing: int) -> None:
        """Offer it again: its sale came to nothing."""


def shown(shop: Shop, till: str) -> Shown:
    """Return `{scale, weight_g, stable, code}` of a till: `scale` tells whether it has one."""
    scale = _scale(shop, till)
    if scale is None:
        return {"scale": False, "weight_g": None, "stable": False, "code": "scale.none"}
    now = scale.weight()
    return {"scale": True, "weight_g": now.weight_g, "stable": now.stable, "code": now.code}


def add_from_scale(shop: Shop, actor: Actor, code: str, price_fen: int | None = None, *, again: bool = False) -> Shown:
    """Add a weighed article with what lies on the till's scale.

    `again`: a person says that a weighing that was sold is sold once more. Refuses an article that is not weighed
    (`item.not_weighed`), and with the scale's code what can't be sold.
    """
    item = shop.catalog.item(code)
    if item.unit != "g":
        raise Refused("item.not_weighed", name=item.named(shop.store.language).name)
    return _add(shop, actor, item, price_fen, again=again)


def added_if_ready(shop: Shop, actor: Actor, item: Item) -> Shown | None:
    """Add a scanned article when its weight lies ready on the scale; None when somebody has to look."""
    scale = _scale(shop, actor.till)
    if scale is None or scale.weight().code is not None:
        return None
    try:
        return _add(shop, actor, item, None, again=False)
    except Refused as error:
        if error.code.startswith("scale."):  # it changed just now
            return None
        raise


def _add(shop: Shop, actor: Actor, item: Item, price_fen: int | None, *, again: bool) -> Shown:
    scale = _scale(shop, actor.till)
    if scale is None:
        raise Refused("scale.none")
    now = scale.weight()
    code = now.code or ("scale.unstable" if now.weight_g is None else None)
    if code is None and not scale.take(now.weighing):
        code = SAME
    if code is not None and not (again and code == SAME):
        raise Refused(code)
    try:
        return checkout.add_item(shop, actor, item, now.weight_g or 0, price_fen)
    except StoreboxError:
        if code is None:
            scale.give_back(now.weighing)
        raise


def _scale(shop: Shop, till: str) -> Scale | None:
    scales: Mapping[str, Scale] = shop.scales
    return scales.get(till)
