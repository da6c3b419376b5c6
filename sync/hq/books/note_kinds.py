"""What a note of the books can be; a kind never changes meaning."""

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


class BookNote(StrEnum):
    """Kinds of notes of bills, days and fees, each with what its body holds."""

    BILL_KEPT = "bill.kept"
    """`kind`, `version`, `sha256`, `bytes`, `source`, `form`; the subject is the account's day."""
    BILL_NOTHING = "bill.nothing"
    """`code`: the platform says that there is no bill; the subject is the account's day."""
    DAY_ADDENDUM = "day.addendum"
    """`from`, `to`, `late`, `reasons`; the subject is the store's day."""
    TENDER_CONFIRMED = "tender.confirmed"
    """`day`, `amount_fen`, `reason`; the subject is the sale's tender."""
    FEE_AGREED = "fee.agreed"
    """`method`, `first_day`, `last_day`, `rate_ppm`, `rounding`, `gives_back`; the subject is the account."""
