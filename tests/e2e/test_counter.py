"""A day at the counter as the cashier sees it, with the scanner, the printer and the wallet of the demo."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo, approve, log_in

WORDS = {
    "zh-CN": {
        "paid": "收好了",
        "refunded": "退给顾客现金58.00元",
        "closed": "交班好了",
        "day": "日结好了",
        "z": "Z报表 第1号",
    },
    "en": {
        "paid": "Paid. Give change",
        "refunded": "Give the customer 58.00 yuan cash",
        "closed": "The shift is closed",
        "day": "The day is closed",
        "z": "Z report no. 1",
    },
}


@pytest.mark.parametrize("language", WORDS)
def test_from_opening_to_the_closed_day(page: Page, demo: Demo, shot: Callable[[str], None], language: str) -> None:
    words = WORDS[language]
    log_in(page, demo.url, "李店长", "1111", language)
    page.locator("#open-day").click()
    shot("float")
    page.locator("#open-shift").click()
    expect(page.locator("#scan-field")).to_be_visible()

    demo.scan("D001")
    demo.scan("D002")
    expect(page.locator(".line")).to_have_count(2)
    shot("scanned")
    page.locator("#pay").click()
    page.locator(".note", has_text="100").click()
    page.locator(".note", has_text="50").click()
    shot("cash")
    page.locator("#pay-cash").click()
    expect(page.locator("#change")).to_have_text("4.00")
    expect(page.locator(".done")).to_contain_text(words["paid"])
    shot("change")
    demo.until_paper("146.00")

    page.locator("#menu").click()
    page.locator("#menu-sales").click()
    page.locator(".sale-row").first.click()
    page.locator(".unit").nth(1).locator("button").last.click()
    page.locator(".reasons.tight .choice").first.click()
    shot("refund")
    page.locator("#refund").click()
    expect(page.locator(".notice.good")).to_contain_text(words["refunded"])
    shot("refunded")
    page.locator("#back-to-selling").click()

    page.locator("#menu").click()
    page.locator("#menu-close-shift").click()
    for note, pieces in (("10000", 5), ("5000", 1), ("2000", 1), ("1000", 1), ("500", 1), ("100", 3)):
        page.locator(f"input[name=n{note}]").fill(str(pieces))
    expect(page.locator("#counted")).to_have_text("588.00")
    page.locator("#close-shift").click()
    expect(page.locator(".notice.good")).to_contain_text(words["closed"])
    expect(page.locator(".z")).to_contain_text(words["z"])
    shot("z")
    page.locator("#z-done").click()

    page.locator("#menu").click()
    page.locator("#menu-close-day").click()
    page.locator("#close-day").click()
    expect(page.locator(".notice.good")).to_contain_text(words["day"])
    shot("day")
    page.locator("#day-done").click()
    expect(page.locator("#open-day")).to_be_visible()


def open_till(page: Page, demo: Demo) -> None:
    log_in(page, demo.url, "小周", "7777")
    page.locator("#open-day").click()
    approve(page, "李店长", "1111")
    page.locator("#open-shift").click()
    expect(page.locator("#scan-field")).to_be_visible()


def test_a_phone_pays_by_a_scan_and_nothing_is_touched(page: Page, demo: Demo, shot: Callable[[str], None]) -> None:
    open_till(page, demo)
    demo.scan("D002")
    page.locator("#pay").click()
    expect(page.locator("#pay-cash")).to_be_visible()
    demo.scan("291234567890123475")
    expect(page.locator(".countdown")).to_be_visible()
    shot("waiting")
    expect(page.locator("#change")).to_have_text("58.00", timeout=20_000)
    shot("paid")


def test_the_power_goes_while_cash_is_taken_and_the_page_comes_back(
    page: Page, demo: Demo, shot: Callable[[str], None]
) -> None:
    open_till(page, demo)
    demo.scan("D001")
    expect(page.locator(".line")).to_have_count(1)
    page.locator("#pay").click()
    page.keyboard.type("100")
    expect(page.locator(".typed")).to_contain_text("100")
    page.evaluate(
        "fetch('/desk/switch', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        " body: JSON.stringify({switch: 'power', on: false})}).catch(() => 0)"
    )
    page.keyboard.press("Enter")
    expect(page.locator("#change")).to_have_text("12.00", timeout=30_000)
    shot("after-power")
    sales = page.evaluate("fetch('/api/v1/sales').then((answer) => answer.json())")
    assert [sale["total_fen"] for sale in sales] == [8_800]


def test_offline_is_said_once_and_cash_goes_on(page: Page, demo: Demo, shot: Callable[[str], None]) -> None:
    open_till(page, demo)
    demo.post("/desk/switch", {"switch": "network", "on": False})
    demo.scan("D003")
    page.locator("#pay").click()
    expect(page.locator("#pay-cash")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#change")).to_have_text("2.00")
    expect(page.locator(".alert.offline")).to_contain_text("断网了", timeout=30_000)
    shot("offline")
