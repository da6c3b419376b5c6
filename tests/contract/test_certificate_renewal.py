"""A platform renews its certificate while shops trade: nothing stops, and nobody else's certificate is taken for it."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.payment import Verdict
from tests.contract.platforms import (
    AlipayCertificateHarness,
    AlipayHarness,
    PlatformHarness,
    WechatHarness,
    WechatV3Harness,
    number,
)

COUNT = itertools.count(1)
HARNESSES: dict[str, type[PlatformHarness]] = {
    "alipay-certificate": AlipayCertificateHarness,
    "alipay": AlipayHarness,
    "wechat-v3": WechatV3Harness,
    "wechat": WechatHarness,
}


@pytest.fixture(params=sorted(HARNESSES))
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PlatformHarness]:
    made = HARNESSES[request.param](tmp_path / "platform")
    yield made
    made.close()


def pays(harness: PlatformHarness) -> bool:
    order = number(next(COUNT))
    paid = harness.platform.pay(order, 100, harness.code("at_once"), "a").verdict is Verdict.PAID
    return paid and harness.platform.query(order).verdict is Verdict.PAID


def test_trade_goes_on_over_two_renewals(harness: PlatformHarness) -> None:
    assert pays(harness)
    for _ in range(2):
        harness.control(f"renew {harness.kind}")
        assert pays(harness)


def test_many_threads_meet_a_renewal_at_once(harness: PlatformHarness) -> None:
    assert pays(harness)
    harness.control(f"renew {harness.kind}")
    told: list[bool] = []
    threads = [threading.Thread(target=lambda: told.append(pays(harness))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [True] * 6


def test_a_box_that_starts_after_a_renewal_trades_at_once(harness: PlatformHarness) -> None:
    harness.control(f"renew {harness.kind}")
    assert pays(harness)


def test_a_false_signature_under_a_new_certificate_is_not_believed(harness: PlatformHarness) -> None:
    harness.control(f"renew {harness.kind}")
    harness.control("forged")
    assert harness.platform.query(number(1)).verdict is Verdict.UNKNOWN
    harness.control("ok")
    assert harness.platform.query(number(1)).verdict is Verdict.NOT_FOUND
