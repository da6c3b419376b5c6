"""The box's own matching: the simulated platform's bill of yesterday against the journal, over the real protocols."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from agent.core.errors import Refused
from agent.core.moment import PLATFORM_ZONE, at, milliseconds, platform_day
from agent.core.payment import Custody
from agent.services import checkout, days, payments, refunds, shifts
from agent.services.bill_journal import open_differences, told
from agent.services.bills import Bills
from agent.store import views
from agent.store.kept_bills import KeptBills
from agent.store.verify import verify
from sync.platforms.base import open_platform
from sync.simulator.accounts import settings_of
from sync.simulator.behaviour import AT_ONCE
from tests.shops import CASHIER, MANAGER, FakeClock, make_shop
from tests.simulators import RunningSimulator
from tests.unit.sync.fakes import SeededEntropy


class Counter:
    """A shop that sells at noon by code, its platform, and the next morning on both clocks."""

    def __init__(self, folder: Path, name: str, without: str = "") -> None:
        """`name` is the simulator's account, `without` a setting that its merchant left out."""
        self.simulator = RunningSimulator(folder / "platform")
        self.account_name = name
        self.folder = folder
        self.shop = make_shop(folder)
        self.notices: list[dict[str, Any]] = []
        self.shop.publish = lambda kind, data: self.notices.append(data) if kind == "notice" else None
        account = self.simulator.account(name)
        self.name = account.kind
        settings = settings_of(account, self.simulator.url)
        settings.pop(without, None)
        self.platform = open_platform(account.kind, settings, SeededEntropy(), now_ms=self.simulator.now_ms)
        self.shop.platforms = {self.name: self.platform}
        tomorrow = at(self.simulator.now_ms(), PLATFORM_ZONE).date() + timedelta(days=1)
        self.go_to(tomorrow, 12)
        days.open_the_day(self.shop, MANAGER)
        shifts.open_a_shift(self.shop, CASHIER, 0)
        self.bills = Bills(self.shop, KeptBills(folder))

    @property
    def books(self) -> Any:
        return self.simulator.simulation.world.books(self.simulator.account(self.account_name))

    def go_to(self, day: date, hour: int) -> None:
        moment = datetime(day.year, day.month, day.day, hour, 30, tzinfo=PLATFORM_ZONE)
        self.simulator.pass_time((milliseconds(moment) - self.simulator.now_ms()) / 1000)
        assert isinstance(self.shop.clock, FakeClock)
        self.shop.clock.advance((milliseconds(moment) - self.shop.clock.now_ms()) / 1000)

    def next_morning(self) -> date:
        """Go on to 11:30 of the next day; returns the day whose bill is published now."""
        sold = platform_day(self.shop.clock.now_ms())
        self.go_to(sold + timedelta(days=1), 11)
        return sold

    def sell(self, sku: str = "D001") -> str:
        """Sell one article by code; returns the attempt."""
        asked = f"{self.simulator.url}/sim/customers/C1/code?platform={self.name}"
        code = str(requests.get(asked, timeout=5).json()["code"])
        checkout.add_code(self.shop, CASHIER, sku)
        checkout.ask_total(self.shop, CASHIER)
        started, submit = payments.start_code_payment(self.shop, CASHIER, self.name, code)
        submit()
        number = str(started["attempt"])
        assert payments.attempt(self.shop, number)["state"] == "paid"
        return number

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        rows = self.shop.read().execute("SELECT body FROM journal WHERE kind = ? ORDER BY seq", (kind,))
        return [json.loads(body) for (body,) in rows.fetchall()]

    def last_seq(self) -> int:
        return int(self.shop.read().execute("SELECT max(seq) FROM journal").fetchone()[0])

    def reasons(self) -> list[str]:
        return [str(body["code"]) for body in open_differences(self.shop.read())]


@pytest.fixture(params=["wechat", "alipay"])
def counter(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Counter]:
    made = Counter(tmp_path, str(request.param))
    yield made
    made.simulator.close()
    made.shop.writer.close()


