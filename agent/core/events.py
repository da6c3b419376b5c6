"""Every kind of entry that trade writes, as frozen dataclasses: contracts between box, HQ and matching.

A body never changes meaning: new meaning, new kind, or a new field with a default. Amounts are fen and never negative;
the kind gives the direction. Entries about trade carry `till, shift, staff, day`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, ClassVar

from agent.core.errors import Broken

_PLAIN = frozenset({str, int, bool, type(None)})
_READERS: dict[type, tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]] = {}


def _reader(kind: type) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Return a dataclass' field names, and what reads all their values at once: bodies are made on the hot path."""
    reader = _READERS.get(kind)
    if reader is None:
        names = tuple(one.name for one in fields(kind))
        values = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)
        reader = _READERS[kind] = (names, values)
    return reader


def plain(value: Any) -> Any:
    """Return an event, or what it is made of, as plain data: texts, numbers, lists and objects of them."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is tuple or kind is list:
        return [plain(item) for item in value]
    if kind is dict:
        return {key: plain(item) for key, item in value.items()}
    names, values = _reader(kind)
    return {
        name: item if type(item) in _PLAIN else plain(item) for name, item in zip(names, values(value), strict=True)
    }


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events; `KIND` is the entry's kind."""

    KIND: ClassVar[str] = ""

    def body(self) -> dict[str, Any]:
        """Return the entry's body as plain data."""
        data = plain(self)
        if not isinstance(data, dict):
            raise Broken("event.no_fields", kind=self.KIND)
        return data


@dataclass(frozen=True, slots=True)
class TradeEvent(Event):
    """An event of the counter: where, in which shift, by whom, on which business day (`2026-10-03`)."""

    till: str
    shift: str | None
    staff: str
    day: str


@dataclass(frozen=True, slots=True)
class Discount:
    """One reduction of a line; `funded_by` is store, hq, brand, partner or platform.

    `scope` is line, or sale for a line's share of a discount on the whole sale.
    """

    reason: str
    amount_fen: int
    funded_by: str = "store"
    scope: str = "line"


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A line as sold: `list_fen - sum(discounts) = total_fen`; see docs/decisions/001 for quantity and unit."""

    line: int
    sku: str
    name: str
    quantity: int
    unit: str
    price_fen: int | None
    list_fen: int
    discounts: tuple[Discount, ...]
    total_fen: int
    tax_code: str
    tax_bp: int
    department: str = ""


@dataclass(frozen=True, slots=True)
class TenderLine:
    """Money taken or given back; `account` gets the posting, `attempt` is the platform's order if any."""

    kind: str
    amount_fen: int
    account: str
    attempt: str | None = None
    given_fen: int | None = None
    change_fen: int | None = None
    reference: str | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class BoxEnrolled(Event):
    """The first entry of an epoch."""

    KIND: ClassVar[str] = "box.enrolled"
    store: str
    box: str
    epoch: int
    public_key: str | None
    previous: dict[str, object] | None


@dataclass(frozen=True, slots=True)
class SaleCompleted(TradeEvent):
    """A sale that is paid in full: `sum(lines) - rounding_fen = sum(tenders) = total_fen - rounding_fen`."""

    KIND: ClassVar[str] = "sale.completed"
    sale: str
    total_fen: int
    lines: tuple[SaleLine, ...]
    tenders: tuple[TenderLine, ...]
    reference: str | None = None
    channel: str | None = None
    salesperson: str | None = None
    member: str | None = None
    calling: str | None = None
    rounding_fen: int = 0
    entity: str = ""
    directives: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefundLine:
    """What goes back of a line; `line` is the sale's line, or a running number without a receipt."""

    line: int
    sku: str
    name: str
    quantity: int
    unit: str
    list_fen: int
    total_fen: int
    tax_code: str
    tax_bp: int
    department: str = ""


@dataclass(frozen=True, slots=True)
class SaleRefunded(TradeEvent):
    """Money given back, whole or by line, with a receipt (`sale`) or without."""

    KIND: ClassVar[str] = "sale.refunded"
    refund: str
    sale: str | None
    reason: str
    approved_by: str | None
    total_fen: int
    lines: tuple[RefundLine, ...]
    tenders: tuple[TenderLine, ...]
    reference: str | None = None
    entity: str = ""


