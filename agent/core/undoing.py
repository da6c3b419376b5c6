"""The entry that says that an attempt is being undone; what a platform's word is worth from then on hangs on it."""

from dataclasses import dataclass
from typing import ClassVar

from agent.core.events import TradeEvent


@dataclass(frozen=True, slots=True)
class AttemptUndoing(TradeEvent):
    """Committed before the platform hears of the first undo: from then on no word but the answer to an undo says PAID.

    An undo may arrive late, after a question was answered with PAID, and take that money back.
    """

    KIND: ClassVar[str] = "attempt.undoing"
    attempt: str
    sale: str
