"""Notifications of WeChat Pay: checked, opened, and turned into the same answers that a query gives.

For whoever has an address that the platform reaches: headquarters, not a box behind a shop's line.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.core.errors import UnknownOutcome
from agent.core.payment import PlatformAnswer, RefundAnswer
from sync.platforms.wechat import answers
from sync.platforms.wechat.settings import WechatMerchant
from sync.platforms.wechat.sign import opened
from sync.platforms.wechat.trust import Trust


@dataclass(frozen=True, slots=True)
class Notification:
    """What the platform tells unasked; `number` is the same in each repetition. One of payment and refund is there."""

    number: str
    kind: str
    out_trade_no: str
    payment: PlatformAnswer | None = None
    refund: RefundAnswer | None = None


def read_notification(merchant: WechatMerchant, trust: Trust, headers: Mapping[str, str], body: bytes) -> Notification:
    """Return a believed notification; raises `UnknownOutcome` for one that must be answered by 4xx (probes too)."""
    code = trust.why_not(headers, body)
    if code is not None:
        raise UnknownOutcome(code)
    try:
        document = json.loads(body)
        resource = document["resource"]
        associated = resource.get("associated_data") or ""
        plain = opened(merchant.api_v3_key, resource["nonce"], associated, resource["ciphertext"])
        fields: Mapping[str, Any] = json.loads(plain or b"")
        number, kind = str(document["id"]), str(document["event_type"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnknownOutcome("platform.garbage_answer") from error
    if not isinstance(fields, dict):
        raise UnknownOutcome("platform.garbage_answer")
    order = str(fields.get("out_trade_no"))
    if kind.startswith("REFUND."):
        renamed = {**fields, "status": fields.get("refund_status")}
        return Notification(number, kind, order, refund=answers.refund(renamed, str(fields.get("out_refund_no")), None))
    return Notification(number, kind, order, payment=answers.order(fields, order))
