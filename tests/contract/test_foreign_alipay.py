"""An independent client of Alipay, unmodified but for its gateway's address, takes the simulator for the platform;
and what our adapter sends is what its own signing code would send.
"""

import itertools
import json
import time
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from agent.core.errors import Refused, UnknownOutcome
from agent.core.moment import platform_day
from agent.core.payment import Way
from sync.platforms.alipay.gateway import Gateway
from sync.platforms.alipay.settings import read_settings
from sync.platforms.base import open_platform, wall_ms
from sync.simulator.accounts import settings_of
from tests.contract.recorder import recording
from tests.simulators import RunningSimulator
from tests.unit.sync.fakes import SeededEntropy

alipay = pytest.importorskip("alipay", reason="an extra of dev: pip install -e .[dev]")
from alipay.exceptions import AliPayException, AliPayValidationError  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:X509.get_issuer:DeprecationWarning")
COUNT = itertools.count(1)
Client = Any


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    running = RunningSimulator(tmp_path_factory.mktemp("platform"), deliver=True)
    yield running
    running.close()


@pytest.fixture(autouse=True)
def calm(simulator: RunningSimulator) -> None:
    for words in ("ok", "bill now", "recall off", "refunds 0", "balance ok", "notify once"):
        simulator.control(words)


def client_of(simulator: RunningSimulator, account: str = "alipay", **changes: str) -> Client:
    """Return the foreign client of a merchant, by keys or by certificates; only its gateway's address is changed."""
    values = {**settings_of(simulator.account(account), simulator.url), **changes}
    common = {
        "appid": values["app_id"],
        "app_notify_url": values["notify_url"],
        "app_private_key_string": values["private_key"],
        "sign_type": "RSA2",
    }
    if account == "alipay":
        client = alipay.AliPay(**common, alipay_public_key_string=values["alipay_public_key"])
    else:
        client = alipay.DCAliPay(
            **common,
            app_public_key_cert_string=values["app_certificate"],
            alipay_public_key_cert_string=values["alipay_certificate"],
            alipay_root_cert_string=values["alipay_root_certificate"],
        )
    client._gateway = values["gateway"]
    return client


@pytest.fixture(params=["alipay", "alipay-certificate"])
def client(request: pytest.FixtureRequest, simulator: RunningSimulator) -> Client:
    return client_of(simulator, request.param)


def number() -> str:
    return f"S009_1_{next(COUNT):06d}_A1WXYZ"


def code(suffix: str = "00") -> str:
    return f"28{next(COUNT):014d}{suffix}"


