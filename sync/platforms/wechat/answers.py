"""Believed documents of WeChat Pay as answers of ours, pure. What is missing or of a wrong kind makes one UNKNOWN."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from agent.core.payment import PlatformAnswer, RefundAnswer, RefundVerdict, Verdict
from sync.platforms.amounts import moment_ms

_STATES: Mapping[str, Verdict] = {
    "SUCCESS": Verdict.PAID,
    "NOTPAY": Verdict.PENDING,
    "USERPAYING": Verdict.PENDING,
    "ACCEPT": Verdict.PENDING,
    "CLOSED": Verdict.CLOSED,
    "PAYERROR": Verdict.DECLINED,
}
_REFUND_STATES: Mapping[str, RefundVerdict] = {
    "SUCCESS": RefundVerdict.DONE,
    "PROCESSING": RefundVerdict.ACCEPTED,
    "CLOSED": RefundVerdict.REFUSED,
    "CLOSE": RefundVerdict.REFUSED,
}
"""ABNORMAL is missing on purpose: the money left the merchant and did not arrive; people must act, so it stays open."""
_PREFUNDED = frozenset({"CASH", "COUPON"})
"""Coupons (v3's word, V2's) whose value was paid in before and is settled like the payer's own money, whoever paid for
them; all others (NOCASH, DISCOUNT) never reach the merchant's account."""
_CURRENCY = "CNY"


def unknown(out_trade_no: str, code: str | None) -> PlatformAnswer:
    """Return the answer that nothing is known, and why."""
    return PlatformAnswer(Verdict.UNKNOWN, out_trade_no, code=code)


def order(fields: Mapping[str, Any], out_trade_no: str) -> PlatformAnswer:
    """Return what a v3 order document says; REFUND stays UNKNOWN until it is known how much went back."""
    state = str(fields.get("trade_state"))
    if fields.get("out_trade_no") != out_trade_no:
        return unknown(out_trade_no, "platform.answer_of_another")
    if state == "REVOKED":
        undone = Verdict.REVERSED if fields.get("transaction_id") else Verdict.CLOSED
        return PlatformAnswer(undone, out_trade_no)
    verdict = _STATES.get(state)
    if verdict is Verdict.PAID:
        return paid(fields, out_trade_no)
    if verdict is None:
        return unknown(out_trade_no, state if state == "REFUND" else "platform.garbage_answer")
    return PlatformAnswer(verdict, out_trade_no, code="PAYERROR" if verdict is Verdict.DECLINED else None)


def paid(fields: Mapping[str, Any], out_trade_no: str) -> PlatformAnswer:
    """Return a payment out of a v3 order document; without amount, time or number it is not taken for one."""
    amount, payer = _mapping(fields.get("amount")), _mapping(fields.get("payer"))
    total_fen, customer_fen = amount.get("total"), amount.get("payer_total")
    return _payment(
        out_trade_no,
        fields.get("transaction_id"),
        fields.get("success_time"),
        total_fen,
        total_fen if customer_fen is None else customer_fen,
        amount.get("payer_currency"),
        _rows(fields.get("promotion_detail")),
        payer.get("openid") or payer.get("sp_openid") or payer.get("sub_openid"),
    )


def paid_v2(fields: Mapping[str, str], out_trade_no: str) -> PlatformAnswer:
    """Return a payment out of the fields of V2's micropay."""
    if fields.get("out_trade_no") != out_trade_no:
        return unknown(out_trade_no, "platform.answer_of_another")
    try:
        details = json.loads(fields.get("promotion_detail") or "{}")
    except (ValueError, RecursionError):
        details = {}
    total_fen = _number(fields.get("total_fee"))
    cash_fen = _number(fields.get("cash_fee")) if "cash_fee" in fields else total_fen
    return _payment(
        out_trade_no,
        fields.get("transaction_id"),
        fields.get("time_end"),
        total_fen,
        cash_fen,
        fields.get("cash_fee_type"),
        _rows(_mapping(details).get("promotion_detail")),
        fields.get("openid"),
    )


