"""What the journal says of a difference's line, beside what the bill says."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from agent.core.reconcile.workflow import Difference
from sync.hq import tables


@dataclass(frozen=True, slots=True)
class JournalSide:
    """An order, or a refund, as the store's journal has it; None where the journal does not say."""

    sale: str | None
    amount_fen: int | None
    outcome: str | None
    transaction: str | None
    at_ms: int | None


def journal_side(connection: Connection, known: Difference) -> JournalSide | None:
    """Return what the journal has, None for a line that no journal knows."""
    store, refund = known.found.get("store"), known.found.get("out_refund_no")
    if store is None:
        return None
    if known.found["line_kind"] == "refund" and refund:
        table = tables.platform_refund.c
        row = connection.execute(
            select(tables.platform_refund).where((table.store == store) & (table.out_refund_no == refund))
        ).first()
        if row is not None:
            return JournalSide(row.refund, row.amount_fen, row.outcome, row.refund_transaction, row.ended_at_ms)
        return JournalSide(None, None, None, None, None)
    order = tables.platform_order.c
    attempt = known.found["out_trade_no"]
    row = connection.execute(
        select(tables.platform_order).where((order.store == store) & (order.attempt == attempt))
    ).first()
    if row is None:
        return JournalSide(None, None, None, None, None)
    at_ms = row.platform_at_ms if row.platform_at_ms is not None else row.started_at_ms
    return JournalSide(row.sale, row.amount_fen, row.outcome, row.transaction, at_ms)
