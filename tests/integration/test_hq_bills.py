"""From a payment at each platform's simulator to the day's bill, fetched, kept and matched by headquarters' jobs."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from agent.core.directives import Kind, portal_refund_of
from agent.core.moment import PLATFORM_ZONE, milliseconds, platform_day
from agent.core.payment import Platform, RefundVerdict, Verdict
from agent.core.reconcile.fees import FeeContract
from sync.hq.books.bill_tables import account_day
from sync.hq.books.bills import bill_path, bills_of
from sync.hq.books.day_states import DayState
from sync.hq.books.fees import agree
from sync.hq.books.notes import notes_of
from sync.hq.directives.listing import listed
from sync.hq.webhooks.alarms import Alarm, newest
from sync.platforms.base import open_platform
from sync.simulator.accounts import settings_of
from sync.simulator.serve import wallet_settings
from tests.custody import write_merchants
from tests.simulators import RunningSimulator
from tests.unit.sync.fakes import SeededEntropy
from tests.unit.sync.hq.books.chain import TRADE, Chain, attempt_of, closed, paid

CODES = {"wechat": "13", "alipay": "28", "wallet": "29"}
REFUND = "S001_1_000001_R1K7QF"


class Shop:
    """A store whose box pays at a platform, and headquarters that hold the merchant's keys; one clock for both."""

    def __init__(self, folder: Path, platform: str, journal_merchant: str = "") -> None:
        self.simulator = RunningSimulator(folder / "platform")
        noon = datetime.combine(platform_day(self.simulator.now_ms()) + timedelta(days=1), time(12), PLATFORM_ZONE)
        self.simulator.pass_time((milliseconds(noon) - self.simulator.now_ms()) / 1000)
        self.day = platform_day(self.simulator.now_ms())
        self.name = platform
        self.settings = self._settings(folder / "platform")
        self.platform: Platform = open_platform(platform, self.settings, SeededEntropy(7), now_ms=self.simulator.now_ms)
        self.account = f"@{platform}:{self.platform.merchant}"
        self._journal_merchant = journal_merchant or self.platform.merchant
        self.chain = Chain(folder / "hq", None)
        self.chain.add_store()
        write_merchants(folder / "hq", {platform: self.settings})
        self.passed()

    def _settings(self, folder: Path) -> dict[str, str]:
        if self.name == "wallet":
            return wallet_settings(folder, self.simulator.url)
        return settings_of(self.simulator.account(self.name), self.simulator.url)

    def passed(self, days: int = 0, at: time | None = None) -> None:
        """Let time pass to a time of a later day, and let headquarters' clock follow."""
        if at is not None:
            then = milliseconds(datetime.combine(self.day + timedelta(days=days), at, PLATFORM_ZONE))
            self.simulator.pass_time((then - self.simulator.now_ms()) / 1000)
        self.chain.now_ms = self.simulator.now_ms()

    def pay(self, number: int, amount_fen: int) -> None:
        """Take money at the platform, and let the box's entries about it arrive."""
        code = f"{CODES[self.name]}{number:014d}00"
        answer = self.platform.pay(attempt_of(number), amount_fen, code, "茶")
        assert answer.verdict is Verdict.PAID and answer.platform_at_ms is not None
        more = {"platform": self.name, "merchant": self._journal_merchant, "day": self.day.isoformat()}
        (started, began), (ended, end) = paid(number, amount_fen, answer.platform_at_ms, **more)
        end = {**end, "transaction": answer.transaction}
        self.chain.sent([(started, began), (ended, end)], at_ms=self.simulator.now_ms())

    def give_back(self, number: int, amount_fen: int, total_fen: int) -> None:
        """Give money back at the platform, and let the box's entries about it arrive."""
        answer = self.platform.refund(attempt_of(number), REFUND, amount_fen, total_fen)
        assert answer.verdict is RefundVerdict.DONE
        about = {
            **TRADE, "day": self.day.isoformat(), "out_refund_no": REFUND, "attempt": attempt_of(number),
            "platform": self.name, "amount_fen": amount_fen,
        }  # fmt: skip
        started = ("refund.started", {**about, "refund": "S001-1-000009", "orphan": False})
        ended = ("refund.ended", {**about, "outcome": "done", "refund_transaction": answer.refund_transaction})
        self.chain.sent([started, ended], at_ms=self.simulator.now_ms())

    def close(self) -> None:
        self.chain.close()
        self.simulator.close()


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path, *request.param)
    yield made
    made.close()


