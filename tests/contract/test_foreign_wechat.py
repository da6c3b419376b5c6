"""Independent clients of WeChat Pay, unmodified but for their base address, can't tell the simulator from the platform;
and what our adapter sends is what their own signing code would send.
"""

import gzip
import itertools
import json
import re
import time
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
import requests

from agent.core.moment import platform_day
from agent.core.payment import Way
from sync.platforms.base import open_platform, wall_ms
from sync.platforms.wechat import envelope
from sync.simulator.accounts import settings_of
from tests.contract.recorder import recording
from tests.simulators import RunningSimulator
from tests.unit.sync.fakes import SeededEntropy

wechatpayv3 = pytest.importorskip("wechatpayv3", reason="an extra of dev: pip install -e .[dev]")
wechatpy_pay = pytest.importorskip("wechatpy.pay", reason="an extra of dev: pip install -e .[dev]")
from wechatpayv3 import WeChatPay, WeChatPayType, core, utils  # noqa: E402
from wechatpy.exceptions import WeChatPayException  # noqa: E402
from wechatpy.pay.utils import calculate_signature, calculate_signature_hmac  # noqa: E402

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


def v3_client(simulator: RunningSimulator, trust: str = "public_key", account: str = "wechat") -> Client:
    """Return the foreign v3 client; its address is changed as its constructor would need it, nothing else."""
    values = settings_of(simulator.account(account), simulator.url)
    arguments = {
        "wechatpay_type": WeChatPayType.NATIVE,
        "mchid": values["mchid"],
        "private_key": values["private_key"],
        "cert_serial_no": values["serial_no"],
        "appid": values["appid"],
        "apiv3_key": values["api_v3_key"],
        "notify_url": values["notify_url"],
        "partner_mode": "sub_mchid" in values,
        "timeout": (5, 5),
    }
    if trust == "public_key":
        client = WeChatPay(**arguments, public_key=values["public_key"], public_key_id=values["public_key_id"])
        client._core._gate_way = simulator.url
        return client
    begin = core.Core._init_certificates

    def at_our_address(self: Any) -> None:
        self._gate_way = simulator.url
        begin(self)

    core.Core._init_certificates = at_our_address
    try:
        return WeChatPay(**arguments)
    finally:
        core.Core._init_certificates = begin


@pytest.fixture(params=["public_key", "certificate"])
def client(request: pytest.FixtureRequest, simulator: RunningSimulator) -> Client:
    return v3_client(simulator, request.param)


def number() -> str:
    return f"S009_1_{next(COUNT):06d}_A1WXYZ"


def code(suffix: str = "00") -> str:
    return f"14{next(COUNT):014d}{suffix}"


def pay_by_code(client: Client, out_trade_no: str, auth_code: str, total: int = 1280) -> tuple[int, dict[str, Any]]:
    status, text = client.pay(
        description="门店A-饮品",
        out_trade_no=out_trade_no,
        amount={"total": total, "currency": "CNY"},
        payer={"auth_code": auth_code},
        scene_info={"device_id": "T1", "store_info": {"out_id": "S01"}},
        pay_type=WeChatPayType.CODEPAY,
    )
    return status, json.loads(text)


def test_code_pay_query_refund_and_refund_query(client: Client) -> None:
    order = number()
    status, paid = pay_by_code(client, order, code())
    assert (status, paid["trade_state"], paid["trade_type"]) == (200, "SUCCESS", "MICROPAY")
    assert paid["amount"] == {"total": 1280, "payer_total": 1280, "currency": "CNY", "payer_currency": "CNY"}
    status, text = client.query(out_trade_no=order)
    assert (status, json.loads(text)) == (200, paid)
    status, text = client.query(transaction_id=paid["transaction_id"])
    assert json.loads(text)["out_trade_no"] == order
    status, text = client.refund(
        out_refund_no=f"{order}R", out_trade_no=order, amount={"refund": 300, "total": 1280, "currency": "CNY"}
    )
    refund = json.loads(text)
    assert (status, refund["status"], refund["amount"]["refund"]) == (200, "SUCCESS", 300)
    status, text = client.query_refund(out_refund_no=f"{order}R")
    assert json.loads(text) == refund
    assert json.loads(client.query(out_trade_no=order)[1])["trade_state"] == "REFUND"


