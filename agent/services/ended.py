"""What ended last at a till: its completed sale, and the payment that a platform gave its word on.

A page learns of an end by an answer, by a live event or by neither, when messages cross: the state therefore carries
both ends with their numbers, and a page that sees a number for the first time tells of it.
"""

import json
from typing import Any

from agent.core.events import TenderLine
from agent.services import payments
from agent.services.shop import Shop
from agent.services.slips import has_receipt
from agent.store.journal import entry

Shown = dict[str, Any]


def last_sale(connection: Any, till: str) -> Shown | None:
    """Return the till's newest completed sale: `Completed` of docs/decisions/002 with `at_ms`, or None."""
    row = connection.execute(
        "SELECT epoch, seq, at_ms FROM view_sale WHERE till = ? ORDER BY rowid DESC LIMIT 1", (till,)
    ).fetchone()
    found = None if row is None else entry(connection, row[0], row[1])
    if found is None:
        return None
    body = json.loads(found.body)
    return {
        **{name: body[name] for name in ("sale", "calling", "total_fen", "tenders")},
        "change_fen": sum(tender.get("change_fen") or 0 for tender in body["tenders"]),
        "receipt": has_receipt(connection, body["sale"]),
        "at_ms": row[2],
    }


def last_attempt(shop: Shop, connection: Any, till: str) -> Shown | None:
    """Return the till's newest attempt that has an end: `Attempt` of docs/decisions/002 with `ended_ms`, or None.

    `refund` is how far its money has gone back, where no sale took it: `started`, `done`, `refused` or None. `second`
    is what its sale was paid with instead, `[{kind, amount_fen}]`.
    """
    row = connection.execute(
        "SELECT attempt, ended_ms, sale FROM view_attempt WHERE till = ? AND ended_ms IS NOT NULL"
        " ORDER BY ended_ms DESC, rowid DESC LIMIT 1",
        (till,),
    ).fetchone()
    if row is None:
        return None
    attempt, ended_ms, sale = row
    refund = connection.execute(
        "SELECT state FROM view_platform_refund WHERE attempt = ? AND orphan ORDER BY started_ms DESC LIMIT 1",
        (attempt,),
    ).fetchone()
    return {
        **payments.attempt(shop, attempt),
        "ended_ms": ended_ms,
        "refund": None if refund is None else refund[0],
        "second": [] if refund is None else _second(connection, sale),
    }


def _second(connection: Any, sale: str) -> list[Shown]:
    return [{"kind": one.kind, "amount_fen": one.amount_fen} for one in tenders_of(connection, sale)]


def tenders_of(connection: Any, sale: str) -> tuple[TenderLine, ...]:
    """Return what a sale was paid with; nothing for one that is not completed."""
    row = connection.execute("SELECT epoch, seq FROM view_sale WHERE sale = ?", (sale,)).fetchone()
    found = None if row is None else entry(connection, *row)
    return () if found is None else tuple(TenderLine(**tender) for tender in json.loads(found.body)["tenders"])


def last_refund(connection: Any, till: str) -> Shown | None:
    """Return the till's newest refund that a platform has carried out or refused, with `ended_ms`, or None.

    `said` is what the platform's code means, in both languages, where a table knows it.
    """
    row = connection.execute(
        "SELECT out_refund_no, refund, platform, amount_fen, state, orphan, ended_ms, code FROM view_platform_refund"
        " WHERE till = ? AND ended_ms IS NOT NULL ORDER BY ended_ms DESC, rowid DESC LIMIT 1",
        (till,),
    ).fetchone()
    if row is None:
        return None
    number, refund, platform, amount_fen, state, orphan, ended_ms, code = row
    return {
        "out_refund_no": number,
        "refund": refund,
        "platform": platform,
        "amount_fen": amount_fen,
        "state": state,
        "orphan": bool(orphan),
        "ended_ms": ended_ms,
        "code": code,
        "said": payments.said(platform, code, refund=True),
    }
