"""“I paid, you don't have it”: what is asked, what each place knows, and the one answer that follows. Pure.

A screenshot is no proof, and amount and time alone are none either: they only find what to look at. Nothing here
completes a sale; a platform's own signed word does, through the rules of attempts.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from agent.core.code_shapes import platform_number_of, store_of_number

WITHIN_MAX_MS = 60 * 60_000
"""A customer who does not know the hour has to show the number."""
CANDIDATES_MAX = 20
_ATTEMPT = re.compile(r"([A-Z0-9]{1,10})_([0-9]{1,9})_([0-9]{6,9})_A[0-9A-Z]+")
_RECEIPT = re.compile(r"([A-Z0-9]{1,10})-[0-9]{1,9}-[0-9]{6,9}(?:-R[0-9]{1,4})?")
_REFUND_END = re.compile(r"-R[0-9]{1,4}$")


class NumberKind(StrEnum):
    """What a number on a bill or receipt is."""

    ORDER = "order"
    """The merchant's own (商户单号): an out_trade_no or out_refund_no of ours."""
    TRANSACTION = "transaction"
    """The platform's own, 28 digits."""
    RECEIPT = "receipt"
    """Of a sale or refund, as receipts carry it."""


class Place(StrEnum):
    """Where was looked."""

    JOURNAL = "journal"
    PLATFORM = "platform"
    HEADQUARTERS = "headquarters"


_AUTHORITY = (Place.PLATFORM, Place.JOURNAL, Place.HEADQUARTERS)


class Money(StrEnum):
    """What became of a payment, as a place knows it."""

    PAID = "paid"
    REFUNDED = "refunded"
    """All of it went back, or is on its way."""
    PROVISIONAL = "provisional"
    """Taken on the word of a person: a static code, a slip of a card terminal."""
    UNUSED = "unused"
    """Received, and neither taken by a sale nor given back: it waits for a person."""
    OPEN = "open"
    """Nobody knows yet."""
    NOT_CHARGED = "not_charged"
    CONTRADICTED = "contradicted"
    """A platform says paid, and it does not fit what is recorded."""


class Answer(StrEnum):
    """The four answers that a customer can get."""

    THIS_SALE = "this_sale"
    ELSEWHERE = "elsewhere"
    NOT_CHARGED = "not_charged"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why this answer; each has its sentences under `lookup.REASON`."""

    THIS_SALE = "this_sale"
    OTHER_SALE = "other_sale"
    OTHER_STORE = "other_store"
    STORE_SILENT = "store_silent"
    """The number is another store's, and nobody here can say what became of it."""
    ALREADY_USED = "already_used"
    REFUNDED = "refunded"
    NOT_USED = "not_used"
    SALE_UNKNOWN = "sale_unknown"
    """The money is ours by the platform's word, and no sale here asked for it."""
    CANDIDATES = "candidates"
    NOT_CHARGED = "not_charged"
    NOT_OURS = "not_ours"
    NOTHING_THEN = "nothing_then"
    STILL_OPEN = "still_open"
    UNREACHABLE = "unreachable"
    NOT_ASKED = "not_asked"
    """Nothing is here, and somebody who might know could not be asked."""
    CONTRADICTED = "contradicted"


