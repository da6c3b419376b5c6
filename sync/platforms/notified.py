"""What a platform tells unasked: which order or refund it is about, believed or not, and how it wants to be answered.

A notification starts a question and decides nothing: what became of an order is what the platform says when asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Notified:
    """A believed notification; `number` is the same in each repetition, `out_refund_no` None for a payment."""

    number: str
    out_trade_no: str
    out_refund_no: str | None = None


@dataclass(frozen=True, slots=True)
class NotifyAnswer:
    """How a notification is answered; every other answer makes it come again."""

    status: int
    body: str = ""
    media_type: str = "text/plain"


@runtime_checkable
class Notifying(Protocol):
    """A platform that tells of payments at a `notify_url`."""

    def notified(self, headers: Mapping[str, str], body: bytes) -> Notified:
        """Return a believed notification, header names in lower case; raises `StoreboxError` for any other."""

    def notify_answer(self, *, accepted: bool) -> NotifyAnswer:
        """Return the answer that ends the repetitions, or that asks for another one."""
