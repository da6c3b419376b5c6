"""A shop without a network sells: the till shows a code, the customer's own phone pays, the scanner reads the proof."""

import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import SHOTS, Demo, log_in, running_demo

WATER = "6900000010112"
LANGUAGES = {
    "zh-CN": ("手机自己付", "付完给收银员扫这个码", "已用过"),
    "en": ("Own phone", "Let the cashier scan this code", "used at"),
}


@pytest.fixture(scope="module")
def trading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that is open for business; the tests of this file share it."""
    with running_demo(tmp_path_factory.mktemp("own-phone") / "demo") as running:
        yield running


@pytest.fixture
def offline(trading: Demo) -> Iterator[Demo]:
    """The box's network is cut; telephones have their own."""
    trading.tell("network off")
    yield trading
    trading.tell("network on")


def screen(browser: Browser, language: str, width: int, height: int) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="en-US" if language == "en" else language
    )
    context.add_init_script(f"localStorage.setItem('storebox.language', '{language}')")
    return context.new_page()


@pytest.fixture
def screens(browser: Browser) -> Iterator[Callable[[str, int, int], Page]]:
    """Open screens of their own: the till's, the customer display, the desk, a telephone."""
    opened: list[Page] = []

    def another(language: str, width: int, height: int) -> Page:
        opened.append(screen(browser, language, width, height))
        return opened[-1]

    yield another
    for page in opened:
        page.context.close()


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"own-phone-{name}.png")


def events(demo: Demo, kind: str) -> list[Any]:
    """Return what the box's journal holds of a kind, through the binding that the box uses."""
    from agent.store.connection import open_reader

    connection = open_reader(demo.folder / "journal.db")
    try:
        rows = connection.execute("SELECT body FROM journal WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
    finally:
        connection.close()
    return [json.loads(body) for (body,) in rows]


def show_again_until(desk: Page, till: Page, words: str) -> None:
    """Hold the proof up until the till says so: what stays before a scanner for a second is one scan."""
    for _ in range(10):
        desk.locator("#show-proof").click()
        try:
            expect(till.locator("body")).to_contain_text(words, timeout=1_500)
        except AssertionError:
            continue
        return
    expect(till.locator("body")).to_contain_text(words, timeout=1_500)


@pytest.mark.parametrize("language", LANGUAGES)
def test_offline_the_customers_own_phone_pays_and_the_scanner_reads_the_proof(
    offline: Demo, screens: Callable[[str, int, int], Page], language: str
) -> None:
    own_phone, proof_words, used_words = LANGUAGES[language]
    sold = len(events(offline, "sale.completed"))
    till, display, desk = screens(language, 1024, 768), screens(language, 1024, 600), screens(language, 1366, 900)
    log_in(till, offline.url, "小周", "7777", language)
    display.goto(f"{offline.url}/display/1")
    desk.goto(f"{offline.url}/desk")
    offline.scan(WATER)
    offline.scan("X1SUBTOTAL")
    expect(till.locator(".show-code[data-kind='phone']")).to_have_text(own_phone, timeout=15_000)
    shot(till, f"{language}-1-till-offline")
    till.locator(".show-code[data-kind='phone']").click()
    expect(till.locator(".scan-card")).to_be_visible()
    shot(till, f"{language}-2-till-code")
    expect(display.locator(".pay-screen .qr")).to_be_visible()
    shot(display, f"{language}-3-display")
    expect(desk.locator("#open-order")).to_be_visible(timeout=15_000)
    desk.locator("#own-phone-group").scroll_into_view_if_needed()
    shot(desk, f"{language}-4-desk")
    with desk.context.expect_page() as opened:
        desk.locator("#open-order").click()
    phone = opened.value
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.locator("button.alipay").click()
    phone.wait_for_url("**/phone?**")
    phone.locator("#password").fill("123456")
    shot(phone, f"{language}-5-phone-password")
    phone.locator("#confirm").click()
    expect(phone.locator(".words")).to_have_text(proof_words, timeout=15_000)
    expect(phone.locator("#proof")).to_be_visible()
    shot(phone, f"{language}-6-phone-proof")
    assert len(events(offline, "sale.completed")) == sold, "the box can't know yet"
    desk.locator("#show-proof").click()
    expect(till.locator(".done, .done-title").first).to_be_visible(timeout=15_000)
    shot(till, f"{language}-7-till-paid")
    assert len(events(offline, "sale.completed")) == sold + 1
    assert events(offline, "attempt.ended")[-1]["platform"] == "alipay"
    accepted = len(events(offline, "pass.accepted"))
    show_again_until(desk, till, used_words)
    shot(till, f"{language}-8-till-used")
    assert len(events(offline, "sale.completed")) == sold + 1 and len(events(offline, "pass.accepted")) == accepted


def test_with_a_network_headquarters_tell_by_themselves(
    trading: Demo, screens: Callable[[str, int, int], Page]
) -> None:
    sold = len(events(trading, "sale.completed"))
    till = screens("zh-CN", 1024, 768)
    log_in(till, trading.url, "小周", "7777")
    trading.scan(WATER)
    trading.scan("X1SUBTOTAL")
    till.locator(".show-code[data-kind='phone']").click()
    expect(till.locator(".scan-card")).to_be_visible()
    with urllib.request.urlopen(f"{trading.url}/api/v1/display/1", timeout=10) as answer:
        address = json.load(answer)["payment"]["qr"]
    assert re.fullmatch(r"HTTP://127\.0\.0\.1:\d+/O/O1[A-Z2-7]+", address)
    till.locator("#print-code").click()
    phone = screens("zh-CN", 390, 844)
    phone.goto(address)
    phone.locator("button.wechat").click()
    phone.wait_for_url("**/phone?**")
    phone.locator("#password").fill("123456")
    phone.locator("#confirm").click()
    deadline = time.monotonic() + 30
    while len(events(trading, "sale.completed")) == sold:
        assert time.monotonic() < deadline, "headquarters know, and the box did not ask"
        time.sleep(0.2)
    assert events(trading, "attempt.ended")[-1]["platform"] == "wechat"
    assert "scan to pay" in trading.paper() or "扫码付款" in trading.paper()
