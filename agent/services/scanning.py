"""What happens when a code is scanned: one pure recogniser, then the same use cases as the page and the API.

What can be read in two ways is offered, not guessed: the answer `ask` names the readings and a token, and
`choose` takes one of them. A payment code stays in memory meanwhile; no answer and no event holds its text.
"""

import re
from collections.abc import Callable
from typing import Any

from agent.core.codes import recognise
from agent.core.errors import Refused, StoreboxError
from agent.core.passes import PassKind
from agent.core.recognition import Command, Kind, Recognition, Situation, TechnicianCommand
from agent.core.sale import BasketState
from agent.services import baskets, checkout, lookup, payments, phone_payments, printing, shifts, tendering, weighing
from agent.services.shop import TECHNICIAN, Actor, Shop
from agent.services.slips import queue_help_slip
from agent.services.trade import trading
from agent.store.unit import Unit

Shown = dict[str, Any]
Run = Callable[[Callable[[], None]], None]
_CAN_BE_CHOSEN = (Kind.ITEM, Kind.SCALE_ITEM, Kind.PAYMENT_CODE, Kind.COMMAND, Kind.RECEIPT, Kind.LOOKUP)
_SAID_OF_KIND = {
    Kind.PASS: "code.pass",
    Kind.URL: "code.own_link",
    Kind.TEST: "code.test",
    Kind.ENROL: "code.enrol",
    Kind.SETUP: "code.setup",
}
_REFUND_END = re.compile(r"-R[0-9]+$")
"""What a refund's number has more than that of its sale."""


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
        one_touch=shop.store.one_touch,
        own_hosts=shop.store.own_hosts,
        scale_layouts=shop.scale_layouts,
        has_item=lambda code: shop.catalog.find(code) is not None,
        has_plu=lambda plu: plu in by_plu,
        plu_price_fen=plu_price,
    )


def scanned(
    shop: Shop, actor: Actor | None, till: str, text: str, run: Run, key: str | None = None, repeats: int = 0
) -> Shown:
    """Take one whole scan at a till: returns `{action, …}` and tells the pages.

    `repeats` counts how often the scanner read the same just before. Articles count each time; a payment code or pass
    that stays before the scanner is one code, and what it did stands: the action is `repeat`, which nobody is told.

    `run` starts a call on a thread of its own (a platform is asked there). Every refusal comes back as the action
    `refused` with its code and is published as a notice. A code with two readings comes back as `ask` with
    `{code, choice, readings: [{kind, masked, item, …}]}` and charges nothing; any later scan ends that question.
    """
    shop.choices.forget(till, shop.clock.monotonic_s())
    try:
        found = recognise(text, situation(shop, actor, till))
        if repeats and (found.kind is Kind.PASS or _is_payment_code(found)):
            return {"action": "repeat"}
        answer = _at_login(shop, till, found, run) if actor is None else _act(shop, actor, found, run, key)
    except StoreboxError as error:
        answer = {"action": "refused", "code": error.code, "values": error.values, "family": error.family.value}
    shop.publish("scan", {"till": till, **answer})
    return answer


def choose(shop: Shop, actor: Actor, till: str, token: str, index: int, run: Run, key: str | None = None) -> Shown:
    """Take the reading `index` of an `ask` at this till, as if the code could be read in no other way.

    A token is good once, for the one who scanned, for 60 seconds (`choice.gone`). The till's state counts as it is
    now: a payment is refused when no total is due any more.
    """
    readings = shop.choices.take(till, actor.staff, token, shop.clock.monotonic_s())
    if readings is None or not 0 <= index < len(readings):
        raise Refused("choice.gone")
    chosen = readings[index]
    if chosen.kind is Kind.PAYMENT_CODE and not situation(shop, actor, till).takes_payment:
        raise Refused("code.total_first")
    return _act(shop, actor, chosen, run, key)


def _is_payment_code(found: Recognition) -> bool:
    """Tell whether a code can be nothing but a payment code, whether or not one is taken now."""
    unready = found.kind is Kind.ASK and found.platform is not None and not found.readings
    return found.kind is Kind.PAYMENT_CODE or unready


def _said(found: Recognition) -> Shown:
    code = found.code or _SAID_OF_KIND.get(found.kind, "code.unknown")
    if found.kind is Kind.PASS and found.prefix == PassKind.ORDER:
        code = "code.order"
    return {"action": "refused", "code": code, "values": {}, "family": "refused"}


def _at_login(shop: Shop, till: str, found: Recognition, run: Run) -> Shown:
    """Nobody is logged in: no code logs anybody in, adds, asks or charges. A technician may have the box examined."""
    if found.command is Command.DOCTOR:
        return _examine(shop, till, TECHNICIAN, run)
    if found.technician is not None:
        return _drill(shop, till, found.technician, None)
    if found.kind is Kind.UNKNOWN or found.code == "code.log_in_first":
        return _said(found)
    raise Refused("staff.nobody_logged_in")


