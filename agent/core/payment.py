"""Taking money on a platform: the states of an attempt, what a platform may answer, and when PAID counts.

OPEN -> PAID | DECLINED | REVERSED | CLOSED | NEVER_EXISTED; OPEN -> PARKED -> the same ends. An attempt is on disk
before the platform hears of it; after a crash it always counts as sent and is queried, never submitted again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from agent.core.bill import Bill, BillLine, BillSource, BillType, FundLine
from agent.core.errors import Broken
from agent.core.timing import Timing

PLATFORM_CLOCK_GRACE_MS = 600_000
"""A platform's time of payment may lie this much before our start of the attempt."""
NUMBER_USED = "attempt.number_used"
"""The platform knew the number before our one submission of it: what it has under that number is another order's."""


class AttemptState(StrEnum):
    """Where an attempt stands."""

    OPEN = "open"
    PARKED = "parked"
    PAID = "paid"
    DECLINED = "declined"
    REVERSED = "reversed"
    CLOSED = "closed"
    NEVER_EXISTED = "never_existed"


ENDED = frozenset(
    {
        AttemptState.PAID,
        AttemptState.DECLINED,
        AttemptState.REVERSED,
        AttemptState.CLOSED,
        AttemptState.NEVER_EXISTED,
    }
)
TRANSITIONS: dict[AttemptState, frozenset[AttemptState]] = {
    AttemptState.OPEN: ENDED | {AttemptState.PARKED},
    AttemptState.PARKED: ENDED,
    **{state: frozenset() for state in ENDED},
}


def moved(state: AttemptState, to: AttemptState) -> AttemptState:
    """Return `to` when the table allows it; raises `Broken` otherwise."""
    if to not in TRANSITIONS[state]:
        raise Broken("attempt.bad_transition", state=state.value, to=to.value)
    return to


class Custody(StrEnum):
    """Who holds the merchant's keys."""

    DIRECT = "direct"
    HQ = "hq"


class Verdict(StrEnum):
    """What a platform's believed answer means for the attempt. UNKNOWN covers time-outs and unlisted answers."""

    PAID = "paid"
    PENDING = "pending"
    DECLINED = "declined"
    REVERSED = "reversed"
    CLOSED = "closed"
    NOT_FOUND = "not_found"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PlatformAnswer:
    """One answer of a platform; amounts in fen, `code` is the platform's own or ours."""

    verdict: Verdict
    out_trade_no: str
    transaction: str | None = None
    platform_at_ms: int | None = None
    amount_fen: int | None = None
    customer_paid_fen: int | None = None
    platform_discount_fen: int = 0
    merchant_discount_fen: int = 0
    payer: str | None = None
    code: str | None = None
    platform: str | None = None
    """Which platform took the money, where another one was asked (method `phone`)."""


class RefundVerdict(StrEnum):
    """What a platform's believed answer means for a refund."""

    DONE = "done"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    TRY_LATER = "try_later"
    NOT_FOUND = "not_found"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    """One answer of a platform about a refund.

    `customer_fen + platform_fen + merchant_fen = amount_fen` when they are known: what the customer gets, and what goes
    back to those who had given a discount.
    """

    verdict: RefundVerdict
    out_refund_no: str
    refund_transaction: str | None = None
    amount_fen: int | None = None
    customer_fen: int | None = None
    platform_fen: int = 0
    code: str | None = None
    merchant_fen: int = 0


@dataclass(frozen=True, slots=True)
class RefundLimits:
    """What a platform allows; it is checked before a refund is registered. None: the platform itself says no."""

    within_days: int | None = None
    parts_max: int | None = None


class Way(StrEnum):
    """How a customer's own phone is brought to an order that waits for it."""

    QR = "qr"
    """A code that the wallet's app scans from another screen or from paper."""
    IN_APP = "in_app"
    """A page inside the wallet's own app; needs to know the payer there."""
    BROWSER = "browser"
    """A page in the phone's browser, which opens the app."""


