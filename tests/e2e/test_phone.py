"""The customer's telephone of the simulator: payment code, password, scanning, in Chinese and English."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from agent.core.payment import Platform, Verdict, Way
from sync.platforms.base import open_platform, wall_ms
from sync.simulator.accounts import settings_of
from tests.simulators import RunningSimulator
from tests.unit.sync.fakes import SeededEntropy

pytestmark = pytest.mark.browser


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[RunningSimulator]:
    running = RunningSimulator(tmp_path / "platform")
    yield running
    running.close()


@pytest.fixture(params=["wechat", "alipay"])
def platform(request: pytest.FixtureRequest, simulator: RunningSimulator) -> Platform:
    account = simulator.account(request.param)
    return open_platform(account.kind, settings_of(account, simulator.url), SeededEntropy())


def test_a_customer_confirms_cancels_and_scans(
    page: Page, simulator: RunningSimulator, platform: Platform, shot: Callable[[str], None]
) -> None:
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(f"{simulator.url}/phone?customer=C2&platform={platform.name}&lang=zh")
    expect(page.locator("#qr svg")).to_be_visible()
    assert platform.pay("S001_1_000001_A1", 5000, page.evaluate("code.code"), "湘味小馆").verdict is Verdict.PENDING
    expect(page.locator("#sum")).to_have_text("¥50.00")
    shot("password")
    page.locator("#confirm").click()
    expect(page.locator("#said")).to_have_text("请输六位数字")
    page.locator("#password").fill("123456")
    page.locator("#confirm").click()
    expect(page.locator("#said")).to_have_text("已付款")
    assert platform.query("S001_1_000001_A1").verdict is Verdict.PAID
    expect(page.locator("#balance")).to_have_text("¥750.00")

    assert platform.pay("S001_1_000002_A1", 5000, page.evaluate("code.code"), "湘味小馆").verdict is Verdict.PENDING
    expect(page.locator("#prompt")).to_be_visible()
    page.locator("#cancel").click()
    expect(page.locator("#said")).to_have_text("已取消")
    assert platform.query("S001_1_000002_A1").verdict is not Verdict.PAID

    page.locator("#language").click()
    offer = platform.offer(Way.QR, "S001_1_000003_A1", 700, "餐", wall_ms() + 120_000)
    page.locator("#text").fill(offer.qr or "")
    page.locator("#look").click()
    expect(page.locator("#sum")).to_have_text("¥7.00")
    page.locator("#password").fill("123456")
    page.locator("#confirm").click()
    expect(page.locator("#said")).to_have_text("Paid")
    assert platform.query("S001_1_000003_A1").verdict is Verdict.PAID
    assert not wrong
