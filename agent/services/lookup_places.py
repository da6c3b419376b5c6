"""What the places know about a payment that a customer claims: this box's journal, and the platforms by either number.

A platform's answer goes through `payments.settle` like any other; afterwards the journal is read again. So a look-up
never decides by itself what the rules of attempts would not.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from agent.core.code_shapes import is_wechat_refund, platform_number_of
from agent.core.lookup import (
    CANDIDATES_MAX,
    Money,
    NumberKind,
    Payment,
    Place,
    Question,
    Report,
    kind_of,
    sale_named,
    store_named,
)
from agent.core.payment import Platform, PlatformAnswer, Verdict
from agent.services.payments import settle, still_so
from agent.services.shop import Shop

SALES_LOOKED_AT = 20_000
"""How far back provisional money is looked for by amount and time."""
ASKED_MAX = 8
"""How many attempts a look-up asks a platform about: the customer stands there."""
_ATTEMPT = (
    "SELECT attempt, sale, till, platform, amount_fen, state, started_ms, ended_ms, code, used, (SELECT"
    " coalesce(sum(amount_fen), 0) FROM view_platform_refund r WHERE r.attempt = view_attempt.attempt"
    " AND r.platform = view_attempt.platform AND r.state <> 'refused') FROM view_attempt"
)
_LEAVES_IT_OPEN = (Verdict.PENDING, Verdict.NOT_FOUND, Verdict.UNKNOWN)
"""What no attempt is ended by; only the resolver undoes, and knows when it may."""


def journal_report(shop: Shop, question: Question) -> Report:
    """Return what this box's own journal knows."""
    connection = shop.read()
    if question.number is None:
        return Report(Place.JOURNAL, tuple(_by_terms(shop, connection, question)))
    return Report(Place.JOURNAL, tuple(_by_number(shop, connection, question.number)))


def platform_report(shop: Shop, question: Question, known: Report) -> Report | None:
    """Ask the platforms what the journal can't say, by our number or by theirs; None when there is nothing to ask.

    An open attempt that proves paid is settled here: its sale is complete when this returns. A transaction that the
    journal does not know may be that of an attempt whose answer was lost: the platform says whose order it is.
    """
    attempts = [one.attempt for one in known.payments if one.attempt and one.money in _MAY_HAVE_CHANGED]
    number = question.number
    if number is not None and not known.payments:
        kind = kind_of(number)
        if kind is NumberKind.ORDER and store_named(number) == question.store and sale_named(number):
            return _asked_by_number(shop, question.store, number)
        if kind is NumberKind.TRANSACTION and not is_wechat_refund(number):
            return _asked_by_transaction(shop, number)
    if not attempts:
        return None
    outcomes = [_asked(shop, attempt) for attempt in attempts[:ASKED_MAX]]
    codes = [code for _, code in outcomes if code is not None]
    payments = tuple(payment for payment, _ in outcomes if payment is not None)
    return Report(Place.PLATFORM, payments, codes[0] if codes else None)


_MAY_HAVE_CHANGED = (Money.OPEN, Money.NOT_CHARGED, Money.CONTRADICTED)


def _by_number(shop: Shop, connection: Any, number: str) -> Iterable[Payment]:
    kind = kind_of(number)
    if kind is NumberKind.TRANSACTION:
        where, value = "txn = ?1 OR attempt IN (SELECT attempt FROM view_platform_refund WHERE txn = ?1)", number
    elif kind is NumberKind.ORDER:
        where = "attempt = ?1 OR attempt IN (SELECT attempt FROM view_platform_refund WHERE out_refund_no = ?1)"
        value = number
    else:
        where, value = "sale = ?1", sale_named(number) or number
    payments = [_payment(shop, row) for row in connection.execute(f"{_ATTEMPT} WHERE {where}", (value,)).fetchall()]
    yield from payments
    if kind is NumberKind.RECEIPT and not any(one.money in (Money.PAID, Money.REFUNDED) for one in payments):
        yield from _sale(shop, connection, value)


def _by_terms(shop: Shop, connection: Any, question: Question) -> Iterable[Payment]:
    """Attempts of that amount around that time, those of the sale being paid whenever, and provisional money."""
    wanted_ms = question.paid_at_ms or 0
    span = (wanted_ms - question.within_ms, wanted_ms + question.within_ms)
    rows = connection.execute(
        f"{_ATTEMPT} WHERE amount_fen = ?1 AND (sale = ?2 OR started_ms BETWEEN ?3 AND ?4)"
        " ORDER BY abs(started_ms - ?5) LIMIT ?6",
        (question.amount_fen, question.sale, *span, wanted_ms, CANDIDATES_MAX),
    ).fetchall()
    yield from (_payment(shop, row) for row in rows)
    sales = connection.execute(
        "SELECT v.sale, v.till, v.at_ms, j.body FROM view_sale v JOIN journal j ON j.seq = v.seq"
        " WHERE v.rowid > (SELECT max(rowid) FROM view_sale) - ?1 AND v.epoch = ?2 AND v.at_ms BETWEEN ?3 AND ?4",
        (SALES_LOOKED_AT, shop.identity.epoch, *span),
    ).fetchall()
    for sale, till, at_ms, body in sales:
        for tender in json.loads(body)["tenders"]:
            if tender.get("provisional") and tender["amount_fen"] == question.amount_fen:
                yield Payment(
                    shop.identity.store,
                    Money.PROVISIONAL,
                    sale,
                    platform=tender["kind"],
                    amount_fen=tender["amount_fen"],
                    at_ms=at_ms,
                    till=till,
                )


