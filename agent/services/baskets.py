"""Baskets on disk: a till's draft, and the form in which pages see it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from agent.core.errors import Refused
from agent.core.events import Discount, SaleLine, TenderLine
from agent.core.ids import sale_number
from agent.core.pricing import SaleDiscount
from agent.core.sale import Basket, BasketState
from agent.services.shop import Actor
from agent.services.trade import beginning
from agent.store.drafts import delete_draft, live_draft_text, load_draft, save_draft
from agent.store.unit import Unit


def line_from(data: Mapping[str, Any]) -> SaleLine:
    """Build a line from its plain data."""
    discounts = tuple(Discount(**discount) for discount in data["discounts"])
    return SaleLine(**{**data, "discounts": discounts})


def basket_from(data: Mapping[str, Any]) -> Basket:
    """Build a basket from a draft's plain data."""
    return Basket(
        **{
            **data,
            "state": BasketState(data["state"]),
            "lines": tuple(line_from(line) for line in data["lines"]),
            "discounts": tuple(SaleDiscount(**discount) for discount in data["discounts"]),
            "tenders": tuple(TenderLine(**tender) for tender in data["tenders"]),
        }
    )


def basket_data(basket: Basket) -> dict[str, Any]:
    """Return a basket's plain data for a draft."""
    return {**asdict(basket), "state": basket.state.value}


_RECENT_MAX = 64
_recent: dict[str, Basket] = {}
"""Baskets by their stored text: what was saved is read again at the next touch, and a basket never changes."""


def _remembered(text: str, basket: Basket) -> Basket:
    if len(_recent) >= _RECENT_MAX:
        _recent.clear()
    _recent[text] = basket
    return basket


def _parsed(text: str) -> Basket:
    found = _recent.get(text)
    return _remembered(text, basket_from(json.loads(text))) if found is None else found


def current(connection: Any, till: str) -> Basket | None:
    """Return the basket that a till is ringing up or taking money for, or None."""
    text = live_draft_text(connection, till)
    return None if text is None else _parsed(text)


def required(connection: Any, till: str) -> Basket:
    """Return the till's basket; refuses when there is none (`sale.empty`)."""
    basket = current(connection, till)
    if basket is None:
        raise Refused("sale.empty")
    return basket


def by_sale(connection: Any, sale: str) -> Basket | None:
    """Return the draft of a sale at whatever till, or None."""
    draft = load_draft(connection, sale)
    return None if draft is None else basket_from(draft.body)


def begun(unit: Unit, actor: Actor) -> Basket:
    """Return the till's basket, a new one with the next sale number when there is none."""
    basket = current(unit.connection, actor.till)
    if basket is not None:
        return basket
    trade = beginning(unit.connection, actor)
    number = sale_number(unit.identity.store, unit.identity.epoch, unit.counter("sale"))
    return Basket(number, actor.till, trade.shift, actor.staff, trade.day)


def save(unit: Unit, basket: Basket) -> None:
    """Store a basket as its till's draft; one that has ended is removed."""
    if basket.state in (BasketState.COMPLETED, BasketState.CANCELLED):
        delete_draft(unit, basket.sale)
        return
    data = basket_data(basket)
    text = save_draft(unit, sale=basket.sale, till=basket.till, state=basket.state.value, body=data)
    _remembered(text, basket)


def cash_fen(basket: Basket) -> int:
    """Return the cash that was taken for a basket: it lies in the drawer of the basket's till."""
    return sum(tender.amount_fen for tender in basket.tenders if tender.kind == "cash")


def taken_over(basket: Basket, actor: Actor, shift: str | None, day: str) -> Basket:
    """Return a held basket for the till that recalls it."""
    return replace(basket, till=actor.till, staff=actor.staff, shift=shift, day=day)


def shown(basket: Basket | None) -> dict[str, Any] | None:
    """Return what pages show of a basket (`Basket` of docs/decisions/002), or None."""
    if basket is None:
        return None
    price = basket.priced()
    return {
        "sale": basket.sale,
        "state": basket.state.value,
        "label": basket.label,
        "lines": [asdict(line) for line in price.lines],
        "discounts": [asdict(discount) for discount in price.sale_discounts],
        "list_fen": price.list_fen,
        "total_fen": price.total_fen,
        "tendered_fen": basket.tendered_fen,
        "due_fen": price.total_fen - basket.tendered_fen,
        "tenders": [asdict(tender) for tender in basket.tenders],
        "attempt": basket.attempt,
    }
