"""The line to a bank: what may happen to a call on its way there and back, and the platform port on top of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from agent.core.payment import (
    NUMBER_USED,
    Custody,
    Offer,
    OfferVerdict,
    PlatformAnswer,
    RefundAnswer,
    RefundLimits,
    RefundVerdict,
    Verdict,
    Way,
    number_used,
)
from sync.platforms.timings import timing_of
from tests.simulation.money.bank import REVERSE_NOT_BEFORE_S, Bank, Refund, Said, State
from tests.simulation.world import World

TIMEOUT_S = 10.0
CLOCK_GRACE_S = 300.0
"""Answers are signed with their time; one that differs so much from the box's clock is not believed."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one call: how long it takes there (None: it gets lost) and back (None: the answer is lost)."""

    name: str
    there_s: float | None
    back_s: float | None
    spoilt: str | None = None
    """The answer comes and is worthless, by this code."""
    refused_at_once: bool = False
    """Nothing was sent, and the caller knows."""


FATES = ("request lost", "answer lost", "request late", "answer late", "error", "garbage", "bad signature")


class Weather:
    """How the line does: calls are spoilt by chance, or it is away altogether."""

    def __init__(self, chance: random.Random, share: float, late_max_s: float) -> None:
        self._chance = chance
        self._late_max_s = late_max_s
        self.share = share
        self.away = False

    def fate(self) -> Fate:
        """Draw what happens to the next call."""
        chance = self._chance
        if self.away:
            return Fate("no network", None, None, refused_at_once=True)
        there_s, back_s = chance.uniform(0.02, 0.3), chance.uniform(0.02, 0.3)
        if chance.random() >= self.share:
            return Fate("", there_s, back_s)
        name = chance.choice(FATES)
        if name == "request lost":
            return Fate(name, None, None)
        if name == "answer lost":
            return Fate(name, there_s, None)
        if name == "request late":
            return Fate(name, chance.uniform(1.0, self._late_max_s), back_s)
        if name == "answer late":
            return Fate(name, there_s, chance.uniform(1.0, 20.0))
        if name == "error":
            return Fate(name, None, None, refused_at_once=True)
        code = "platform.garbage_answer" if name == "garbage" else "platform.bad_signature"
        return Fate(name, there_s, back_s, spoilt=code)