ANSWER_OF: dict[Reason, Answer] = {
    Reason.THIS_SALE: Answer.THIS_SALE,
    Reason.OTHER_SALE: Answer.ELSEWHERE,
    Reason.OTHER_STORE: Answer.ELSEWHERE,
    Reason.STORE_SILENT: Answer.ELSEWHERE,
    Reason.ALREADY_USED: Answer.ELSEWHERE,
    Reason.REFUNDED: Answer.ELSEWHERE,
    Reason.NOT_USED: Answer.ELSEWHERE,
    Reason.SALE_UNKNOWN: Answer.ELSEWHERE,
    Reason.CANDIDATES: Answer.ELSEWHERE,
    Reason.NOT_CHARGED: Answer.NOT_CHARGED,
    Reason.NOT_OURS: Answer.NOT_CHARGED,
    Reason.NOTHING_THEN: Answer.NOT_CHARGED,
    Reason.STILL_OPEN: Answer.UNKNOWN,
    Reason.UNREACHABLE: Answer.UNKNOWN,
    Reason.NOT_ASKED: Answer.UNKNOWN,
    Reason.CONTRADICTED: Answer.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: a number, or an amount around a time. `sale` is being paid where it is asked."""

    store: str
    number: str | None = None
    amount_fen: int | None = None
    paid_at_ms: int | None = None
    within_ms: int = 0
    sale: str | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment that a place knows of; `code` says what does not fit, `name` and `phone` are the store's."""

    store: str
    money: Money
    sale: str | None = None
    attempt: str | None = None
    platform: str | None = None
    amount_fen: int = 0
    at_ms: int | None = None
    till: str | None = None
    refunded_fen: int = 0
    code: str | None = None
    name: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What one place said. `code` is why it could not be asked; `named` is the store that the number names."""

    place: Place
    payments: tuple[Payment, ...] = ()
    code: str | None = None
    named: Payment | None = None

    @property
    def reached(self) -> bool:
        """Tell whether the place could be asked."""
        return self.code is None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, and what it rests on: one payment, or several that a person has to tell apart."""

    reason: Reason
    payment: Payment | None = None
    candidates: tuple[Payment, ...] = ()
    code: str | None = None

    @property
    def answer(self) -> Answer:
        """Return which of the four answers it is."""
        return ANSWER_OF[self.reason]


def tidy(text: str) -> str:
    """Return a number as it is stored: people type spaces, and small letters."""
    return re.sub(r"[\s\u3000]+", "", text).upper()


def kind_of(number: str) -> NumberKind | None:
    """Return what a tidy number is, None when it is none that can be looked up (a name, an identity number …)."""
    if store_of_number(number) is not None:
        return NumberKind.ORDER
    if _RECEIPT.fullmatch(number):
        return NumberKind.RECEIPT
    return NumberKind.TRANSACTION if platform_number_of(number) else None


def store_named(number: str) -> str | None:
    """Return the store that a number of ours names."""
    found = _RECEIPT.fullmatch(number)
    return found.group(1) if found else store_of_number(number)


def sale_named(number: str) -> str | None:
    """Return the sale that a number of ours names: of a receipt, refund or order; None for a refund's order."""
    if _RECEIPT.fullmatch(number):
        return _REFUND_END.sub("", number)
    found = _ATTEMPT.fullmatch(number)
    return "-".join(found.groups()) if found else None


def decide(question: Question, reports: Iterable[Report]) -> Decision:
    """Return the one answer. On one attempt a platform goes before the journal, and that before headquarters' copy."""
    heard = tuple(sorted(reports, key=lambda report: _AUTHORITY.index(report.place)))
    payments = _distinct(heard)
    paid = _first(question, payments, Money.PAID) or _first(question, payments, Money.PROVISIONAL)
    contradicted = _first(question, payments, Money.CONTRADICTED)
    if contradicted is not None and (question.number is not None or _is_this(question, contradicted)):
        return _contradicted(contradicted, paid)
    if question.number is None:
        return _by_terms(question, payments, heard)
    if paid is not None:
        return Decision(_whose(question, paid), paid)
    if unused := _first(question, payments, Money.UNUSED):
        return Decision(Reason.NOT_USED, unused)
    if refunded := _first(question, payments, Money.REFUNDED):
        return Decision(Reason.REFUNDED, refunded)
    if waiting := _first(question, payments, Money.OPEN):
        return _undecided(question, waiting, heard)
    if refused := _first(question, payments, Money.NOT_CHARGED):
        return Decision(Reason.NOT_CHARGED, refused)
    return _nowhere(question, question.number, heard)


def _distinct(reports: tuple[Report, ...]) -> tuple[Payment, ...]:
    """Return each attempt once, in the words of the highest place; what names no attempt stays.

    How a store is called, and its telephone, are headquarters' to say whoever found the payment.
    """
    found: dict[str, Payment] = {}
    for report in reports:
        for payment in report.payments:
            key = payment.attempt or f"{report.place} {len(found)}"
            first = found.setdefault(key, payment)
            if not first.name and payment.name:
                found[key] = replace(first, name=payment.name, phone=payment.phone)
    return tuple(found.values())


def _first(question: Question, payments: tuple[Payment, ...], money: Money) -> Payment | None:
    """Return the payment that concerns the customer most: of this sale, then of this store."""
    fitting = [payment for payment in payments if payment.money is money]
    nearest = sorted(fitting, key=lambda one: (not _is_this(question, one), one.store != question.store))
    return nearest[0] if nearest else None


def _is_this(question: Question, payment: Payment) -> bool:
    return question.sale is not None and (payment.store, payment.sale) == (question.store, question.sale)


def _whose(question: Question, payment: Payment) -> Reason:
    if _is_this(question, payment):
        return Reason.THIS_SALE
    if payment.store != question.store:
        return Reason.OTHER_STORE
    return Reason.SALE_UNKNOWN if payment.sale is None else Reason.OTHER_SALE


def _contradicted(payment: Payment, paid: Payment | None) -> Decision:
    if payment.code == "attempt.transaction_known" and paid is not None:
        return Decision(Reason.ALREADY_USED, paid)
    return Decision(Reason.CONTRADICTED, payment, code=payment.code)


def _undecided(question: Question, payment: Payment, heard: tuple[Report, ...]) -> Decision:
    if payment.store != question.store:
        return Decision(Reason.STORE_SILENT, payment)
    down = next((one for one in heard if one.place is Place.PLATFORM and not one.reached), None)
    if down is None:
        return Decision(Reason.STILL_OPEN, payment)
    return Decision(Reason.UNREACHABLE, payment, code=down.code)


def _unreached(heard: tuple[Report, ...]) -> str | None:
    return next((report.code for report in heard if report.code is not None), None)


def _nowhere(question: Question, number: str, heard: tuple[Report, ...]) -> Decision:
    """Nobody knows the number: not ours, unless somebody who might know it could not be asked."""
    named = store_named(number)
    if named is not None and named != question.store:
        known = next((report.named for report in heard if report.named is not None), None)
        return Decision(Reason.STORE_SILENT, known or Payment(named, Money.OPEN, sale_named(number)))
    down = _unreached(heard)
    if down is not None:
        return Decision(Reason.NOT_ASKED, code=down)
    return Decision(Reason.NOT_CHARGED if named else Reason.NOT_OURS)


def _by_terms(question: Question, payments: tuple[Payment, ...], heard: tuple[Report, ...]) -> Decision:
    """Only what is of this very sale decides; everything else is shown to be told apart by its number."""
    mine = [payment for payment in payments if _is_this(question, payment)]
    paid = next((payment for payment in mine if payment.money is Money.PAID), None)
    if paid is not None:
        return Decision(Reason.THIS_SALE, paid)
    unused = next((payment for payment in mine if payment.money is Money.UNUSED), None)
    if unused is not None:
        return Decision(Reason.NOT_USED, unused)
    waiting = next((payment for payment in mine if payment.money is Money.OPEN), None)
    if waiting is not None:
        return _undecided(question, waiting, heard)
    others = [payment for payment in payments if payment.money is not Money.NOT_CHARGED]
    if others:
        return Decision(Reason.CANDIDATES, candidates=_nearest(question, others))
    down = _unreached(heard)
    if down is not None:
        return Decision(Reason.NOT_ASKED, code=down)
    refused = next(iter(mine), None)
    return Decision(Reason.NOTHING_THEN if refused is None else Reason.NOT_CHARGED, refused)


def _nearest(question: Question, payments: list[Payment]) -> tuple[Payment, ...]:
    wanted_ms = question.paid_at_ms or 0
    ordered = sorted(payments, key=lambda one: abs((one.at_ms or 0) - wanted_ms))
    return tuple(ordered[:CANDIDATES_MAX])
