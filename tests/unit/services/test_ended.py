"""What ended last at a till, as its page is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.payment import Verdict
from agent.services import checkout, days, health, payments, shifts, tendering
from agent.services.shop import Actor, Shop
from tests.shops import CASHIER, MANAGER, FakePlatform, make_shop

OTHER_TILL = Actor("07", "当班", "cashier", "2")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    platform = FakePlatform("wechat")
    made = make_shop(tmp_path, platforms={"wechat": platform})
    platform.clock = made.clock  # type: ignore[assignment]
    days.open_the_day(made, MANAGER)
    for actor in (CASHIER, OTHER_TILL):
        shifts.open_a_shift(made, actor, 0)
    yield made
    made.writer.close()


def pay_by_phone(shop: Shop, verdict: Verdict, code: str = "134567890123456700") -> str:
    shop.platforms["wechat"].answers = [verdict]  # type: ignore[attr-defined]
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", code)
    submit()
    return str(started["attempt"])


def test_nothing_has_ended_yet(shop: Shop) -> None:
    state = health.state(shop, CASHIER)
    assert (state["last"], state["last_attempt"]) == (None, None)


def test_the_last_sale_comes_with_its_change_and_its_time(shop: Shop) -> None:
    checkout.add_code(shop, CASHIER, "D001")
    tendering.pay_cash(shop, CASHIER, 10_000)
    last = health.state(shop, CASHIER)["last"]
    assert (last["total_fen"], last["change_fen"], last["at_ms"]) == (8_800, 1_200, shop.clock.now_ms())
    assert [tender["kind"] for tender in last["tenders"]] == ["cash"]
    assert health.state(shop, OTHER_TILL)["last"] is None


def test_the_attempt_that_ended_last_counts_not_the_one_that_began_last(shop: Shop) -> None:
    checkout.add_code(shop, CASHIER, "D001")
    slow = pay_by_phone(shop, Verdict.UNKNOWN)
    payments.park(shop, Actor("03", "王领班", "shift_lead", "1"), slow)
    quick = pay_by_phone(shop, Verdict.DECLINED, "134567890123456701")
    ended = health.state(shop, CASHIER)["last_attempt"]
    assert (ended["attempt"], ended["state"]) == (quick, "declined")
    shop.clock.advance(60)  # type: ignore[attr-defined]
    payments.settle(shop, slow, shop.platforms["wechat"].reverse(slow))
    ended = health.state(shop, CASHIER)["last_attempt"]
    assert (ended["attempt"], ended["state"], ended["ended_ms"]) == (slow, "reversed", shop.clock.now_ms())
