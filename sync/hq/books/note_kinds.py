"""What a note of the bank's side can be; a kind never changes meaning."""

from enum import StrEnum


class MoneyNote(StrEnum):
    """Kinds of notes, each with what its body holds."""

    BANK_IMPORTED = "bank.imported"
    """`mapping`, `in_file`, `lines`; the subject is the file's SHA-256."""
    BANK_ASSIGNED = "bank.assigned"
    """`from`, `to`, `last_day`, `slip`, `reason`; the subject is the line."""
    DEPOSIT_DECLARED = "deposit.declared"
    """`day`, `amount_fen`, `bags`; the subject is the slip's reference."""
    DAY_DECLARED_CLOSED = "day.declared_closed"
    """`reason`; the subject is the day."""
    PERIOD_CLOSED = "period.closed"
    """Nothing; the subject is the month, as of the next two."""
    PERIOD_REOPENING_ASKED = "period.reopening_asked"
    """`reason`."""
    PERIOD_REOPENED = "period.reopened"
    """`asked_by`."""
