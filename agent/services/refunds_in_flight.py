"""What this process knows of refunds without an end: what their platform said last, and when. In memory only."""

import threading
from dataclasses import dataclass

from agent.core.payment import RefundVerdict
from agent.core.refund_pace import RefundFacts

ORDERS_MAX = 1_000


@dataclass
class _Heard:
    chance: float
    heard: RefundVerdict | None = None
    waits_for: RefundVerdict | None = None
    """The last verdict after which was waited; *not found* only makes the next call another one."""
    heard_s: float = 0.0
    times: int = 0
    code: str | None = None


class RefundsInFlight:
    """Every refund in flight, by its number; several threads use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: dict[str, _Heard] = {}
        self._submitted_s: dict[str, float] = {}

    def facts(self, number: str, order: str, apart_s: float, chance: float) -> RefundFacts:
        """Return what decides the next step of a refund; two of one `order` lie `apart_s` apart."""
        with self._lock:
            heard = self._heard.setdefault(number, _Heard(chance))
            before_s = self._submitted_s.get(order)
            return RefundFacts(
                heard.heard,
                heard.heard_s,
                heard.times,
                0 if before_s is None else before_s + apart_s,
                heard.chance,
            )

    def submitted(self, order: str, at_s: float) -> None:
        """A refund of an order is handed in at this moment."""
        with self._lock:
            self._submitted_s.pop(order, None)
            self._submitted_s[order] = at_s
            while len(self._submitted_s) > ORDERS_MAX:
                self._submitted_s.pop(next(iter(self._submitted_s)))

    def heard(self, number: str, verdict: RefundVerdict, code: str | None, at_s: float) -> bool:
        """An answer came; returns whether it says something else than the one before."""
        with self._lock:
            heard = self._heard.setdefault(number, _Heard(0))
            changed = (heard.heard, heard.code) != (verdict, code)
            if verdict is not RefundVerdict.NOT_FOUND:
                heard.times = heard.times + 1 if heard.waits_for is verdict else 1
                heard.waits_for = verdict
            heard.heard, heard.code, heard.heard_s = verdict, code, at_s
            return changed

    def said(self, number: str) -> tuple[RefundVerdict | None, str | None]:
        """Return the last verdict and code of a refund, None before any."""
        with self._lock:
            heard = self._heard.get(number)
            return (None, None) if heard is None else (heard.heard, heard.code)

    def forget(self, number: str) -> None:
        """It has ended."""
        with self._lock:
            self._heard.pop(number, None)
