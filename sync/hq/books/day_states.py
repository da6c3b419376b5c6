"""States of a store's business day, in the order in which a day comes to its end; nobody sets one."""

from enum import StrEnum


class DayState(StrEnum):
    """What is known of a day. A later fact may take it back, which is an addendum."""

    OPEN = "open"
    """Its close is not here."""
    PROVISIONAL = "provisional"
    """Closed, and something of it is outstanding: an attempt, a refund, a tender to be confirmed, a bill."""
    CLOSED = "closed"
    """Nothing is outstanding; a bill is not matched yet, or a difference waits for somebody."""
    MATCHED = "matched"
    """Every bill that concerns it was matched, and no difference is open."""
    SETTLED = "settled"
    """Each platform's money and each deposit has its bank line."""


RANK = {state: rank for rank, state in enumerate(DayState)}


class Outstanding(StrEnum):
    """What can be outstanding."""

    ATTEMPT = "attempt"
    REFUND = "refund"
    TENDER = "tender"
    LINE = "line"
    """A line that waits for the neighbouring day's bill."""
