"""Alipay without a network: signed nodes, certificates' numbers, settings, and bills in every shape."""

import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.bill import BillKind
from agent.core.errors import Refused
from agent.core.payment import RefundVerdict, Verdict
from sync.platforms.alipay import answers
from sync.platforms.alipay.bills import read
from sync.platforms.alipay.settings import GATEWAY, read_settings
from sync.platforms.alipay.sign import joined, node_of, notification_message, root_number
from sync.simulator.alipay.bill import HEADER
from sync.simulator.certificates import public_pem
from tests.unit.sync.platforms.merchants import certificate, key

NODE = "alipay_trade_query_response"
VALUES = st.recursive(
    st.text() | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def settings(**changes: str) -> dict[str, str]:
    plain = {
        "app_id": "2021000000000001",
        "private_key": key("merchant"),
        "alipay_public_key": public_pem(key("platform")),
    }
    return {**plain, **changes}


@given(st.dictionaries(st.text(), VALUES, max_size=5), st.booleans())
def test_the_node_is_found_whatever_stands_in_it(fields: dict[str, object], ascii_only: bool) -> None:
    node = json.dumps(fields, ensure_ascii=ascii_only)
    body = f'{{"{NODE}" : {node},"alipay_cert_sn":"ab","sign":"xyz"}}'
    assert node_of(body, NODE) == node


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"sign":"x","%s":{"a":"}"}}', '{"a":"}"}'),
        ('{"other":{"%s":{"a":1}},"sign":"x"}', None),
        ('{"text":"\\"%s\\":{}","sign":"x"}', None),
        ('{"%s":"text","sign":"x"}', None),
        ('{"%s":{"a":1', None),
        ("", None),
    ],
)
def test_only_the_node_of_the_outer_object_counts(body: str, expected: str | None) -> None:
    assert node_of(body.replace("%s", NODE), NODE) == expected


def test_requests_sign_their_sign_type_and_notifications_do_not() -> None:
    fields = {"b": "2", "a": "1", "sign_type": "RSA2", "sign": "x", "empty": ""}
    assert joined(fields) == b"a=1&b=2&sign_type=RSA2"
    assert notification_message(fields) == b"a=1&b=2"


def test_a_root_bundle_counts_only_what_is_signed_with_rsa() -> None:
    one = root_number(certificate("root"))
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    assert root_number(f"{certificate('root')}\n\n{broken}\n{certificate('other')}").startswith(f"{one}_")
    with pytest.raises(ValueError, match="RSA"):
        root_number(broken)


@pytest.mark.parametrize(
    ("change", "code", "setting"),
    [
        ({"app_id": ""}, "platform.setting_missing", "app_id"),
        ({"app_id": "x"}, "platform.setting_wrong", "app_id"),
        ({"seller_id": "1"}, "platform.setting_wrong", "seller_id"),
        ({"gateway": "openapi.alipay.com"}, "platform.setting_wrong", "gateway"),
        ({"alipay_public_key": "x"}, "platform.setting_wrong", "alipay_public_key"),
        ({"alipay_public_key": ""}, "platform.setting_missing", "alipay_public_key"),
        ({"wap": "yes"}, "platform.setting_wrong", "wap"),
        ({"timeout_express": "120"}, "platform.setting_wrong", "timeout_express"),
        ({"appid": "1"}, "platform.setting_unknown", "appid"),
        ({"app_certificate": certificate("other")}, "platform.keys_differ", "app_certificate"),
        ({"app_certificate": certificate("merchant")}, "platform.setting_missing", "alipay_certificate"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, str], code: str, setting: str) -> None:
    with pytest.raises(Refused) as refused:
        read_settings(settings(**change))
    assert (refused.value.code, refused.value.values["setting"]) == (code, setting)


def test_defaults_and_no_secret_shows() -> None:
    merchant = read_settings(settings())
    assert f"{merchant.base_url}{merchant.path}" == GATEWAY and not merchant.wap
    assert "PRIVATE" not in repr(merchant)


PAID = {
    "out_trade_no": "N1",
    "trade_no": "2026",
    "trade_status": "TRADE_SUCCESS",
    "send_pay_date": "2026-10-03 12:00:04",
    "total_amount": "10.00",
    "receipt_amount": "9.00",
    "buyer_pay_amount": "8.00",
}


def test_who_gave_which_discount() -> None:
    answer = answers.trade(PAID, "N1")
    assert (answer.verdict, answer.amount_fen, answer.customer_paid_fen) == (Verdict.PAID, 1000, 800)
    assert (answer.platform_discount_fen, answer.merchant_discount_fen) == (100, 100)


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_trade_without_discounts_may_name_its_total_alone(nothing: str | None) -> None:
    left_out = {name: PAID[name] for name in PAID if name not in ("receipt_amount", "buyer_pay_amount")}
    for fields in (left_out, {**PAID, "receipt_amount": nothing, "buyer_pay_amount": nothing}):
        answer = answers.trade(fields, "N1")
        assert (answer.verdict, answer.amount_fen, answer.customer_paid_fen) == (Verdict.PAID, 1000, 1000)
        assert (answer.platform_discount_fen, answer.merchant_discount_fen) == (0, 0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"out_trade_no": "N2"}, Verdict.UNKNOWN),
        ({"trade_status": "TRADE_NEWLY_INVENTED"}, Verdict.UNKNOWN),
        ({"total_amount": "a lot"}, Verdict.UNKNOWN),
        ({"total_amount": "1e999999"}, Verdict.UNKNOWN),
        ({"trade_no": ""}, Verdict.UNKNOWN),
        ({"send_pay_date": "soon"}, Verdict.UNKNOWN),
        ({"trade_status": "TRADE_FINISHED"}, Verdict.PAID),
        ({"trade_status": "WAIT_BUYER_PAY"}, Verdict.PENDING),
        ({"trade_status": "TRADE_CLOSED"}, Verdict.REVERSED),
        ({"trade_status": "TRADE_CLOSED", "send_pay_date": ""}, Verdict.CLOSED),
    ],
)
def test_states_and_what_is_no_answer(change: dict[str, str], expected: Verdict) -> None:
    assert answers.trade({**PAID, **change}, "N1").verdict is expected


