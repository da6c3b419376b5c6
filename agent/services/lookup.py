"""“I paid, you don't have it”: by number, or by amount and time; this store, the platform, all stores; one answer.

No handler waits: `start` returns the look-up and the call that does it; the answer comes as the live event `lookup`.
Every look-up ends as an entry. A sale is completed by the platform's own answer alone, never by what a look-up found.
"""

import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from agent.core.errors import Refused, StoreboxError
from agent.core.events import LookedAt, PaymentLookedUp
from agent.core.ids import base32_characters
from agent.core.lookup import (
    WITHIN_MAX_MS,
    Decision,
    Money,
    Question,
    Report,
    decide,
    kind_of,
    store_named,
    tidy,
)
from agent.core.moment import business_day
from agent.services import baskets
from agent.services.authority import require
from agent.services.journaling import record
from agent.services.lookup_answers import answer_of
from agent.services.lookup_places import journal_report, platform_report
from agent.services.lookups import Lookup
from agent.services.shop import Actor, Shop
from agent.services.slips import queue_unpaid_slip
from agent.services.trade import Trade, open_day, open_shift, trading
from agent.store.unit import Unit

Shown = dict[str, Any]
log = logging.getLogger("storebox.lookup")

BACK_MAX_MS = 7 * 86_400_000
"""By amount and time; an older payment is looked up by its number."""
AHEAD_MAX_MS = 10 * 60_000
"""The customer's telephone and this box need not agree to the minute."""
_SETTLED = (Money.PAID, Money.REFUNDED, Money.UNUSED, Money.PROVISIONAL)


def start_by_number(shop: Shop, actor: Actor, number: str) -> tuple[Shown, Callable[[], None]]:
    """Look a number of a bill or receipt up; refuses what is none (`lookup.not_a_number`), before it is written."""
    return _start(shop, actor, _by_number(shop, number))


def start_by_terms(
    shop: Shop, actor: Actor, amount_fen: int, paid_at_ms: int, within_ms: int
) -> tuple[Shown, Callable[[], None]]:
    """Look for payments of an amount around a time; refuses what would find anything (`lookup.terms`)."""
    return _start(shop, actor, _by_terms(shop, amount_fen, paid_at_ms, within_ms))


def _by_number(shop: Shop, number: str) -> Question:
    asked = tidy(number)
    if kind_of(asked) is None:
        raise Refused("lookup.not_a_number")
    return Question(shop.identity.store, asked)


def _by_terms(shop: Shop, amount_fen: int, paid_at_ms: int, within_ms: int) -> Question:
    now_ms = shop.clock.now_ms()
    near = now_ms - BACK_MAX_MS <= paid_at_ms <= now_ms + AHEAD_MAX_MS
    if amount_fen <= 0 or not 0 < within_ms <= WITHIN_MAX_MS or not near:
        raise Refused("lookup.terms")
    return Question(shop.identity.store, None, amount_fen, paid_at_ms, within_ms)


def _fresh_number(shop: Shop) -> str:
    return f"L{base32_characters(shop.entropy.random_bytes(8))}"


def _being_paid(shop: Shop, actor: Actor) -> str | None:
    basket = baskets.current(shop.read(), actor.till)
    return None if basket is None else basket.sale


def _start(shop: Shop, actor: Actor, question: Question) -> tuple[Shown, Callable[[], None]]:
    require(shop, actor, "look_up_payment")
    trade = trading(shop.read(), actor)
    asked = replace(question, sale=_being_paid(shop, actor))
    lookup = Lookup(_fresh_number(shop), actor.till, asked, shop.clock.now_ms())
    running = shop.lookups.begin(lookup)
    if running is not None:
        return shown(running), lambda: None
    return shown(lookup), lambda: _run(shop, trade, lookup)


def get(shop: Shop, actor: Actor, number: str) -> Shown:
    """Return where a look-up stands, to who may look up; refuses one that is gone (`lookup.gone`)."""
    require(shop, actor, "look_up_payment")
    return shown(shop.lookups.get(number))


def shown(lookup: Lookup) -> Shown:
    """Return a look-up as pages see it: `state` is asking or answered."""
    question = asdict(lookup.question)
    asked = {name: question[name] for name in ("number", "amount_fen", "paid_at_ms", "within_ms", "sale")}
    state = "asking" if lookup.answer is None else "answered"
    head = {"lookup": lookup.lookup, "till": lookup.till, "state": state, "asked": asked}
    return {**head, **(lookup.answer or {})}


