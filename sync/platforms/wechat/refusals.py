"""Why WeChat Pay lets nobody in: v3 says SIGN_ERROR and V2 return_code FAIL for several things, told apart by words."""

import json
from collections.abc import Mapping

_V2_KEY = ("签名", "sign")
_V2_WHO = ("mch_id", "appid", "商户号")


def of_v3(message: str) -> str:
    """Return our code for the message of a 401."""
    if "证书序列号" in message or "serial" in message:
        return "platform.certificate_unknown"
    return "platform.signature_refused"


def message_of(body: bytes) -> str:
    """Return the message in a v3 error, empty without one."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    message = document.get("message") if isinstance(document, dict) else None
    return message if isinstance(message, str) else ""


def of_v2(said: Mapping[str, str]) -> str | None:
    """Return our code for a V2 answer that failed before anybody was let in, None for any other."""
    if said.get("return_code") != "FAIL":
        return None
    message = said.get("return_msg", "")
    if any(word in message for word in _V2_WHO):
        return "platform.merchant_unknown"
    return "platform.signature_refused" if any(word in message for word in _V2_KEY) else None
