"""Codes of WeChat Pay and the situations that they mean. What stands in no table is an unknown outcome.

V2 names have no underscores where v3 has them; both stand here. Sources: the error tables of the vendor's pages on
micropay, orderquery, reverse and refund (V2), on native, refunds and bills (v3), and acquirers' published mappings.
"""

from collections.abc import Mapping

from sync.platforms import situations as at
from sync.platforms.situations import Situation

CODES: Mapping[str, Situation] = {
    # the outcome is not known
    "USERPAYING": at.ENTERING_PASSWORD,
    "USER_PAYING": at.ENTERING_PASSWORD,
    "SYSTEMERROR": at.PLATFORM_BUSY,
    "SYSTEM_ERROR": at.PLATFORM_BUSY,
    "BANKERROR": at.PLATFORM_BUSY,
    "BANK_ERROR": at.PLATFORM_BUSY,
    "ERROR": at.PLATFORM_BUSY,
    "REFUND": at.PARTLY_BACK,
    # the payer
    "AUTHCODEEXPIRE": at.CODE_EXPIRED,
    "AUTH_CODE_EXPIRE": at.CODE_EXPIRED,
    "AUTH_CODE_INVALID": at.CODE_NOT_OURS,
    "AUTH_CODE_ERROR": at.CODE_NOT_OURS,
    "NOTENOUGH": at.BALANCE_LOW,
    "NOTSUPORTCARD": at.CARD_NOT_TAKEN,
    "NOT_SUPORT_CARD": at.CARD_NOT_TAKEN,
    "RULELIMIT": at.PAYER_LIMIT,
    "RULE_LIMIT": at.PAYER_LIMIT,
    "TRADE_ERROR": at.NOT_PAID,
    "PAYERROR": at.NOT_PAID,
    "BUYER_MISMATCH": at.PAYER_DIFFERS,
    "USER_ACCOUNT_ABNORMAL": at.PAYER_BARRED,
    "ACCOUNT_ERROR": at.PAYER_BARRED,
    # the order
    "ORDERPAID": at.ORDER_ELSEWHERE,
    "ORDER_PAID": at.ORDER_ELSEWHERE,
    "OUT_TRADE_NO_USED": at.ORDER_ELSEWHERE,
    "INVALID_REQUEST": at.ORDER_ELSEWHERE,
    "ORDERCLOSED": at.ORDER_CLOSED,
    "ORDER_CLOSED": at.ORDER_CLOSED,
    "ORDERREVERSED": at.ORDER_CLOSED,
    "ORDER_REVERSED": at.ORDER_CLOSED,
    "ORDERNOTEXIST": at.NO_SUCH_ORDER,
    "ORDER_NOT_EXIST": at.NO_SUCH_ORDER,
    "INVALID_TRANSACTIONID": at.NO_SUCH_ORDER,
    "REVERSE_EXPIRE": at.REVERSE_TOO_LATE,
    # the merchant and the request
    "NOAUTH": at.MERCHANT_NOT_ENABLED,
    "NO_AUTH": at.MERCHANT_NOT_ENABLED,
    "CONTRACT_NOT_EXIST": at.MERCHANT_NOT_ENABLED,
    "MCH_NOT_EXISTS": at.MERCHANT_SETTINGS,
    "MCHID_NOT_EXIST": at.MERCHANT_SETTINGS,
    "APPID_NOT_EXIST": at.MERCHANT_SETTINGS,
    "APPID_MCHID_NOT_MATCH": at.MERCHANT_SETTINGS,
    "SIGNERROR": at.MERCHANT_SETTINGS,
    "SIGN_ERROR": at.MERCHANT_SETTINGS,
    "CERT_ERROR": at.MERCHANT_SETTINGS,
    "LACK_PARAMS": at.REQUEST_NOT_TAKEN,
    "PARAM_ERROR": at.REQUEST_NOT_TAKEN,
    "XML_FORMAT_ERROR": at.REQUEST_NOT_TAKEN,
    "REQUIRE_POST_METHOD": at.REQUEST_NOT_TAKEN,
    "POST_DATA_EMPTY": at.REQUEST_NOT_TAKEN,
    "NOT_UTF8": at.REQUEST_NOT_TAKEN,
    "FREQUENCY_LIMITED": at.TOO_OFTEN,
    "FREQUENCY_LIMIT_EXCEED": at.TOO_OFTEN,
    "FREQUENCY_LIMIT": at.TOO_OFTEN,
    "RATELIMIT_EXCEEDED": at.TOO_OFTEN,
    # refunds
    "NOT_ENOUGH": at.MERCHANT_BALANCE_LOW,
    "BIZERR_NEED_RETRY": at.REFUND_LATER,
    "INVALID_REQ_TOO_MUCH": at.REFUND_LATER,
    "TRADE_OVERDUE": at.REFUND_TOO_LATE,
    "REFUNDNOTEXIST": at.NO_SUCH_REFUND,
    "RESOURCE_NOT_EXISTS": at.NO_SUCH_REFUND,
    "REFUND_FEE_MISMATCH": at.REFUND_NOT_POSSIBLE,
    # bills
    "NO_STATEMENT_EXIST": at.NO_BILL,
    "NO_BILL_EXIST": at.NO_BILL,
    "STATEMENT_CREATING": at.BILL_LATER,
    "BILL_CREATING": at.BILL_LATER,
}
REFUND_CODES: Mapping[str, Situation] = {
    **CODES,
    # in a refund the same words are about the merchant, or about what is left of the order
    "NOTENOUGH": at.MERCHANT_BALANCE_LOW,
    "USER_ACCOUNT_ABNORMAL": at.REFUND_NOT_POSSIBLE,
    "ACCOUNT_ERROR": at.REFUND_NOT_POSSIBLE,
    "TRADE_ERROR": at.REFUND_NOT_POSSIBLE,
    "ORDERNOTEXIST": at.REFUND_NOT_POSSIBLE,
    "ORDER_NOT_EXIST": at.REFUND_NOT_POSSIBLE,
    "INVALID_TRANSACTIONID": at.REFUND_NOT_POSSIBLE,
    "RESOURCE_NOT_EXISTS": at.REFUND_NOT_POSSIBLE,
    # a refund's state
    "ABNORMAL": at.REFUND_STRANDED,
}
"""What a code means in the answer to a refund."""
ORDER_CODES: Mapping[str, Situation] = {
    **CODES,
    # a merchant's own balance has no part in a payment: the payer's is meant
    "NOT_ENOUGH": at.BALANCE_LOW,
    "RESOURCE_NOT_EXISTS": at.NO_SUCH_ORDER,
}
"""What a code means in an answer about a payment."""


def situation(code: str | None) -> Situation | None:
    """Return what a code means in an answer about a payment; None when no table knows it: an unknown outcome."""
    return ORDER_CODES.get(code or "")
