"""What matching writes into the journal: that a bill was matched, and differences found and settled.

Separate from the other kinds because they are no trade; the same rules hold (`agent.core.events`).
"""

from dataclasses import dataclass
from typing import ClassVar

from agent.core.events import Event, TradeEvent


@dataclass(frozen=True, slots=True)
class BillMatched(Event):
    """A platform's bill of one of its days (GMT+8) was matched, or none came; sums by class, refunds negative.

    `state` is one of `agent.core.reconcile.statement`; `sha256` names the kept file. A corrected bill, or new facts,
    are another such entry.
    """

    KIND: ClassVar[str] = "bill.matched"
    platform: str
    merchant: str
    bill_day: str
    sha256: str
    state: str
    classes: dict[str, dict[str, int]]
    alarms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DifferenceFound(Event):
    """What matching left, with its reason, what is proposed and who has to act; found again it may tell otherwise.

    Sums are signed: taken positive, given back negative.
    """

    KIND: ClassVar[str] = "difference.found"
    difference: str
    platform: str
    merchant: str
    bill_day: str
    line_kind: str
    line_class: str
    code: str
    settlement: str
    owner: str
    out_trade_no: str
    out_refund_no: str | None
    transaction: str | None
    store: str | None
    business_day: str | None
    till: str | None
    journal_fen: int
    bill_fen: int
    fee_fen: int
    values: dict[str, int | str | None]


@dataclass(frozen=True, slots=True)
class DifferenceSettled(Event):
    """A difference came to its end: by a person's settlement, or by facts that came later (`facts`)."""

    KIND: ClassVar[str] = "difference.settled"
    difference: str
    settlement: str
    by: str
    reason: str
    approved_by: str | None


@dataclass(frozen=True, slots=True)
class RefundFound(TradeEvent):
    """Money that the platform gave back and nobody in the store did: in the merchant's portal, most likely.

    Known from a bill (`source` is "bill", or "hq" where headquarters read it; `sha256` names the kept file), so it is
    no second witness for matching: the difference stays until a person settles it. It counts on the business day on
    which it became known, without shift and staff. `sale` had the money, None when no sale took it; `tender` is its
    place among the sale's tenders.
    """

    KIND: ClassVar[str] = "refund.found"
    out_refund_no: str
    attempt: str
    sale: str | None
    tender: int | None
    tender_kind: str
    platform: str
    amount_fen: int
    refund_transaction: str | None
    platform_at_ms: int
    source: str
    sha256: str