def pay(client: Client, order: str, auth_code: str, amount: str = "35.00", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.api_alipay_trade_pay(
        order, "bar_code", auth_code, "门店A-套餐", total_amount=amount, **more
    )
    return found


def test_pay_query_refund_and_refund_query(client: Client) -> None:
    order = number()
    paid = pay(client, order, code())
    assert (paid["code"], paid["total_amount"], paid["buyer_pay_amount"]) == ("10000", "35.00", "35.00")
    found = client.api_alipay_trade_query(out_trade_no=order)
    assert (found["trade_status"], found["trade_no"]) == ("TRADE_SUCCESS", paid["trade_no"])
    assert client.api_alipay_trade_query(trade_no=paid["trade_no"])["out_trade_no"] == order
    refund = client.api_alipay_trade_refund("10.00", out_trade_no=order, out_request_no=f"{order}R")
    assert (refund["fund_change"], refund["refund_fee"]) == ("Y", "10.00")
    again = client.api_alipay_trade_refund("10.00", out_trade_no=order, out_request_no=f"{order}R")
    assert (again["fund_change"], again["refund_fee"]) == ("N", "10.00")
    asked = client.api_alipay_trade_fastpay_refund_query(f"{order}R", out_trade_no=order)
    assert (asked["refund_status"], asked["refund_amount"]) == ("REFUND_SUCCESS", "10.00")


def test_precreate_is_scanned_paid_and_told(simulator: RunningSimulator, client: Client) -> None:
    order = number()
    made = client.api_alipay_trade_precreate("餐", order, "7.00")
    assert made["code"] == "10000" and made["qr_code"].startswith("https://qr.alipay.com/")
    assert client.api_alipay_trade_query(out_trade_no=order)["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    scan = {"platform": "alipay", "text": made["qr_code"]}
    assert requests.post(f"{simulator.url}/sim/customers/C1/pay", json=scan, timeout=5).status_code == 200
    assert client.api_alipay_trade_query(out_trade_no=order)["trade_status"] == "TRADE_SUCCESS"


def test_user_paying_cancel_and_close(client: Client) -> None:
    order = number()
    assert pay(client, order, code("79"))["code"] == "10003"
    assert client.api_alipay_trade_query(out_trade_no=order)["trade_status"] == "WAIT_BUYER_PAY"
    undone = client.api_alipay_trade_cancel(out_trade_no=order)
    assert (undone["retry_flag"], undone["action"]) == ("N", "close")
    assert client.api_alipay_trade_query(out_trade_no=order)["trade_status"] == "TRADE_CLOSED"
    assert client.api_alipay_trade_cancel(out_trade_no=number())["code"] == "10000"
    paid = number()
    pay(client, paid, code())
    assert client.api_alipay_trade_close(out_trade_no=paid)["sub_code"] == "ACQ.REASON_TRADE_STATUS_INVALID"
    assert client.api_alipay_trade_cancel(out_trade_no=paid)["action"] == "refund"


@pytest.mark.parametrize(
    ("suffix", "expected"), [("81", "ACQ.BUYER_BALANCE_NOT_ENOUGH"), ("85", "ACQ.PAYMENT_AUTH_CODE_INVALID")]
)
def test_a_declined_code_says_why(client: Client, suffix: str, expected: str) -> None:
    said = pay(client, number(), code(suffix))
    assert (said["code"], said["sub_code"], said["receipt_amount"]) == ("40004", expected, "0.00")


def test_the_bill_is_downloaded_and_opens(simulator: RunningSimulator, client: Client) -> None:
    order = number()
    pay(client, order, code())
    asked = {"bill_type": "trade", "bill_date": platform_day(wall_ms()).isoformat()}
    found = client.server_api("alipay.data.dataservice.bill.downloadurl.query", asked)
    content = requests.get(found["bill_download_url"], timeout=5).content
    with zipfile.ZipFile(BytesIO(content), metadata_encoding="gbk") as packed:
        names = sorted(packed.namelist())
        text = packed.read(next(name for name in names if "汇总" not in name)).decode("gbk")
    assert len(names) == 2 and names[0].endswith(("_业务明细(汇总).csv", "_业务明细.csv"))
    lines = text.split("\r\n")
    header = next(line for line in lines if line.startswith("支付宝交易号"))
    row = next(line for line in lines if order in line)
    assert len(header.split(",")) == len(row.split(",")) == 25
    assert row.split(",")[11] == "35.00" and row.split(",")[0].endswith("\t")
    with zipfile.ZipFile(BytesIO(content)) as raw:
        assert {one.flag_bits & 0x800 for one in raw.infolist()} == {0}


def test_notifications_verify_and_a_changed_one_does_not(simulator: RunningSimulator) -> None:
    client, order = client_of(simulator), number()
    before = len(requests.get(f"{simulator.url}/sim/notified/alipay", timeout=5).json())
    client.api_alipay_trade_precreate("餐 & 饮=1", order, "7.00")
    paying = {"platform": "alipay", "merchant": "alipay", "out_trade_no": order}
    assert requests.post(f"{simulator.url}/sim/customers/C1/pay", json=paying, timeout=5).status_code == 200
    ends_at_s, arrived = time.monotonic() + 10, []
    while not arrived and time.monotonic() < ends_at_s:
        arrived = requests.get(f"{simulator.url}/sim/notified/alipay", timeout=5).json()[before:]
        time.sleep(0.02)
    fields = dict(parse_qsl(arrived[0]["body"], keep_blank_values=True))
    given = {name: value for name, value in fields.items() if name != "sign"}
    assert (fields["out_trade_no"], fields["trade_status"], fields["total_amount"]) == (order, "TRADE_SUCCESS", "7.00")
    assert client.verify(dict(given), fields["sign"])
    assert not client.verify({**given, "total_amount": "0.01"}, fields["sign"])
    values = settings_of(simulator.account("alipay"), simulator.url)
    ours = Gateway(read_settings(values), wall_ms)
    assert ours.checked_notification(fields)["out_trade_no"] == order
    with pytest.raises(UnknownOutcome, match=r"platform\.answer_not_signed"):
        ours.checked_notification({**fields, "total_amount": "0.01"})
    other = Gateway(read_settings({**values, "app_id": "2021000000000009"}), wall_ms)
    with pytest.raises(Refused, match=r"platform\.order_differs"):
        other.checked_notification(fields)


def test_a_false_signature_is_noticed(simulator: RunningSimulator) -> None:
    client, order = client_of(simulator), number()
    pay(client, order, code())
    simulator.control("next forged")
    with pytest.raises(AliPayValidationError):
        client.api_alipay_trade_query(out_trade_no=order)
    simulator.control("next unsigned")
    with pytest.raises(AliPayException):
        client.api_alipay_trade_query(out_trade_no=order)


def test_a_wrong_key_is_told_what_should_have_been_signed(simulator: RunningSimulator) -> None:
    other = simulator.account("alipay-certificate").values["private_key"]
    client = client_of(simulator, private_key=other)
    with pytest.raises(AliPayException) as told:
        client.api_alipay_trade_query(out_trade_no="ANY_1")
    node = json.loads(str(told.value).partition("message:")[2])["alipay_trade_query_response"]
    assert node["sub_code"] == "isv.invalid-signature" and "biz_content=" in node["sub_msg"]


def test_the_official_way_of_sending_is_taken_too(simulator: RunningSimulator) -> None:
    """Common parameters in the query, `biz_content` in the form: both are signed together."""
    client = client_of(simulator)
    signed = dict(parse_qsl(client.client_api("alipay.trade.query", {"out_trade_no": "ANY_1"})))
    content = {"biz_content": signed.pop("biz_content")}
    answer = requests.post(f"{simulator.url}/gateway.do", params=signed, data=content, timeout=5)
    assert answer.json()["alipay_trade_query_response"]["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    assert answer.json()["sign"] and answer.headers["content-type"] == "text/html;charset=utf-8"


def test_the_wap_page_leads_to_the_phone(simulator: RunningSimulator) -> None:
    ours = open_platform("alipay", settings_of(simulator.account("alipay"), simulator.url), SeededEntropy())
    offer = ours.offer(Way.BROWSER, number(), 900, "餐", wall_ms() + 600_000)
    assert offer.url is not None
    answer = requests.get(offer.url, timeout=5, allow_redirects=False)
    assert answer.status_code == 302 and "/phone?platform=alipay&token=bax" in answer.headers["location"]
    wish = {"platform": "alipay", "text": answer.headers["location"]}
    assert requests.post(f"{simulator.url}/sim/customers/C1/pay", json=wish, timeout=5).status_code == 200
    assert ours.query(offer.out_trade_no).amount_fen == 900


@pytest.mark.parametrize("account", ["alipay", "alipay-certificate"])
def test_what_we_send_is_what_the_foreign_client_would_sign(simulator: RunningSimulator, account: str) -> None:
    with recording() as wire:
        settings = {**settings_of(simulator.account(account), wire.url), "store": "S01"}
        ours = open_platform("alipay", settings, SeededEntropy(3))
        ours.pay("S009_1_900001_A1WXYZ", 1280, code(), "湘味小馆 & “人民路店” {=")
        ours.query("S009_1_900001_A1WXYZ")
        ours.refund("S009_1_900001_A1WXYZ", "R1", 1, 2)
        ours.reverse("S009_1_900001_A1WXYZ")
        page = ours.offer(Way.BROWSER, "S009_1_900002_A1WXYZ", 100, "餐", wall_ms() + 60_000).url or ""
    sent = [dict(parse_qsl(one.body.decode(), keep_blank_values=True)) for one in wire.requests]
    sent.append(dict(parse_qsl(urlsplit(page).query, keep_blank_values=True)))
    assert len(sent) == 5 and all(one.target.endswith("?charset=utf-8") for one in wire.requests)
    theirs = client_of(simulator, account)
    for parameters in sent:
        sign = parameters.pop("sign")
        assert dict(parse_qsl(theirs.sign_data(dict(parameters)), keep_blank_values=True))["sign"] == sign
        if account == "alipay-certificate":
            assert parameters["app_cert_sn"] == theirs.app_cert_sn
            assert parameters["alipay_root_cert_sn"] == theirs.alipay_root_cert_sn
