"""Notifications of the simulated WeChat Pay: sealed with the merchant's key, signed under certificate or public key."""

import json
from secrets import token_hex

from sync.platforms.amounts import rfc3339
from sync.platforms.wechat.sign import sealed
from sync.simulator.accounts import Account
from sync.simulator.notices import Notice
from sync.simulator.wechat.counter import Counter
from sync.simulator.wechat.documents import order_v3, refund_v3, who_v3
from sync.simulator.wechat.signing import signature_headers
from sync.simulator.world import World


def compose(world: World, account: Account, notice: Notice) -> tuple[bytes, dict[str, str]] | None:
    """Return body and headers of a notification; None when its order or refund is not there."""
    counter = Counter(world, account)
    books = counter.books
    if notice.what == "refund":
        refund = books.find_refund(notice.number)
        order = books.find(refund.out_trade_no) if refund is not None else None
        if refund is None or order is None:
            return None
        whole = refund_v3(order, refund, counter.done_at_ms(refund), max(world.now_ms(), counter.done_at_ms(refund)))
        names = (
            "transaction_id",
            "out_trade_no",
            "refund_id",
            "out_refund_no",
            "success_time",
            "user_received_account",
        )
        figures = ("total", "refund", "payer_total", "payer_refund")
        who = {name: value for name, value in who_v3(account, {}).items() if name.endswith("mchid")}
        document = {
            **who,
            **{name: whole[name] for name in names},
            "refund_status": whole["status"],
            "amount": {name: whole["amount"][name] for name in figures},
        }
        kind, summary, original = "REFUND.SUCCESS", "退款成功", "refund"
    else:
        order = books.find(notice.number)
        if order is None:
            return None
        document = order_v3(account, order, books.particulars(notice.number), ())
        kind, summary, original = "TRANSACTION.SUCCESS", "支付成功", "transaction"
    nonce = token_hex(6)
    plain = json.dumps(document, ensure_ascii=False).encode()
    resource = {
        "original_type": original,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": sealed(account.values["api_v3_key"].encode(), nonce, original, plain),
        "associated_data": original,
        "nonce": nonce,
    }
    body = json.dumps(
        {
            "id": f"EV-{account.number}-{notice.id:012d}",
            "create_time": rfc3339(world.now_ms()),
            "resource_type": "encrypt-resource",
            "event_type": kind,
            "summary": summary,
            "resource": resource,
        },
        ensure_ascii=False,
    ).encode()
    wanted = account.values["public_key_id"] if notice.id % 2 else ""
    return body, {"Content-Type": "application/json", **signature_headers(world, body, wanted, "ok")}
