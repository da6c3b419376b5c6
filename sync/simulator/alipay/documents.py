"""What Alipay says of a trade or refund, out of the books: amounts in yuan, times in GMT+8."""

from collections.abc import Mapping, Sequence
from typing import Any

from sync.platforms.amounts import platform_time, yuan
from sync.simulator.orders import Order, Refund


def user_id(order: Order) -> str:
    """Return who paid, as Alipay numbers people."""
    return user_id_of(order.payer)


def user_id_of(payer: str) -> str:
    """Return somebody as Alipay numbers people."""
    digits = "".join(character for character in payer if character.isdigit())
    return f"2088{digits[-12:]:0>12}"


def is_undone(order: Order, refunds: Sequence[Refund]) -> bool:
    """Tell whether all money of a trade went back."""
    return order.state == "reversed" or (
        bool(refunds) and sum(refund.amount_fen for refund in refunds) >= order.amount_fen
    )


def trade_status(order: Order, refunds: Sequence[Refund]) -> str:
    """Return a trade's `trade_status`."""
    if order.state == "paid" and not is_undone(order, refunds):
        return "TRADE_SUCCESS"
    return "WAIT_BUYER_PAY" if order.state in ("waiting", "declined") else "TRADE_CLOSED"


def amounts(order: Order) -> dict[str, Any]:
    """Return who paid what; the coupon is the platform's, so the merchant receives the whole amount."""
    customer = yuan(order.amount_fen - order.platform_discount_fen)
    channels = [{"fund_channel": "ALIPAYACCOUNT", "amount": customer}]
    if order.platform_discount_fen:
        channels.append({"fund_channel": "DISCOUNT", "amount": yuan(order.platform_discount_fen)})
    return {
        "total_amount": yuan(order.amount_fen),
        "receipt_amount": yuan(order.amount_fen),
        "buyer_pay_amount": customer,
        "invoice_amount": customer,
        "point_amount": "0.00",
        "buyer_logon_id": "138****0000",
        "buyer_user_id": user_id(order),
        "fund_bill_list": channels,
    }


def paid(order: Order, time_name: str) -> dict[str, Any]:
    """Return a trade that was paid; the time stands under `gmt_payment` or `send_pay_date`."""
    return {
        "trade_no": order.transaction_no,
        "out_trade_no": order.out_trade_no,
        **amounts(order),
        time_name: platform_time(order.paid_at_ms or 0),
    }


def queried(order: Order, refunds: Sequence[Refund]) -> dict[str, Any]:
    """Return the answer to a query."""
    status = {"trade_status": trade_status(order, refunds)}
    if order.paid_at_ms is not None:
        return {**paid(order, "send_pay_date"), **status}
    nothing = dict.fromkeys(("receipt_amount", "buyer_pay_amount", "invoice_amount", "point_amount"), "0.00")
    return {
        "trade_no": order.transaction_no,
        "out_trade_no": order.out_trade_no,
        "total_amount": yuan(order.amount_fen),
        **nothing,
        **status,
    }


def refunded(order: Order, refunds: Sequence[Refund], refund: Refund, *, again: bool) -> dict[str, Any]:
    """Return the answer to a refund; `refund_fee` is what went back altogether."""
    return {
        "trade_no": order.transaction_no,
        "out_trade_no": order.out_trade_no,
        "buyer_logon_id": "138****0000",
        "buyer_user_id": user_id(order),
        "fund_change": "N" if again else "Y",
        "refund_fee": yuan(sum(one.amount_fen for one in refunds)),
        "send_back_fee": yuan(refund.amount_fen - refund.platform_fen),
        "gmt_refund_pay": platform_time(refund.at_ms),
        "refund_detail_item_list": [
            {"fund_channel": "ALIPAYACCOUNT", "amount": yuan(refund.amount_fen - refund.platform_fen)}
        ],
    }


def refund_queried(order: Order, refund: Refund, *, done: bool) -> dict[str, Any]:
    """Return the answer to a refund's query; without `refund_status` it is under way."""
    document = {
        "trade_no": order.transaction_no,
        "out_trade_no": order.out_trade_no,
        "out_request_no": refund.out_refund_no,
        "total_amount": yuan(order.amount_fen),
        "refund_amount": yuan(refund.amount_fen),
        "present_refund_buyer_amount": yuan(refund.amount_fen - refund.platform_fen),
        "present_refund_discount_amount": yuan(refund.platform_fen),
        "present_refund_mdiscount_amount": "0.00",
    }
    return {**document, "refund_status": "REFUND_SUCCESS"} if done else document


def notified(order: Order, particulars: Mapping[str, str], refunded_fen: int) -> dict[str, str]:
    """Return the fields of a notification about a trade, all of them text."""
    fields = {
        "trade_no": order.transaction_no,
        "out_trade_no": order.out_trade_no,
        "trade_status": "TRADE_CLOSED" if refunded_fen >= order.amount_fen else "TRADE_SUCCESS",
        "total_amount": yuan(order.amount_fen),
        "receipt_amount": yuan(order.amount_fen),
        "buyer_pay_amount": yuan(order.amount_fen - order.platform_discount_fen),
        "invoice_amount": yuan(order.amount_fen - order.platform_discount_fen),
        "point_amount": "0.00",
        "buyer_id": user_id(order),
        "buyer_logon_id": "138****0000",
        "subject": particulars.get("subject", ""),
        "gmt_create": platform_time(order.created_at_ms),
        "gmt_payment": platform_time(order.paid_at_ms or 0),
    }
    return {**fields, "refund_fee": yuan(refunded_fen)} if refunded_fen else fields
