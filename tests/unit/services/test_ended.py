"""What ended last at a till, as its page is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.payment import RefundAnswer, RefundVerdict, Verdict
from agent.core.wish import REFUND_OVER_CAP
from agent.services import checkout, days, health, payments, pending, refunds, shifts, tendering
from agent.services.resolver import Resolver
from agent.services.shop import Actor, Shop
from sync.platforms import situations
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


def give_back(shop: Shop, verdict: RefundVerdict, code: str) -> None:
    """Give a sale back that a phone paid, at a platform that answers so."""
    checkout.add_code(shop, CASHIER, "D001")
    sale = payments.attempt(shop, pay_by_phone(shop, Verdict.PAID))["sale"]
    shop.platforms["wechat"].refund_answers = [RefundAnswer(verdict, "", code=code)]  # type: ignore[attr-defined]
    refunds.refund_sale(shop, MANAGER, sale, None, "退")
    Resolver(shop).step()


def test_a_refund_that_was_refused_is_told_as_a_refund(shop: Shop) -> None:
    give_back(shop, RefundVerdict.REFUSED, "TRADE_ERROR")
    ended = health.state(shop, CASHIER)["last_refund"]
    assert ended["said"] == {"zh": situations.REFUND_NOT_POSSIBLE.zh, "en": situations.REFUND_NOT_POSSIBLE.en}


@pytest.mark.parametrize(
    ("verdict", "code", "told"),
    [
        (RefundVerdict.TRY_LATER, "NOT_ENOUGH", situations.MERCHANT_BALANCE_LOW),
        (RefundVerdict.UNKNOWN, "ABNORMAL", situations.REFUND_STRANDED),
    ],
)
def test_a_refund_that_waits_says_what_it_waits_for(
    shop: Shop, verdict: RefundVerdict, code: str, told: situations.Situation
) -> None:
    give_back(shop, verdict, code)
    (waiting,) = pending.listed(shop, CASHIER)["refunds"]
    assert waiting["said"] == {"zh": told.zh, "en": told.en}


def test_a_refund_above_headquarters_cap_says_that_it_goes_back_later(shop: Shop) -> None:
    give_back(shop, RefundVerdict.TRY_LATER, REFUND_OVER_CAP)
    (waiting,) = pending.listed(shop, CASHIER)["refunds"]
    assert "限额" in waiting["said"]["zh"] and "cap allows" in waiting["said"]["en"]