def refund(fields: Mapping[str, Any], out_refund_no: str, amount_fen: int | None) -> RefundAnswer:
    """Return what a v3 refund document says; one of another amount than `amount_fen` is refused.

    `refund - settlement_refund` never was on the merchant's account: it is the merchant's own discount.
    """
    amount = _mapping(fields.get("amount"))
    given_fen, customer_fen = amount.get("refund"), amount.get("payer_refund")
    state = str(fields.get("status"))
    if fields.get("out_refund_no") != out_refund_no:
        return RefundAnswer(RefundVerdict.UNKNOWN, out_refund_no, code="platform.answer_of_another")
    if type(given_fen) is not int or (customer_fen is not None and type(customer_fen) is not int):
        return RefundAnswer(RefundVerdict.UNKNOWN, out_refund_no, code="platform.garbage_answer")
    if amount_fen is not None and given_fen != amount_fen:
        return RefundAnswer(RefundVerdict.REFUSED, out_refund_no, amount_fen=given_fen, code="platform.order_differs")
    verdict = _REFUND_STATES.get(state, RefundVerdict.UNKNOWN)
    customer_fen = given_fen if customer_fen is None else min(customer_fen, given_fen)
    settled_fen = amount.get("settlement_refund")
    own_fen = max(0, given_fen - settled_fen) if type(settled_fen) is int else 0
    merchant_fen = min(own_fen, given_fen - customer_fen)
    return RefundAnswer(
        verdict,
        out_refund_no,
        refund_transaction=_text(fields.get("refund_id")),
        amount_fen=given_fen,
        customer_fen=customer_fen,
        platform_fen=given_fen - customer_fen - merchant_fen,
        code=None if verdict in (RefundVerdict.DONE, RefundVerdict.ACCEPTED) else state[:40],
        merchant_fen=merchant_fen,
    )


def refunded_fen(fields: Mapping[str, str]) -> int:
    """Return how much of an order went back or is on its way, out of V2's refundquery."""
    count = _number(fields.get("refund_count")) or 0
    gone = ("SUCCESS", "PROCESSING")
    numbers = (str(place) for place in range(min(count, 50)) if fields.get(f"refund_status_{place}") in gone)
    return sum(_number(fields.get(f"refund_fee_{place}")) or 0 for place in numbers)


def _payment(
    out_trade_no: str,
    transaction: object,
    at: object,
    total_fen: object,
    customer_fen: object,
    currency: object,
    coupons: Sequence[object],
    payer: object,
) -> PlatformAnswer:
    """Return a payment; what a wallet from abroad pays in its own `currency` says nothing about a discount."""
    try:
        platform_at_ms = moment_ms(at) if isinstance(at, str) else None
    except ValueError:
        platform_at_ms = None
    if platform_at_ms is None or not _text(transaction) or type(total_fen) is not int or type(customer_fen) is not int:
        return unknown(out_trade_no, "platform.garbage_answer")
    known = [_mapping(one) for one in coupons]
    if currency not in (None, "", _CURRENCY):
        customer_fen = total_fen - min(total_fen, sum(_count(one.get("amount")) for one in known))
    customer_fen = max(0, min(customer_fen, total_fen))
    discount_fen = total_fen - customer_fen
    own = (one for one in known if str(one.get("type")) not in _PREFUNDED)
    merchant_fen = sum(_count(one.get("merchant_contribute")) for one in own)
    return PlatformAnswer(
        Verdict.PAID,
        out_trade_no,
        transaction=_text(transaction),
        platform_at_ms=platform_at_ms,
        amount_fen=total_fen,
        customer_paid_fen=customer_fen,
        platform_discount_fen=discount_fen - min(merchant_fen, discount_fen),
        merchant_discount_fen=min(merchant_fen, discount_fen),
        payer=_text(payer),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: object) -> int:
    return value if type(value) is int and value > 0 else 0


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16 else None
