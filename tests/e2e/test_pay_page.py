"""The pay page on a telephone: in WeChat, in Alipay and in a browser, against the simulated platforms."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from agent.core.pay_passes import Order, order_text, proof_in
from sync.hq import registry
from sync.simulator.accounts import settings_of
from tests.custody import PayingBox, RunningPay, write_merchants
from tests.e2e.conftest import SHOTS
from tests.simulators import RunningSimulator

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
AGENTS = {"wechat": f"{IPHONE} MicroMessenger/8.0.50", "alipay": f"{IPHONE} AlipayClient/10.6.80", "": IPHONE}
PAY_WORDS = {"zh-CN": "付完给收银员扫这个码", "en-US": "Let the cashier scan this code"}
BRIDGES = {
    "wechat": """window.WeixinJSBridge = { invoke(name, parameters, then) {
        window.asked = [name, parameters.package];
        window.answer = (well) => then({ err_msg: `get_brand_wcpay_request:${well ? "ok" : "cancel"}` }); } };""",
    "alipay": """window.AlipayJSBridge = { call(name, parameters, then) {
        window.asked = [name, parameters.tradeNO];
        window.answer = (well) => then({ resultCode: well ? "9000" : "6001" }); } };""",
}
"""What the apps put into a page; the test is the app's password screen."""


@dataclass
class Street:
    """A box, headquarters' page and the platforms."""

    simulator: RunningSimulator
    pay: RunningPay
    box: PayingBox
    count: int = 0

    def link(self, life_s: int = 600) -> tuple[str, str]:
        """Return a new order's number and its address, upper case as in the code."""
        self.count += 1
        number = f"S001_1_{self.count:06d}_A1K7QF"
        now_s = self.simulator.now_ms() // 1000
        order = Order("S001", "B1", 1, number, 3650, now_s, now_s + life_s)
        return number, f"{self.pay.url.upper()}/O/{order_text(order, self.box.key)}"

    def enter_password(self, wallet: str, number: str) -> None:
        """Pay in the app of the first customer."""
        world = self.simulator.simulation.world
        assert world.books(self.simulator.account(wallet)).take(number, "customer-C1") is not None


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    simulator = RunningSimulator(tmp_path_factory.mktemp("platform"))
    state = tmp_path_factory.mktemp("hq")
    write_merchants(state, {one: settings_of(simulator.account(one), simulator.url) for one in ("wechat", "alipay")})
    simulator.simulation.publish(simulator.url)
    pay = RunningPay(state, simulator.now_ms)
    with pay.office.database.write() as connection:
        registry.add_store(connection, "S001", "湘味小馆 人民路店", 0)
    yield Street(simulator, pay, PayingBox(state, [pay.url]))
    pay.stop()
    simulator.close()


Phone = Callable[..., Page]


@pytest.fixture
def phone(browser: Browser) -> Iterator[Phone]:
    """Open a telephone of a language, in a wallet's app or in its browser."""
    contexts = []

    def opened(app: str = "", locale: str = "zh-CN", **options: Any) -> Page:
        context = browser.new_context(
            user_agent=AGENTS[app],
            locale=locale,
            viewport={"width": 390, "height": 844},
            device_scale_factor=2,
            has_touch=True,
            **options,
        )
        contexts.append(context)
        if app:
            context.add_init_script(BRIDGES[app])
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"pay-page-{name}.png")


def proof_on(page: Page) -> str:
    """Read the code on a telephone's screen as a scanner does."""
    zxingcpp = pytest.importorskip("zxingcpp", reason="an extra of dev: pip install -e .[dev]")
    from io import BytesIO

    from PIL import Image

    return str(zxingcpp.read_barcode(Image.open(BytesIO(page.screenshot()))).text)