def _act(shop: Shop, actor: Actor, found: Recognition, run: Run, key: str | None) -> Shown:
    if found.kind is Kind.ASK:
        return _asked(shop, actor, found)
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
    if found.kind is Kind.PASS and found.prefix == PassKind.PAY_PROOF:
        return {"action": "proof", **phone_payments.take_proof(shop, actor, found.text)}
    if found.command is Command.DOCTOR:
        return _examine(shop, actor.till, actor.staff, run)
    if found.technician is not None:
        return _drill(shop, actor.till, found.technician, actor.role)
    if found.kind is Kind.COMMAND and found.command:
        return _COMMANDS[found.command](shop, actor, key)
    if found.kind in (Kind.RECEIPT, Kind.LOOKUP) and found.number:
        return _number(shop, actor, found, found.number, run)
    return _said(found)


def _asked(shop: Shop, actor: Actor, found: Recognition) -> Shown:
    if not any(reading.kind in _CAN_BE_CHOSEN for reading in found.readings):
        return _said(found)
    token = shop.entropy.random_bytes(12).hex()
    shop.choices.offer(actor.till, actor.staff, token, found.readings, shop.clock.monotonic_s())
    return {
        "action": "ask",
        "code": found.code,
        "choice": token,
        "readings": [_reading(shop, reading) for reading in found.readings],
    }


def _reading(shop: Shop, reading: Recognition) -> Shown:
    """Return what a person sees of a reading: never the text of a payment code, only its ends."""
    by_plu = reading.kind is Kind.SCALE_ITEM
    item = (shop.catalog.by_plu.get if by_plu else shop.catalog.find)(reading.item) if reading.item else None
    shown = {
        "kind": reading.kind.value,
        "masked": reading.masked,
        "platform": reading.platform,
        "number": reading.number,
        "command": reading.command.value if reading.command else None,
        "sku": item.sku if item else None,
        "item": item.name if item else None,
        "item_en": item.name_en if item else None,
        "weight_g": reading.weight_g,
        "amount_fen": reading.amount_fen,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _number(shop: Shop, actor: Actor, found: Recognition, number: str, run: Run) -> Shown:
    """Open a sale of this shop; what is no sale here, or is shown while money is due, is a customer's "I paid"."""
    known = _looked_up(shop, found, number)
    is_claim = found.kind is Kind.LOOKUP and situation(shop, actor, actor.till).total_due
    if known["sale"] is not None and not is_claim:
        return known
    asked, look_up = lookup.start_by_number(shop, actor, number)
    run(look_up)
    return {**known, "lookup": asked}


def _looked_up(shop: Shop, found: Recognition, number: str) -> Shown:
    """Find a number of ours or of a platform: `number` is the sale's when it is a sale of this shop, else as read."""
    connection = shop.read()
    attempt = _attempt_of(shop, connection, number)
    sale = attempt[1] if attempt else _REFUND_END.sub("", number)
    known = connection.execute("SELECT 1 FROM view_sale WHERE sale = ?", (sale,)).fetchone() is not None
    return {
        "action": "lookup",
        "number": sale if known else number,
        "sale": sale if known else None,
        "attempt": attempt[0] if attempt else None,
        "platform": found.platform,
        "store": found.store,
    }


def _attempt_of(shop: Shop, connection: Any, number: str) -> tuple[str, str] | None:
    """Return attempt and sale of an order number of ours or of a platform's transaction."""
    ours = connection.execute("SELECT attempt, sale FROM view_attempt WHERE attempt = ?", (number,)).fetchone()
    theirs = (
        connection.execute(
            "SELECT attempt, sale FROM view_attempt WHERE platform = ? AND txn = ?", (platform.name, number)
        ).fetchone()
        for platform in shop.platforms.values()
    )
    found = ours or next((row for row in theirs if row is not None), None)
    return None if found is None else (found[0], found[1])


def _item(shop: Shop, actor: Actor, code: str) -> Shown:
    item = shop.catalog.item(code)
    if item.price_fen is None:
        return {"action": "ask_price", "sku": item.sku, "name": item.name}
    if item.unit == "g":
        weighed = weighing.added_if_ready(shop, actor, item)
        if weighed is not None:
            return {"action": "line", "basket": weighed}
        return {"action": "ask_quantity", "sku": item.sku, "name": item.name}
    return {"action": "line", "basket": checkout.add_item(shop, actor, item, 1)}


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


def _examine(shop: Shop, till: str, staff: str, run: Run) -> Shown:
    if shop.examiner is None:
        raise Refused("doctor.not_here")
    started: Shown = shop.examiner.start(shop, till, staff, run)
    return started


def _drill(shop: Shop, till: str, command: TechnicianCommand, role: str | None) -> Shown:
    if shop.drills is None:
        raise Refused("drill.not_here")
    return dict(shop.drills.order(till, command, role))


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
    Command.PAID: _needs_page("lookup"),
    Command.HELP: _help,
}