@pytest.fixture
def wechat(tmp_path: Path) -> Iterator[Counter]:
    made = Counter(tmp_path, "wechat")
    yield made
    made.simulator.close()
    made.shop.writer.close()


def test_yesterdays_bill_is_fetched_matched_and_written_once(counter: Counter) -> None:
    sold_fen = sum(payments.attempt(counter.shop, counter.sell())["amount_fen"] for _ in range(2))
    assert counter.bills.round() == [], "no bill is due on the day itself"
    day = counter.next_morning()
    counter.simulator.control("bill late")
    assert counter.bills.round() == []
    assert counter.bodies("bill.matched") == [], "what is only late is no entry"
    counter.simulator.control("bill ok")
    (matched,) = counter.bills.round()
    assert (matched["day"], matched["state"], matched["differences"]) == (day.isoformat(), "ready", 0)
    (body,) = counter.bodies("bill.matched")
    assert body["classes"] == {
        "matched": {
            "lines": 4,
            "journal_fen": sold_fen,
            "bill_fen": sold_fen,
            "fee_fen": body["classes"]["matched"]["fee_fen"],
        }
    }
    assert (counter.folder / "bills" / body["sha256"]).is_file()
    before = counter.last_seq()
    Bills(counter.shop, KeptBills(counter.folder)).round()
    assert counter.last_seq() == before, "the same again is no news"
    assert counter.notices == []


@pytest.mark.parametrize(("account", "without"), [("wechat-partner", ""), ("alipay", "seller_id")])
def test_an_account_that_its_bill_names_otherwise_is_matched(tmp_path: Path, account: str, without: str) -> None:
    counter = Counter(tmp_path, account, without)
    try:
        counter.sell()
        day = counter.next_morning()
        (matched,) = counter.bills.round()
        assert (matched["day"], matched["state"], matched["differences"]) == (day.isoformat(), "ready", 0)
        assert counter.notices == []
    finally:
        counter.simulator.close()
        counter.shop.writer.close()


def test_a_refund_in_the_portal_is_known_named_and_never_paid_twice(counter: Counter) -> None:
    attempt = counter.sell()
    amount_fen = payments.attempt(counter.shop, attempt)["amount_fen"]
    (sale,) = refunds.recent(counter.shop)
    made = counter.books.refund(attempt, "PORTAL20261003001", amount_fen)
    assert not isinstance(made, str), made
    counter.next_morning()
    counter.bills.round()
    (found,) = counter.bodies("refund.found")
    assert (found["attempt"], found["sale"], found["amount_fen"]) == (attempt, sale["sale"], amount_fen)
    (difference,) = open_differences(counter.shop.read())
    assert (difference["code"], difference["owner"]) == ("difference.refund_unknown", "store_manager")
    assert "商户后台" in told(difference)["detail"]["zh"] and "portal" in told(difference)["detail"]["en"]
    assert [notice["code"] for notice in counter.notices] == ["bill.differs"]
    shown = refunds.sale(counter.shop, sale["sale"])
    assert (shown["refunded_fen"], [one["amount_fen"] for one in shown["portal"]]) == (amount_fen, [amount_fen])
    for in_cash in (False, True):
        with pytest.raises(Refused, match=r"refund\.given_in_portal"):
            refunds.refund_sale(counter.shop, MANAGER, sale["sale"], None, "退", in_cash=in_cash)
    accounts = dict(counter.shop.read().execute("SELECT account, sum(amount_fen) FROM view_account GROUP BY account"))
    assert accounts["Income:PortalRefunds"] == amount_fen and sum(accounts.values()) == 0
    assert accounts[f"Assets:Clearing:{counter.name.capitalize()}"] == 0, "the platform owes nothing for this sale"
    before = counter.last_seq()
    counter.bills.round()
    assert counter.last_seq() == before
    assert len(counter.books.between(0, 2**60)[1]) == 1, "the platform paid once"
    assert verify(counter.folder / "journal.db", views).fault is None, "views equal a rebuild"