def _sale(shop: Shop, connection: Any, sale: str) -> Iterable[Payment]:
    """A sale that no platform was paid for: cash, card, voucher."""
    row = connection.execute(
        "SELECT till, at_ms, total_fen, refunded_fen FROM view_sale WHERE sale = ?", (sale,)
    ).fetchone()
    if row is not None:
        till, at_ms, total_fen, refunded_fen = row
        money = Money.REFUNDED if 0 < total_fen <= refunded_fen else Money.PAID
        yield Payment(shop.identity.store, money, sale, None, None, total_fen, at_ms, till, refunded_fen)


def _payment(shop: Shop, row: tuple[Any, ...]) -> Payment:
    attempt, sale, till, platform, amount_fen, state, started_ms, ended_ms, code, used, refunded_fen = row
    money = _money(state, code, used, amount_fen, refunded_fen)
    at_ms = ended_ms if money is Money.NOT_CHARGED else started_ms
    came_fen = refunded_fen if money is Money.REFUNDED else amount_fen
    store = shop.identity.store
    return Payment(store, money, sale, attempt, platform, came_fen, at_ms, till, refunded_fen, code)


def _money(state: str, code: str | None, used: int, amount_fen: int, refunded_fen: int) -> Money:
    if state == "paid":
        if refunded_fen >= amount_fen:
            return Money.REFUNDED
        return Money.PAID if used else Money.UNUSED
    if state not in ("open", "parked"):
        return Money.REFUNDED if refunded_fen else Money.NOT_CHARGED
    return Money.CONTRADICTED if code and code.startswith("attempt.") else Money.OPEN


def _asked_by_transaction(shop: Shop, transaction: str) -> Report | None:
    """Ask the platform whose number it is; what it says of an attempt of ours counts, the rest is told.

    Refunds can't be asked for by the platform's number.
    """
    platform = shop.platforms.get(platform_number_of(transaction) or "")
    if platform is None:
        return None
    answer = platform.find(transaction)
    known = shop.read().execute(f"{_ATTEMPT} WHERE attempt = ?", (answer.out_trade_no,)).fetchone()
    if known is not None:
        payment, code = _settled(shop, platform, answer.out_trade_no, answer)
        return Report(Place.PLATFORM, () if payment is None else (payment,), code)
    if answer.verdict in (Verdict.PAID, Verdict.REVERSED):
        store = store_named(answer.out_trade_no) or shop.identity.store
        payment = _of_no_sale(store, answer.out_trade_no, platform, answer)
        if store != shop.identity.store:
            payment = replace(payment, sale=sale_named(answer.out_trade_no))
        return Report(Place.PLATFORM, (payment,))
    if answer.verdict is Verdict.UNKNOWN:
        return Report(Place.PLATFORM, code=answer.code or "lookup.still_open")
    return Report(Place.PLATFORM)


def _asked(shop: Shop, attempt: str) -> tuple[Payment | None, str | None]:
    """Ask a platform about an attempt and let the answer count; returns what only it says, and why it was not asked."""
    row = _read(shop, attempt)
    platform = shop.platforms.get(row[3])
    if platform is None:
        return None, "payment.not_supported"
    return _settled(shop, platform, attempt, platform.query(attempt))


def _settled(shop: Shop, platform: Platform, attempt: str, answer: PlatformAnswer) -> tuple[Payment | None, str | None]:
    answer = still_so(shop, platform, answer)
    if answer.verdict is Verdict.UNKNOWN:
        return None, answer.code or "lookup.still_open"
    if answer.verdict not in _LEAVES_IT_OPEN:
        settle(shop, attempt, answer)
    return _said_after_all(shop, attempt, answer), None


def _read(shop: Shop, attempt: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] = shop.read().execute(f"{_ATTEMPT} WHERE attempt = ?", (attempt,)).fetchone()
    return row


def _said_after_all(shop: Shop, attempt: str, answer: PlatformAnswer) -> Payment | None:
    """Return a PAID that the journal did not take, as what it is: a contradiction, or money of another sale."""
    if answer.verdict is not Verdict.PAID:
        return None
    now = _payment(shop, _read(shop, attempt))
    if now.money in (Money.PAID, Money.REFUNDED, Money.UNUSED):
        return None
    if now.code != "attempt.transaction_known":
        return replace(now, money=Money.CONTRADICTED, code=now.code or "attempt.paid_after_end")
    where = (answer.platform or now.platform, answer.transaction)
    other = shop.read().execute(f"{_ATTEMPT} WHERE platform = ?1 AND txn = ?2", where)
    used_by = other.fetchone()
    return None if used_by is None else _payment(shop, used_by)


def _asked_by_number(shop: Shop, store: str, number: str) -> Report:
    """Ask every platform about an order number of this store that its journal does not know (an earlier box's)."""
    codes = []
    for platform in shop.platforms.values():
        answer = platform.query(number)
        if answer.verdict is Verdict.PAID:
            return Report(Place.PLATFORM, (_of_no_sale(store, number, platform, answer),))
        if answer.verdict is Verdict.UNKNOWN:
            codes.append(answer.code or "lookup.still_open")
    return Report(Place.PLATFORM, code=codes[0] if codes else None)


def _of_no_sale(store: str, number: str, platform: Platform, answer: PlatformAnswer) -> Payment:
    return Payment(
        store,
        Money.REFUNDED if answer.verdict is Verdict.REVERSED else Money.PAID,
        attempt=number or None,
        platform=platform.name,
        amount_fen=answer.amount_fen or 0,
        at_ms=answer.platform_at_ms,
    )
