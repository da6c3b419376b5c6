"""What this process knows of attempts without an end: when each was asked and undone, and the QR code that is shown.

Nothing of it is on disk: after a restart the resolver begins anew from what the journal says (`Timing`). Several
threads use it: handlers, the submitting call, the platforms' resolvers.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from agent.core.payment import Verdict
from agent.core.timing import Facts, Method, begun_s

KEPT_MAX = 1_000


@dataclass
class Flight:
    """One attempt in flight; times on the monotonic clock."""

    method: Method
    started_s: float
    known_s: float
    ends_s: float | None
    chance: float
    restarted: bool = False
    given_up_s: float | None = None
    asked_s: float | None = None
    unanswered: int = 0
    undone_s: float | None = None
    undos: int = 0
    heard: Verdict | None = None
    code: str | None = None
    qr: str | None = None
    submitting: int = 0
    barred: bool = False
    """It was undone: a submission that has not begun must not begin any more."""

    def facts(self) -> Facts:
        """Return what decides the next step."""
        return Facts(
            method=self.method,
            started_s=self.started_s,
            known_s=self.known_s,
            ends_s=self.ends_s,
            restarted=self.restarted,
            given_up_s=self.given_up_s,
            asked_s=self.asked_s,
            unanswered=self.unanswered,
            undone_s=self.undone_s,
            undos=self.undos,
            chance=self.chance,
        )


class InFlight:
    """Every attempt in flight, by its number; bounded, the oldest is forgotten first and would be begun anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[str, Flight] = {}

    def begun(self, number: str, method: Method, now_s: float, lifetime_s: float | None, chance: float) -> None:
        """An attempt was begun by this process just now; `lifetime_s` is how long its offer or token lives."""
        ends_s = None if lifetime_s is None else now_s + lifetime_s
        with self._lock:
            self._keep(number, Flight(method, now_s, now_s, ends_s, chance))

    def flight(self, found: dict[str, Any], now_s: float, now_ms: int, chance: float) -> Flight:
        """Return an attempt of the view `view_attempt`; one of an earlier run is taken up with the wall clock's age."""
        with self._lock:
            flight = self._flights.get(found["attempt"])
            if flight is None:
                started_s = begun_s(now_s, now_ms, found["started_ms"])
                expires_ms = found["expires_ms"]
                ends_s = None if expires_ms is None else started_s + (expires_ms - found["started_ms"]) / 1000
                flight = Flight(Method(found["method"]), min(started_s, now_s), now_s, ends_s, chance, True)
                self._keep(found["attempt"], flight)
            return flight

    def peek(self, number: str) -> Flight | None:
        """Return an attempt that is known, or None."""
        with self._lock:
            return self._flights.get(number)

    def heard(self, number: str, verdict: Verdict, code: str | None, asked_s: float | None = None) -> None:
        """An answer came; `asked_s` when it was the answer to a query."""
        with self._lock:
            flight = self._flights.get(number)
            if flight is None:
                return
            flight.heard, flight.code = verdict, code
            if asked_s is not None:
                flight.asked_s = asked_s
                flight.unanswered = flight.unanswered + 1 if verdict is Verdict.UNKNOWN else 0

    def undone(self, number: str, at_s: float, chance: float) -> None:
        """It was undone or closed at `at_s`; whether that is confirmed is not known."""
        with self._lock:
            flight = self._flights.get(number)
            if flight is not None:
                flight.undone_s = at_s
                flight.undos += 1
                flight.chance = chance

    def bar(self, number: str) -> bool:
        """Forbid a submission that has not begun; False while one is under way."""
        with self._lock:
            flight = self._flights.get(number)
            if flight is None:
                return True
            flight.barred = True
            return not flight.submitting

    @contextmanager
    def submission(self, number: str) -> Iterator[bool]:
        """Hold an attempt as being submitted; yields False when it was undone before, then it must not be sent."""
        with self._lock:
            flight = self._flights.get(number)
            allowed = flight is not None and not flight.barred
            if flight is not None and allowed:
                flight.submitting += 1
        try:
            yield allowed
        finally:
            if flight is not None and allowed:
                with self._lock:
                    flight.submitting -= 1

    def give_up(self, number: str, now_s: float) -> None:
        """The customer does not pay after all; the first time that it is said counts."""
        with self._lock:
            flight = self._flights.get(number)
            if flight is not None and flight.given_up_s is None:
                flight.given_up_s = now_s

    def show(self, number: str, qr: str) -> None:
        """A QR code is there to be shown."""
        with self._lock:
            flight = self._flights.get(number)
            if flight is not None:
                flight.qr = qr

    def forget(self, number: str) -> None:
        """It has ended."""
        with self._lock:
            self._flights.pop(number, None)

    def _keep(self, number: str, flight: Flight) -> None:
        while len(self._flights) >= KEPT_MAX:
            self._flights.pop(next(iter(self._flights)))
        self._flights[number] = flight