class OfferVerdict(StrEnum):
    """Whether an order waits for the customer's phone now."""

    OPEN = "open"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Offer:
    """An order opened for the customer's phone: exactly one of `qr`, `url` and `parameters` when it is OPEN.

    `parameters` are what the page hands to the wallet's script (WeChat JSAPI: all fields of `chooseWXPay`; Alipay:
    `tradeNO`).
    """

    verdict: OfferVerdict
    out_trade_no: str
    qr: str | None = None
    url: str | None = None
    parameters: Mapping[str, str] | None = None
    code: str | None = None


class Platform(Protocol):
    """A payment platform. No method raises for the network: what is not known is the verdict UNKNOWN.

    What a platform or merchant does not have is refused by the code `platform.not_offered`.
    """

    name: str
    merchant: str
    """The account that the money goes to, as the platform's bills name it; recorded in `attempt.started`."""
    custody: Custody
    timing: Timing
    refund_limits: RefundLimits

    def pay(self, out_trade_no: str, amount_fen: int, auth_code: str, subject: str) -> PlatformAnswer:
        """Take money by the customer's payment code; submitted at most once an out_trade_no.

        A number that the platform knows already is `number_used`, whatever became of the order that it has.
        """

    def query(self, out_trade_no: str) -> PlatformAnswer:
        """Ask what became of an order."""

    def find(self, transaction: str) -> PlatformAnswer:
        """Ask which order has the platform's own number; its `out_trade_no` is the answer's, "" where none is known."""

    def reverse(self, out_trade_no: str) -> PlatformAnswer:
        """Undo an order, paid or not; REVERSED or CLOSED when confirmed."""

    def refund(self, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int) -> RefundAnswer:
        """Give money back; the same `out_refund_no` again returns the present state and never pays twice."""

    def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundAnswer:
        """Ask what became of a refund."""

    def offer(
        self,
        way: Way,
        out_trade_no: str,
        amount_fen: int,
        subject: str,
        expires_at_ms: int,
        payer: str | None = None,
    ) -> Offer:
        """Open an order that the customer pays on the own phone; `payer` is who they are there, for IN_APP.

        Code `NUMBER_USED`, REFUSED or UNKNOWN: the number was known, and the order can't be opened any more.
        """

    def close(self, out_trade_no: str) -> PlatformAnswer:
        """Close an order that was offered: CLOSED when it can't be paid any more, PAID when it was paid before."""

    def fetch_bill(self, day: date, bill_type: BillType = BillType.TRADE) -> Bill:
        """Fetch one of the platform's bills of a day (GMT+8), whole and with its hash checked where there is one."""

    def read_bill(self, source: BillSource) -> Iterator[BillLine]:
        """Read a trade bill's lines by the names of its columns, one at a time, in memory that does not grow.

        Raises `Refused` when it is none, when it is cut off, and where a line can't be read.
        """

    def read_funds(self, source: BillSource) -> Iterator[FundLine]:
        """Read a fund bill's lines, under the same promises."""


def number_used(out_trade_no: str) -> PlatformAnswer:
    """Return the answer to a submission that came upon an earlier order: nothing was taken by it, nor will be."""
    return PlatformAnswer(Verdict.DECLINED, out_trade_no, code=NUMBER_USED)


def counts_as_paid(answer: PlatformAnswer, amount_fen: int, started_at_ms: int) -> str | None:
    """Return None when a PAID answer counts, else the code of the contradiction.

    It counts only with equal amount, a platform time not before the attempt (10 minutes grace) and a transaction id.
    """
    if answer.transaction is None:
        return "attempt.no_transaction"
    if answer.amount_fen != amount_fen:
        return "attempt.amount_differs"
    if answer.platform_at_ms is None:
        return "attempt.no_platform_time"
    if answer.platform_at_ms < started_at_ms - PLATFORM_CLOCK_GRACE_MS:
        return "attempt.platform_time_before_start"
    return None
