"""Asking a platform something harmless, to see whether merchant, keys and clock are right.

The question is about an order whose number cannot exist; "no such order" under the platform's signature shows that all
is well. Any `Platform` can be asked so; one whose keys lie here tells more (`Examinable`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Protocol, runtime_checkable

from agent.core.errors import StoreboxError
from agent.core.payment import Platform, Verdict
from agent.core.ports import Entropy

CLOCK_GRACE_S = 300
"""By so much may a clock be off before either platform refuses what it says."""
_WELL = frozenset({Verdict.NOT_FOUND})


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of one question; `code` None: all is well, else a code of ours or the platform's own."""

    call: str
    code: str | None = None
    values: Mapping[str, int | str | None] = field(default_factory=dict)


@runtime_checkable
class Examinable(Protocol):
    """A platform that can say which of its keys and settings the other side did not take."""

    def examine(self, out_trade_no: str) -> list[Examined]:
        """Ask about an order that cannot exist, over each protocol and with each key that is in use."""


def probe_number(entropy: Entropy) -> str:
    """Return a number that no order has: 30 characters that both platforms take."""
    return f"DOCTOR_{entropy.random_bytes(11).hex().upper()}_"


def examined(platform: Platform, out_trade_no: str) -> list[Examined]:
    """Return what came of each question; raises nothing for the network."""
    if isinstance(platform, Examinable):
        return platform.examine(out_trade_no)
    answer = platform.query(out_trade_no)
    return [Examined("query", None if answer.verdict in _WELL else answer.code or answer.verdict.value)]


def asked(call: str, ask: Callable[[], str | None]) -> Examined:
    """Return what came of a question: `ask` returns the code of what is wrong, or raises it."""
    try:
        return Examined(call, ask())
    except StoreboxError as error:
        return Examined(call, error.code, error.values)


def clock_differs_s(headers: Mapping[str, str], now_ms: int) -> int | None:
    """Return by how many seconds our clock differs from an answer's `Date`; None within bounds or without one.

    Nobody signs it, so it explains and decides nothing.
    """
    try:
        there_ms = parsedate_to_datetime(headers.get("date", "")).timestamp() * 1000
    except (ValueError, TypeError):
        return None
    differs_s = abs(int(now_ms - there_ms)) // 1000
    return differs_s if differs_s >= CLOCK_GRACE_S else None