def test_part_of_a_sale_refunded_in_the_portal_leaves_the_rest(wechat: Counter) -> None:
    attempt = wechat.sell()
    (sale,) = refunds.recent(wechat.shop)
    wechat.books.refund(attempt, "PORTAL1", 100)
    wechat.next_morning()
    wechat.bills.round()
    with pytest.raises(Refused) as refused:
        refunds.refund_sale(wechat.shop, MANAGER, sale["sale"], None, "退")
    assert refused.value.values == {"amount_fen": 100, "left_fen": sale["total_fen"] - 100}


def test_money_that_the_journal_lacks_has_its_reason_and_other_stores_orders_are_theirs(wechat: Counter) -> None:
    wechat.sell()
    wechat.books.pay("S001_1_000999_A1ABCD", 1_200, "payer", AT_ONCE)
    wechat.books.pay("S002_1_000001_A1ABCD", 3_400, "payer", AT_ONCE)
    wechat.books.pay("STATIC-CODE-77", 500, "payer", AT_ONCE)
    wechat.next_morning()
    wechat.bills.round()
    assert sorted(wechat.reasons()) == ["difference.foreign_number", "difference.our_number"]


def test_a_short_bill_differs_until_the_corrected_one_comes(wechat: Counter) -> None:
    wechat.sell()
    missing = wechat.sell()
    day = wechat.next_morning()
    wechat.simulator.control("bill short")
    wechat.bills.round()
    (difference,) = open_differences(wechat.shop.read())
    assert (difference["code"], difference["out_trade_no"]) == ("difference.not_on_bill", missing)
    wechat.simulator.control("bill now")
    assert wechat.bills.match_day("wechat", day, again=True)["settled"] == 1
    assert [body["settlement"] for body in wechat.bodies("difference.settled")] == ["facts"]
    assert len(list((wechat.folder / "bills").iterdir())) == 2, "both bills are kept"


def test_no_bill_where_money_was_taken_is_an_alarm_and_never_a_match(wechat: Counter) -> None:
    wechat.sell()
    wechat.next_morning()
    wechat.simulator.control("bill missing")
    wechat.bills.round()
    (body,) = wechat.bodies("bill.matched")
    assert (body["state"], body["alarms"]) == ("nothing", ["bill.nothing_but_payments"])
    assert wechat.reasons() == ["difference.no_bill"]


def test_a_bill_that_does_not_come_for_a_day_is_overdue(wechat: Counter) -> None:
    wechat.sell()
    day = wechat.next_morning()
    wechat.simulator.control("bill late")
    wechat.next_morning()
    wechat.bills.round()
    assert [(body["state"], body["alarms"]) for body in wechat.bodies("bill.matched")] == [
        ("overdue", ["bill.overdue"])
    ]
    wechat.simulator.control("bill now")
    wechat.bills.round()
    of_day = [body["state"] for body in wechat.bodies("bill.matched") if body["bill_day"] == day.isoformat()]
    assert of_day == ["overdue", "ready"]


def test_a_kept_bill_that_was_changed_is_fetched_again(wechat: Counter) -> None:
    wechat.sell()
    wechat.next_morning()
    wechat.bills.round()
    (file,) = (wechat.folder / "bills").iterdir()
    content = file.read_bytes()
    file.write_bytes(content.replace(b"SUCCESS", b"REFUND0"))
    wechat.bills.round()
    assert file.read_bytes() == content
    assert wechat.reasons() == []


def test_without_the_platform_nothing_is_written_and_it_comes_later(wechat: Counter) -> None:
    wechat.sell()
    day = wechat.next_morning()
    wechat.simulator.control("down")
    assert wechat.bills.round() == []
    wechat.simulator.control("ok")
    assert [one["day"] for one in wechat.bills.round()] == [day.isoformat()]


def test_keys_at_headquarters_mean_that_headquarters_match(wechat: Counter) -> None:
    wechat.sell()
    wechat.platform.custody = Custody.HQ
    day = wechat.next_morning()
    assert wechat.bills.round() == []
    with pytest.raises(Refused, match=r"bill\.not_ours"):
        wechat.bills.match_day("wechat", day)
