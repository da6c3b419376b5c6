"""How the simulated WeChat Pay says what a customer did: our words for it, and its codes over v3 and V2."""

from typing import NamedTuple


class Said(NamedTuple):
    """A code over V2, over v3 with its status, and the text that comes with both."""

    v2: str
    v3: str
    status: int
    text: str


SAID = {
    "AUTH_CODE_INVALID": Said("AUTH_CODE_INVALID", "AUTH_CODE_INVALID", 400, "付款码无效"),
    "AUTH_CODE_EXPIRED": Said("AUTHCODEEXPIRE", "AUTH_CODE_EXPIRE", 400, "二维码已过期，请用户在微信上刷新后再试"),
    "BALANCE_TOO_LOW": Said("NOTENOUGH", "NOT_ENOUGH", 403, "余额不足"),
    "PAYER_BARRED": Said("USER_ACCOUNT_ABNORMAL", "ACCOUNT_ERROR", 403, "用户账户异常"),
    "USER_CANCELLED": Said("TRADE_ERROR", "TRADE_ERROR", 403, "用户取消支付"),
}
OTHER = Said("TRADE_ERROR", "TRADE_ERROR", 403, "交易错误")


def said(code: str | None) -> Said:
    """Return how WeChat Pay says one of our words."""
    return SAID.get(code or "", OTHER)
