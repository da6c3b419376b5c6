"""Refunds at a platform: which have no end, and what becomes of them when the platform has said so."""

from typing import Any

from agent.core.events import AttemptEnded, RefundEnded
from agent.core.payment import AttemptState, RefundAnswer, RefundVerdict
from agent.services import attempts
from agent.services.journaling import record
from agent.services.settling import release
from agent.services.shop import Shop
from agent.services.slips import queue_orphan_refund_slip
from agent.services.trade import Trade
from agent.store.unit import Unit

Row = dict[str, Any]
_NAMES = (
    "out_refund_no, refund, attempt, platform, method, till, shift, staff, day, amount_fen, orphan, total_fen,"
    " started_ms"
)


def started(connection: Any) -> list[Row]:
    """Return every platform refund without an end, oldest first.

    `total_fen` is what the platform took for the order. For money that does not fit its attempt (`orphan`) that is
    what goes back, whatever the attempt was for.
    """
    rows = connection.execute(
        "SELECT r.out_refund_no, r.refund, r.attempt, r.platform, a.method, r.till, r.shift, r.staff, r.day,"
        " r.amount_fen, r.orphan, CASE WHEN r.orphan THEN r.amount_fen ELSE a.amount_fen END, r.started_ms"
        " FROM view_platform_refund r JOIN view_attempt a ON a.attempt = r.attempt"
        " WHERE r.state = 'started' ORDER BY r.started_ms, r.rowid"
    ).fetchall()
    return [dict(zip(_NAMES.split(", "), found, strict=True)) for found in rows]


def end(shop: Shop, found: Row, answer: RefundAnswer) -> bool:
    """Take in a platform's word on a refund; True when it ended. What is accepted only, or unknown, stays started.

    An attempt that was still open because its money did not fit ends *reversed* when that money is back. A payment
    that no sale wanted, and that the platform does not give back, waits for a person again.
    """
    if answer.verdict not in (RefundVerdict.DONE, RefundVerdict.REFUSED):
        return False

    def command(unit: Unit) -> bool:
        state = unit.connection.execute(
            "SELECT state FROM view_platform_refund WHERE out_refund_no = ?", (found["out_refund_no"],)
        ).fetchone()
        if state is None or state[0] != "started":
            return False
        trade = Trade(found["till"], found["shift"], found["staff"], found["day"])
        event = _ended(trade, found, answer, _is_unclaimed(unit, found, answer))
        record(unit, event)
        if event.outcome == "done" and found["orphan"]:
            _end_attempt(unit, trade, found)
            queue_orphan_refund_slip(shop, unit, trade, event)
        return True

    ended: bool = shop.writer.run(command)
    shop.refunds_in_flight.forget(found["out_refund_no"])
    if ended:
        shop.wake_printer(shop.tills[found["till"]].printer)
        shop.changed(found["till"])
    return ended


def _is_unclaimed(unit: Unit, found: Row, answer: RefundAnswer) -> bool:
    """Tell whether a refused refund was all of a payment's money that no sale has taken.

    Other orphans are money that came beside what the attempt ended with: it can't be used, and matching tells of it.
    """
    if answer.verdict is not RefundVerdict.REFUSED or not found["orphan"]:
        return False
    attempt = attempts.row(unit.connection, found["attempt"])
    if attempt is None or attempt["state"] != AttemptState.PAID:
        return False
    whole = (attempt["platform"], attempt["amount_fen"]) == (found["platform"], found["amount_fen"])
    return whole and found["started_ms"] >= (attempt["ended_ms"] or 0)


def _ended(trade: Trade, found: Row, answer: RefundAnswer, unclaimed: bool) -> RefundEnded:
    done = answer.verdict is RefundVerdict.DONE
    amount_fen: int = found["amount_fen"]
    customer_fen, platform_fen, merchant_fen = shares(answer, amount_fen) if done else (0, 0, 0)
    return RefundEnded(
        **trade.fields(),
        out_refund_no=found["out_refund_no"],
        attempt=found["attempt"],
        platform=found["platform"],
        amount_fen=amount_fen,
        outcome="done" if done else "refused",
        refund_transaction=answer.refund_transaction,
        customer_fen=customer_fen,
        platform_fen=platform_fen,
        code=answer.code,
        merchant_fen=merchant_fen,
        unclaimed=unclaimed,
    )


def shares(answer: RefundAnswer, amount_fen: int) -> tuple[int, int, int]:
    """Return whose money a refund was, in fen: customer's, platform's, merchant's; they add up to `amount_fen`.

    Shares that do not add up are a platform's slip: then it was all the customer's, as without any.
    """
    given_fen = (answer.platform_fen, answer.merchant_fen)
    customer_fen = amount_fen - sum(given_fen) if answer.customer_fen is None else answer.customer_fen
    whole = (customer_fen, *given_fen)
    return whole if min(whole) >= 0 and sum(whole) == amount_fen else (amount_fen, 0, 0)


def _end_attempt(unit: Unit, trade: Trade, found: Row) -> None:
    attempt = attempts.row(unit.connection, found["attempt"])
    if attempt is None or attempt["state"] not in (AttemptState.OPEN, AttemptState.PARKED):
        return
    record(
        unit,
        AttemptEnded(
            **trade.fields(),
            attempt=attempt["attempt"],
            platform=attempt["platform"],
            amount_fen=attempt["amount_fen"],
            outcome=AttemptState.REVERSED.value,
            code=attempt["code"],
        ),
    )
    release(unit, attempt)
