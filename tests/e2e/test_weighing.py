"""A weighed article at the page: the scale's weight live, taken with one touch, or typed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from drivers.emulators.scale import pty_scale
from drivers.emulators.station import Served
from drivers.scale.device import ScaleDevice
from tests.e2e.conftest import Box, log_in


@pytest.fixture
def scale(box: Box, tmp_path: Path) -> Iterator[Served]:
    """A scale at the box's till."""
    device = ScaleDevice("scale1", f"serial:{tmp_path / 'scale'}", lambda event: None)
    box.shop.scales = {"1": device}
    with pty_scale(tmp_path / "scale") as served:
        device.start()
        yield served
        device.stop()


def choose_pork(page: Page) -> None:
    page.locator("#scan-field").fill("F201")
    page.keyboard.press("Enter")


def test_the_weight_is_taken_from_the_scale_or_typed(
    page: Page, box: Box, scale: Served, shot: Callable[[str], None]
) -> None:
    log_in(page, box.url, "陈小雨", "7777", "zh-CN")
    choose_pork(page)
    expect(page.locator("#take-weight")).to_be_disabled()
    shot("empty")
    scale.word("1250")
    expect(page.locator("#scale-weight")).to_have_text("1.250 kg")
    expect(page.locator("#take-weight")).to_be_enabled()
    shot("stable")
    page.locator("#take-weight").click()
    expect(page.locator(".line-detail")).to_contain_text("1.250 kg")
    choose_pork(page)
    expect(page.locator("#take-weight")).to_have_text("这一秤再卖一次")
    shot("again")
    page.keyboard.type("420")
    expect(page.locator("details .typed")).to_contain_text("420")
    page.keyboard.press("Enter")
    expect(page.locator(".line")).to_have_count(2)
    expect(page.locator(".line-detail").last).to_contain_text("0.420 kg")