def test_native_close_and_an_order_that_nobody_has(client: Client) -> None:
    order = number()
    status, text = client.pay(
        description="餐", out_trade_no=order, amount={"total": 100}, pay_type=WeChatPayType.NATIVE
    )
    assert status == 200 and json.loads(text)["code_url"].startswith("weixin://wxpay/bizpayurl?pr=")
    assert json.loads(client.query(out_trade_no=order)[1])["trade_state"] == "NOTPAY"
    assert client.close(out_trade_no=order)[0] == 204
    assert client.close(out_trade_no=order)[0] == 204
    assert json.loads(client.query(out_trade_no=order)[1])["trade_state"] == "CLOSED"
    status, text = client.query(out_trade_no="NOBODY_HAS_THIS")
    assert (status, json.loads(text)["code"]) == (404, "ORDER_NOT_EXIST")


def test_user_paying_and_reverse(client: Client) -> None:
    order = number()
    status, asked = pay_by_code(client, order, code("79"))
    assert (status, asked["trade_state"]) == (200, "USERPAYING")
    assert client.codepay_reverse(out_trade_no=order)[0] == 200
    assert json.loads(client.query(out_trade_no=order)[1])["trade_state"] == "REVOKED"


@pytest.mark.parametrize(("suffix", "expected"), [("81", "NOT_ENOUGH"), ("85", "AUTH_CODE_EXPIRE")])
def test_a_declined_code_says_why(client: Client, suffix: str, expected: str) -> None:
    status, said = pay_by_code(client, number(), code(suffix))
    assert status in (400, 403) and said["code"] == expected and said["message"]


def test_the_trade_bill_comes_whole(client: Client) -> None:
    order = number()
    pay_by_code(client, order, code(), 3500)
    status, text = client.trade_bill(platform_day(wall_ms()).isoformat())
    found = json.loads(text)
    assert status == 200 and found["hash_type"] == "SHA1"
    status, content = client.download_bill(found["download_url"])
    plain = gzip.decompress(content)
    assert status == 200 and sha1(plain).hexdigest() == found["hash_value"]
    rows = plain.decode().splitlines()
    assert len(rows[0].split(",")) == 27
    assert any(f"`{order}" in row and ",`35.00," in row and len(row.split(",`")) == 27 for row in rows)
    assert rows[-2].startswith("总交易单数") and rows[-1].count("`") == 7
    assert client.fundflow_bill(platform_day(wall_ms()).isoformat())[0] == 200


def test_no_bill_and_a_late_one_have_their_codes(simulator: RunningSimulator) -> None:
    client = v3_client(simulator)
    today = platform_day(wall_ms()).isoformat()
    for words, expected in (("late", "STATEMENT_CREATING"), ("missing", "NO_STATEMENT_EXIST"), ("ok", "PARAM_ERROR")):
        simulator.control(f"bill {words}")
        assert json.loads(client.trade_bill(today)[1])["code"] == expected


def test_notifications_open_in_both_trust_modes(simulator: RunningSimulator) -> None:
    """Odd ones are signed under the public key, even ones under the certificate, as during a migration."""
    clients = {"PUB_KEY_ID_": v3_client(simulator), "": v3_client(simulator, "certificate")}
    before = len(requests.get(f"{simulator.url}/sim/notified/wechat", timeout=5).json())
    wanted = set()
    for _ in range(2):
        order = number()
        wanted.add(order)
        clients[""].pay(description="餐", out_trade_no=order, amount={"total": 100}, pay_type=WeChatPayType.NATIVE)
        paying = {"platform": "wechat", "merchant": "wechat", "out_trade_no": order}
        assert requests.post(f"{simulator.url}/sim/customers/C1/pay", json=paying, timeout=5).status_code == 200
    ends_at_s = time.monotonic() + 10
    arrived: list[dict[str, Any]] = []
    while len(arrived) < 2 and time.monotonic() < ends_at_s:
        arrived = requests.get(f"{simulator.url}/sim/notified/wechat", timeout=5).json()[before:]
        time.sleep(0.02)
    told = set()
    for one in arrived:
        prefix = "PUB_KEY_ID_" if one["headers"]["wechatpay-serial"].startswith("PUB_KEY_ID_") else ""
        said = clients[prefix].callback(one["headers"], one["body"])
        assert said["event_type"] == "TRANSACTION.SUCCESS" and said["resource"]["trade_state"] == "SUCCESS"
        told.add(said["resource"]["out_trade_no"])
        assert clients[prefix].callback(one["headers"], one["body"].replace("支付成功", "支付失败")) is None
    assert told == wanted


