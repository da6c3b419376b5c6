"""The pay page over HTTP, against the simulated platforms: one wallet at a time, a proof at the end, nothing twice."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from agent.core.chain import Identity
from agent.core.pay_passes import Order, order_text, proof_in
from agent.core.payment import RefundVerdict, Verdict
from sync.hq import registry
from sync.hq.pay import phone
from sync.platforms.base import wall_ms
from sync.simulator.accounts import settings_of
from tests.custody import IDENTITY, PayingBox, RunningPay, write_merchants
from tests.simulators import RunningSimulator

WECHAT = {"User-Agent": "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50 Language/zh_CN"}
ALIPAY = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) AlipayClient/10.6.80 Language/zh-Hans"}
BROWSER = {"User-Agent": "Mozilla/5.0 (iPhone) Mobile Safari"}
Shown = dict[str, Any]


@dataclass
class Street:
    """The shop's box, headquarters' page, the platforms, and customers with telephones."""

    simulator: RunningSimulator
    pay: RunningPay
    box: PayingBox
    count: int = 0

    def order(self, **changes: Any) -> tuple[Order, str]:
        """Return a new order of the box, and the token that its code holds."""
        self.count += 1
        number = f"S001_1_{self.count:06d}_A1K7QF"
        now_s = self.simulator.now_ms() // 1000
        order = replace(Order("S001", "B1", 1, number, 3600, now_s, now_s + 600), **changes)
        return order, order_text(order, self.box.key)

    def page(self, token: str, headers: dict[str, str] = BROWSER, **options: Any) -> requests.Response:
        return requests.get(f"{self.pay.url}/O/{token}", headers=headers, timeout=15, **options)

    def opened(self, token: str, headers: dict[str, str] = BROWSER, customer: str = "C1") -> tuple[Shown, str]:
        """Open the page as a telephone does, through the wallet's redirect; returns what it shows, and the payer."""
        answer = self.page(token, headers, allow_redirects=False)
        while answer.status_code == 302:
            address = answer.headers["Location"].partition("#")[0]
            cookies = {"storebox_phone": customer}
            answer = requests.get(address, headers=headers, cookies=cookies, timeout=15, allow_redirects=False)
        payer = re.search(r'data-payer="([^"]*)"', answer.text)
        return state_in(answer), payer[1] if payer else ""

    def state(self, token: str, headers: dict[str, str] = BROWSER) -> Shown:
        self.simulator.pass_time(2)
        return requests.get(f"{self.pay.url}/O/{token}/state", headers=headers, timeout=15).json()  # type: ignore[no-any-return]

    def choose(self, token: str, wallet: str, headers: dict[str, str] = BROWSER, payer: str = "") -> Shown:
        wish = {"wallet": wallet, "payer": payer}
        answer = requests.post(f"{self.pay.url}/O/{token}/wallet", json=wish, headers=headers, timeout=15)
        return answer.json()  # type: ignore[no-any-return]

    def enter_password(self, wallet: str, offer: Shown, customer: str = "C1") -> requests.Response:
        """Pay what the page opened, as the wallet's app or its page does."""
        text = offer.get("url") or offer["parameters"].get("package") or offer["parameters"]["tradeNO"]
        if wallet == "alipay" and "url" in offer:
            text = requests.get(offer["url"], timeout=15, allow_redirects=False).headers["Location"]
        if wallet == "alipay" and "parameters" in offer:
            books = self.simulator.simulation.world.books(self.simulator.account("alipay"))
            order = books.by_transaction(text)
            assert order is not None
            wish = {"platform": wallet, "merchant": "alipay", "out_trade_no": order.out_trade_no}
        else:
            wish = {"platform": wallet, "text": text.rpartition("&redirect")[0] or text}
        return requests.post(f"{self.simulator.url}/sim/customers/{customer}/pay", json=wish, timeout=15)

    def paid(self, number: str) -> list[str]:
        """Return which platforms have money of an order."""
        world = self.simulator.simulation.world
        found = ((name, world.books(world.accounts.named(name)).find(number)) for name in ("wechat", "alipay"))
        return [name for name, order in found if order is not None and order.state == "paid"]