@dataclass(frozen=True, slots=True)
class SaleCancelled(TradeEvent):
    """A basket given up before it was paid."""

    KIND: ClassVar[str] = "sale.cancelled"
    sale: str
    reason: str
    total_fen: int
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class LineRemoved(TradeEvent):
    """A line, or a part of its quantity, taken out of a basket before the total; counted in X and Z."""

    KIND: ClassVar[str] = "sale.line_removed"
    sale: str
    sku: str
    quantity: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class AttemptStarted(TradeEvent):
    """Committed before the platform hears of it; `expires_at_ms` is when an offer or an order token ends."""

    KIND: ClassVar[str] = "attempt.started"
    attempt: str
    sale: str
    platform: str
    merchant: str
    custody: str
    method: str
    amount_fen: int
    code_tail: str
    expires_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class AttemptEnded(TradeEvent):
    """Written once an attempt; outcome is one of the ended states of `agent.core.payment`.

    `platform` is the one that took the money, `payer` a keyed hash of who paid (`agent.core.payer`).
    """

    KIND: ClassVar[str] = "attempt.ended"
    attempt: str
    platform: str
    amount_fen: int
    outcome: str
    transaction: str | None = None
    platform_at_ms: int | None = None
    customer_paid_fen: int = 0
    platform_discount_fen: int = 0
    merchant_discount_fen: int = 0
    payer: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class PassAccepted(TradeEvent):
    """A signed pass was taken at the counter, once; `kind` is its two characters, `subject` what it is about.

    Of a pay-proof (`P1`) the subject is the attempt, whose end stands beside this entry. Where and by whom it was
    scanned may differ from where its sale is.
    """

    KIND: ClassVar[str] = "pass.accepted"
    kind: str
    subject: str
    sale: str
    amount_fen: int
    issued_at_ms: int
    platform: str
    transaction: str
    scanned_at: str
    scanned_by: str


@dataclass(frozen=True, slots=True)
class AttemptParked(TradeEvent):
    """Its sale was released to another tender by a shift lead; what it proves later is refunded by itself."""

    KIND: ClassVar[str] = "attempt.parked"
    attempt: str
    sale: str
    approved_by: str


@dataclass(frozen=True, slots=True)
class AttemptContradicted(TradeEvent):
    """What a platform said that does not fit what was recorded.

    `booked` money is in the merchant's account, is taken into the books of `platform` and goes back by an orphan's
    `refund.started` in the same command.
    """

    KIND: ClassVar[str] = "attempt.contradicted"
    attempt: str
    code: str
    amount_fen: int
    transaction: str | None = None
    platform: str = ""
    booked: bool = False


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A place that was asked about a payment: journal, platform or headquarters; `code` is why it could not be."""

    place: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentLookedUp(TradeEvent):
    """A customer said "I paid": what was asked, where, and the answer. Nothing of the customer is kept.

    Asked was a `number`, or an amount around a time; `sale` was being paid. `answer` and `reason` are those of
    `agent.core.lookup`; `found_*` name the payment that the answer rests on, `candidates` counts those shown.
    """

    KIND: ClassVar[str] = "payment.looked_up"
    lookup: str
    number: str | None
    amount_fen: int | None
    paid_at_ms: int | None
    within_ms: int | None
    sale: str | None
    places: tuple[LookedAt, ...]
    answer: str
    reason: str
    found_store: str | None = None
    found_sale: str | None = None
    found_attempt: str | None = None
    candidates: int = 0
    code: str | None = None


@dataclass(frozen=True, slots=True)
class RefundStarted(TradeEvent):
    """A refund at a platform, registered before the platform hears of it; `orphan` when no sale took the money."""

    KIND: ClassVar[str] = "refund.started"
    out_refund_no: str
    refund: str | None
    attempt: str
    platform: str
    amount_fen: int
    orphan: bool = False


@dataclass(frozen=True, slots=True)
class RefundEnded(TradeEvent):
    """The platform's final word on a refund: done or refused.

    `customer_fen + platform_fen + merchant_fen = amount_fen` when it is done: what the customer got, and what went back
    to those who had given a discount. `unclaimed`: it was refused, and its payment is again one that no sale has taken.
    """

    KIND: ClassVar[str] = "refund.ended"
    out_refund_no: str
    attempt: str
    platform: str
    amount_fen: int
    outcome: str
    refund_transaction: str | None = None
    customer_fen: int = 0
    platform_fen: int = 0
    code: str | None = None
    merchant_fen: int = 0
    unclaimed: bool = False


@dataclass(frozen=True, slots=True)
class DayOpened(Event):
    """The store's business day begins."""

    KIND: ClassVar[str] = "day.opened"
    day: str
    staff: str
    till: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One unfinished thing, by name; `what` is attempt, refund, slip, basket, unsent, unsealed …"""

    what: str
    name: str
    amount_fen: int = 0


@dataclass(frozen=True, slots=True)
class DayClosed(Event):
    """The store's business day ends; what is unfinished is listed by name, never hidden."""

    KIND: ClassVar[str] = "day.closed"
    day: str
    staff: str
    till: str
    forced_reason: str | None
    sales: int
    sales_fen: int
    refunds: int
    refunds_fen: int
    unfinished: tuple[Unfinished, ...]


