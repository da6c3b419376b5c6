"""The answer to a look-up as pages, programs and terminals get it: what is said, what it rests on, what can be done."""

from dataclasses import asdict
from typing import Any

from agent.core.errors import Refused, StoreboxError
from agent.core.lookup import Decision, Money, Payment, Place, Question, Reason, Report
from agent.core.moment import at
from agent.core.sentences import sentence_of
from agent.services.lookups import Lookup
from agent.services.shop import Shop

Shown = dict[str, Any]


def answer_of(shop: Shop, lookup: Lookup, decision: Decision, reports: list[Report]) -> Shown:
    """Return the answer: which of the four, why, its sentences in both languages, the payment or the candidates.

    `waiting` is the asker's own attempt that can be parked or leave its slip, or None.
    """
    said = sentence_of(_told(shop, lookup, decision, reports))
    return {
        "answer": decision.answer.value,
        "reason": decision.reason.value,
        "code": decision.code,
        "title": {"zh": said.zh_title, "en": said.en_title},
        "detail": {"zh": said.zh_detail, "en": said.en_detail},
        "remedy": {"zh": said.zh_remedy, "en": said.en_remedy},
        "payment": None if decision.payment is None else _payment_shown(decision.payment),
        "candidates": [_payment_shown(one) for one in decision.candidates],
        "places": [{"place": report.place.value, "code": report.code} for report in reports],
        "waiting": _waiting(lookup.question, decision),
        "answered_ms": shop.clock.now_ms(),
    }


def _payment_shown(payment: Payment) -> Shown:
    return {**asdict(payment), "money": payment.money.value}


def _waiting(question: Question, decision: Decision) -> str | None:
    """Return the attempt of the asker's own sale that still waits for its end: it can be parked, or leave its slip."""
    payment = decision.payment
    undecided = decision.reason in (Reason.STILL_OPEN, Reason.UNREACHABLE, Reason.CONTRADICTED)
    if not undecided or payment is None or payment.sale != question.sale or payment.money is Money.NOT_CHARGED:
        return None
    return payment.attempt


def _told(shop: Shop, lookup: Lookup, decision: Decision, reports: list[Report]) -> StoreboxError:
    """Return the answer's code with what its sentences say: times by the shop's clock, amounts in fen."""
    question, payment = lookup.question, decision.payment or Payment("", Money.OPEN)
    asked_anew = any(report.place is Place.PLATFORM and report.reached for report in reports)
    looked_ms = payment.at_ms if decision.reason is Reason.NOT_CHARGED and not asked_anew else None
    return Refused(
        f"lookup.{decision.reason.value}",
        number=question.number or payment.attempt,
        amount_fen=question.amount_fen if question.amount_fen is not None else payment.amount_fen,
        time=_clock(shop, question.paid_at_ms if decision.payment is None else payment.at_ms),
        asked=_clock(shop, shop.clock.now_ms() if looked_ms is None else looked_ms),
        minutes=question.within_ms // 60_000,
        count=len(decision.candidates),
        platform=payment.platform,
        store=payment.store,
        name=payment.name or payment.store,
        till=payment.till,
        sale=payment.sale,
        code=decision.code,
    )


def _clock(shop: Shop, at_ms: int | None) -> str | None:
    """Write a moment as people say it: only the time when it is today."""
    if at_ms is None:
        return None
    moment, today = at(at_ms, shop.store.zone), at(shop.clock.now_ms(), shop.store.zone)
    return moment.strftime("%H:%M" if moment.date() == today.date() else "%m-%d %H:%M")
