"""Where a payment is that a customer claims at another store's counter: found by number, or by amount and time.

A box hears the least that helps the customer on: which store, its telephone, which sale, when, how much, what became
of it. Nothing here knows who paid.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from agent.core.errors import Refused
from agent.core.lookup import CANDIDATES_MAX, WITHIN_MAX_MS, Money, NumberKind, kind_of, sale_named, store_named
from sync.hq import tables

_ORDER = tables.platform_order.c
_REFUND = tables.platform_refund.c
AMOUNT_FEN_MAX = 10**11


def answer(connection: Connection, body: bytes, question: Mapping[str, object]) -> dict[str, object]:
    """Return what headquarters know, bound to the request by its digest; refuses what is no question.

    `found` are payments, nearest first; `named` is the store that the number names, whether or not it reported yet.
    """
    number, terms = _asked(question)
    if number is not None:
        rows = _rows(connection, _by_number(connection, number), _ORDER.started_at_ms.desc())
    else:
        amount_fen, paid_at_ms, within_ms = terms
        span = (paid_at_ms - within_ms, paid_at_ms + within_ms)
        around = and_(_ORDER.amount_fen == amount_fen, _ORDER.started_at_ms.between(*span))
        rows = _rows(connection, around, func.abs(_ORDER.started_at_ms - paid_at_ms))
    named = None if number is None else store_named(number)
    return {
        "request": sha256(body).hexdigest(),
        "found": [_fact(connection, row) for row in rows],
        "named": None if named is None else _place(connection, named),
    }


def _asked(question: Mapping[str, object]) -> tuple[str | None, tuple[int, int, int]]:
    if set(question) == {"nonce", "number"}:
        number = question["number"]
        if not isinstance(number, str) or len(number) > 64 or kind_of(number) is None:
            raise Refused("request.malformed", field="number")
        return number, (0, 0, 0)
    if set(question) != {"nonce", "amount_fen", "paid_at_ms", "within_ms"}:
        raise Refused("request.malformed", field="number")
    return None, (
        _number(question, "amount_fen", 1, AMOUNT_FEN_MAX),
        _number(question, "paid_at_ms", 0, 2**53 - 1),
        _number(question, "within_ms", 1, WITHIN_MAX_MS),
    )


def _number(question: Mapping[str, object], name: str, lowest: int, highest: int) -> int:
    value = question[name]
    if type(value) is not int or not lowest <= value <= highest:
        raise Refused("request.malformed", field=name)
    return value


def _by_number(connection: Connection, number: str) -> ColumnElement[bool]:
    """Return what picks a number's orders, each by an index: of a chain's orders none is read in vain."""
    kind, store = kind_of(number), store_named(number)
    if kind is NumberKind.RECEIPT:
        return and_(_ORDER.store == store, _ORDER.sale == sale_named(number))
    if kind is NumberKind.TRANSACTION:
        orders = _ORDER.transaction == number
        refunds = _REFUND.refund_transaction == number
    else:
        orders = and_(_ORDER.store == store, _ORDER.attempt == number)
        refunds = and_(_REFUND.store == store, _REFUND.out_refund_no == number)
    refunded = connection.execute(select(_REFUND.store, _REFUND.attempt).where(refunds).limit(CANDIDATES_MAX))
    return or_(orders, *(and_(_ORDER.store == row.store, _ORDER.attempt == row.attempt) for row in refunded))


def _rows(connection: Connection, condition: ColumnElement[bool], nearest: Any) -> list[Any]:
    known = tables.store.c
    columns = (
        _ORDER.store,
        _ORDER.attempt,
        _ORDER.sale,
        _ORDER.platform,
        _ORDER.outcome,
        _ORDER.amount_fen,
        _ORDER.started_at_ms,
        _ORDER.till,
        known.name,
        known.phone,
    )
    joined = tables.platform_order.outerjoin(tables.store, known.store == _ORDER.store)
    query = select(*columns).select_from(joined).where(condition).order_by(nearest).limit(CANDIDATES_MAX)
    return list(connection.execute(query))


def _fact(connection: Connection, row: Any) -> dict[str, object]:
    going_back = and_(_REFUND.store == row.store, _REFUND.attempt == row.attempt)
    ended_well = or_(_REFUND.outcome.is_(None), _REFUND.outcome != "refused")
    refunded_fen = connection.execute(
        select(func.coalesce(func.sum(_REFUND.amount_fen), 0)).where(and_(going_back, ended_well))
    ).scalar_one()
    return {
        "store": row.store,
        "name": row.name or row.store,
        "phone": row.phone or "",
        "sale": row.sale,
        "attempt": row.attempt,
        "platform": row.platform,
        "till": row.till,
        "amount_fen": row.amount_fen or 0,
        "at_ms": row.started_at_ms,
        "refunded_fen": int(refunded_fen),
        "money": _money(row.outcome, row.amount_fen or 0, int(refunded_fen)).value,
    }


def _money(outcome: str | None, amount_fen: int, refunded_fen: int) -> Money:
    if outcome is None:
        return Money.OPEN
    if outcome != "paid":
        return Money.NOT_CHARGED
    return Money.REFUNDED if 0 < amount_fen <= refunded_fen else Money.PAID


def _place(connection: Connection, store: str) -> dict[str, object] | None:
    known = tables.store.c
    row = connection.execute(select(known.name, known.phone).where(known.store == store)).first()
    return None if row is None else {"store": store, "name": row.name, "phone": row.phone}
