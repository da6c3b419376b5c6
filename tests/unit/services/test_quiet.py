"""What goes on at the counter, as an upgrade asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.upgrade import disturbed
from agent.services import checkout, days, foreign_sales, quiet, shifts
from agent.services.shop import Shop
from tests.shops import CASHIER, MANAGER, FakeClock, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path)
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 0)
    yield made
    made.writer.close()


def wait(shop: Shop, seconds: float) -> None:
    assert isinstance(shop.clock, FakeClock)
    shop.clock.advance(seconds)


def why(shop: Shop) -> str | None:
    return disturbed(quiet.trade(shop), shop.clock.now_ms())


def test_a_counter_that_sells_is_not_quiet(shop: Shop) -> None:
    assert why(shop) is None
    lines = [{"name": "x", "quantity": 1, "list_fen": 100}]
    foreign_sales.record_sale(shop, CASHIER, "T-1", lines, [{"kind": "cash", "amount_fen": 100}])
    assert why(shop) == "upgrade.waits_for_printer"
    shop.writer.run(lambda unit: unit.connection.execute("UPDATE spool SET state = 'printed'") and None)
    assert why(shop) == "upgrade.waits_after_sale"
    wait(shop, 301)
    assert why(shop) is None


def test_an_open_basket_holds_it_up_and_a_held_one_does_not(shop: Shop) -> None:
    checkout.add_code(shop, CASHIER, "D001")
    assert why(shop) == "upgrade.waits_for_sale"
    checkout.hold(shop, CASHIER, "先挂着")
    assert why(shop) is None
