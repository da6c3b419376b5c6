"""The tables of codes are complete, keep the tone, and `docs/payment-errors.md` says what they say.

Write the page anew: python -m tests.unit.sync.platforms.test_error_page
"""

import re
from pathlib import Path

import pytest

from sync.platforms import errors
from sync.platforms.situations import ALL, Meaning
from sync.platforms.wechat.errors import CODES, ORDER_CODES, REFUND_CODES

PAGE = Path(__file__).resolve().parents[4] / "docs" / "payment-errors.md"
MICROPAY = (
    *("SYSTEMERROR", "BANKERROR", "USERPAYING", "AUTHCODEEXPIRE", "AUTH_CODE_INVALID", "AUTH_CODE_ERROR", "NOTENOUGH"),
    *("NOTSUPORTCARD", "RULELIMIT", "TRADE_ERROR", "BUYER_MISMATCH", "USER_ACCOUNT_ABNORMAL", "ORDERPAID", "NOAUTH"),
    *("ORDERCLOSED", "ORDERREVERSED", "OUT_TRADE_NO_USED", "INVALID_REQUEST", "APPID_NOT_EXIST", "MCHID_NOT_EXIST"),
    *("APPID_MCHID_NOT_MATCH", "LACK_PARAMS", "PARAM_ERROR", "SIGNERROR", "XML_FORMAT_ERROR", "REQUIRE_POST_METHOD"),
    *("POST_DATA_EMPTY", "NOT_UTF8", "ORDERNOTEXIST"),
)
V3 = (
    *("SIGN_ERROR", "NO_AUTH", "ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS", "SYSTEM_ERROR", "BANK_ERROR", "ORDER_PAID"),
    "NO_STATEMENT_EXIST",
)
FORBIDDEN = ("系统错误", "失败", "异常", "超时", "请联系管理员")
FORBIDDEN_EN = ("error", "fail", "timeout", "administrator", "invalid")


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == errors.page(), "python -m tests.unit.sync.platforms.test_error_page"


@pytest.mark.parametrize("code", [*MICROPAY, *V3])
def test_every_code_that_the_vendor_lists_has_a_situation(code: str) -> None:
    assert code in CODES
    assert errors.situation("wechat", code) is not None


ALIPAY = (
    *("ACQ.SYSTEM_ERROR", "aop.unknow-error", "isp.unknow-error", "10003", "ACQ.PAYMENT_AUTH_CODE_INVALID"),
    *("ACQ.BUYER_BALANCE_NOT_ENOUGH", "ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH", "ACQ.ERROR_BALANCE_PAYMENT_DISABLE"),
    *("ACQ.PAYMENT_FAIL", "ACQ.PULL_MOBILE_CASHIER_FAIL", "ACQ.MOBILE_PAYMENT_SWITCH_OFF", "ACQ.TRADE_NOT_EXIST"),
    *("ACQ.USER_FACE_PAYMENT_SWITCH_OFF", "ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR", "ACQ.BEYOND_PAY_RESTRICTION"),
    *("ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR", "ACQ.BEYOND_PER_RECEIPT_RESTRICTION", "ACQ.TRADE_HAS_SUCCESS"),
    *("ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT", "ACQ.PAYMENT_REQUEST_HAS_RISK", "ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE"),
    *("ACQ.TRADE_BUYER_NOT_MATCH", "ACQ.BUYER_ENABLE_STATUS_FORBID", "ACQ.BUYER_SELLER_EQUAL", "ACQ.TRADE_HAS_CLOSE"),
    *("ACQ.INVALID_PARAMETER", "ACQ.ACCESS_FORBIDDEN", "ACQ.EXIST_FORBIDDEN_WORD", "ACQ.TOTAL_FEE_EXCEED"),
    *("ACQ.INVALID_STORE_ID", "ACQ.CONTEXT_INCONSISTENT", "ACQ.SELLER_BALANCE_NOT_ENOUGH", "ACQ.TRADE_STATUS_ERROR"),
    *("ACQ.REASON_TRADE_BEEN_FREEZEN", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "ACQ.TRADE_NOT_ALLOW_REFUND"),
)


@pytest.mark.parametrize("code", ALIPAY)
def test_every_code_that_alipay_lists_has_a_situation(code: str) -> None:
    assert errors.situation("alipay", code) is not None


def test_what_may_have_moved_money_is_never_called_declined() -> None:
    open_ends = {"SYSTEMERROR", "SYSTEM_ERROR", "BANKERROR", "BANK_ERROR", "USERPAYING", "ERROR", "USER_PAYING"}
    assert {ORDER_CODES[code].meaning for code in open_ends} == {Meaning.UNKNOWN, Meaning.PENDING}
    in_use = {"ORDERPAID", "ORDER_PAID", "OUT_TRADE_NO_USED", "INVALID_REQUEST", "ORDERCLOSED", "ORDER_CLOSED"}
    assert {ORDER_CODES[code].meaning for code in in_use} == {Meaning.LOOK_UP}
    assert REFUND_CODES["NOT_ENOUGH"].meaning is Meaning.TRY_LATER
    assert ORDER_CODES["NOT_ENOUGH"].meaning is Meaning.DECLINED


@pytest.mark.parametrize("name", sorted(ALL))
def test_sentences_keep_the_tone(name: str) -> None:
    one = ALL[name]
    assert all((one.zh, one.en, one.remedy_zh, one.remedy_en)) and one.zh.endswith("。") and one.en.endswith(".")
    assert not [word for word in FORBIDDEN if word in one.zh]
    assert not [word for word in FORBIDDEN_EN if re.search(rf"\b{word}", one.en.lower())]
    if one.meaning in (Meaning.DECLINED, Meaning.MERCHANT):
        assert one.zh.startswith("没扣钱。") and one.en.startswith("Nothing charged.")


def test_a_code_that_no_table_knows_has_no_situation() -> None:
    assert errors.situation("wechat", "BRAND_NEW") is None
    assert errors.situation("wallet", "SYSTEMERROR") is None
    assert errors.situation("wechat", None) is None


if __name__ == "__main__":
    PAGE.write_text(errors.page(), encoding="utf-8")
