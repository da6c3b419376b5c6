"""Believed nodes of Alipay as answers of ours, pure. What is missing or of a wrong kind makes one UNKNOWN."""

from collections.abc import Mapping
from typing import Any

from agent.core.payment import PlatformAnswer, RefundAnswer, RefundVerdict, Verdict
from sync.platforms.amounts import fen, moment_ms

_STATES: Mapping[str, Verdict] = {
    "WAIT_BUYER_PAY": Verdict.PENDING,
    "TRADE_SUCCESS": Verdict.PAID,
    "TRADE_FINISHED": Verdict.PAID,
    "TRADE_CLOSED": Verdict.CLOSED,
}


def unknown(out_trade_no: str, code: str | None) -> PlatformAnswer:
    """Return the answer that nothing is known, and why."""
    return PlatformAnswer(Verdict.UNKNOWN, out_trade_no, code=code)


def trade(fields: Mapping[str, Any], out_trade_no: str) -> PlatformAnswer:
    """Return what a query says; a closed trade that was paid before is one of which all money went back."""
    if fields.get("out_trade_no") != out_trade_no:
        return unknown(out_trade_no, "platform.answer_of_another")
    verdict = _STATES.get(str(fields.get("trade_status")))
    if verdict is Verdict.PAID:
        return paid(fields, out_trade_no)
    if verdict is None:
        return unknown(out_trade_no, "platform.garbage_answer")
    if verdict is Verdict.CLOSED and fields.get("send_pay_date"):
        verdict = Verdict.REVERSED
    return PlatformAnswer(verdict, out_trade_no)


def paid(fields: Mapping[str, Any], out_trade_no: str) -> PlatformAnswer:
    """Return a payment; without amount, time or number it is not taken for one.

    A trade without discounts may name its total alone. `total_amount - receipt_amount` is the merchant's discount,
    `receipt_amount - buyer_pay_amount` the platform's.
    """
    transaction = fields.get("trade_no")
    if fields.get("out_trade_no") != out_trade_no:
        return unknown(out_trade_no, "platform.answer_of_another")
    try:
        platform_at_ms = moment_ms(str(fields.get("gmt_payment") or fields.get("send_pay_date")))
        total_fen = fen(str(fields.get("total_amount")))
        receipt_fen = fen(str(fields["receipt_amount"])) if fields.get("receipt_amount") else total_fen
        customer_fen = fen(str(fields["buyer_pay_amount"])) if fields.get("buyer_pay_amount") else receipt_fen
    except ValueError:
        return unknown(out_trade_no, "platform.garbage_answer")
    if not isinstance(transaction, str) or not transaction:
        return unknown(out_trade_no, "platform.garbage_answer")
    payer = fields.get("buyer_user_id") or fields.get("buyer_open_id")
    return PlatformAnswer(
        Verdict.PAID,
        out_trade_no,
        transaction=transaction,
        platform_at_ms=platform_at_ms,
        amount_fen=total_fen,
        customer_paid_fen=customer_fen,
        platform_discount_fen=max(0, receipt_fen - customer_fen),
        merchant_discount_fen=max(0, total_fen - receipt_fen),
        payer=payer if isinstance(payer, str) else None,
    )


def refund(fields: Mapping[str, Any], out_refund_no: str, amount_fen: int | None) -> RefundAnswer:
    """Return what a refund's query says; one of another amount than `amount_fen` is refused.

    A node that tells nothing about the refund's number means that there is none; one without `refund_status` that it
    is under way.
    """
    number, status = fields.get("out_request_no"), fields.get("refund_status")
    if not number and not status:
        return RefundAnswer(RefundVerdict.NOT_FOUND, out_refund_no)
    if number != out_refund_no:
        return RefundAnswer(RefundVerdict.UNKNOWN, out_refund_no, code="platform.answer_of_another")
    try:
        given_fen = fen(str(fields.get("refund_amount")))
        platform_fen = fen(str(fields.get("present_refund_discount_amount") or "0"))
        merchant_fen = fen(str(fields.get("present_refund_mdiscount_amount") or "0"))
    except ValueError:
        return RefundAnswer(RefundVerdict.UNKNOWN, out_refund_no, code="platform.garbage_answer")
    if amount_fen is not None and given_fen != amount_fen:
        return RefundAnswer(RefundVerdict.REFUSED, out_refund_no, amount_fen=given_fen, code="platform.order_differs")
    transaction = fields.get("trade_no")
    done = status == "REFUND_SUCCESS"
    if status and not done:
        return RefundAnswer(RefundVerdict.UNKNOWN, out_refund_no, amount_fen=given_fen, code=str(status)[:40])
    return RefundAnswer(
        RefundVerdict.DONE if done else RefundVerdict.ACCEPTED,
        out_refund_no,
        refund_transaction=transaction if isinstance(transaction, str) else None,
        amount_fen=given_fen,
        customer_fen=given_fen - platform_fen - merchant_fen,
        platform_fen=platform_fen,
        merchant_fen=merchant_fen,
    )
