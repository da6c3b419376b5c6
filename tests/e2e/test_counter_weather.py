"""The counter in weather: a phone pays, the power goes, the line goes. The tests of this file share one shop."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Demo, log_in, running_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that is open for business."""
    with running_demo(tmp_path_factory.mktemp("weather") / "demo") as running:
        yield running


def open_till(page: Page, demo: Demo) -> None:
    log_in(page, demo.url, "小周", "7777")
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
    before = page.evaluate("fetch('/api/v1/sales').then((answer) => answer.json()).then((sales) => sales.length)")
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
    assert len(sales) == before + 1 and 8_800 in [sale["total_fen"] for sale in sales]


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
    demo.post("/desk/switch", {"switch": "network", "on": True})
    expect(page.locator(".alert.offline")).to_be_hidden(timeout=30_000)
