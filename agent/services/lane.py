"""What is due at one platform, done one call after another: attempts brought to their end, refunds to theirs.

A platform has a lane of its own, so that a slow one delays nobody else's customers. Within it a customer who waits at
the counter comes before what is undone or given back in the background.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

from agent.core.payment import Platform, PlatformAnswer, RefundAnswer, RefundVerdict, Verdict
from agent.core.refund_pace import RefundAction, next_refund_step
from agent.core.timing import Action, next_step
from agent.services import attempts, platform_refunds
from agent.services.attempts import Row
from agent.services.in_flight import Flight
from agent.services.settling import settle
from agent.services.shop import Shop

IDLE_S = 3600.0
PROBE_S = 60.0
"""A platform that is down and has nothing to do is asked about its last order, so that it is seen to come back."""
CALLS_MAX = 100
"""Calls in one step; what is due after them is done in the next."""
PHONE = "phone"


@dataclass(frozen=True, slots=True)
class _Due:
    """A call that is due: `rank` 0 while a customer waits; among equals the one that waited longest is first."""

    rank: int
    since_s: float
    call: Callable[[], None]


def platform_name(shop: Shop, found: Row) -> str:
    """Return under which of the box's platforms an attempt or a refund is driven."""
    if found["method"] == PHONE and PHONE in shop.platforms:
        return PHONE
    return str(found["platform"])


class Lane:
    """The attempts and refunds of one platform; used by one thread at a time."""

    def __init__(self, shop: Shop, name: str) -> None:
        self._shop = shop
        self.name = name
        self._last_order: str | None = None
        self._probed_s = float("-inf")

    def step(self) -> float:
        """Do everything that is due; returns seconds until the next thing is."""
        for _ in range(CALLS_MAX):
            platform = self._shop.platforms.get(self.name)
            if platform is None:
                return IDLE_S
            due, wait_s = self._due(platform)
            if not due:
                return ceil(wait_s * 1000) / 1000
            min(due, key=lambda one: (one.rank, one.since_s)).call()
        return 0.0

    def _due(self, platform: Platform) -> tuple[list[_Due], float]:
        connection = self._shop.read()
        now_s = self._shop.clock.monotonic_s()
        due: list[_Due] = []
        waits_s = [IDLE_S]
        for found in attempts.unresolved(connection):
            if platform_name(self._shop, found) == self.name:
                self._attempt_due(platform, found, now_s, due, waits_s)
        for found in platform_refunds.started(connection):
            if platform_name(self._shop, found) == self.name:
                self._refund_due(platform, found, now_s, due, waits_s)
        if not due and len(waits_s) == 1:
            self._probe_due(platform, now_s, due, waits_s)
        return due, min(waits_s)

    # Attempts

    def _attempt_due(self, platform: Platform, found: Row, now_s: float, due: list[_Due], waits_s: list[float]) -> None:
        shop = self._shop
        if attempts.given_back_fen(shop.read(), found["attempt"]):
            return
        flight = shop.in_flight.flight(found, now_s, shop.clock.now_ms(), shop.chance())
        step = next_step(platform.timing, flight.facts(), now_s)
        if step.action is Action.WAIT:
            waits_s.append(step.until_s - now_s)
            return
        rank = 0 if flight.undos <= platform.timing.undo_retries and not found["parked"] else 1
        touched_s = max(flight.known_s, flight.asked_s or flight.known_s, flight.undone_s or flight.known_s)
        perform = self._ask if step.action is Action.QUERY else self._finish
        due.append(_Due(rank, touched_s, lambda: perform(platform, found, flight, step.action)))

    def _ask(self, platform: Platform, found: Row, flight: Flight, action: Action) -> None:
        number = found["attempt"]
        asked_s = self._shop.clock.monotonic_s()
        self._last_order = number
        answer = platform.query(number)
        self._heard(found, flight, answer, asked_s)
        if answer.verdict is not Verdict.NOT_FOUND:
            self._settle(number, answer)

    def _finish(self, platform: Platform, found: Row, flight: Flight, action: Action) -> None:
        """Undo or close; NOT_FOUND then means that it never was, unless it is just being submitted."""
        number = found["attempt"]
        nothing_under_way = self._shop.in_flight.bar(number)
        if action is Action.UNDO:
            attempts.begin_undoing(self._shop, number)
        answer = platform.reverse(number) if action is Action.UNDO else platform.close(number)
        self._shop.in_flight.undone(number, self._shop.clock.monotonic_s(), self._shop.chance())
        self._heard(found, flight, answer, None)
        if answer.verdict is not Verdict.NOT_FOUND or nothing_under_way:
            self._settle(number, answer, of_undo=True)

    def _heard(self, found: Row, flight: Flight, answer: PlatformAnswer, asked_s: float | None) -> None:
        before = (flight.heard, flight.undos)
        self._shop.in_flight.heard(found["attempt"], answer.verdict, answer.code, asked_s)
        if (flight.heard, flight.undos) != before:
            self._shop.publish("state", {"till": found["till"]})

    def _settle(self, number: str, answer: PlatformAnswer, *, of_undo: bool = False) -> None:
        if answer.verdict not in (Verdict.UNKNOWN, Verdict.PENDING):
            settle(self._shop, number, answer, of_undo=of_undo)

    # Refunds

    def _refund_due(self, platform: Platform, found: Row, now_s: float, due: list[_Due], waits_s: list[float]) -> None:
        timing = platform.timing
        facts = self._shop.refunds_in_flight.facts(
            found["out_refund_no"], found["attempt"], timing.refund_apart_s, self._shop.chance()
        )
        step = next_refund_step(timing, facts, now_s)
        if step.action is RefundAction.WAIT:
            waits_s.append(step.until_s - now_s)
            return
        perform = self._ask_refund if step.action is RefundAction.QUERY else self._hand_in
        due.append(_Due(2, facts.heard_s, lambda: perform(platform, found)))

    def _ask_refund(self, platform: Platform, found: Row) -> None:
        self._refund_heard(found, platform.query_refund(found["attempt"], found["out_refund_no"]))

    def _hand_in(self, platform: Platform, found: Row) -> None:
        self._shop.refunds_in_flight.submitted(found["attempt"], self._shop.clock.monotonic_s())
        number, amount_fen = found["out_refund_no"], found["amount_fen"]
        answer = platform.refund(found["attempt"], number, amount_fen, found["total_fen"])
        if answer.verdict is RefundVerdict.NOT_FOUND:
            answer = replace(answer, verdict=RefundVerdict.UNKNOWN)
        self._refund_heard(found, answer)

    def _refund_heard(self, found: Row, answer: RefundAnswer) -> None:
        now_s = self._shop.clock.monotonic_s()
        changed = self._shop.refunds_in_flight.heard(found["out_refund_no"], answer.verdict, answer.code, now_s)
        if platform_refunds.end(self._shop, found, answer):
            return
        if changed and answer.verdict is not RefundVerdict.NOT_FOUND:
            self._shop.publish("state", {"till": found["till"]})

    # A platform that is down

    def _probe_due(self, platform: Platform, now_s: float, due: list[_Due], waits_s: list[float]) -> None:
        order = self._last_order
        if order is None or self._shop.platform_health.lamp(self.name).state == "ok":
            return
        again_s = self._probed_s + PROBE_S
        if now_s < again_s:
            waits_s.append(again_s - now_s)
            return
        due.append(_Due(3, now_s, lambda: self._probe(platform, order, now_s)))

    def _probe(self, platform: Platform, order: str, now_s: float) -> None:
        self._probed_s = now_s
        platform.query(order)