def find(shop: Shop, till: str, number: str | None, amount_fen: int, paid_at_ms: int, within_ms: int) -> Shown:
    """Look a payment up for somebody at a terminal, who waits; refuses as `start_by_number` and `start_by_terms` do.

    No shift need be open, and no sale at a till is meant; the entry says that the technician asked.
    """
    if till not in shop.tills:
        raise Refused("till.unknown", till=till[:40])
    question = _by_terms(shop, amount_fen, paid_at_ms, within_ms) if number is None else _by_number(shop, number)
    now_ms, shift = shop.clock.now_ms(), open_shift(shop.read(), till)
    day = business_day(now_ms, shop.store.zone, shop.store.day_starts).isoformat()
    trade = Trade(till, shift["shift"] if shift else None, "technician", open_day(shop.read()) or day)
    lookup = Lookup(_fresh_number(shop), till, question, now_ms)
    lookup.answer = _looked_up(shop, trade, lookup)
    return shown(lookup)


def _looked_up(shop: Shop, trade: Trade, lookup: Lookup) -> Shown:
    """Ask the places, write the entry and return the answer."""
    reports = asked_places(shop, lookup.question)
    decision = decide(lookup.question, reports)
    answer = answer_of(shop, lookup, decision, reports)
    shop.writer.run(lambda unit: record(unit, _entry(trade, lookup, decision, reports)))
    return answer


def _run(shop: Shop, trade: Trade, lookup: Lookup) -> None:
    """Look up and tell the pages. Whatever happens, the till can look something up again."""
    answer: Shown | None = None
    try:
        answer = _looked_up(shop, trade, lookup)
    except StoreboxError as error:
        log.warning("a look-up ended early: %s", error)
        shop.tell(error, lookup.till)
    finally:
        shop.lookups.end(lookup.lookup, answer)
    if answer is not None:
        shop.publish("lookup", shown(lookup))
        shop.changed(lookup.till)


def asked_places(shop: Shop, question: Question) -> list[Report]:
    """Ask the journal, then the platform, then headquarters; nobody further than the answer needs."""
    journal = journal_report(shop, question)
    platform = platform_report(shop, question, journal)
    reports = [journal] if platform is None else [journal_report(shop, question), platform]
    if shop.ask_headquarters is not None and _is_headquarters_needed(question, reports):
        reports.append(shop.ask_headquarters(question))
    return reports


def _is_headquarters_needed(question: Question, reports: list[Report]) -> bool:
    payments = [payment for report in reports for payment in report.payments]
    if question.number is not None:
        elsewhere = any(one.store != question.store for one in payments)
        return elsewhere or not payments or store_named(question.number) not in (None, question.store)
    return not any(one.sale == question.sale and one.money in _SETTLED for one in payments)


def _entry(trade: Trade, lookup: Lookup, decision: Decision, reports: list[Report]) -> PaymentLookedUp:
    question, payment = lookup.question, decision.payment
    return PaymentLookedUp(
        **trade.fields(),
        lookup=lookup.lookup,
        number=question.number,
        amount_fen=question.amount_fen,
        paid_at_ms=question.paid_at_ms,
        within_ms=question.within_ms if question.number is None else None,
        sale=question.sale,
        places=tuple(LookedAt(report.place.value, report.code) for report in reports),
        answer=decision.answer.value,
        reason=decision.reason.value,
        found_store=payment.store if payment else None,
        found_sale=payment.sale if payment else None,
        found_attempt=payment.attempt if payment else None,
        candidates=len(decision.candidates),
        code=decision.code,
    )


def print_slip(shop: Shop, actor: Actor, number: str) -> Shown:
    """Print the slip of a payment that can't be looked up now: the customer leaves with it, nothing else was taken.

    Refuses when the answer was another, or the payment is of another sale (`lookup.no_slip`). The second is a copy.
    """
    require(shop, actor, "look_up_payment")
    lookup = shop.lookups.get(number)
    waiting = (lookup.answer or {}).get("waiting")
    if waiting is None:
        raise Refused("lookup.no_slip")

    def command(unit: Unit) -> Shown:
        trade = trading(unit.connection, actor)
        return {"slip": queue_unpaid_slip(shop, unit, actor, trade, waiting), "attempt": waiting}

    done: Shown = shop.writer.run(command)
    shop.wake_printer(shop.tills[actor.till].printer)
    shop.changed(actor.till)
    return done
