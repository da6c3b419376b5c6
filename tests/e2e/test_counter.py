"""A day at the counter as the cashier sees it, with the scanner, the printer and the wallet of the demo."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo, log_in

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


RIGHT_OF_THE_MENU = """() => {
  const unsent = document.createElement("span");
  unsent.className = "unsent";
  unsent.textContent = "8888 unsent 888888.88";
  document.querySelector(".lamps").append(unsent);
  const right = [...document.querySelectorAll(".bar .who button")].at(-1).getBoundingClientRect().right;
  unsent.remove();
  return right;
}"""

OUT_OF_SIGHT = """() => [...document.querySelectorAll(".pay-panel button, .pay-panel input")]
  .filter((one) => {
    const place = one.getBoundingClientRect();
    return place.right > innerWidth || place.bottom > innerHeight || one.scrollWidth > one.clientWidth + 1;
  })
  .map((one) => one.textContent || one.placeholder)"""


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
    expect(page.locator(".show-code")).to_have_count(3)
    assert page.evaluate(OUT_OF_SIGHT) == [], "every way to pay is on the screen of a till, without scrolling"
    page.locator(".note", has_text="100").click()
    page.locator(".note", has_text="50").click()
    shot("cash")
    page.locator("#pay-cash").click()
    expect(page.locator("#change")).to_have_text("4.00")
    expect(page.locator(".done")).to_contain_text(words["paid"])
    assert page.evaluate(RIGHT_OF_THE_MENU) <= 1024, "the menu stays on the screen beside much unsent money"
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
