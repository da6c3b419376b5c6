"""A payment that shows after its sale was paid otherwise, decided by the cashier; what a platform does not refund."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.errors import Refused
from agent.core.payment import RefundAnswer, RefundLimits, RefundVerdict, Verdict
from agent.services import abandoned, checkout, days, payments, pending, refunds, shifts, tendering
from agent.services.resolver import Resolver
from agent.services.shop import Approval, Shop
from agent.store import views
from agent.store.verify import verify
from tests.shops import CASHIER, LEAD, MANAGER, FakeClock, FakePlatform, make_shop

CODE = "134567890123456789"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path)
    assert isinstance(made.clock, FakeClock)
    made.store = replace(made.store, abandoned="offer")
    made.platforms = {"wechat": FakePlatform(clock=made.clock)}
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 0)
    yield made
    made.writer.close()


def platform(shop: Shop) -> FakePlatform:
    found = shop.platforms["wechat"]
    assert isinstance(found, FakePlatform)
    return found


def owed(shop: Shop) -> dict[str, int]:
    rows = shop.read().execute("SELECT account, sum(amount_fen) FROM view_account GROUP BY account").fetchall()
    return {account: amount_fen for account, amount_fen in rows if account.startswith("Liabilities") and amount_fen}


@pytest.fixture
def attempt(shop: Shop) -> str:
    """A wallet payment of 88 yuan that was found after the customer had paid cash."""
    checkout.add_code(shop, CASHIER, "D001")
    platform(shop).answers = [Verdict.UNKNOWN]
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    submit()
    payments.park(shop, CASHIER, started["attempt"], Approval(LEAD.staff, LEAD.role))
    tendering.pay_cash(shop, CASHIER, None)
    shop.clock.advance(5)  # type: ignore[attr-defined]
    Resolver(shop).step()
    return str(started["attempt"])


def test_it_waits_in_the_list_and_does_not_go_back_by_itself(shop: Shop, attempt: str) -> None:
    assert [one["attempt"] for one in abandoned.listed(shop)] == [attempt]
    assert payments.attempt(shop, attempt)["phase"] == "abandoned"
    assert platform(shop).refunds == {}
    assert owed(shop) == {"Liabilities:Tendered": -8_800}


def test_it_is_used_for_another_sale_once(shop: Shop, attempt: str) -> None:
    checkout.add_code(shop, CASHIER, "D001")
    done = abandoned.use(shop, CASHIER, attempt, key="use")
    assert done["completed"]["total_fen"] == 8_800
    assert abandoned.use(shop, CASHIER, attempt, key="use") == done
    checkout.add_code(shop, CASHIER, "D001")
    for again in (abandoned.use, abandoned.give_back):
        with pytest.raises(Refused, match=r"attempt\.used"):
            again(shop, CASHIER, attempt)
    assert (abandoned.listed(shop), owed(shop)) == ([], {})


def test_part_of_a_larger_sale_is_not_used_twice_before_that_is_paid(shop: Shop, attempt: str) -> None:
    for _ in range(2):
        checkout.add_code(shop, CASHIER, "D001")
    assert abandoned.use(shop, CASHIER, attempt)["completed"] is None
    assert abandoned.listed(shop) == []
    with pytest.raises(Refused, match=r"attempt\.used"):
        abandoned.use(shop, CASHIER, attempt)
    tendering.pay_cash(shop, CASHIER, None)
    assert owed(shop) == {}


def test_it_goes_back_when_the_cashier_says_so(shop: Shop, attempt: str) -> None:
    abandoned.give_back(shop, CASHIER, attempt)
    assert [one["phase"] for one in refunds.queued(shop)] == ["queued"]
    platform(shop).refund_answers = [RefundAnswer(RefundVerdict.TRY_LATER, "", code="NOTENOUGH")]
    Resolver(shop).step()
    assert [(one["phase"], one["ahead"]) for one in refunds.queued(shop)] == [("balance_low", 0)]
    shop.clock.advance(60)  # type: ignore[attr-defined]
    Resolver(shop).step()
    assert list(platform(shop).refunds.values()) == [8_800]
    assert (refunds.queued(shop), owed(shop)) == ([], {})
    assert payments.attempt(shop, attempt)["phase"] == "given_back"


def test_what_the_platform_does_not_give_back_waits_for_a_person_again(shop: Shop, attempt: str) -> None:
    abandoned.give_back(shop, CASHIER, attempt)
    platform(shop).refund_answers = [RefundAnswer(RefundVerdict.REFUSED, "", code="TRADE_ERROR")]
    Resolver(shop).step()
    assert platform(shop).refunds == {}
    assert [one["attempt"] for one in abandoned.listed(shop)] == [attempt]
    assert payments.attempt(shop, attempt)["phase"] == "abandoned"
    assert [one["attempt"] for one in pending.listed(shop, CASHIER)["attempts"]] == [attempt]
    assert owed(shop) == {"Liabilities:Tendered": -8_800}
    assert verify(shop.writer.path, views).fault is None, "views equal a rebuild"
    abandoned.give_back(shop, CASHIER, attempt)
    Resolver(shop).step()
    assert list(platform(shop).refunds.values()) == [8_800]
    assert (abandoned.listed(shop), owed(shop)) == ([], {})


def test_what_came_twice_and_is_refused_goes_to_no_other_sale(shop: Shop) -> None:
    checkout.add_code(shop, CASHIER, "D001")
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    submit()
    second = replace(platform(shop).query(started["attempt"]), transaction="9" * 28, platform="alipay")
    shop.platforms["alipay"] = FakePlatform("alipay", clock=platform(shop).clock)
    payments.settle(shop, started["attempt"], second)
    shop.platforms["alipay"].refund_answers = [RefundAnswer(RefundVerdict.REFUSED, "", code="ACQ.TRADE_STATUS_ERROR")]
    Resolver(shop).step()
    (ended,) = shop.read().execute("SELECT body FROM journal WHERE kind = 'refund.ended'").fetchall()
    assert (json.loads(ended[0])["outcome"], json.loads(ended[0])["unclaimed"]) == ("refused", False)
    assert abandoned.listed(shop) == [] and payments.attempt(shop, started["attempt"])["phase"] == "paid"


def test_more_than_is_due_is_not_used(shop: Shop, attempt: str) -> None:
    cheap = next(
        item.sku for item in shop.catalog.by_sku.values() if 0 < (item.price_fen or 0) < 8_800 and not item.flags
    )
    checkout.add_code(shop, CASHIER, cheap)
    with pytest.raises(Refused, match=r"tender\.above_due"):
        abandoned.use(shop, CASHIER, attempt)


@pytest.mark.parametrize(
    ("limits", "days_later", "code"),
    [
        (RefundLimits(within_days=20), 21, "refund.platform_too_late"),
        (RefundLimits(parts_max=1), 0, "refund.too_many_parts"),
    ],
)
def test_what_the_platform_would_refuse_is_refused_before_a_slip_promises_it(
    shop: Shop, limits: RefundLimits, days_later: int, code: str
) -> None:
    for _ in range(2):
        checkout.add_code(shop, CASHIER, "D001")
    _, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    submit()
    sale = str(refunds.recent(shop)[0]["sale"])
    refunds.refund_sale(shop, MANAGER, sale, {1: 1}, "退")
    platform(shop).refund_limits = limits
    shop.clock.advance(days_later * 86_400)  # type: ignore[attr-defined]
    with pytest.raises(Refused) as refused:
        refunds.refund_sale(shop, MANAGER, sale, {1: 1}, "退", approval=Approval("02", "store_manager"))
    assert refused.value.code == code
    rows = shop.read().execute("SELECT body FROM journal WHERE kind = 'sale.refunded'").fetchall()
    assert len([json.loads(body) for (body,) in rows]) == 1