@pytest.mark.parametrize(
    "shop", [("wechat", "hq"), ("alipay", ""), ("wallet", "")], indirect=True, ids=["wechat", "alipay", "wallet"]
)
def test_a_day_is_fetched_kept_and_matched(shop: Shop) -> None:
    with shop.chain.database.write() as connection:
        agree(connection, shop.account, FeeContract(6000), "li", shop.chain.now_ms)
    shop.pay(1, 1280)
    shop.pay(2, 35_000)
    shop.give_back(1, 280, 1280)
    shop.chain.sent([closed(shop.day)], at_ms=shop.simulator.now_ms())
    shop.chain.jobs()
    assert shop.chain.codes(day=shop.day) == ("provisional", ["day.bill_not_due"])
    shop.passed(1, time(12, 1))
    shop.chain.jobs()
    assert shop.chain.codes(day=shop.day) == ("matched", ["day.payout_waiting"])
    with shop.chain.database.read() as connection:
        (kept,) = bills_of(connection, shop.account, shop.day, shop.day)
        noted: dict[str, Any] = {one.kind: one.body for one in notes_of(connection, shop.account, shop.day.isoformat())}
    assert bill_path(shop.chain.state, kept.sha256).stat().st_size == kept.size_bytes
    assert noted["bill.matched"]["classes"]["matched"]["lines"] == 6
    assert noted["bill.matched"]["alarms"] == []


@pytest.mark.parametrize("shop", [("wechat", "hq"), ("alipay", "")], indirect=True, ids=["wechat", "alipay"])
def test_a_refund_in_the_portal_is_told_to_the_box_whose_sale_had_the_money_once(shop: Shop) -> None:
    shop.pay(1, 1280)
    books = shop.simulator.simulation.world.books(shop.simulator.account(shop.name))
    made = books.refund(attempt_of(1), "PORTAL-1", 280)
    assert not isinstance(made, str), made
    shop.chain.sent([closed(shop.day)], at_ms=shop.simulator.now_ms())
    shop.passed(1, time(12, 1))
    for _ in range(2):
        shop.chain.jobs()
        with shop.chain.database.write() as connection:
            everything = update(account_day).values(mark=account_day.c.mark + 1)
            connection.execute(everything)
    with shop.chain.database.read() as connection:
        (fact,) = listed(connection, "S001")
        (difference,) = [one for one in notes_of(connection, shop.account) if one.kind == "difference.found"]
    assert (fact.kind, fact.made_by) == (Kind.PORTAL_REFUND, "job:matching")
    told = portal_refund_of(fact.body)
    assert (told.platform, told.line.amount_fen, told.line.payer) == (shop.name, 280, None)
    assert told.line.transaction or told.line.out_trade_no == attempt_of(1)
    assert difference.body["code"] == "difference.refund_unknown"


@pytest.mark.parametrize("shop", [("wechat", "")], indirect=True)
def test_a_late_bill_is_asked_for_again_and_told_of(shop: Shop) -> None:
    shop.pay(1, 1280)
    shop.chain.sent([closed(shop.day)], at_ms=shop.simulator.now_ms())
    shop.simulator.control("bill late")
    shop.passed(1, time(10, 1))
    shop.chain.jobs()
    shop.chain.jobs()
    first = shop.chain.account_day(shop.account, shop.day)
    assert (first["bill_state"], first["tries"]) == ("not_due", 1)
    shop.passed(1, time(14, 1))
    shop.chain.jobs()
    assert shop.chain.codes(day=shop.day) == ("provisional", ["day.bill_overdue"])
    assert [alarm for one in shop.chain.day(day=shop.day).accounts for alarm in one.alarms] == ["bill.overdue"]
    with shop.chain.database.read() as connection:
        assert [one.kind for one in notes_of(connection, shop.account)] == ["bill.matched"]
        assert [one.kind for one in newest(connection, [shop.account], 9)] == [Alarm.BILL_OVERDUE]
    shop.simulator.control("bill ok")
    shop.passed(1, time(20, 30))
    shop.chain.jobs()
    assert shop.chain.day(day=shop.day).state is DayState.MATCHED
    assert shop.chain.day(day=shop.day).notices == ()


@pytest.mark.parametrize("shop", [("wechat", "")], indirect=True)
def test_no_bill_although_money_was_taken(shop: Shop) -> None:
    shop.pay(1, 1280)
    shop.chain.sent([closed(shop.day)], at_ms=shop.simulator.now_ms())
    shop.simulator.control("bill missing")
    shop.passed(1, time(10, 1))
    shop.chain.jobs()
    assert shop.chain.codes(day=shop.day) == ("closed", ["day.differences_open"])
    assert [alarm for one in shop.chain.day(day=shop.day).accounts for alarm in one.alarms] == [
        "bill.nothing_but_payments"
    ]
    shop.simulator.control("bill ok")
    shop.passed(1, time(20, 30))
    shop.chain.jobs()
    assert shop.chain.day(day=shop.day).state is DayState.MATCHED