def test_a_refund_in_a_state_that_nobody_knows_stays_open() -> None:
    fields = {"out_request_no": "R1", "refund_amount": "1.00"}
    assert answers.refund(fields, "R1", 100).verdict is RefundVerdict.ACCEPTED
    assert answers.refund({**fields, "refund_status": "REFUND_FAIL"}, "R1", 100).verdict is RefundVerdict.UNKNOWN
    assert answers.refund(fields, "R1", 99).verdict is RefundVerdict.REFUSED
    assert answers.refund({"trade_no": "1"}, "R1", 100).verdict is RefundVerdict.NOT_FOUND


def zipped(lines: list[str], name: str = "20880000000000000156_20261003_业务明细.csv") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(name, "\r\n".join(lines).encode("gb18030"))
    # what Python writes is marked as UTF-8, which any reader honours
    return packed.getvalue()


def row(name: str = "门店A-套餐", kind: str = "交易", amount: str = "35.00", number: str = "", remark: str = "") -> str:
    times = "2026-10-03 12:00:01,2026-10-03 12:00:04"
    place = "S01\t,门店A\t,op1\t,T1\t,*三(138****0000)\t"
    shares = "0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00"
    head = f"2026100322001400000000000001\t,S01-140\t,{kind}\t,{name},{times},{place}"
    return f"{head},{amount},{amount},{shares},{number}\t,-0.21,0.00,{remark}"


def bill(*rows: str) -> bytes:
    return zipped(["#支付宝业务明细查询", "#账号：[20880000000000000156]", HEADER, *rows, "#----业务明细列表结束----"])


def test_rows_with_commas_in_names_and_remarks() -> None:
    rows = (
        row(),
        row(name="面,大份,加蛋"),
        row(remark="少,辣"),
        row(kind="退款", amount="-10.00", number="RF-1"),
        row(kind="退款", amount="-1.00"),
    )
    plain, named, remarked, refund, undone = read(bill(*rows))
    assert (plain.kind, plain.amount_fen, plain.fee_fen, plain.merchant) == (
        BillKind.PAYMENT,
        3500,
        21,
        "2088000000000000",
    )
    assert (plain.terminal, plain.transaction) == ("T1", "2026100322001400000000000001")
    assert named.subject == "面,大份,加蛋" and named.amount_fen == 3500
    assert remarked.amount_fen == 3500
    (timed,) = read(bill(row(name="订座,2026-10-03 18:00:00,2026-10-03 19:00:00,四位", remark="a,b")))
    assert (timed.subject[-2:], timed.amount_fen, timed.terminal) == ("四位", 3500, "T1")
    assert (refund.kind, refund.out_refund_no, refund.amount_fen) == (BillKind.REFUND, "RF-1", 1000)
    assert (undone.kind, undone.out_refund_no, undone.amount_fen) == (BillKind.REVERSAL, None, 100)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>link expired</html>",
        zipped(["nothing"], "readme.txt"),
        zipped(["#支付宝业务明细查询"]),
        bill(row(amount="many")),
        bill(row(kind="转账")),
        bill("1,2,3"),
        bill(row())[:-40],
        zipped(["#账号：[20880000000000000156]", HEADER, row()]),
    ],
)
def test_what_is_no_bill_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match=r"platform\.bill_unreadable"):
        list(read(content))
