"""An undo that may still be under way: what a question hears meanwhile proves nothing, also after a restart."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.payment import PlatformAnswer, Verdict
from agent.services import checkout, days, payments, refunds, shifts
from agent.services.resolver import Resolver
from agent.services.shop import Shop
from tests.shops import CASHIER, MANAGER, FakeClock, FakePlatform, make_shop

CODE = "134567890123456789"


class Watched(FakePlatform):
    """A platform that looks into the journal when it is told to undo."""

    shop: Shop | None = None
    on_disk_at_undo: int = 0

    def reverse(self, out_trade_no: str) -> PlatformAnswer:
        assert self.shop is not None
        query = "SELECT count(*) FROM journal WHERE kind = 'attempt.undoing'"
        self.on_disk_at_undo = self.shop.read().execute(query).fetchone()[0]
        return super().reverse(out_trade_no)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path)
    assert isinstance(made.clock, FakeClock)
    platform = Watched(clock=made.clock)
    platform.shop = made
    made.platforms = {"wechat": platform}
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 0)
    checkout.add_code(made, CASHIER, "D002")
    yield made
    made.writer.close()


def platform(shop: Shop) -> Watched:
    found = shop.platforms["wechat"]
    assert isinstance(found, Watched)
    return found


def undone_without_an_answer(shop: Shop) -> tuple[str, Resolver]:
    """Start a payment whose password never comes, and lose the answer to its undo."""
    platform(shop).answers = [Verdict.PENDING]
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    submit()
    resolver = Resolver(shop)
    assert isinstance(shop.clock, FakeClock)
    shop.clock.advance(46)
    platform(shop).answers = [Verdict.PENDING, Verdict.UNKNOWN]
    resolver.step()
    return str(started["attempt"]), resolver


def state(shop: Shop, attempt: str) -> str:
    return str(payments.attempt(shop, attempt)["state"])


def pass_time(shop: Shop, seconds: float) -> None:
    assert isinstance(shop.clock, FakeClock)
    shop.clock.advance(seconds)


def paid_in_the_meantime(shop: Shop, attempt: str) -> None:
    platform(shop).paid[attempt] = int(payments.attempt(shop, attempt)["amount_fen"])


def test_it_is_on_disk_before_the_platform_hears_of_it(shop: Shop) -> None:
    attempt, _ = undone_without_an_answer(shop)
    assert platform(shop).on_disk_at_undo == 1
    (body,) = shop.read().execute("SELECT body FROM journal WHERE kind = 'attempt.undoing'").fetchone()
    assert json.loads(body)["attempt"] == attempt


def test_a_question_that_hears_paid_does_not_complete_the_sale(shop: Shop) -> None:
    """The undo that was lost may arrive after the question and take the money back: only an undo ends it."""
    attempt, _ = undone_without_an_answer(shop)
    paid_in_the_meantime(shop, attempt)
    assert payments.settle(shop, attempt, platform(shop).query(attempt)) is None
    assert state(shop, attempt) == "open"
    assert refunds.recent(shop) == []


def test_it_is_undone_until_that_is_confirmed_and_the_sale_is_free_again(shop: Shop) -> None:
    attempt, resolver = undone_without_an_answer(shop)
    paid_in_the_meantime(shop, attempt)
    pass_time(shop, 5)
    resolver.step()
    assert state(shop, attempt) == "reversed"
    assert attempt not in platform(shop).paid
    basket = checkout.basket(shop, CASHIER)
    assert basket is not None and basket["attempt"] is None


def test_a_restart_does_not_forget_it(shop: Shop) -> None:
    attempt, _ = undone_without_an_answer(shop)
    paid_in_the_meantime(shop, attempt)
    pass_time(shop, 30)
    again = replace(shop)
    assert again.in_flight is not shop.in_flight
    resolver = Resolver(again)
    for _ in range(30):
        pass_time(again, resolver.step())
        if state(again, attempt) != "open":
            break
    assert state(again, attempt) == "reversed"
    assert refunds.recent(again) == []


def test_what_cannot_be_undone_is_paid(shop: Shop) -> None:
    """The platform itself says, asked to undo it, that it is paid and stays so."""
    attempt, resolver = undone_without_an_answer(shop)
    paid_in_the_meantime(shop, attempt)
    platform(shop).answers = [Verdict.PAID]
    pass_time(shop, 5)
    resolver.step()
    assert state(shop, attempt) == "paid"
    assert len(refunds.recent(shop)) == 1