@dataclass(frozen=True, slots=True)
class ShiftOpened(TradeEvent):
    """A till begins a shift with a counted float."""

    KIND: ClassVar[str] = "shift.opened"
    float_fen: int


@dataclass(frozen=True, slots=True)
class ShiftClosed(TradeEvent):
    """A shift ends: counted blind by denomination (`{"10000": 3}` = three notes of 100 yuan)."""

    KIND: ClassVar[str] = "shift.closed"
    z_number: int
    counted_fen: int
    expected_fen: int
    denominations: dict[str, int]
    over_fen: int
    short_fen: int
    reason: str | None
    approved_by: str | None
    unfinished: tuple[Unfinished, ...]


@dataclass(frozen=True, slots=True)
class DrawerMoved(TradeEvent):
    """Cash in or out without a sale: `movement` is paid_in, paid_out, drop or no_sale."""

    KIND: ClassVar[str] = "drawer.moved"
    movement: str
    amount_fen: int
    reason: str
    reference: str | None = None
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class SlipQueued(TradeEvent):
    """A slip was put into the spool; `copy` is 0 for the first, then counts reprints."""

    KIND: ClassVar[str] = "slip.queued"
    slip: str
    purpose: str
    subject: str | None
    printer: str
    copy: int = 0


@dataclass(frozen=True, slots=True)
class SlipPrinted(Event):
    """On paper, by the printer's word (`verified`) or as far as it can be known."""

    KIND: ClassVar[str] = "slip.printed"
    slip: str
    verified: bool


@dataclass(frozen=True, slots=True)
class SlipUnconfirmed(Event):
    """Nobody knows whether it is on paper; offered to the cashier."""

    KIND: ClassVar[str] = "slip.unconfirmed"
    slip: str
    code: str


@dataclass(frozen=True, slots=True)
class SlipNotPrinted(Event):
    """Not printed by policy of its tender, or because the cashier said so; it can be printed later."""

    KIND: ClassVar[str] = "slip.not_printed"
    slip: str
    code: str


@dataclass(frozen=True, slots=True)
class SlipReprinted(TradeEvent):
    """A copy of a slip was asked for; the copy says so and carries its number."""

    KIND: ClassVar[str] = "slip.reprinted"
    slip: str
    original: str
    copy: int


@dataclass(frozen=True, slots=True)
class DirectiveApplied(Event):
    """A versioned document of HQ (catalogue, prices, tenders, roles) took effect."""

    KIND: ClassVar[str] = "directive.applied"
    kind: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ActApproved(TradeEvent):
    """Somebody with the right to do so approved an act of another."""

    KIND: ClassVar[str] = "staff.approved"
    act: str
    approver: str
    subject: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class StaffChanged(Event):
    """An account of a person was made, changed, locked or disabled on the box."""

    KIND: ClassVar[str] = "staff.changed"
    member: str
    change: str
    by: str
