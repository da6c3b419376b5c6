"""The wallet's bill of a day: one JSON line a payment, refund or reversal, the summary last. Days are GMT+8."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from agent.core.canonical import canonical
from agent.core.moment import PLATFORM_ZONE, milliseconds
from sync.simulator.orders import Books, Order, Refund

FEE_BASIS_POINTS = 60


def bill_lines(books: Books, day: date) -> Iterator[str]:
    """Yield the lines of a bill."""
    begins = datetime.combine(day, time(), PLATFORM_ZONE)
    span_ms = milliseconds(begins), milliseconds(begins + timedelta(days=1))
    paid, refunds, reversals = books.between(*span_ms)
    lines = [
        *(_payment(order) for order in paid),
        *(_refund(refund) for refund in refunds),
        *(_reversal(order) for order in reversals),
    ]
    yield from (canonical(line) for line in lines)
    yield canonical(
        {
            "summary": {
                "day": day.isoformat(),
                "lines": len(lines),
                "paid_fen": sum(order.amount_fen for order in paid),
                "refunded_fen": sum(refund.amount_fen for refund in refunds),
                "reversed_fen": sum(order.amount_fen for order in reversals),
            }
        }
    )


def _payment(order: Order) -> dict[str, object]:
    return {
        "kind": "payment",
        "out_trade_no": order.out_trade_no,
        "out_refund_no": None,
        "transaction": order.transaction_no,
        "at_ms": order.paid_at_ms,
        "amount_fen": order.amount_fen,
        "platform_discount_fen": order.platform_discount_fen,
        "fee_fen": (order.amount_fen * FEE_BASIS_POINTS + 5000) // 10000,
    }


def _refund(refund: Refund) -> dict[str, object]:
    return {
        "kind": "refund",
        "out_trade_no": refund.out_trade_no,
        "out_refund_no": refund.out_refund_no,
        "transaction": refund.refund_transaction,
        "at_ms": refund.at_ms,
        "amount_fen": refund.amount_fen,
        "platform_discount_fen": refund.platform_fen,
        "fee_fen": (refund.amount_fen * FEE_BASIS_POINTS + 5000) // 10000,
    }


def _reversal(order: Order) -> dict[str, object]:
    return {**_payment(order), "kind": "reversal", "at_ms": order.reversed_at_ms}
