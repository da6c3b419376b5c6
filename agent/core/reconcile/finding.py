"""A finding of matching: a line of the journal, one of the bill, or both as a pair, in its class with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from agent.core.bill import BillKind, BillLine
from agent.core.reconcile.classes import LineClass, Owner, Settlement
from agent.core.reconcile.facts import Payment, Refund

Values = Mapping[str, int | str | None]


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of a bill and the day whose bill lists it."""

    day: date
    line: BillLine

    @property
    def signed_fen(self) -> int:
        """Return what the line adds to the merchant's account before fees: refunds and reversals are negative."""
        return self.line.amount_fen if self.line.kind is BillKind.PAYMENT else -self.line.amount_fen


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a code whose sentences stand in `agent.core.sentences`, and its values."""

    code: str
    values: Values

    def __init__(self, code: str, /, **values: int | str | None) -> None:
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "values", values)


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of the journal (payment or refund), of the bill, or a pair of both."""

    line_class: LineClass
    reason: Reason
    settlement: Settlement
    owner: Owner
    payment: Payment | None = None
    refund: Refund | None = None
    listed: Listed | None = None

    @property
    def journal_fen(self) -> int:
        """Return what the journal counts: taken positive, given back negative, neither 0."""
        fact = self.payment or self.refund
        return 0 if fact is None else fact.booked_fen

    @property
    def bill_fen(self) -> int:
        """Return what the bill counts, in the same direction."""
        return 0 if self.listed is None else self.listed.signed_fen

    @property
    def fee_fen(self) -> int:
        """Return the bill's fee: charged positive, given back negative."""
        if self.listed is None:
            return 0
        line = self.listed.line
        return line.fee_fen if line.kind is BillKind.PAYMENT else -line.fee_fen

    @property
    def out_trade_no(self) -> str:
        """Return the order's number, the journal's if it knows the order."""
        if self.payment is not None:
            return self.payment.attempt
        if self.refund is not None:
            return self.refund.attempt
        return self.listed.line.out_trade_no if self.listed is not None else ""

    @property
    def out_refund_no(self) -> str | None:
        """Return the refund's number, None for a payment."""
        if self.refund is not None:
            return self.refund.out_refund_no
        return self.listed.line.out_refund_no if self.listed is not None else None

    @property
    def transaction(self) -> str | None:
        """Return the platform's number of the order: the bill's, else the journal's."""
        if self.listed is not None:
            return self.listed.line.transaction
        return self.payment.transaction if self.payment is not None else None

    @property
    def kind(self) -> str:
        """Return payment, refund or reversal."""
        if self.listed is not None:
            return self.listed.line.kind.value
        return "refund" if self.refund is not None else "payment"

    @property
    def store(self) -> str | None:
        """Return the store, where the journal knows the line."""
        fact = self.payment or self.refund
        return None if fact is None else fact.store

    @property
    def business_day(self) -> str | None:
        """Return the business day of the journal's line."""
        fact = self.payment or self.refund
        return None if fact is None else fact.day

    @property
    def platform_day(self) -> date:
        """Return the platform's day: of whose bill the line is, or should be."""
        if self.listed is not None:
            return self.listed.day
        if self.payment is not None:
            return self.payment.platform_day
        return self.refund.first_day if self.refund is not None else date.min

    def sort_key(self) -> tuple[object, ...]:
        """Return what gives findings one order whatever the order of the input was."""
        line = None if self.listed is None else self.listed.line
        return (
            list(LineClass).index(self.line_class),
            self.out_trade_no,
            self.transaction or "",
            self.kind,
            self.out_refund_no or "",
            self.platform_day,
            self.store or "",
            self.reason.code,
            () if line is None else line_key(line),
        )


@dataclass(slots=True)
class ClassTotal:
    """What a class adds up to; `lines` counts lines of both sides, `findings` pairs once."""

    findings: int = 0
    lines: int = 0
    journal_fen: int = 0
    bill_fen: int = 0
    fee_fen: int = 0

    def add(self, one: Finding) -> None:
        """Count a finding."""
        self.findings += 1
        self.lines += (one.listed is not None) + (one.payment is not None or one.refund is not None)
        self.journal_fen += one.journal_fen
        self.bill_fen += one.bill_fen
        self.fee_fen += one.fee_fen


@dataclass(frozen=True, slots=True)
class Match:
    """What matching found. In bulk, orders in agreement are in `totals` only and not among the findings."""

    findings: tuple[Finding, ...]
    totals: Mapping[LineClass, ClassTotal]
    alarms: tuple[Reason, ...] = field(default=())


def line_key(line: BillLine) -> tuple[object, ...]:
    """Return what puts lines of a bill in order; equal only for lines that tell the same."""
    return (
        line.at_ms,
        line.kind.value,
        line.out_trade_no,
        line.transaction,
        line.out_refund_no or "",
        line.refund_transaction or "",
        line.amount_fen,
        line.settled_fen,
        line.fee_fen,
        line.merchant,
        line.subject,
        line.terminal,
        line.payer or "",
    )