def state_in(answer: requests.Response) -> Shown:
    found = re.search(r'data-state="([^"]*)"', answer.text)
    assert found, answer.text[:300]
    return json.loads(unescape(found[1]))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    simulator = RunningSimulator(tmp_path_factory.mktemp("platform"))
    state = tmp_path_factory.mktemp("hq")
    merchants = {name: settings_of(simulator.account(name), simulator.url) for name in ("wechat", "alipay")}
    write_merchants(state, merchants)
    pay = RunningPay(state, simulator.now_ms)
    box = PayingBox(state, [pay.url])
    with pay.office.database.write() as connection:
        registry.add_store(connection, "S002", "城东店", wall_ms())
    yield Street(simulator, pay, box)
    pay.stop()
    simulator.close()


@pytest.fixture(autouse=True)
def calm(street: Street) -> None:
    street.simulator.control("ok")


def proof_of(shown: Shown) -> str:
    """Read the code that the page shows, with an independent reader."""
    zxingcpp = pytest.importorskip("zxingcpp", reason="an extra of dev: pip install -e .[dev]")
    kind, _, drawn = shown["proof"]["png"].partition(",")
    assert kind == "data:image/png;base64"
    return str(zxingcpp.read_barcode(Image.open(BytesIO(b64decode(drawn)))).text)


@pytest.mark.parametrize(
    ("wallet", "headers"), [("wechat", WECHAT), ("wechat", BROWSER), ("alipay", ALIPAY), ("alipay", BROWSER)]
)
def test_each_wallet_pays_in_its_app_and_in_a_browser_and_the_page_proves_it(
    street: Street, wallet: str, headers: dict[str, str]
) -> None:
    order, token = street.order()
    first, payer = street.opened(token, headers)
    assert (first["state"], first["amount_fen"], first["sale"]) == ("free", 3600, order.sale)
    assert bool(payer) is (headers is not BROWSER)
    chosen = street.choose(token, wallet, headers, payer)
    assert chosen["wallet"] == wallet and chosen["in_app"] is (headers is not BROWSER), chosen
    assert street.enter_password(wallet, chosen["offer"]).status_code == 200
    shown = street.state(token, headers)
    proof, signed = proof_in(proof_of(shown))
    assert signed.is_signed_by([street.pay.office.keys.pay_key.public_key])
    assert (proof.out_trade_no, proof.amount_fen, proof.platform) == (order.out_trade_no, 3600, wallet)
    assert street.paid(order.out_trade_no) == [wallet]
    told = street.box.platform("phone").query(order.out_trade_no)
    assert (told.verdict, told.transaction, told.amount_fen) == (Verdict.PAID, proof.transaction, 3600)
    assert told.platform == wallet


def test_a_paid_order_always_shows_its_proof_again(street: Street) -> None:
    _, token = street.order()
    street.enter_password("wechat", street.choose(token, "wechat")["offer"])
    first = street.state(token)
    street.simulator.pass_time(3 * 24 * 3600)
    again = state_in(street.page(token))
    street.simulator.pass_time(-3 * 24 * 3600)
    assert first["state"] == again["state"] == "paid"
    assert proof_in(proof_of(again))[0].transaction == proof_in(proof_of(first))[0].transaction
    assert street.choose(token, "alipay")["state"] == "paid", "and nothing else can be opened"


def test_the_other_wallet_is_closed_before_the_second_opens(street: Street) -> None:
    order, token = street.order()
    first = street.choose(token, "wechat")["offer"]
    second = street.choose(token, "alipay")
    assert second["wallet"] == "alipay" and second["wallets"] == ["alipay"]
    assert street.enter_password("wechat", first).status_code == 409, "it was closed there"
    assert street.enter_password("alipay", second["offer"]).status_code == 200
    assert street.paid(order.out_trade_no) == ["alipay"]


def test_the_second_wallet_does_not_open_while_the_first_is_not_known_to_be_closed(street: Street) -> None:
    order, token = street.order()
    first = street.choose(token, "wechat")["offer"]
    for weather in ("down", "garbage", "unsigned", "500"):
        street.simulator.control(weather)
        assert street.choose(token, "alipay")["error"]["code"] == "order.still_open", weather
    street.simulator.control("ok")
    assert street.enter_password("wechat", first).status_code in (200, 409)
    street.choose(token, "alipay")
    assert len(street.paid(order.out_trade_no)) <= 1


def test_what_was_paid_before_it_could_be_closed_is_paid_there(street: Street) -> None:
    order, token = street.order()
    first = street.choose(token, "wechat")["offer"]
    street.enter_password("wechat", first)
    second = street.choose(token, "alipay")
    assert second["state"] == "paid" and second["wallet"] == "wechat", second
    assert street.paid(order.out_trade_no) == ["wechat"]