@pytest.mark.parametrize("words", ["forged", "probe"])
def test_a_false_signature_is_noticed(simulator: RunningSimulator, words: str) -> None:
    client, order = v3_client(simulator), number()
    pay_by_code(client, order, code())
    simulator.control(f"next {words}")
    with pytest.raises(Exception, match="failed to verify the signature"):
        client.query(out_trade_no=order)
    assert client.query(out_trade_no=order)[0] == 200


def test_a_wrong_merchant_key_is_refused(simulator: RunningSimulator) -> None:
    client = v3_client(simulator)
    client._core._private_key = utils.load_private_key(simulator.account("wechat-partner").values["private_key"])
    status, text = client.query(out_trade_no="ANY_ORDER_1")
    assert (status, json.loads(text)["code"]) == (401, "SIGN_ERROR")


def test_a_partner_pays_for_its_sub_merchant(simulator: RunningSimulator) -> None:
    client = v3_client(simulator, account="wechat-partner")
    sub_mchid = simulator.account("wechat-partner").values["sub_mchid"]
    order = number()
    status, text = client.pay(
        description="餐",
        out_trade_no=order,
        amount={"total": 100},
        sub_mchid=sub_mchid,
        payer={"auth_code": code()},
        scene_info={"store_info": {"out_id": "S01"}},
        pay_type=WeChatPayType.CODEPAY,
    )
    assert (status, json.loads(text)["sub_mchid"]) == (200, sub_mchid)
    assert json.loads(client.query(out_trade_no=order, sub_mchid=sub_mchid)[1])["trade_state"] == "SUCCESS"


def v2_client(simulator: RunningSimulator, key: str | None = None) -> Client:
    values = simulator.account("wechat").values
    return wechatpy_pay.WeChatPay(values["appid"], key or values["api_v2_key"], values["mchid"], timeout=5)