@pytest.mark.parametrize(("app", "locale"), [("wechat", "zh-CN"), ("alipay", "en-US")])
def test_in_a_wallets_app_it_asks_for_the_password_by_itself(
    street: Street, phone: Phone, app: str, locale: str
) -> None:
    number, link = street.link()
    page = phone(app, locale)
    page.goto(link)
    expect(page.locator(".amount")).to_have_text("¥36.50")
    page.wait_for_function("() => window.asked")
    assert page.evaluate("() => window.asked[0]") in ("getBrandWCPayRequest", "tradePay")
    shot(page, f"{app}-{locale}-waiting")
    page.evaluate("() => window.answer(false)")
    expect(page.locator("main")).to_contain_text({"zh-CN": "没扣钱", "en-US": "nothing charged"}[locale])
    shot(page, f"{app}-{locale}-cancelled")
    page.locator(f"button.{app}").click()
    page.wait_for_function("() => window.asked")
    street.enter_password(app, number)
    page.evaluate("() => window.answer(true)")
    expect(page.locator(".words")).to_have_text(PAY_WORDS[locale])
    expect(page.locator("#proof")).to_be_visible()
    shot(page, f"{app}-{locale}-proof")
    proof, signed = proof_in(proof_on(page))
    assert signed.is_signed_by([street.pay.office.keys.pay_key.public_key])
    assert (proof.out_trade_no, proof.amount_fen, proof.platform) == (number, 3650, app)


@pytest.mark.parametrize(("wallet", "locale"), [("wechat", "en-US"), ("alipay", "zh-CN")])
def test_in_a_browser_the_wallet_is_chosen_and_its_page_leads_back(
    street: Street, phone: Phone, wallet: str, locale: str
) -> None:
    number, link = street.link()
    page = phone("", locale)
    page.goto(link)
    shot(page, f"browser-{locale}-choice")
    page.locator(f"button.{wallet}").click()
    page.wait_for_url("**/phone?**")
    page.locator("#password").fill("123456")
    page.locator("#confirm").click()
    expect(page.locator("#proof")).to_be_visible(timeout=15_000)
    expect(page.locator(".words")).to_have_text(PAY_WORDS[locale])
    shot(page, f"browser-{wallet}-{locale}-proof")
    assert proof_in(proof_on(page))[0].out_trade_no == number


def test_the_wallet_can_be_changed_and_the_first_one_is_closed(street: Street, phone: Phone) -> None:
    number, link = street.link()
    first, second = phone("wechat"), phone("alipay")
    first.goto(link)
    first.wait_for_function("() => window.asked")
    second.goto(link)
    shot(second, "alipay-change")
    second.locator("button.plain", has_text="改用支付宝").click()
    second.wait_for_function("() => window.asked")
    expect(first.locator(".words")).to_contain_text("支付宝", timeout=10_000)
    expect(first.locator("button.go")).to_have_count(0)
    shot(first, "wechat-left")
    street.enter_password("alipay", number)
    second.evaluate("() => window.answer(true)")
    expect(second.locator("#proof")).to_be_visible()
    expect(first.locator("#proof")).to_be_visible(timeout=10_000)


def test_what_is_too_old_or_swapped_says_so_and_offers_nothing(street: Street, phone: Phone) -> None:
    _, link = street.link(life_s=0)
    street.simulator.pass_time(5)
    page = phone()
    page.goto(link)
    expect(page.locator(".words")).to_contain_text("过期")
    expect(page.locator("button.go")).to_have_count(0)
    shot(page, "expired")
    page.goto(link[:-2] + ("AA" if not link.endswith("AA") else "QQ"))
    expect(page.locator(".words")).to_be_visible()
    expect(page.locator("button.go")).to_have_count(0)
    shot(page, "swapped")
    page.locator(".language").click()
    shot(page, "swapped-en")


def test_the_language_can_be_changed_on_the_page(street: Street, phone: Phone) -> None:
    _, link = street.link()
    page = phone()
    page.goto(link)
    page.locator(".language").click()
    expect(page.locator("button.wechat")).to_have_text("Pay with WeChat Pay")
    page.locator(".language").click()
    expect(page.locator("button.wechat")).to_have_text("用微信付款")
