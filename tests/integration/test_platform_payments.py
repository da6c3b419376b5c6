"""The till's payments over the platforms' own protocols: what the customer does on the phone decides the sale."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from agent.core.payment import AttemptState, Verdict
from agent.services import checkout, days, payments, refunds, shifts
from agent.services.resolver import Resolver
from agent.services.shop import Approval, Shop
from sync.platforms.base import open_platform
from sync.simulator.accounts import settings_of
from tests.shops import CASHIER, MANAGER, FakeClock, make_shop
from tests.simulators import RunningSimulator
from tests.unit.sync.fakes import SeededEntropy

pytestmark = pytest.mark.parametrize("name", ["wechat", "alipay"])


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[RunningSimulator]:
    running = RunningSimulator(tmp_path / "platform")
    yield running
    running.close()


@pytest.fixture
def shop(tmp_path: Path, simulator: RunningSimulator, name: str) -> Iterator[Shop]:
    made = make_shop(tmp_path)
    account = simulator.account(name)
    made.platforms = {name: open_platform(account.kind, settings_of(account, simulator.url), SeededEntropy())}
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 0)
    sku = next(item.sku for item in made.catalog.by_sku.values() if (item.price_fen or 0) > 2_000 and not item.flags)
    checkout.add_code(made, CASHIER, sku)
    checkout.ask_total(made, CASHIER)
    yield made
    made.writer.close()


def fresh_code(simulator: RunningSimulator, customer: str, name: str) -> str:
    answer = requests.get(f"{simulator.url}/sim/customers/{customer}/code?platform={name}", timeout=5)
    return str(answer.json()["code"])


def begin(shop: Shop, name: str, code: str) -> str:
    started, submit = payments.start_code_payment(shop, CASHIER, name, code)
    submit()
    return str(started["attempt"])


def pass_time(shop: Shop, seconds: float) -> None:
    assert isinstance(shop.clock, FakeClock)
    shop.clock.advance(seconds)


def state(shop: Shop, attempt: str) -> str:
    return str(payments.attempt(shop, attempt)["state"])


def test_a_password_on_the_phone_completes_the_sale(shop: Shop, simulator: RunningSimulator, name: str) -> None:
    attempt = begin(shop, name, fresh_code(simulator, "C2", name))
    assert state(shop, attempt) == AttemptState.OPEN
    wish = {"platform": name, "merchant": name, "out_trade_no": attempt}
    assert requests.post(f"{simulator.url}/sim/customers/C2/pay", json=wish, timeout=5).status_code == 200
    pass_time(shop, 5)
    Resolver(shop).step()
    assert state(shop, attempt) == AttemptState.PAID
    (sale,) = refunds.recent(shop)
    assert [tender["kind"] for tender in refunds.sale(shop, sale["sale"])["tenders"]] == [name]


def test_a_password_that_never_comes_is_undone(shop: Shop, simulator: RunningSimulator, name: str) -> None:
    attempt = begin(shop, name, fresh_code(simulator, "C2", name))
    pass_time(shop, 45 + 1)
    Resolver(shop).step()
    assert state(shop, attempt) == AttemptState.CLOSED
    assert shop.platforms[name].query(attempt).verdict is Verdict.CLOSED


def test_an_answer_that_got_lost_is_found(shop: Shop, simulator: RunningSimulator, name: str) -> None:
    simulator.control("next lost")
    attempt = begin(shop, name, fresh_code(simulator, "C1", name))
    assert state(shop, attempt) == AttemptState.OPEN
    pass_time(shop, 5)
    Resolver(shop).step()
    assert state(shop, attempt) == AttemptState.PAID


def test_too_little_money_says_so_in_both_languages(shop: Shop, simulator: RunningSimulator, name: str) -> None:
    attempt = begin(shop, name, fresh_code(simulator, "C3", name))
    found = payments.attempt(shop, attempt)
    assert found["state"] == AttemptState.DECLINED
    assert "余额不够" in found["said"]["zh"] and found["said"]["en"].startswith("Nothing charged.")


def test_a_refund_goes_back_over_the_platform(shop: Shop, simulator: RunningSimulator, name: str) -> None:
    begin(shop, name, fresh_code(simulator, "C1", name))
    (sale,) = refunds.recent(shop)
    refunds.refund_sale(
        shop, CASHIER, sale["sale"], None, "quality", False, Approval("01", "store_manager"), key="once"
    )
    Resolver(shop).step()
    phone = requests.get(f"{simulator.url}/sim/customers/C1?platform={name}", timeout=5).json()
    assert phone["balance_fen"] == 200_000
