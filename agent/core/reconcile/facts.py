"""What the journal knows of money at a platform: one `Payment` an order, one `Refund` a refund number."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agent.core.moment import platform_day
from agent.core.payment import AttemptState

_OURS = re.compile(r"([A-Z0-9]{1,10})_\d{1,9}_\d{6,12}_[AR]\d{1,6}[A-Z2-7]{4}")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What a platform said later that does not fit what was recorded."""

    code: str
    amount_fen: int
    transaction: str | None


@dataclass(frozen=True, slots=True)
class Payment:
    """An order at a platform as the journal has it; `day` is the business day.

    `merchant` is blank where the journal does not say it, and then fits every merchant of its platform.
    """

    store: str
    attempt: str
    platform: str
    merchant: str
    method: str
    sale: str
    till: str
    day: str
    amount_fen: int
    state: AttemptState
    started_at_ms: int
    ended_at_ms: int | None = None
    transaction: str | None = None
    platform_at_ms: int | None = None
    platform_discount_fen: int = 0
    merchant_discount_fen: int = 0
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def is_paid(self) -> bool:
        """Tell whether the journal counts this money as taken."""
        return self.state is AttemptState.PAID

    @property
    def is_open(self) -> bool:
        """Tell whether nobody knows yet."""
        return self.state in (AttemptState.OPEN, AttemptState.PARKED)

    @property
    def at_ms(self) -> int:
        """Return the best known moment: the platform's own, else the box's at its end, else at its start."""
        return next(
            (moment for moment in (self.platform_at_ms, self.ended_at_ms) if moment is not None), self.started_at_ms
        )

    @property
    def platform_day(self) -> date:
        """Return the day (GMT+8) of whose bill this should be a line."""
        return platform_day(self.at_ms)

    @property
    def booked_fen(self) -> int:
        """Return what the journal counts as taken."""
        return self.amount_fen if self.is_paid else 0


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund at a platform as the journal has it; `state` is started, done or refused."""

    store: str
    out_refund_no: str
    attempt: str
    platform: str
    merchant: str
    refund: str | None
    till: str
    day: str
    amount_fen: int
    state: str
    started_at_ms: int
    ended_at_ms: int | None = None
    refund_transaction: str | None = None
    orphan: bool = False

    @property
    def is_done(self) -> bool:
        """Tell whether the journal counts this money as given back."""
        return self.state == "done"

    @property
    def first_day(self) -> date:
        """Return the first day (GMT+8) on whose bill this may stand: when the platform first heard of it."""
        return platform_day(self.started_at_ms)

    @property
    def last_day(self) -> date:
        """Return the last one: when the platform said that it is done."""
        return platform_day(self.started_at_ms if self.ended_at_ms is None else self.ended_at_ms)

    @property
    def booked_fen(self) -> int:
        """Return what the journal counts as given back, negative."""
        return -self.amount_fen if self.is_done else 0


@dataclass(frozen=True, slots=True)
class Facts:
    """Orders and refunds; no number stands twice in either."""

    payments: Sequence[Payment]
    refunds: Sequence[Refund]


def store_of(number: str) -> str | None:
    """Return the store that made an out_trade_no or out_refund_no, None when its form is not ours."""
    found = _OURS.fullmatch(number)
    return found[1] if found else None
