"""The figures of X, Z and day reports, as plain data. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from agent.core.receipt_parts import Reduction


@dataclass(frozen=True, slots=True)
class CountedReduction:
    """A kind of discount over a whole report; `count` None isn't shown."""

    name: str
    amount_fen: int
    count: int | None = None


@dataclass(frozen=True, slots=True)
class SalesTotals:
    """Sales before reductions, what was taken off, what was given back.

    Before the count `gross_fen` and `net_fen` are None: with the other tenders they would tell the cash.
    """

    count: int
    gross_fen: int | None
    reductions: tuple[CountedReduction, ...]
    refunds: int
    refunds_fen: int
    net_fen: int | None


@dataclass(frozen=True, slots=True)
class TenderTotal:
    """One tender of a report, refunds taken off (may be negative); `amount_fen` None isn't to be seen yet."""

    name: str
    count: int
    amount_fen: int | None


@dataclass(frozen=True, slots=True)
class OtherIncome:
    """Money in that is no sale: top-ups, deposits. `gift` is what was given on top and not paid."""

    name: str
    count: int
    tender: str
    amount_fen: int
    gift: Reduction | None = None


@dataclass(frozen=True, slots=True)
class PlatformDue:
    """What a platform owes for this report, to be compared with its bill."""

    name: str
    due_fen: int
    discount_fen: int = 0
    with_top_ups: bool = False


class Movement(StrEnum):
    """Why cash moved besides sales."""

    REFUNDS = "refunds"
    DEPOSITS = "deposits"
    TOP_UPS = "top_ups"
    PAID_IN = "paid_in"
    PAID_OUT = "paid_out"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class CashMovement:
    """One movement; the amount is never negative. `note` is the reason or the number of the bag."""

    movement: Movement
    amount_fen: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class CashCount:
    """The drawer's account; `counted_fen` None: not counted, as in a forced close."""

    float_fen: int
    sales_fen: int
    movements: tuple[CashMovement, ...]
    expected_fen: int
    counted_fen: int | None
    reason: str = ""


class Loose(StrEnum):
    """What may be left unfinished at the end of a shift or day."""

    UNKNOWN = "unknown"
    PARKED = "parked"
    PROOFS = "proofs"
    STATIC_CODES = "static_codes"
    REFUNDS = "refunds"
    SLIPS = "slips"
    HELD = "held"
    DEPOSITS = "deposits"
    UNSENT = "unsent"
    UNSEALED = "unsealed"


@dataclass(frozen=True, slots=True)
class LooseEnd:
    """One unfinished thing or several of a kind; `name` is that of a held sale."""

    what: Loose
    count: int = 1
    amount_fen: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Operations:
    """How often something happened that a manager looks at."""

    cancelled: int = 0
    returned: int = 0
    returned_fen: int = 0
    gifts: int = 0
    gifts_fen: int = 0
    price_changes: int = 0
    reprints: int = 0
    no_sales: int = 0
    approvals: int = 0
    practice: int = 0
    lines_removed: int = 0
    lines_removed_fen: int = 0
    counts_off: int = 0
    """Counts of the drawer that differed before the one that closed the shift."""


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """Sales with tax at one rate, in hundredths of a per cent."""

    tax_bp: int
    amount_fen: int

    @property
    def rate(self) -> str:
        """Write the rate, `6%`, `6.5%`."""
        whole, rest = divmod(self.tax_bp, 100)
        return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


@dataclass(frozen=True, slots=True)
class TaxTotals:
    """Sales by rate, and how many invoices were asked for."""

    rates: tuple[TaxTotal, ...]
    invoices: int = 0
    invoices_fen: int = 0
