"""Schedules over the platforms' own protocols: real adapters, real signatures, real HTTP to the simulator.

Its books are what is believed then, with its own SQLite file behind them. Time is still the world's: a call takes none
of it but what the line adds. What is spoilt is spoilt by the simulator itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from agent.core.payment import Offer, OfferVerdict, Platform, PlatformAnswer, RefundAnswer, RefundVerdict, Verdict, Way
from sync.platforms.alipay.api import Alipay
from sync.platforms.alipay.gateway import Gateway
from sync.platforms.alipay.settings import AlipayMerchant
from sync.platforms.alipay.settings import read_settings as read_alipay
from sync.platforms.wechat.api import WechatPay
from sync.platforms.wechat.channel import Channel
from sync.platforms.wechat.settings import WechatMerchant
from sync.platforms.wechat.settings import read_settings as read_wechat
from sync.simulator.accounts import settings_of
from tests.simulation.money.audit_simulator import net_of_orders
from tests.simulation.money.bank import Bank, Habit, Holder, House
from tests.simulation.money.box import BoxClock, SeededEntropy
from tests.simulation.money.case import Case
from tests.simulation.money.line import TIMEOUT_S, Fate, Weather
from tests.simulation.money.play import Play
from tests.simulation.world import World
from tests.simulators import RunningSimulator

ENDINGS = {
    Habit.PAYS: "00",
    Habit.REFUSES: "87",
    Habit.SLEEPS: "86",
    Habit.LAST_MOMENT: "82",
    Habit.POOR: "81",
    Habit.USED: "85",
    Habit.BUSY_PAID: "84",
    Habit.BUSY_NOTHING: "83",
}
"""What a stranger with such a code does at the simulator; see `sync.simulator.behaviour`."""
SPOILT_BY = {"garbage": "garbage", "bad signature": "forged"}
"""Which word has the simulator spoil its next answer so."""


class TurnSimulator(RunningSimulator):
    """The simulator, whose clock is that of the world that plays."""

    at_ms: Callable[[], int] = staticmethod(lambda: BoxClock.true_ms(0.0))

    def now_ms(self) -> int:
        return self.at_ms()


@cache
def lasting() -> TurnSimulator:
    """Return the simulator of this process; every schedule has orders of its own there."""
    return TurnSimulator(Path(tempfile.mkdtemp(prefix="storebox-platforms-")))


@cache
def merchant_of(name: str) -> WechatMerchant | AlipayMerchant:
    """Return a merchant with its keys; to check those takes longer than a whole schedule, so it is done once."""
    account = lasting().account(name)
    settings = settings_of(account, lasting().url)
    return read_wechat(settings) if account.kind == "wechat" else read_alipay(settings)


class SimulatedBank(Bank):
    """The simulator in the place of the bank: what is asked of its books by tests."""

    def __init__(self, house: House, case: Case, world: World, tell: Callable[[str], None]) -> None:
        super().__init__(house, world.monotonic_s, tell)
        self._case = case
        self._world = world
        simulator = lasting()
        self._books = simulator.simulation.world.books(simulator.account(house.name))
        self._known: dict[str, int] = {}

    def hand_out(self, holder: Holder) -> str:
        """Let a stranger show a code whose last digits say what happens."""
        ending = ENDINGS.get(holder.habit) or ("88" if holder.after_s >= 10 else f"7{max(1, int(holder.after_s))}")
        return f"{holder.code[:2]}{self._case.seed % 10**6:06d}{holder.code[-8:]}{ending}"

    def scan(self, number: str, holder: Holder) -> None:
        """A customer of the simulator pays an order that waits."""
        if holder.habit in (Habit.PASSWORD, Habit.BUSY_PAID):
            self._world.after(holder.after_s, lambda: self._books.take(number, f"stranger-{number}"))
        elif holder.habit in (Habit.PAYS, Habit.LAST_MOMENT):
            self._books.take(number, f"stranger-{number}")

    def settle_all(self) -> None:
        """Read the books at the end: the movements of each order in one."""
        for number, net_fen in net_of_orders(lasting().state / "merchants" / f"{self.house.name}.db").items():
            if number in self.submitted_s:
                self._known[number] = net_fen
                self._begin(number, net_fen, 0.0)

    def net_fen(self, number: str) -> int:
        """Return what the merchant has of an order."""
        return self._known.get(number, 0)


class OverHttp:
    """A real adapter whose calls take the way of the line: late, lost, spoilt."""

    def __init__(self, real: Platform, bank: SimulatedBank, weather: Weather, play: Play) -> None:
        self._real = real
        self._bank = bank
        self._weather = weather
        self._play = play
        self.name = bank.house.name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def pay(self, out_trade_no: str, amount_fen: int, auth_code: str, subject: str) -> PlatformAnswer:
        self._bank.sent(out_trade_no, len(self._play.box.dead_journals))
        self._bank.submitted_s.setdefault(out_trade_no, self._play.world.now_s)
        return self._order("pay", out_trade_no, amount_fen, auth_code, subject)

    def query(self, out_trade_no: str) -> PlatformAnswer:
        return self._order("query", out_trade_no)

    def reverse(self, out_trade_no: str) -> PlatformAnswer:
        return self._order("reverse", out_trade_no)

    def offer(self, way: Way, out_trade_no: str, *arguments: Any) -> Offer:
        self._bank.submitted_s.setdefault(out_trade_no, self._play.world.now_s)
        answer, code = self._call("offer", out_trade_no, *arguments, way=way)
        return Offer(OfferVerdict.UNKNOWN, out_trade_no, code=code) if answer is None else answer

    def close(self, out_trade_no: str) -> PlatformAnswer:
        return self._order("close", out_trade_no)

    def refund(self, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int) -> RefundAnswer:
        return self._refund("refund", out_trade_no, out_refund_no, amount_fen, total_fen)

    def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundAnswer:
        return self._refund("query_refund", out_trade_no, out_refund_no)

    def _order(self, verb: str, number: str, *arguments: Any) -> PlatformAnswer:
        answer, code = self._call(verb, number, *arguments)
        return PlatformAnswer(Verdict.UNKNOWN, number, code=code) if answer is None else answer

    def _refund(self, verb: str, number: str, refund_no: str, *arguments: Any) -> RefundAnswer:
        answer, code = self._call(verb, number, refund_no, *arguments)
        return RefundAnswer(RefundVerdict.UNKNOWN, refund_no, code=code) if answer is None else answer

    def _call(self, verb: str, number: str, *arguments: Any, **named: Any) -> tuple[Any, str | None]:
        world = self._play.world
        self._play.before_sending(verb, number)
        world.touch()
        fate = self._weather.fate()
        if fate.name and not fate.refused_at_once:
            self._play.tell(f"{self.name}: {verb} {number}: {fate.name}")
        if fate.refused_at_once and fate.name != "error":
            return None, "platform.unreachable"
        came: list[Any] = []

        def arrive() -> None:
            said = self._said(fate, verb, number, *arguments, **named)
            if fate.back_s is not None:
                world.after(fate.back_s, lambda: came.append(said))

        if fate.there_s is not None or fate.name == "error":
            world.after(fate.there_s or 0.1, arrive)
        in_time = world.wait(lambda: came, TIMEOUT_S)
        world.touch()
        return (came[0], None) if in_time else (None, "platform.no_answer")

    def _said(self, fate: Fate, verb: str, *arguments: Any, **named: Any) -> Any:
        """Ask the simulator, which spoils its answer when it is told to."""
        word = "500" if fate.name == "error" else SPOILT_BY.get(fate.name)
        if word is not None:
            lasting().simulation.world.weather.command(f"next {word}")
        if verb == "offer":
            return self._real.offer(named["way"], *arguments)
        return getattr(self._real, verb)(*arguments)


class PlayOverHttp(Play):
    """A schedule whose platforms are the simulator's."""

    def make_banks(self) -> dict[str, Bank]:
        simulator = lasting()
        simulator.at_ms = lambda: BoxClock.true_ms(self.world.now_s)  # type: ignore[method-assign]
        weather = simulator.simulation.world.weather
        weather.command("ok")
        weather.command("balance low" if self.case.poor_until_s else "balance ok")
        weather.command(f"refunds {int(self.case.refund_takes_s)}")
        return {name: SimulatedBank(house, self.case, self.world, self.tell) for name, house in self.houses.items()}

    def make_platform(self, bank: Bank, weather: Weather, *, at_headquarters: bool) -> Any:
        assert isinstance(bank, SimulatedBank)
        simulator = lasting()
        now_ms = simulator.at_ms if at_headquarters else self.box.clock.now_ms
        merchant = merchant_of(bank.house.name)
        if isinstance(merchant, WechatMerchant):
            channel = Channel(merchant, SeededEntropy(self.case.seed), now_ms, None)
            return OverHttp(WechatPay(channel, now_ms), bank, weather, self)
        return OverHttp(Alipay(Gateway(merchant, now_ms, None), now_ms), bank, weather, self)

    def grow_rich(self) -> None:
        lasting().simulation.world.weather.command("balance ok")
