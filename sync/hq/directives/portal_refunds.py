"""Refunds that people made in a merchant's portal, told to the box whose sale had the money.

Where headquarters hold the keys of the merchant, only their matching sees such a refund. Told as a fact it stands at
its sale and cannot be paid a second time at the counter; the difference stays until a person settles it.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from agent.core.bill import BillLine
from agent.core.directives import Kind, portal_refund_body
from agent.core.reconcile.classes import LineClass
from agent.core.reconcile.finding import Finding
from agent.core.reconcile.statement import Statement
from sync.hq import tables
from sync.hq.directives.putting import put_fact

BY = "job:matching"
UNKNOWN = "difference.refund_unknown"


def tell_boxes(connection: Connection, findings: Iterable[Finding], statement: Statement, now_ms: int) -> int:
    """Put a fact for each refund of the bill that no journal has, once for ever; returns how many were new."""
    told = 0
    for one in findings:
        if one.line_class is not LineClass.REFUND_EXTRA or one.reason.code != UNKNOWN or one.listed is None:
            continue
        line = one.listed.line
        store = _store_of(connection, line)
        if store is None:
            continue
        number = line.out_refund_no or line.refund_transaction or f"{line.transaction}-{line.at_ms}"
        body = portal_refund_body(statement.platform, line, statement.sha256)
        subject = f"{statement.platform} {number}"
        told += put_fact(connection, Kind.PORTAL_REFUND, body, store, now_ms, BY, subject) is not None
    return told


def _store_of(connection: Connection, line: BillLine) -> str | None:
    """Return the store whose order had the money: by the platform's number, else by ours; None when it is not plain."""
    known = tables.platform_order.c
    by_transaction = select(known.store).where(known.transaction == line.transaction).distinct()
    found = list(connection.execute(by_transaction).scalars()) if line.transaction else []
    if not found:
        mine = (known.store == line.out_trade_no.partition("_")[0]) & (known.attempt == line.out_trade_no)
        found = list(connection.execute(select(known.store).where(mine)).scalars())
    return str(found[0]) if len(found) == 1 else None