def test_a_page_of_alipay_that_nobody_opened_yet_can_be_left(street: Street) -> None:
    order, token = street.order()
    first = street.choose(token, "alipay")["offer"]
    second = street.choose(token, "wechat")
    assert second["wallet"] == "wechat", second
    requests.get(first["url"], timeout=15, allow_redirects=False)
    street.enter_password("wechat", second["offer"])
    assert street.paid(order.out_trade_no) == ["wechat"]


def test_on_a_second_phone_the_same_wallet_is_not_opened_again(street: Street) -> None:
    _, token = street.order()
    _, first = street.opened(token, WECHAT, "C1")
    _, second = street.opened(token, WECHAT, "C2")
    assert first != second
    offer = street.choose(token, "wechat", WECHAT, first)["offer"]
    assert street.choose(token, "wechat", WECHAT, second)["error"]["code"] == "order.other_phone"
    assert (
        street.choose(token, "wechat", WECHAT, first)["offer"]["parameters"]["package"]
        == offer["parameters"]["package"]
    )


def test_two_browsers_pay_one_order_once(street: Street) -> None:
    order, token = street.order()
    offers = [street.choose(token, "wechat")["offer"] for _ in range(2)]
    assert [street.enter_password("wechat", offer).status_code for offer in offers] == [200, 409]
    assert street.paid(order.out_trade_no) == ["wechat"]


def test_an_order_that_is_too_old_opens_no_wallet(street: Street) -> None:
    order, token = street.order()
    street.simulator.pass_time(601)
    answer = street.choose(token, "wechat")
    street.simulator.pass_time(-601)
    assert answer["error"]["code"] == "order.expired" and not street.paid(order.out_trade_no)
    assert answer["error"]["title"]["zh"] and answer["error"]["title"]["en"]


def test_what_its_box_has_closed_opens_no_wallet_and_shows_so(street: Street) -> None:
    for seen in (True, False):
        order, token = street.order()
        if seen:
            street.choose(token, "wechat")
        closed = street.box.platform("phone").close(order.out_trade_no)
        assert closed.verdict is Verdict.CLOSED, closed
        assert street.choose(token, "alipay")["error"]["code"] == "order.closed"
        assert state_in(street.page(token))["over"]
        assert street.box.platform("phone").query(order.out_trade_no).verdict is Verdict.CLOSED


def test_a_box_closes_what_was_paid_as_paid(street: Street) -> None:
    order, token = street.order()
    street.enter_password("alipay", street.choose(token, "alipay")["offer"])
    assert street.box.platform("phone").close(order.out_trade_no).verdict is Verdict.PAID
    assert state_in(street.page(token))["state"] == "paid", "the customer can still prove it"


def test_a_box_does_not_take_it_for_closed_before_the_wallet_says_so(street: Street) -> None:
    order, token = street.order()
    street.choose(token, "wechat")
    street.simulator.control("down")
    assert street.box.platform("phone").close(order.out_trade_no).verdict is Verdict.UNKNOWN
    street.simulator.control("ok")
    assert street.box.platform("phone").close(order.out_trade_no).verdict is Verdict.CLOSED


@pytest.mark.parametrize("closed_before", [True, False])
def test_what_a_phone_paid_is_given_back_by_the_wallet_that_took_it(street: Street, closed_before: bool) -> None:
    order, token = street.order()
    street.enter_password("wechat", street.choose(token, "wechat")["offer"])
    if closed_before:
        assert street.box.platform("phone").close(order.out_trade_no).verdict is Verdict.PAID
    refund_no = order.out_trade_no.replace("_A1", "_R1")
    wechat = street.box.platform("wechat")
    given = wechat.refund(order.out_trade_no, refund_no, 3600, 3600)
    street.simulator.pass_time(30)
    assert given.verdict in (RefundVerdict.ACCEPTED, RefundVerdict.DONE), given
    assert wechat.query_refund(order.out_trade_no, refund_no).verdict is RefundVerdict.DONE
    if closed_before:
        again = street.box.platform("phone").query_refund(order.out_trade_no, refund_no)
        assert again.verdict is RefundVerdict.DONE, "whoever asks by the order's own row finds the same refund"
    wrong = street.box.platform("alipay").refund(order.out_trade_no, f"{refund_no}2", 3600, 3600)
    assert wrong.verdict is not RefundVerdict.DONE


