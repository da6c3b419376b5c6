"""What happens when a code is scanned: one pure recogniser, then the same use cases as the page and the API."""

from collections.abc import Callable
from typing import Any

from agent.core.codes import recognise
from agent.core.errors import Refused, StoreboxError
from agent.core.recognition import Command, Kind, Recognition, Situation
from agent.core.sale import BasketState
from agent.services import baskets, checkout, payments, printing, shifts, tendering
from agent.services.shop import Actor, Shop
from agent.services.slips import queue_help_slip
from agent.services.trade import trading
from agent.store.unit import Unit

Shown = dict[str, Any]
Run = Callable[[Callable[[], None]], None]


def situation(shop: Shop, actor: Actor | None, till: str) -> Situation:
    """Return the till's state as far as it decides what a code means."""
    basket = baskets.current(shop.read(), till)
    due = basket is not None and basket.state is BasketState.PAYING and basket.due_fen > 0
    by_plu = shop.catalog.by_plu

    def plu_price(plu: str) -> int | None:
        item = by_plu.get(plu)
        return None if item is None else item.price_fen

    return Situation(
        store=shop.identity.store,
        total_due=due,
        basket_empty=basket is None or not basket.lines,
        login=actor is None,
        scale_layouts=shop.scale_layouts,
        has_item=lambda code: shop.catalog.find(code) is not None,
        has_plu=lambda plu: plu in by_plu,
        plu_price_fen=plu_price,
    )


def scanned(shop: Shop, actor: Actor | None, till: str, text: str, run: Run, key: str | None = None) -> Shown:
    """Take one whole scan at a till: returns `{action, …}` and tells the pages.

    `run` starts a call on a thread of its own (a platform is asked there). Every refusal comes back as the action
    `refused` with its code and is published as a notice; nothing is charged from a code with two readings.
    """
    try:
        found = recognise(text, situation(shop, actor, till))
        if actor is None and found.kind is not Kind.UNKNOWN:
            raise Refused("staff.nobody_logged_in")
        answer = _act(shop, actor, found, run, key) if actor else _said(found)
    except StoreboxError as error:
        answer = {"action": "refused", "code": error.code, "values": error.values, "family": error.family.value}
    shop.publish("scan", {"till": till, **answer})
    return answer


def _said(found: Recognition) -> Shown:
    return {"action": "refused", "code": found.code or "code.unknown", "values": {}, "family": "refused"}


def _act(shop: Shop, actor: Actor, found: Recognition, run: Run, key: str | None) -> Shown:
    if found.kind is Kind.ITEM and found.known and found.item:
        return _item(shop, actor, found.item)
    if found.kind is Kind.ITEM:
        raise Refused("item.unknown", code=found.item or "")
    if found.kind is Kind.SCALE_ITEM:
        return _scale_item(shop, actor, found)
    if found.kind is Kind.PAYMENT_CODE:
        started, submit = payments.start_code_payment(shop, actor, found.platform or "", found.text, key)
        run(submit)
        return {"action": "attempt", "attempt": started}
    if found.kind is Kind.COMMAND and found.command:
        return _COMMANDS[found.command](shop, actor, key)
    if found.kind in (Kind.RECEIPT, Kind.LOOKUP) and found.number:
        return {"action": "lookup", "number": found.number, "platform": found.platform, "store": found.store}
    return _said(found)


def _item(shop: Shop, actor: Actor, code: str) -> Shown:
    item = shop.catalog.item(code)
    if item.price_fen is None:
        return {"action": "ask_price", "sku": item.sku, "name": item.name}
    return {"action": "line", "basket": checkout.add_item(shop, actor, item, 1 if item.unit == "pc" else 1000)}


def _scale_item(shop: Shop, actor: Actor, found: Recognition) -> Shown:
    item = shop.catalog.by_plu.get(found.item or "")
    if item is None:
        raise Refused("item.unknown", code=found.item or "")
    weight_g = found.weight_g
    if item.unit == "pc":
        shown = checkout.add_item(shop, actor, item, 1, list_fen=found.amount_fen)
    else:
        grams = weight_g if weight_g is not None else checkout.weighed_quantity(item, found.amount_fen or 0)
        shown = checkout.add_item(shop, actor, item, grams, list_fen=found.amount_fen)
    return {"action": "line", "basket": shown}


def _cash(shop: Shop, actor: Actor, key: str | None) -> Shown:
    return {"action": "paid", **tendering.pay_cash(shop, actor, None, key)}


def _cancel(shop: Shop, actor: Actor, key: str | None) -> Shown:
    checkout.cancel(shop, actor, "command card")
    return {"action": "cancelled"}


def _subtotal(shop: Shop, actor: Actor, key: str | None) -> Shown:
    return {"action": "total", "basket": checkout.ask_total(shop, actor)}


def _hold(shop: Shop, actor: Actor, key: str | None) -> Shown:
    checkout.hold(shop, actor, "")
    return {"action": "held"}


def _recall(shop: Shop, actor: Actor, key: str | None) -> Shown:
    waiting = checkout.held(shop)
    if not waiting:
        raise Refused("sale.not_held", sale="")
    return {"action": "line", "basket": checkout.recall(shop, actor, waiting[0]["sale"])}


def _reprint(shop: Shop, actor: Actor, key: str | None) -> Shown:
    return {"action": "reprint", **printing.reprint_last(shop, actor)}


def _x_report(shop: Shop, actor: Actor, key: str | None) -> Shown:
    return {"action": "x_report", **shifts.print_x(shop, actor)}


def _needs_page(what: str) -> Callable[[Shop, Actor, str | None], Shown]:
    def answer(shop: Shop, actor: Actor, key: str | None) -> Shown:
        return {"action": "open", "page": what}

    return answer


def _no_sale(shop: Shop, actor: Actor, key: str | None) -> Shown:
    shifts.move_drawer(shop, actor, "no_sale", 0, "command card", key=key)
    return {"action": "drawer"}


def _help(shop: Shop, actor: Actor, key: str | None) -> Shown:
    def command(unit: Unit) -> Shown:
        return {"slip": queue_help_slip(shop, unit, trading(unit.connection, actor))}

    answer: Shown = shop.writer.run(command)
    shop.wake_printer(shop.tills[actor.till].printer)
    return {"action": "help", **answer}


_COMMANDS: dict[Command, Callable[[Shop, Actor, str | None], Shown]] = {
    Command.CASH: _cash,
    Command.CANCEL: _cancel,
    Command.SUBTOTAL: _subtotal,
    Command.HOLD: _hold,
    Command.RECALL: _recall,
    Command.REPRINT: _reprint,
    Command.XREPORT: _x_report,
    Command.ZREPORT: _needs_page("close_shift"),
    Command.OPENSHIFT: _needs_page("open_shift"),
    Command.NOSALE: _no_sale,
    Command.HELP: _help,
}
