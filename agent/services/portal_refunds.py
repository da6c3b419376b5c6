"""Refunds made in the merchant's portal: taken into the journal when a bill tells of them, so none is paid twice."""

import json
from collections.abc import Mapping
from typing import Any

from agent.core.bill import BillLine
from agent.core.events_matching import RefundFound
from agent.core.moment import business_day
from agent.core.payment import AttemptState
from agent.services import attempts
from agent.services.journaling import record
from agent.services.shop import Shop
from agent.services.trade import open_day
from agent.store.journal import entry
from agent.store.unit import Unit

SOURCE = "bill"


def number_of(line: BillLine) -> str:
    """Return the number under which a refund is kept: the portal's own, else the platform's, else one made of both."""
    return line.out_refund_no or line.refund_transaction or f"{line.transaction}-{line.at_ms}"


def is_known(connection: Any, line: BillLine) -> bool:
    """Tell whether the journal has a refund already, whoever told of it."""
    known = "SELECT 1 FROM view_platform_refund WHERE out_refund_no = ?"
    return connection.execute(known, (number_of(line),)).fetchone() is not None


def take_over(shop: Shop, unit: Unit, platform: str, line: BillLine, sha256: str, source: str = SOURCE) -> bool:
    """Journal a refund of the bill that the journal has not, once; `source` is who read that bill: this box, or hq.

    False where it is known, and where it is not plain which sale had the money: that is left to people.
    """
    found = attempts.of_bill(unit.connection, platform, line.out_trade_no, line.transaction)
    if found is None or found["state"] != AttemptState.PAID:
        return False
    number = number_of(line)
    if is_known(unit.connection, line):
        return False
    sale, tender, kind = _paid_for(unit.connection, found)
    if sale is None and found["used"]:
        return False
    day = open_day(unit.connection) or business_day(unit.now_ms, shop.store.zone, shop.store.day_starts).isoformat()
    record(
        unit,
        RefundFound(
            till=found["till"],
            shift=None,
            staff="",
            day=day,
            out_refund_no=number,
            attempt=found["attempt"],
            sale=sale,
            tender=tender,
            tender_kind=kind,
            platform=platform,
            amount_fen=line.amount_fen,
            refund_transaction=line.refund_transaction,
            platform_at_ms=line.at_ms,
            source=source,
            sha256=sha256,
        ),
    )
    return True


def of_sale(connection: Any, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what went back of a sale in the portal, by its entry's body: `{platform, amount_fen, at_ms}` each."""
    found = []
    for attempt in (tender["attempt"] for tender in body["tenders"] if tender["attempt"]):
        rows = connection.execute(
            "SELECT platform, amount_fen, started_ms FROM view_platform_refund"
            " WHERE attempt = ? AND state = 'found' ORDER BY started_ms",
            (attempt,),
        ).fetchall()
        found += [{"platform": platform, "amount_fen": fen, "at_ms": at_ms} for platform, fen, at_ms in rows]
    return found


def _paid_for(connection: Any, found: attempts.Row) -> tuple[str | None, int | None, str]:
    """Return the sale that an attempt's money paid for, the tender's place there and its kind."""
    row = connection.execute("SELECT epoch, seq FROM view_sale WHERE sale = ?", (found["sale"],)).fetchone()
    kept = None if row is None else entry(connection, row[0], row[1])
    tenders = [] if kept is None else json.loads(kept.body)["tenders"]
    for place, tender in enumerate(tenders):
        if tender["attempt"] == found["attempt"]:
            return found["sale"], place, tender["kind"]
    return None, None, found["platform"]