def test_nobody_asked_is_not_found_and_open_is_pending(street: Street) -> None:
    order, token = street.order()
    assert street.box.platform("phone").query(order.out_trade_no).verdict is Verdict.NOT_FOUND
    street.page(token)
    assert street.box.platform("phone").query(order.out_trade_no).verdict is Verdict.PENDING


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"box": "B2"}, "order.not_signed"),
        ({"issued_s": wall_ms() // 1000 + 4000, "expires_s": wall_ms() // 1000 + 4600}, "order.clock"),
    ],
)
def test_an_order_that_is_not_our_boxs_is_refused_in_words(street: Street, change: dict[str, Any], code: str) -> None:
    _, token = street.order(**change)
    answer = street.page(token)
    assert answer.status_code >= 400 and state_in(answer)["error"]["code"] == code


def test_an_order_of_an_unknown_or_another_stores_box_is_refused(street: Street) -> None:
    other = Identity("S002", "B1", 7)
    order = Order("S002", "B1", 7, "S002_7_000001_A1K7QF", 100, wall_ms() // 1000, wall_ms() // 1000 + 600)
    unknown = state_in(street.page(order_text(order, street.box.key)))
    assert unknown["error"]["code"] == "epoch.unknown"
    with street.pay.office.database.write() as connection:
        registry.register_epoch(connection, other, bytes(32), "enrolled", wall_ms())
    assert state_in(street.page(order_text(order, street.box.key)))["error"]["code"] == "order.not_signed"


@pytest.mark.parametrize("token", ["O1", "P1" + "A" * 212, "x", "O1" + "A" * 175, "%00", "O1" + "7" * 175])
def test_rubbish_in_the_address_is_refused_in_words(street: Street, token: str) -> None:
    answer = street.page(token)
    assert answer.status_code == 400 and state_in(answer)["error"]["title"]["zh"]


def test_the_page_carries_its_policy_and_names_the_order_to_nobody(street: Street) -> None:
    _, token = street.order()
    answer = street.page(token)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "strict-origin" and answer.headers["Cache-Control"] == "no-store"
    script = requests.get(f"{street.pay.url}/O/page.js", timeout=5)
    assert script.status_code == 200 and "http://" not in script.text and "https://" not in script.text
    size_bytes = (
        len(answer.content) + len(script.content) + len(requests.get(f"{street.pay.url}/O/page.css", timeout=5).content)
    )
    assert size_bytes < 24_000, "a small page: the customer's network may be as poor as the shop's"


def test_the_language_is_the_phones(street: Street) -> None:
    _, token = street.order()
    for asked, lang in (("zh-CN,zh;q=0.9", "zh-CN"), ("en-US,en", "en"), ("de", "en")):
        assert f'lang="{lang}"' in street.page(token, {"Accept-Language": asked}).text


def test_a_revoked_box_opens_nothing_and_its_paid_orders_stay_proved_to_its_box(tmp_path: Path, street: Street) -> None:
    from tests.custody import register
    from tests.unit.sync.fakes import new_key

    key, identity = new_key(), Identity("S001", "B9", 9)
    register(street.pay.state, identity, key)
    order = Order("S001", "B9", 9, "S001_9_000001_A1K7QF", 100, wall_ms() // 1000, wall_ms() // 1000 + 600)
    token = order_text(order, key)
    assert street.page(token).status_code == 200
    with street.pay.office.database.write() as connection:
        registry.revoke(connection, "S001", 9, "stolen", wall_ms())
    assert street.choose(token, "wechat")["error"]["code"] == "box.revoked"


def test_an_order_of_a_replaced_box_is_shown_and_opens_no_wallet(street: Street) -> None:
    from tests.custody import register
    from tests.unit.sync.fakes import new_key

    key, identity = new_key(), Identity("S001", "B7", 17)
    register(street.pay.state, identity, key)
    order = Order("S001", "B7", 17, "S001_17_000001_A1K7QF", 100, wall_ms() // 1000, wall_ms() // 1000 + 600)
    token = order_text(order, key)
    register(street.pay.state, Identity("S001", "B8", 18), new_key())
    assert street.page(token).status_code == 200
    assert street.choose(token, "wechat")["error"]["code"] == "box.replaced"


def test_asking_too_often_is_bounded(street: Street) -> None:
    _, token = street.order()
    statuses = {requests.get(f"{street.pay.url}/O/{token}/state", timeout=5).status_code for _ in range(60)}
    assert statuses == {200, 429}


def test_the_names_of_both_sides_agree() -> None:
    assert phone.NAME == "phone" and IDENTITY.store == "S001"
