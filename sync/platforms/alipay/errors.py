"""Codes of Alipay's gateway (`sub_code`) and the situations that they mean. What stands nowhere is an unknown outcome.

Sources: the vendor's page on public error codes, its tables of trade.pay, query, cancel and refund, and acquirers'
published mappings. `aop.ACQ.…` and `ACQ.…` are the same.
"""

from collections.abc import Mapping

from sync.platforms import situations as at
from sync.platforms.situations import Situation

CODES: Mapping[str, Situation] = {
    # the outcome is not known
    "10003": at.ENTERING_PASSWORD,
    "20000": at.PLATFORM_BUSY,
    "ACQ.SYSTEM_ERROR": at.PLATFORM_BUSY,
    "aop.unknow-error": at.PLATFORM_BUSY,
    "isp.unknow-error": at.PLATFORM_BUSY,
    # the payer
    "ACQ.PAYMENT_AUTH_CODE_INVALID": at.CODE_EXPIRED,
    "ACQ.BUYER_BALANCE_NOT_ENOUGH": at.BALANCE_LOW,
    "ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH": at.BALANCE_LOW,
    "ACQ.ERROR_BALANCE_PAYMENT_DISABLE": at.WALLET_SETTING,
    "ACQ.PAYMENT_FAIL": at.NOT_PAID,
    "ACQ.PULL_MOBILE_CASHIER_FAIL": at.NOT_PAID,
    "ACQ.MOBILE_PAYMENT_SWITCH_OFF": at.WALLET_SETTING,
    "ACQ.USER_FACE_PAYMENT_SWITCH_OFF": at.WALLET_SETTING,
    "ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR": at.PAYER_LIMIT,
    "ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR": at.PAYER_LIMIT,
    "ACQ.BEYOND_PAY_RESTRICTION": at.PAYER_LIMIT,
    "ACQ.BEYOND_PER_RECEIPT_RESTRICTION": at.AMOUNT_NOT_TAKEN,
    "ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT": at.PAYER_BARRED,
    "ACQ.PAYMENT_REQUEST_HAS_RISK": at.RISK,
    "ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE": at.CARD_NOT_TAKEN,
    "ACQ.TRADE_BUYER_NOT_MATCH": at.PAYER_DIFFERS,
    "ACQ.BUYER_ENABLE_STATUS_FORBID": at.PAYER_BARRED,
    "ACQ.BUYER_NOT_EXIST": at.PAYER_BARRED,
    "ACQ.BUYER_SELLER_EQUAL": at.PAYER_BARRED,
    # the order
    "ACQ.TRADE_HAS_SUCCESS": at.ORDER_ELSEWHERE,
    "ACQ.CONTEXT_INCONSISTENT": at.ORDER_ELSEWHERE,
    "ACQ.TRADE_HAS_CLOSE": at.ORDER_CLOSED,
    "ACQ.TRADE_STATUS_ERROR": at.ORDER_ELSEWHERE,
    "ACQ.REASON_TRADE_STATUS_INVALID": at.ORDER_ELSEWHERE,
    "ACQ.TRADE_NOT_EXIST": at.NO_SUCH_ORDER,
    "ACQ.TRADE_HAS_FINISHED": at.ORDER_ELSEWHERE,
    "ACQ.CANCEL_NOT_ALLOWED": at.REVERSE_TOO_LATE,
    # the merchant and the request
    "ACQ.TOTAL_FEE_EXCEED": at.AMOUNT_NOT_TAKEN,
    "ACQ.INVALID_PARAMETER": at.REQUEST_NOT_TAKEN,
    "ACQ.EXIST_FORBIDDEN_WORD": at.REQUEST_NOT_TAKEN,
    "ACQ.INVALID_STORE_ID": at.MERCHANT_SETTINGS,
    "ACQ.ACCESS_FORBIDDEN": at.MERCHANT_NOT_ENABLED,
    "ACQ.PARTNER_ERROR": at.MERCHANT_NOT_ENABLED,
    "ACQ.SUBJECT_FORBIDDEN": at.REQUEST_NOT_TAKEN,
    "isv.insufficient-isv-permissions": at.MERCHANT_NOT_ENABLED,
    "isv.insufficient-user-permissions": at.MERCHANT_NOT_ENABLED,
    "isv.invalid-signature": at.MERCHANT_SETTINGS,
    "isv.missing-signature": at.MERCHANT_SETTINGS,
    "isv.invalid-app-id": at.MERCHANT_SETTINGS,
    "isv.missing-app-id": at.MERCHANT_SETTINGS,
    "isv.invalid-timestamp": at.MERCHANT_SETTINGS,
    "isv.app-cert-not-exist": at.MERCHANT_SETTINGS,
    "isv.missing-method": at.REQUEST_NOT_TAKEN,
    "isv.invalid-method": at.REQUEST_NOT_TAKEN,
    "isv.invalid-parameter": at.REQUEST_NOT_TAKEN,
    "aop.invalid-app-auth-token": at.MERCHANT_SETTINGS,
    "aop.app-auth-token-time-out": at.MERCHANT_SETTINGS,
    "aop.invalid-auth-token": at.MERCHANT_SETTINGS,
    "aop.auth-token-time-out": at.MERCHANT_SETTINGS,
    "isv.app-call-limited": at.TOO_OFTEN,
    # refunds
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": at.MERCHANT_BALANCE_LOW,
    "ACQ.REASON_TRADE_BEEN_FREEZEN": at.REFUND_FROZEN,
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL": at.REFUND_NOT_POSSIBLE,
    "ACQ.REASON_TRADE_REFUND_FEE_ERR": at.REFUND_NOT_POSSIBLE,
    "ACQ.TRADE_NOT_ALLOW_REFUND": at.REFUND_TOO_LATE,
    "ACQ.REFUND_FEE_ERROR": at.REFUND_NOT_POSSIBLE,
    "ACQ.DISCORDANT_REPEAT_REQUEST": at.ORDER_ELSEWHERE,
    # bills
    "isp.bill_not_exist": at.NO_BILL,
}
ORDER_CODES: Mapping[str, Situation] = CODES
"""What a code means in an answer about a payment."""
REFUND_CODES: Mapping[str, Situation] = {
    **CODES,
    "ACQ.TRADE_NOT_EXIST": at.REFUND_NOT_POSSIBLE,
    "ACQ.TRADE_HAS_CLOSE": at.REFUND_NOT_POSSIBLE,
    "ACQ.TRADE_HAS_FINISHED": at.REFUND_TOO_LATE,
}
"""What a code means in the answer to a refund."""


def plain(code: str) -> str:
    """Return a code without the gateway's prefix."""
    return code.removeprefix("aop.") if code.startswith("aop.ACQ.") else code
