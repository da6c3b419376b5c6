"""Orders on customers' phones in random weather: never paid twice, never paid after they were closed, always to an end.

Two processes over one book, telephones that come in the middle of a call, wallets that lose requests and answers. What
the wallets hold at the end is compared with what the box was told. A failure is its seed.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from agent.core.bill import Bill, BillSource, BillType, BillVerdict
from agent.core.errors import StoreboxError
from agent.core.pay_passes import Order
from agent.core.payment import (
    Custody,
    Offer,
    OfferVerdict,
    PlatformAnswer,
    RefundAnswer,
    RefundLimits,
    RefundVerdict,
    Verdict,
    Way,
)
from agent.core.timing import Timing
from sync.hq.database import Database
from sync.hq.pay.merchants import Merchants
from sync.hq.pay.phone import PhoneOrders
from sync.hq.pay.phone_book import PhoneState
from sync.hq.pay.plan import PayPlan
from tests.unit.sync.fakes import SeededEntropy

START_MS = 1_790_000_000_000
LIFE_S = 600
SEEDS = range(60)
MANY = range(60, 2_000)


@dataclass
class World:
    """Time, weather and chance."""

    chance: random.Random
    now_ms: int = START_MS
    stormy: bool = True
    nested: Callable[[], None] | None = None
    depth: int = 0

    def pass_time(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)

    def meanwhile(self) -> None:
        """Let somebody else act in the middle of a call to a wallet."""
        if self.nested is not None and self.depth < 2 and self.chance.random() < 0.3:
            self.depth += 1
            try:
                self.nested()
            finally:
                self.depth -= 1

    def loses(self) -> bool:
        return self.stormy and self.chance.random() < 0.2


@dataclass
class Wallet:
    """A wallet that takes each number once, in one way, and whose page may open an order on the phone itself."""

    name: str
    world: World
    opens_on_phone: bool
    state: dict[str, str] = field(default_factory=dict)
    asked: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    ends_ms: dict[str, int] = field(default_factory=dict)
    merchant: str = "M1"
    custody: Custody = Custody.DIRECT
    timing: Timing = field(default_factory=Timing)
    refund_limits: RefundLimits = field(default_factory=RefundLimits)

    def offer(
        self, way: Way, number: str, amount_fen: int, subject: str, expires_at_ms: int, payer: str | None = None
    ) -> Offer:
        self.world.meanwhile()
        if self.world.loses():
            return Offer(OfferVerdict.UNKNOWN, number, code="network.unreachable")
        opened = self._open(way, number, expires_at_ms, payer)
        self.world.meanwhile()
        if not opened:
            return Offer(OfferVerdict.REFUSED, number, code="ORDER_CLOSED")
        if self.world.loses():
            return Offer(OfferVerdict.UNKNOWN, number, code="network.no_answer")
        return Offer(OfferVerdict.OPEN, number, url=f"https://{self.name}/{number}")

    def _open(self, way: Way, number: str, expires_at_ms: int, payer: str | None) -> bool:
        asked = (way.value, payer)
        if self.asked.setdefault(number, asked) != asked or self.state.get(number) == "closed":
            return False
        self.ends_ms.setdefault(number, expires_at_ms)
        if not (self.opens_on_phone and way is Way.BROWSER):
            self.state.setdefault(number, "waiting")
        return True

    def customer_pays(self, number: str) -> None:
        """Enter the password; a page that the phone holds opens the order now, until its end."""
        opened = self.state.get(number)
        may_open = (
            opened is None and number in self.asked and self.opens_on_phone and self.asked[number][0] == "browser"
        )
        if (opened == "waiting" or may_open) and self.world.now_ms <= self.ends_ms[number]:
            self.state[number] = "paid"

    def query(self, number: str) -> PlatformAnswer:
        self.world.meanwhile()
        return self._unknown(number) if self.world.loses() else self._answer(number)

    def close(self, number: str) -> PlatformAnswer:
        self.world.meanwhile()
        if self.world.loses():
            return self._unknown(number)
        if self.state.get(number) == "waiting":
            self.state[number] = "closed"
        self.world.meanwhile()
        return self._unknown(number) if self.world.loses() else self._answer(number)

    def _answer(self, number: str) -> PlatformAnswer:
        state = self.state.get(number)
        verdict = {"waiting": Verdict.PENDING, "paid": Verdict.PAID, "closed": Verdict.CLOSED}.get(str(state))
        if verdict is None:
            return PlatformAnswer(Verdict.NOT_FOUND, number)
        if verdict is not Verdict.PAID:
            return PlatformAnswer(verdict, number)
        return PlatformAnswer(verdict, number, f"42{hash(number) % 10**20:020d}", self.world.now_ms, 3600, 3600)

    def _unknown(self, number: str) -> PlatformAnswer:
        return PlatformAnswer(Verdict.UNKNOWN, number, code="network.no_answer")

    def pay(self, number: str, amount_fen: int, auth_code: str, subject: str) -> PlatformAnswer:
        raise AssertionError("nobody shows a payment code here")

    def reverse(self, number: str) -> PlatformAnswer:
        raise AssertionError("an order on a phone is closed, never reversed: it may have been paid")

    def refund(self, number: str, refund_no: str, amount_fen: int, total_fen: int) -> RefundAnswer:
        return RefundAnswer(RefundVerdict.REFUSED, refund_no)

    def query_refund(self, number: str, refund_no: str) -> RefundAnswer:
        return RefundAnswer(RefundVerdict.NOT_FOUND, refund_no)

    def fetch_bill(self, day: date, bill_type: BillType = BillType.TRADE) -> Bill:
        return Bill(BillVerdict.REFUSED, day)

    def read_bill(self, source: BillSource) -> Iterator[Any]:
        return iter(())

    def read_funds(self, source: BillSource) -> Iterator[Any]:
        return iter(())


class Street:
    """One order, two processes of headquarters, phones, and its box."""

    def __init__(self, database: Database, folder: Path, seed: int) -> None:
        self.world = World(random.Random(seed))
        self.wallets = {
            "wechat": Wallet("wechat", self.world, opens_on_phone=False),
            "alipay": Wallet("alipay", self.world, opens_on_phone=True),
        }
        self.number = f"S001_1_{seed:06d}_A1K7QF"
        self.order = Order("S001", "B1", 1, self.number, 3600, START_MS // 1000, START_MS // 1000 + LIFE_S)
        merchants = Merchants(folder, PayPlan(), SeededEntropy(), self._now_ms, dict(self.wallets))
        self.processes = [PhoneOrders(database, merchants, self._now_ms, lambda: 0.0) for _ in range(2)]
        self.told_closed = False
        self.world.nested = self.act

    def _now_ms(self) -> int:
        return self.world.now_ms

    @property
    def paid(self) -> list[str]:
        return [name for name, wallet in self.wallets.items() if wallet.state.get(self.number) == "paid"]

    def act(self) -> None:
        """Somebody does something."""
        chance, orders = self.world.chance, self.world.chance.choice(self.processes)
        what = chance.choice(
            ("choose", "choose", "pay", "pay", "look", "wait", "close" if chance.random() < 0.3 else "look")
        )
        if what == "choose":
            self._choose(orders)
        elif what == "pay":
            before = self.paid
            chance.choice(list(self.wallets.values())).customer_pays(self.number)
            assert not (self.told_closed and self.paid != before), "paid after its box was told that it is closed"
        elif what == "look":
            orders.look(orders.seen(self.order))
        elif what == "wait":
            self.world.pass_time(chance.choice((1, 20, 61, 650)))
        else:
            self._close(orders)
        assert len(self.paid) <= 1, f"both wallets took money: {self.paid}"

    def _choose(self, orders: PhoneOrders) -> None:
        chance = self.world.chance
        wallet, way = chance.choice(list(self.wallets)), chance.choice((Way.IN_APP, Way.BROWSER))
        payer = chance.choice(("phone1", "phone2")) if way is Way.IN_APP else None
        was_paid, expired = bool(self.paid), self.world.now_ms > self.order.expires_s * 1000
        try:
            shown = orders.choose(self.order, wallet, way, payer, "店")
        except StoreboxError as error:
            assert error.code.startswith(("order.", "hq.busy")), error
        else:
            fresh = shown.state is PhoneState.TAKEN and self.world.depth == 0 and shown.offer is not None
            assert not (fresh and expired and not was_paid), "opened after its time"

    def _close(self, orders: PhoneOrders) -> PlatformAnswer:
        answer = orders.close(self.number)
        if answer.verdict is Verdict.CLOSED:
            self.told_closed = True
            assert not self.paid, "closed, though a wallet has the money"
        return answer

    def end(self) -> None:
        """Calm weather; the box drives its order to an end, as it does after its time."""
        self.world.stormy, self.world.nested = False, None
        self.world.pass_time(LIFE_S + 200)
        for _ in range(5):
            answer = self._close(self.processes[0])
            if answer.verdict is not Verdict.UNKNOWN:
                break
        assert answer.verdict in (Verdict.PAID, Verdict.CLOSED), answer
        assert (answer.verdict is Verdict.PAID) == bool(self.paid), (answer, self.paid)
        assert answer.verdict is Verdict.CLOSED or [answer.platform] == self.paid
        for wallet in self.wallets.values():
            wallet.customer_pays(self.number)
        assert self.paid == ([answer.platform] if answer.verdict is Verdict.PAID else [])
        for process in self.processes:
            assert process.query(self.number).verdict is answer.verdict


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database.open(tmp_path_factory.mktemp("hq"))
    yield opened
    opened.close()


def played(database: Database, folder: Path, seed: int) -> Street:
    street = Street(database, folder, seed)
    for _ in range(street.world.chance.randrange(4, 25)):
        street.act()
    street.end()
    return street


def test_no_weather_makes_a_customer_pay_twice(database: Database, tmp_path: Path) -> None:
    ends = []
    for seed in SEEDS:
        try:
            ends.append(bool(played(database, tmp_path, seed).paid))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}") from error
    assert 5 < sum(ends) < len(ends) - 5, "some were paid, some were closed"


@pytest.mark.torture
def test_no_weather_makes_a_customer_pay_twice_in_many_streets(database: Database, tmp_path: Path) -> None:
    for seed in MANY:
        try:
            played(database, tmp_path, seed)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}") from error
