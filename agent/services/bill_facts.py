"""What the box's views say about one merchant's days, for matching: the same facts that its entries would give.

Refunds that only a bill told of (`refund.found`) are no facts: what was learnt from the bill can't witness against it.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from agent.core.bill import BillLine
from agent.core.payment import AttemptState
from agent.core.reconcile.facts import Facts, Payment, Refund

DAYS_BEFORE, DAYS_AFTER = 2, 1
"""Business days around a platform's day whose orders may be on its bill."""
_PAYMENT = (
    "SELECT attempt, sale, till, day, platform, merchant, method, amount_fen, state, started_ms, ended_ms, txn,"
    " platform_at_ms, platform_discount_fen, merchant_discount_fen FROM view_attempt"
)
_REFUND = (
    "SELECT r.out_refund_no, r.attempt, r.platform, a.merchant, r.refund, r.till, r.day, r.amount_fen, r.state,"
    " r.started_ms, r.ended_ms, r.txn, r.orphan FROM view_platform_refund r JOIN view_attempt a"
    " ON a.attempt = r.attempt WHERE r.state <> 'found'"
)


def read_facts(
    connection: Any, store: str, platform: str, merchant: str, days: Sequence[date], lines: Iterable[BillLine]
) -> Facts:
    """Return the account's orders and refunds around some of the platform's days, and every order that a line names."""
    first, last = min(days) - timedelta(days=DAYS_BEFORE), max(days) + timedelta(days=DAYS_AFTER)
    around = (first.isoformat(), last.isoformat())
    payments = {one.attempt: one for one in _payments(connection, store, "day BETWEEN ? AND ?", around)}
    refunds = {one.out_refund_no: one for one in _refunds(connection, store, "r.day BETWEEN ? AND ?", around)}
    named = {line.out_trade_no for line in lines} | {one.attempt for one in refunds.values()}
    for number in sorted(named - payments.keys()):
        payments |= {one.attempt: one for one in _payments(connection, store, "attempt = ?", (number,))}
    for number in sorted(payments):
        refunds |= {one.out_refund_no: one for one in _refunds(connection, store, "r.attempt = ?", (number,))}
    return Facts(
        [one for one in payments.values() if one.platform == platform and one.merchant in ("", merchant)],
        [one for one in refunds.values() if one.platform == platform and one.merchant in ("", merchant)],
    )


def first_day(connection: Any, platform: str, merchant: str, since: date) -> date | None:
    """Return the business day of the account's first order on a day or later, None without any."""
    found = connection.execute(
        "SELECT day FROM view_attempt WHERE day >= ? AND platform = ? AND merchant = ? ORDER BY day LIMIT 1",
        (since.isoformat(), platform, merchant),
    ).fetchone()
    return None if found is None else date.fromisoformat(found[0])


def _payments(connection: Any, store: str, where: str, values: Sequence[str]) -> Iterable[Payment]:
    for row in connection.execute(f"{_PAYMENT} WHERE {where}", values).fetchall():
        yield Payment(
            store=store,
            attempt=row[0],
            sale=row[1],
            till=row[2],
            day=row[3],
            platform=row[4],
            merchant=row[5],
            method=row[6],
            amount_fen=row[7],
            state=AttemptState(row[8]),
            started_at_ms=row[9],
            ended_at_ms=row[10],
            transaction=row[11],
            platform_at_ms=row[12],
            platform_discount_fen=row[13],
            merchant_discount_fen=row[14],
        )


def _refunds(connection: Any, store: str, where: str, values: Sequence[str]) -> Iterable[Refund]:
    for row in connection.execute(f"{_REFUND} AND {where}", values).fetchall():
        yield Refund(
            store=store,
            out_refund_no=row[0],
            attempt=row[1],
            platform=row[2],
            merchant=row[3],
            refund=row[4],
            till=row[5],
            day=row[6],
            amount_fen=row[7],
            state=row[8],
            started_at_ms=row[9],
            ended_at_ms=row[10],
            refund_transaction=row[11],
            orphan=bool(row[12]),
        )