class BankPlatform:
    """The `Platform` port of a bank, as an honest adapter would be: what is not known is UNKNOWN."""

    def __init__(
        self,
        world: World,
        bank: Bank,
        weather: Weather,
        *,
        wall_ms: Callable[[float], int],
        clock_off_s: Callable[[], float],
        before_sending: Callable[[str, str], None],
        tell: Callable[[str], None],
        life: Callable[[], int],
        at_headquarters: bool = False,
    ) -> None:
        """`wall_ms` gives the bank's time for a moment of the world; `clock_off_s` how wrong the caller's clock is.

        `at_headquarters`: a wish may have been under way for long, and nobody there counts the seconds since.
        """
        self._counts_seconds = not at_headquarters
        self.name = bank.house.name
        self.merchant = f"merchant of {self.name}"
        self.custody = Custody.DIRECT
        self.timing = timing_of(self.name)
        self.refund_limits = RefundLimits()
        self._world = world
        self._bank = bank
        self._weather = weather
        self._wall_ms = wall_ms
        self._clock_off_s = clock_off_s
        self._before_sending = before_sending
        self._tell = tell
        self._life = life

    def pay(self, out_trade_no: str, amount_fen: int, auth_code: str, subject: str) -> PlatformAnswer:
        self._bank.sent(out_trade_no, self._life())
        self._bank.submitted_s.setdefault(out_trade_no, self._world.now_s)
        return self._order("pay", out_trade_no, lambda: self._bank.pay(out_trade_no, amount_fen, auth_code))

    def query(self, out_trade_no: str) -> PlatformAnswer:
        return self._order("query", out_trade_no, lambda: self._bank.query(out_trade_no))

    def reverse(self, out_trade_no: str) -> PlatformAnswer:
        submitted_s = self._bank.submitted_s.get(out_trade_no)
        since_s = None if submitted_s is None else self._world.now_s - submitted_s
        if self._counts_seconds and since_s is not None and since_s < REVERSE_NOT_BEFORE_S:
            self._bank.complaints.append(f"{out_trade_no} was to be undone {since_s:.1f} s after it was submitted")
        return self._order("reverse", out_trade_no, lambda: self._bank.reverse(out_trade_no), undo=True)

    def close(self, out_trade_no: str) -> PlatformAnswer:
        return self._order("close", out_trade_no, lambda: self._bank.close(out_trade_no), undo=True)

    def offer(
        self, way: Way, out_trade_no: str, amount_fen: int, subject: str, expires_at_ms: int, payer: str | None = None
    ) -> Offer:
        self._bank.lives.setdefault(out_trade_no, set()).add(self._life())
        expires_s = (expires_at_ms - self._wall_ms(0.0)) / 1000 - self._clock_off_s()
        said, code = self._call("offer", out_trade_no, lambda: self._bank.offer(out_trade_no, amount_fen, expires_s))
        if said is None:
            return Offer(OfferVerdict.UNKNOWN, out_trade_no, code=code)
        if said.used or said.state is State.PAID:
            return Offer(OfferVerdict.UNKNOWN, out_trade_no, code=NUMBER_USED)
        if said.state is not State.WAITING:
            return Offer(OfferVerdict.REFUSED, out_trade_no, code=said.code)
        return Offer(OfferVerdict.OPEN, out_trade_no, qr=f"bank:{out_trade_no}")

    def refund(self, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int) -> RefundAnswer:
        found, code = self._call(
            "refund", out_refund_no, lambda: self._bank.refund(out_trade_no, out_refund_no, amount_fen)
        )
        if isinstance(found, str):
            verdict = RefundVerdict.TRY_LATER if found == "BALANCE_TOO_LOW" else RefundVerdict.REFUSED
            return RefundAnswer(verdict, out_refund_no, code=found)
        return self._refund(out_refund_no, found, code)

    def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundAnswer:
        nothing = "REFUND_NOT_FOUND"
        found, code = self._call(
            "query refund", out_refund_no, lambda: self._bank.find_refund(out_trade_no, out_refund_no) or nothing
        )
        if found == nothing:
            return RefundAnswer(RefundVerdict.NOT_FOUND, out_refund_no, code=nothing)
        return self._refund(out_refund_no, found, code)

    def fetch_bill(self, day: date) -> Any:
        raise NotImplementedError("the bank of the property test has no bills")

    def read_bill(self, content: bytes) -> Any:
        raise NotImplementedError("the bank of the property test has no bills")

    def _refund(self, number: str, found: Refund | None, code: str | None) -> RefundAnswer:
        if found is None:
            return RefundAnswer(RefundVerdict.UNKNOWN, number, code=code)
        done = self._world.now_s >= found.done_s
        verdict = RefundVerdict.DONE if done else RefundVerdict.ACCEPTED
        return RefundAnswer(verdict, number, found.transaction, found.amount_fen, found.amount_fen)

    def _order(self, verb: str, number: str, act: Callable[[], Said], *, undo: bool = False) -> PlatformAnswer:
        said, code = self._call(verb, number, act)
        if said is None or said.fault:
            return PlatformAnswer(Verdict.UNKNOWN, number, code=code if said is None else said.code)
        if said.used:
            return number_used(number)
        if said.state is None:
            return PlatformAnswer(Verdict.NOT_FOUND, number, code=said.code)
        if undo and said.state in (State.WAITING, State.DECLINED):
            return PlatformAnswer(Verdict.CLOSED, number)
        verdicts = {State.WAITING: Verdict.PENDING, State.DECLINED: Verdict.DECLINED, State.CLOSED: Verdict.CLOSED}
        if said.order is None or said.state in verdicts:
            return PlatformAnswer(verdicts[said.state], number, code=said.code)
        if said.state is State.REVERSED:
            return PlatformAnswer(Verdict.REVERSED, number)
        order = said.order
        return PlatformAnswer(
            Verdict.PAID,
            number,
            transaction=order.transaction,
            platform_at_ms=self._wall_ms(order.paid_s or 0.0),
            amount_fen=order.amount_fen,
            customer_paid_fen=order.amount_fen,
        )

    def _call(self, verb: str, number: str, act: Callable[[], Any]) -> tuple[Any, str | None]:
        """Send a call; returns what came back, or None and why nothing did."""
        world = self._world
        self._before_sending(verb, number)
        world.touch()
        fate = self._weather.fate()
        if fate.name and not fate.refused_at_once:
            self._tell(f"{self.name}: {verb} {number}: {fate.name}")
        if fate.refused_at_once:
            return None, "platform.unreachable"
        came: list[Any] = []

        def arrive() -> None:
            said = act()
            if fate.back_s is not None:
                world.after(fate.back_s, lambda: came.append(said))

        if fate.there_s is not None:
            world.after(fate.there_s, arrive)
        in_time = world.wait(lambda: came, TIMEOUT_S)
        world.touch()
        if not in_time:
            return None, "platform.no_answer"
        if fate.spoilt is not None:
            return None, fate.spoilt
        if abs(self._clock_off_s()) >= CLOCK_GRACE_S and verb != "pay":
            return None, "platform.clock_differs"
        return came[0], None
