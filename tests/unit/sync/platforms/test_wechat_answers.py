"""Documents of WeChat Pay as answers: coupons by who pays for them, foreign wallets, and shares of a refund."""

import json
from typing import Any

import pytest

from agent.core.payment import PlatformAnswer, RefundAnswer, RefundVerdict, Verdict
from sync.platforms.wechat import answers


def coupon(kind: str, amount_fen: int, by_merchant_fen: int) -> dict[str, Any]:
    return {"coupon_id": "1", "type": kind, "amount": amount_fen, "merchant_contribute": by_merchant_fen}


def paid(payer_total: int, *coupons: dict[str, Any], currency: str = "CNY") -> PlatformAnswer:
    amount = {"total": 1_000, "payer_total": payer_total, "currency": "CNY", "payer_currency": currency}
    document = {
        "out_trade_no": "N1",
        "transaction_id": "4200",
        "success_time": "2026-10-03T09:12:45+08:00",
        "amount": amount,
        "promotion_detail": list(coupons),
    }
    return answers.paid(document, "N1")


def paid_v2(cash_fee: int, *coupons: dict[str, Any], currency: str = "CNY") -> PlatformAnswer:
    fields = {
        "out_trade_no": "N1",
        "transaction_id": "4200",
        "time_end": "20261003091245",
        "total_fee": "1000",
        "cash_fee": str(cash_fee),
        "cash_fee_type": currency,
        "promotion_detail": json.dumps({"promotion_detail": list(coupons)}),
    }
    return answers.paid_v2(fields, "N1")


def shares(answer: PlatformAnswer) -> tuple[int | None, int, int]:
    assert answer.verdict is Verdict.PAID
    return answer.customer_paid_fen, answer.platform_discount_fen, answer.merchant_discount_fen


@pytest.mark.parametrize("read", [paid, paid_v2])
@pytest.mark.parametrize("kind", ["NOCASH", "DISCOUNT"])
def test_a_coupon_that_is_not_settled_is_the_merchants_discount(read: Any, kind: str) -> None:
    assert shares(read(800, coupon(kind, 200, 200))) == (800, 0, 200)


@pytest.mark.parametrize("read", [paid, paid_v2])
@pytest.mark.parametrize("kind", ["CASH", "COUPON"])
def test_a_coupon_that_was_paid_for_before_reaches_the_account_whoever_paid_for_it(read: Any, kind: str) -> None:
    assert shares(read(800, coupon(kind, 200, 200))) == (800, 200, 0)


@pytest.mark.parametrize("read", [paid, paid_v2])
@pytest.mark.parametrize("theirs", [1_090, 920])
def test_what_a_wallet_pays_in_its_own_currency_is_no_discount(read: Any, theirs: int) -> None:
    assert shares(read(theirs, currency="HKD")) == (1_000, 0, 0)


@pytest.mark.parametrize("read", [paid, paid_v2])
def test_no_share_is_ever_negative(read: Any) -> None:
    assert shares(read(1_001)) == (1_000, 0, 0)


def refund(**amount: int) -> RefundAnswer:
    document = {"out_refund_no": "R1", "status": "SUCCESS", "refund_id": "503", "amount": {"refund": 500, **amount}}
    answer = answers.refund(document, "R1", 500)
    assert answer.verdict is RefundVerdict.DONE
    return answer


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ({}, (500, 0, 0)),
        ({"payer_refund": 400}, (400, 100, 0)),
        ({"payer_refund": 400, "settlement_refund": 500}, (400, 100, 0)),
        ({"payer_refund": 400, "settlement_refund": 400}, (400, 0, 100)),
        ({"payer_refund": 300, "settlement_refund": 400}, (300, 100, 100)),
        ({"payer_refund": 500, "settlement_refund": 400}, (500, 0, 0)),
        ({"payer_refund": 540}, (500, 0, 0)),
        ({"payer_refund": 400, "settlement_refund": 900}, (400, 100, 0)),
    ],
)
def test_a_refund_takes_the_merchants_own_discount_back_too(
    amount: dict[str, int], expected: tuple[int, int, int]
) -> None:
    answer = refund(**amount)
    assert (answer.customer_fen, answer.platform_fen, answer.merchant_fen) == expected


def test_a_coupon_of_a_kind_that_is_no_word_is_not_settled() -> None:
    assert shares(paid(800, {"type": ["CASH"], "amount": 200, "merchant_contribute": 200})) == (800, 0, 200)
