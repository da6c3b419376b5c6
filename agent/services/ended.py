"""What ended last at a till: its completed sale, and the payment that a platform gave its word on.

A page learns of an end by an answer, by a live event or by neither, when messages cross: the state therefore carries
both ends with their numbers, and a page that sees a number for the first time tells of it.
"""

import json
from typing import Any

from agent.services import payments
from agent.services.shop import Shop
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
        "at_ms": row[2],
    }


def last_attempt(shop: Shop, connection: Any, till: str) -> Shown | None:
    """Return the till's newest attempt that has an end: `Attempt` of docs/decisions/002 with `ended_ms`, or None."""
    row = connection.execute(
        "SELECT attempt, ended_ms FROM view_attempt WHERE till = ? AND ended_ms IS NOT NULL"
        " ORDER BY ended_ms DESC, rowid DESC LIMIT 1",
        (till,),
    ).fetchone()
    return None if row is None else {**payments.attempt(shop, row[0]), "ended_ms": row[1]}
