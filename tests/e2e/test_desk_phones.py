"""The demo's desk: a phone shows a code, the till counts down through a password, the receipt has the number."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import SHOTS, Demo, log_in, running_demo

WALLETS = {"wechat": ("微信", r"4200\d{24}"), "alipay": ("支付宝", r"20\d{26}")}


@pytest.fixture(scope="module")
def trading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that is open for business; both tests of this file sell in it."""
    with running_demo(tmp_path_factory.mktemp("phones") / "demo") as running:
        yield running


@pytest.fixture
def screens(browser: Browser) -> Iterator[Callable[[int, int], Page]]:
    """Open screens of their own: the till's, the desk, a telephone."""
    opened: list[Page] = []

    def another(width: int, height: int) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        opened.append(context.new_page())
        return opened[-1]

    yield another
    for page in opened:
        page.context.close()


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"desk-phones-{name}.png")


@pytest.mark.parametrize("platform", WALLETS)
def test_a_password_is_typed_while_the_till_counts_down(
    trading: Demo, screens: Callable[[int, int], Page], platform: str
) -> None:
    wallet, number = WALLETS[platform]
    till, desk = screens(1024, 768), screens(1366, 900)
    log_in(till, trading.url, "小周", "7777")
    desk.goto(f"{trading.url}/desk")
    trading.scan("D002")
    expect(till.locator("#pay")).to_be_visible()
    trading.scan("X1SUBTOTAL")
    expect(till.locator("#pay-cash")).to_be_visible()
    desk.get_by_role("button", name=f"刘阿姨 · {wallet}").click()
    expect(till.locator("h2", has_text="等顾客输密码")).to_be_visible()
    expect(till.locator(".countdown")).to_have_text(re.compile(r"^[1-4]?\d$"))
    shot(till, f"{platform}-counting")
    with desk.context.expect_page() as opened:
        desk.locator("a.telephone", has_text="刘阿姨").click()
    phone = opened.value
    phone.goto(f"{phone.url}&platform={platform}&lang=zh")
    expect(phone.locator("#sum")).to_have_text("¥58.00")
    phone.locator("#password").fill("123456")
    phone.locator("#confirm").click()
    expect(phone.locator("#said")).to_have_text("已付款")
    expect(till.locator(".done")).to_contain_text(f"{wallet}收好了")
    shot(till, f"{platform}-done")
    paper = trading.until_paper(wallet)
    assert re.search(number, paper.replace(" ", "")), paper
    shot(desk, f"{platform}-desk")
