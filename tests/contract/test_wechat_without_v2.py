"""A merchant of WeChat Pay without a V2 key: what the platform's v3 does not say, its bill says the next morning."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from agent.core.moment import PLATFORM_ZONE, milliseconds
from agent.core.payment import RefundVerdict, Verdict
from sync.platforms.base import wall_ms
from sync.platforms.wechat.billed_refunds import AGAIN_AFTER_MS
from tests.contract.platforms import PlatformHarness, number


class WithoutV2(PlatformHarness):
    account = "wechat"
    options: ClassVar[dict[str, str]] = {"code_pay": "v3", "api_v2_key": ""}


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[WithoutV2]:
    made = WithoutV2(tmp_path / "platform")
    made.pass_time(_until(hour=12))
    yield made
    made.close()


def _until(hour: int, days: int = 1) -> float:
    """Return the seconds until an hour of a coming day where the platform is."""
    now = datetime.fromtimestamp(wall_ms() / 1000, UTC).astimezone(PLATFORM_ZONE)
    then = now.replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return (milliseconds(then) - wall_ms()) / 1000


def paid(harness: WithoutV2, count: int = 1, fen: int = 500) -> str:
    assert harness.platform.pay(number(count), fen, harness.code("at_once"), "a").verdict is Verdict.PAID
    return number(count)


@pytest.mark.parametrize(("parts", "expected"), [((200, 300), Verdict.REVERSED), ((200,), Verdict.PAID)])
def test_the_bill_of_the_day_ends_what_nobody_could_tell(
    harness: WithoutV2, parts: tuple[int, ...], expected: Verdict
) -> None:
    order = paid(harness)
    for place, fen in enumerate(parts):
        assert harness.platform.refund(order, f"R{place}", fen, 500).verdict is RefundVerdict.DONE
    answer = harness.platform.query(order)
    assert (answer.verdict, answer.code) == (Verdict.UNKNOWN, "REFUND")
    harness.pass_time(21 * 3600)
    assert harness.platform.query(order).verdict is Verdict.UNKNOWN, "the bill is not made before ten o'clock"
    harness.pass_time(2 * 3600)
    answer = harness.platform.query(order)
    assert answer.verdict is expected
    assert answer.amount_fen == (500 if expected is Verdict.PAID else None)


def test_refunds_of_later_days_are_added(harness: WithoutV2) -> None:
    order = paid(harness)
    harness.pass_time(86_400)
    harness.platform.refund(order, "R1", 200, 500)
    harness.pass_time(86_400)
    assert harness.platform.query(order).verdict is Verdict.PAID
    harness.platform.refund(order, "R2", 300, 500)
    harness.pass_time(86_400)
    assert harness.platform.query(order).verdict is Verdict.REVERSED


def test_a_day_of_payments_only_has_no_refund_bill_and_counts_as_nothing_back(harness: WithoutV2) -> None:
    order = paid(harness)
    harness.pass_time(86_400)
    paid(harness, 2)
    harness.platform.refund(order, "R1", 500, 500)
    harness.pass_time(86_400)
    assert harness.platform.query(order).verdict is Verdict.REVERSED


def test_a_bill_that_can_not_be_had_is_asked_for_again_and_never_guessed(harness: WithoutV2) -> None:
    order = paid(harness)
    harness.platform.refund(order, "R1", 500, 500)
    harness.pass_time(86_400)
    harness.control("bill late")
    assert harness.platform.query(order).verdict is Verdict.UNKNOWN
    harness.control("bill ok")
    assert harness.platform.query(order).verdict is Verdict.UNKNOWN, "not asked for with every query"
    harness.pass_time(AGAIN_AFTER_MS / 1000)
    assert harness.platform.query(order).verdict is Verdict.REVERSED


def test_an_order_older_than_the_bills_stays_unknown(harness: WithoutV2) -> None:
    order = paid(harness)
    harness.platform.refund(order, "R1", 500, 500)
    harness.pass_time(100 * 86_400)
    assert harness.platform.query(order).verdict is Verdict.UNKNOWN
