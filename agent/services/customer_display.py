"""What the customer sees: names and amounts of the till's basket, and the change of its last sale.

`shown` is the whole of it, for the page beside the till; `pole` is the same on the two rows of a pole.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent.core.errors import Refused
from agent.core.money import yuan
from agent.core.receipt_parts import quantity_text
from agent.services import checkout, ended, payments
from agent.services.shop import Actor, Shop

Shown = dict[str, Any]
Row = tuple[str, str]
"""What stands at the left, and at the right."""
Translate = Callable[[str], str]

LAST_SHOWN_MS = 90_000


def shown(shop: Shop, till: str) -> Shown:
    """Return names and amounts only; nobody need be logged in. Refuses an unknown till (`till.unknown`)."""
    if till not in shop.tills:
        raise Refused("till.unknown", till=till[:40])
    nobody = Actor("", "", "cashier", till)
    basket = checkout.basket(shop, nobody)
    store = {"name": shop.store.name, "branch": shop.store.branch}
    if basket is None or not basket["lines"]:
        return {"store": store, "basket": None, "payment": None, "last": _last(shop, till)}
    return {"store": store, "basket": _basket(basket), "payment": _payment(shop, basket), "last": None}


def _payment(shop: Shop, basket: Shown) -> Shown | None:
    """Return the payment that is under way: by what name, how much, the code to scan, how long; None without one."""
    if basket["attempt"] is None:
        return None
    attempt = payments.attempt(shop, basket["attempt"])
    tender = next((one for one in shop.tenders.values() if one.platform == attempt["platform"]), None)
    names = ("attempt", "phase", "amount_fen", "seconds_left", "qr")
    return {
        **{name: attempt[name] for name in names},
        "name": attempt["platform"] if tender is None else tender.name_zh,
        "name_en": attempt["platform"] if tender is None else tender.name_en,
    }


def _basket(basket: Shown) -> Shown:
    names = ("name", "quantity", "unit", "list_fen", "total_fen")
    return {
        "state": basket["state"],
        "lines": [{name: line[name] for name in names} for line in basket["lines"]],
        **{name: basket[name] for name in ("list_fen", "total_fen", "tendered_fen", "due_fen")},
    }


def _last(shop: Shop, till: str) -> Shown | None:
    last = ended.last_sale(shop.read(), till)
    if last is None or shop.clock.now_ms() - last["at_ms"] > LAST_SHOWN_MS:
        return None
    return {
        "total_fen": last["total_fen"],
        "given_fen": last["total_fen"] + last["change_fen"],
        "change_fen": last["change_fen"],
        "calling": last["calling"],
    }


def pole(now: Shown, before: Shown | None, translate: Translate) -> tuple[Row, Row]:
    """Return the two rows of a pole: the line that changed since `before` and the total; what is due; what was given
    and the change; else the shop's name and a welcome. Pure.
    """
    basket, last = now["basket"], now["last"]
    if basket is None and last is None:
        return (now["store"]["name"], ""), (translate("Welcome"), "")
    if basket is None:
        if last["change_fen"]:
            return _money(translate("Received"), last["given_fen"]), _money(translate("Change"), last["change_fen"])
        return (translate("Thank you, come again"), ""), _money(translate("Received"), last["total_fen"])
    if basket["state"] == "paying":
        paid_fen = basket["tendered_fen"]
        first = _money(translate("Received"), paid_fen) if paid_fen else _money(translate("Total"), basket["total_fen"])
        return first, _money(translate("Total due"), basket["due_fen"])
    line = changed_line(basket["lines"], _lines(before))
    return _line(line), _money(translate("Total"), basket["total_fen"])


def changed_line(now: Sequence[Shown], before: Sequence[Shown]) -> Shown:
    """Return the line that a customer looks for: the last one that is not as it was, else the last one."""
    for place in range(len(now) - 1, -1, -1):
        if place >= len(before) or now[place] != before[place]:
            return now[place]
    return now[-1]


def _lines(before: Shown | None) -> list[Shown]:
    basket = before["basket"] if before is not None else None
    return basket["lines"] if basket is not None else []


def _line(line: Mapping[str, Any]) -> Row:
    amount = yuan(line["total_fen"])
    if line["unit"] == "pc" and line["quantity"] == 1:
        return line["name"], amount
    return line["name"], f"{quantity_text(line['quantity'], line['unit'])} {amount}"


def _money(left: str, amount_fen: int) -> Row:
    return left, yuan(amount_fen)
