"""Payments whose sale no longer wants them, where the shop's policy is to ask: used for another sale, or given back.

By the other policy they go back by themselves (`payments.abandoned` of the settings).
"""

from dataclasses import replace
from typing import Any

from agent.core import sale as rules
from agent.core.canonical import canonical
from agent.core.errors import Refused
from agent.core.ids import base32_characters
from agent.services import attempts, baskets
from agent.services.attempts import Row
from agent.services.authority import require
from agent.services.settling import give_back as start_giving_back
from agent.services.settling import tender_line
from agent.services.shop import Actor, Shop
from agent.services.tendering import after_tender
from agent.services.trade import trading
from agent.store.drafts import load_drafts
from agent.store.unit import Unit

Shown = dict[str, Any]


def listed(shop: Shop) -> list[Shown]:
    """Return payments that wait for a decision, oldest first: `{attempt, sale, till, platform, amount_fen, at_ms}`."""
    connection = shop.read()
    taken = _in_baskets(connection)
    return [
        {
            "attempt": found["attempt"],
            "sale": found["sale"],
            "till": found["till"],
            "platform": found["platform"],
            "amount_fen": found["amount_fen"],
            "at_ms": found["platform_at_ms"],
        }
        for found in attempts.unused(connection)
        if found["attempt"] not in taken
    ]


def use(shop: Shop, actor: Actor, number: str, key: str | None = None) -> Shown:
    """Take a waiting payment for the sale at the actor's till; returns `{basket, completed, attempt}`.

    Refuses one that is used or goes back already (`attempt.used`), and more money than is due (`tender.above_due`).
    """

    def command(unit: Unit) -> Shown:
        found = _waiting(unit.connection, number)
        line = tender_line(shop, found, found["platform"])
        if line.kind in shop.tenders:
            require(shop, actor, shop.tenders[line.kind].act)
        basket = rules.ask_total(baskets.required(unit.connection, actor.till))
        if basket.attempt is not None:
            raise Refused("sale.attempt_open", attempt=basket.attempt)
        paid = rules.take(replace(basket, attempt=None), line)
        return after_tender(shop, unit, actor, paid, trading(unit.connection, actor))

    answer: Shown = shop.writer.run(command, key=key, fingerprint=canonical({"use": number, "till": actor.till}))
    if answer["completed"]:
        shop.wake_printer(shop.tills[actor.till].printer)
    shop.changed(actor.till)
    return answer


def give_back(shop: Shop, actor: Actor, number: str, key: str | None = None) -> Shown:
    """Give a waiting payment back, the way it came, under a number of its own; returns `{attempt, amount_fen}`."""
    random_characters = base32_characters(shop.entropy.random_bytes(4))

    def command(unit: Unit) -> Shown:
        found = _waiting(unit.connection, number)
        trade = trading(unit.connection, actor)
        start_giving_back(unit, found, trade, random_characters, found["amount_fen"], found["platform"])
        return {"attempt": number, "amount_fen": found["amount_fen"]}

    answer: Shown = shop.writer.run(command, key=key, fingerprint=canonical({"give_back": number}))
    shop.wake_resolver()
    shop.changed(actor.till)
    return answer


def _waiting(connection: Any, number: str) -> Row:
    found = attempts.known(connection, number)
    if found["state"] != "paid" or found["used"] or number in _in_baskets(connection):
        raise Refused("attempt.used", attempt=number[:40])
    return found


def _in_baskets(connection: Any) -> set[str]:
    """Return the payments that baskets hold which are not paid in full yet."""
    drafts = (baskets.basket_from(draft.body) for draft in load_drafts(connection))
    return {tender.attempt for basket in drafts for tender in basket.tenders if tender.attempt is not None}