@pytest.fixture
def v2(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(wechatpy_pay.WeChatPay, "API_BASE_URL", f"{simulator.url}/")
    return v2_client(simulator)


def test_v2_pays_queries_and_reverses(v2: Client) -> None:
    order = number()
    paid = v2.micropay.create("饮品", 1280, code(), client_ip="10.0.0.9", out_trade_no=order)
    assert (paid["trade_type"], paid["total_fee"], paid["cash_fee"]) == ("MICROPAY", "1280", "1280")
    assert v2.check_signature(paid)
    found = v2.micropay.query(out_trade_no=order)
    assert found["trade_state"] == "SUCCESS" and found["transaction_id"] == paid["transaction_id"]
    undone = v2.post("secapi/pay/reverse", data={"appid": v2.appid, "out_trade_no": order})
    assert undone["recall"] == "N" and v2.check_signature(undone)
    assert v2.micropay.query(out_trade_no=order)["trade_state"] == "REVOKED"


def test_v2_says_what_the_customer_did(v2: Client) -> None:
    for suffix, expected in (("72", "USERPAYING"), ("81", "NOTENOUGH"), ("85", "AUTHCODEEXPIRE")):
        with pytest.raises(WeChatPayException) as told:
            v2.micropay.create("饮品", 100, code(suffix), client_ip="10.0.0.9", out_trade_no=number())
        assert told.value.errcode == expected


def test_v2_refuses_a_wrong_key(v2: Client, simulator: RunningSimulator) -> None:
    with pytest.raises(WeChatPayException) as told:
        v2_client(simulator, "0" * 32).micropay.query(out_trade_no="ANY_ORDER_1")
    assert told.value.return_code == "FAIL"


def test_what_we_send_over_v3_is_what_the_foreign_client_would_sign(
    simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = simulator.account("wechat").values
    with recording() as wire:
        settings = {**settings_of(simulator.account("wechat"), wire.url), "code_pay": "v3"}
        ours = open_platform("wechat", settings, SeededEntropy(3))
        ours.pay("S009_1_900001_A1WXYZ", 1280, code(), "湘味小馆 “人民路店”")
        ours.query("S009_1_900001_A1WXYZ")
        ours.refund("S009_1_900001_A1WXYZ", "R1", 1, 2)
        ours.offer(Way.QR, "S009_1_900002_A1WXYZ", 100, "餐", wall_ms() + 60_000)
        ours.fetch_bill(platform_day(wall_ms()))
    assert len(wire.requests) == 5
    key = utils.load_private_key(values["private_key"])
    for sent in wire.requests:
        given = dict(re.findall(r'(\w+)="([^"]*)"', sent.headers["authorization"]))
        monkeypatch.setattr(utils.time, "time", lambda given=given: float(given["timestamp"]))
        arguments = (sent.target, sent.method, values["mchid"], values["serial_no"], key)
        theirs = utils.build_authorization(*arguments, sent.body.decode(), given["nonce_str"])
        monkeypatch.undo()
        assert dict(re.findall(r'(\w+)="([^"]*)"', theirs)) == given
        assert sent.headers["authorization"].startswith("WECHATPAY2-SHA256-RSA2048 mchid=")
        assert sent.headers["wechatpay-serial"] == values["public_key_id"] and sent.headers["user-agent"]


def test_what_we_send_over_v2_is_what_the_foreign_client_would_sign(simulator: RunningSimulator) -> None:
    values = simulator.account("wechat").values
    with recording() as wire:
        ours = open_platform("wechat", settings_of(simulator.account("wechat"), wire.url), SeededEntropy(3))
        ours.pay("S009_1_900003_A1WXYZ", 1280, code(), "湘味小馆 <&]]>")
        ours.reverse("S009_1_900003_A1WXYZ")
    assert [sent.target for sent in wire.requests] == ["/pay/micropay", "/secapi/pay/reverse"]
    for sent in wire.requests:
        fields = envelope.read(sent.body)
        sign = fields.pop("sign")
        assert calculate_signature_hmac(fields, values["api_v2_key"]) == sign
        assert calculate_signature(fields, values["api_v2_key"]) != sign


def test_the_phone_of_a_customer_pays_with_a_fresh_code_once(simulator: RunningSimulator) -> None:
    client = v3_client(simulator)
    fresh = requests.get(f"{simulator.url}/sim/customers/C2/code?platform=wechat", timeout=5).json()
    order = number()
    assert pay_by_code(client, order, fresh["code"], 5000)[1]["trade_state"] == "USERPAYING"
    phone = requests.get(f"{simulator.url}/sim/customers/C2", timeout=5).json()
    assert [one["out_trade_no"] for one in phone["prompts"]] == [order]
    confirm = {"platform": "wechat", "merchant": "wechat", "out_trade_no": order}
    assert requests.post(f"{simulator.url}/sim/customers/C2/pay", json=confirm, timeout=5).status_code == 200
    assert json.loads(client.query(out_trade_no=order)[1])["trade_state"] == "SUCCESS"
    after = requests.get(f"{simulator.url}/sim/customers/C2", timeout=5).json()
    assert after["balance_fen"] == phone["balance_fen"] - 5000 and not after["prompts"]
    assert pay_by_code(client, number(), fresh["code"], 5000)[1]["code"] == "AUTH_CODE_EXPIRE"


def test_merchants_are_told_in_files(simulator: RunningSimulator, tmp_path: Path) -> None:
    simulator.simulation.publish(simulator.url)
    document = json.loads((simulator.state / "merchants" / "wechat.json").read_text(encoding="utf-8"))
    assert document["url"] == simulator.url
    assert open_platform("wechat", document, SeededEntropy()).query("NOBODY_HAS_THIS").verdict == "not_found"
