"""Platforms tell headquarters of payments: believed only when signed, asked about, answered as each platform wants."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from agent.core.payment import Way
from sync.hq.tables import wish_order
from sync.platforms.base import wall_ms
from sync.simulator.accounts import settings_of
from tests.custody import STORE, PayingBox, RunningPay, write_merchants
from tests.simulators import RunningSimulator

NAMES = ("wechat", "alipay", "alipay-certificate")
COUNT = itertools.count(1)


class Street:
    """A platform, headquarters with its merchants, and a box that offers orders through them."""

    def __init__(self, folder: Path, name: str) -> None:
        self.simulator = RunningSimulator(folder / "platform", deliver=True)
        account = self.simulator.account(name)
        self.kind = account.kind
        self.account = account
        self.pay = RunningPay(folder / "hq")
        self.pay.stop()
        self.notify_url = f"{self.pay.url}/notify/{account.kind}"
        settings = {**settings_of(account, self.simulator.url), "notify_url": self.notify_url}
        write_merchants(folder / "hq", {account.kind: settings})
        self.pay.start()
        self.box = PayingBox(folder / "hq", [self.pay.url])

    def offered(self) -> str:
        number = f"{STORE}_1_{next(COUNT):06d}_A1ABCD"
        offer = self.box.platform(self.kind).offer(Way.IN_APP, number, 700, "餐", wall_ms() + 120_000, "oPAYER0001")
        assert offer.verdict == "open", offer
        return number

    def phone_pays(self, number: str) -> None:
        wish = {"platform": self.kind, "merchant": self.account.name, "out_trade_no": number}
        answer = requests.post(f"{self.simulator.url}/sim/customers/C1/pay", json=wish, timeout=5)
        assert answer.status_code == 200, answer.text

    def outcome(self, number: str) -> str | None:
        with self.pay.office.database.read() as connection:
            found: str | None = connection.scalar(
                select(wish_order.c.outcome).where(wish_order.c.out_trade_no == number)
            )
        return found

    def told_of(self, number: str, within_s: float = 10) -> str | None:
        ends_at_s = time.monotonic() + within_s
        while (found := self.outcome(number)) is None and time.monotonic() < ends_at_s:
            time.sleep(0.01)
        return found

    def close(self) -> None:
        self.pay.stop()
        self.simulator.close()


@pytest.fixture(params=NAMES)
def street(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Street]:
    made = Street(tmp_path, request.param)
    yield made
    made.close()


def test_headquarters_know_of_a_payment_before_the_box_asks(street: Street) -> None:
    street.simulator.control("notify twice")
    number = street.offered()
    street.phone_pays(number)
    assert street.told_of(number) == "paid"
    notices = street.simulator.simulation.world.notices
    ends_at_s = time.monotonic() + 10
    while notices.due() is not None and time.monotonic() < ends_at_s:
        time.sleep(0.01)
    states = notices._connection.execute("SELECT DISTINCT state FROM notice").fetchall()
    assert [tuple(row) for row in states] == [("answered",)], "each repetition is answered as the platform wants"


def test_a_word_under_a_renewed_certificate_is_believed(street: Street) -> None:
    number = street.offered()
    street.simulator.control(f"renew {street.kind}")
    street.phone_pays(number)
    assert street.told_of(number) == "paid"


def test_a_strangers_word_changes_and_asks_nothing(street: Street) -> None:
    number = street.offered()
    asked: list[str] = []
    office = street.pay.office
    take = office.desk.take
    object.__setattr__(office, "desk", _Recording(asked, take))
    body = {"out_trade_no": number, "trade_status": "TRADE_SUCCESS", "sign": "AAAA", "app_id": "1"}
    answer = requests.post(street.notify_url, data=body, timeout=5)
    refused = (500, '{"code":"FAIL","message":"again"}') if street.kind == "wechat" else (200, "fail")
    assert (answer.status_code, answer.text) == refused
    assert asked == [] and street.outcome(number) is None
    assert requests.post(f"{street.pay.url}/notify/nobody", data=b"", timeout=5).status_code == 404
    assert requests.post(street.notify_url, data=b"x" * 100_000, timeout=5).status_code >= 400


class _Recording:
    """Passes on what it is asked, and remembers that it was."""

    def __init__(self, asked: list[str], take: object) -> None:
        self._asked = asked
        self._take = take

    def take(self, _sender: object, wish: object, *, kept: bool = False) -> object:
        self._asked.append(str(wish))
        return self._take(_sender, wish, kept=kept)  # type: ignore[operator]
