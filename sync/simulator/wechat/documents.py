"""What WeChat Pay says of an order or refund, in v3's JSON and V2's fields, out of the books."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sync.platforms.amounts import rfc3339
from sync.simulator.accounts import Account
from sync.simulator.orders import Order, Refund

_STATE_TEXTS = {
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "NOTPAY": "未支付",
    "CLOSED": "已关闭",
    "REVOKED": "已撤销",
    "USERPAYING": "用户支付中",
    "PAYERROR": "支付失败",
}
BANK = "OTHERS"


def compact_time(at_ms: int) -> str:
    """Write a moment as V2 does, `20261003091245`."""
    return "".join(character for character in rfc3339(at_ms)[:19] if character.isdigit())


def trade_state(order: Order, particulars: Mapping[str, str], refunds: Sequence[Refund]) -> str:
    """Return an order's `trade_state`."""
    by_code = particulars.get("trade_type") == "MICROPAY" or not particulars
    if order.state == "paid":
        return "REFUND" if refunds else "SUCCESS"
    return {
        "waiting": "USERPAYING" if by_code else "NOTPAY",
        "declined": "PAYERROR",
        "reversed": "REVOKED",
        "closed": "REVOKED" if by_code else "CLOSED",
    }[order.state]


def openid(order: Order) -> str:
    """Return who paid, as this merchant's application knows them."""
    return openid_of(order.payer)


def openid_of(payer: str) -> str:
    """Return somebody as a merchant's application knows them."""
    return f"o{payer.replace('-', '')}".ljust(28, "0")[:28]


def order_v3(
    account: Account, order: Order, particulars: Mapping[str, str], refunds: Sequence[Refund]
) -> dict[str, Any]:
    """Return the order document of queries, code pay and notifications."""
    state = trade_state(order, particulars, refunds)
    document: dict[str, Any] = {
        **who_v3(account, particulars),
        "out_trade_no": order.out_trade_no,
        "trade_state": state,
        "trade_state_desc": _STATE_TEXTS[state],
    }
    if particulars.get("trade_type"):
        document["trade_type"] = particulars["trade_type"]
    if particulars.get("attach"):
        document["attach"] = particulars["attach"]
    if order.paid_at_ms is None:
        return document
    customer_fen = order.amount_fen - order.platform_discount_fen
    payer_name = "sp_openid" if "sub_mchid" in account.values else "openid"
    document |= {
        "transaction_id": order.transaction_no,
        "bank_type": BANK,
        "success_time": rfc3339(order.paid_at_ms),
        "payer": {payer_name: openid(order)},
        "amount": {
            "total": order.amount_fen,
            "payer_total": customer_fen,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }
    if order.platform_discount_fen:
        document["promotion_detail"] = [promotion(order)]
    return document


def who_v3(account: Account, particulars: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that name the merchant."""
    values = account.values
    if "sub_mchid" not in values:
        return {"appid": values["appid"], "mchid": values["mchid"]}
    named = {"sp_appid": values["appid"], "sp_mchid": values["mchid"], "sub_mchid": values["sub_mchid"]}
    return {**named, **({"sub_appid": particulars["sub_appid"]} if particulars.get("sub_appid") else {})}


def promotion(order: Order) -> dict[str, Any]:
    """Return a coupon that the platform paid for."""
    return {
        "coupon_id": "109519",
        "name": "练习立减",
        "scope": "GLOBAL",
        "type": "CASH",
        "amount": order.platform_discount_fen,
        "stock_id": "931386",
        "wechatpay_contribute": order.platform_discount_fen,
        "merchant_contribute": 0,
        "other_contribute": 0,
        "currency": "CNY",
    }


def refund_v3(order: Order, refund: Refund, done_at_ms: int, now_ms: int) -> dict[str, Any]:
    """Return the refund document; before `done_at_ms` it is under way."""
    customer_fen = refund.amount_fen - refund.platform_fen
    done = now_ms >= done_at_ms
    document: dict[str, Any] = {
        "refund_id": refund.refund_transaction,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": order.transaction_no,
        "out_trade_no": order.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": rfc3339(refund.at_ms),
        "status": "SUCCESS" if done else "PROCESSING",
        "funds_account": "AVAILABLE",
        "amount": {
            "total": order.amount_fen,
            "refund": refund.amount_fen,
            "from": [],
            "payer_total": order.amount_fen - order.platform_discount_fen,
            "payer_refund": customer_fen,
            "settlement_refund": refund.amount_fen,
            "settlement_total": order.amount_fen,
            "discount_refund": refund.platform_fen,
            "currency": "CNY",
        },
        "promotion_detail": [],
    }
    if done:
        document["success_time"] = rfc3339(done_at_ms)
    return document


def order_v2(order: Order, particulars: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a paid order in V2."""
    fields = {
        "openid": openid(order),
        "is_subscribe": "N",
        "trade_type": particulars.get("trade_type") or "MICROPAY",
        "bank_type": BANK,
        "fee_type": "CNY",
        "total_fee": str(order.amount_fen),
        "settlement_total_fee": str(order.amount_fen),
        "cash_fee_type": "CNY",
        "cash_fee": str(order.amount_fen - order.platform_discount_fen),
        "transaction_id": order.transaction_no,
        "out_trade_no": order.out_trade_no,
        "attach": particulars.get("attach", ""),
        "time_end": compact_time(order.paid_at_ms or 0),
    }
    if order.platform_discount_fen:
        fields["coupon_fee"] = str(order.platform_discount_fen)
        fields["promotion_detail"] = json.dumps({"promotion_detail": [promotion(order)]}, ensure_ascii=False)
    return fields


def refunds_v2(order: Order, rows: Sequence[tuple[Refund, bool]]) -> dict[str, str]:
    """Return the fields of V2's refundquery; each refund with whether it is done."""
    fields = {
        "out_trade_no": order.out_trade_no,
        "transaction_id": order.transaction_no,
        "total_fee": str(order.amount_fen),
        "cash_fee": str(order.amount_fen - order.platform_discount_fen),
        "refund_count": str(len(rows)),
        "refund_fee": str(sum(refund.amount_fen for refund, _ in rows)),
    }
    for place, (refund, done) in enumerate(rows):
        fields |= {
            f"out_refund_no_{place}": refund.out_refund_no,
            f"refund_id_{place}": refund.refund_transaction,
            f"refund_channel_{place}": "ORIGINAL",
            f"refund_fee_{place}": str(refund.amount_fen),
            f"settlement_refund_fee_{place}": str(refund.amount_fen),
            f"refund_status_{place}": "SUCCESS" if done else "PROCESSING",
            f"refund_recv_accout_{place}": "支付用户零钱",
        }
        if done:
            fields[f"refund_success_time_{place}"] = rfc3339(refund.at_ms)[:19].replace("T", " ")
    return fields
