"""A platform's statement of a day: the file as it came, and its lines in one shape whichever platform wrote them.

Separate from payments: a bill is evidence that is kept and matched, and decides nothing at the counter.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class BillVerdict(StrEnum):
    """What came of asking for a bill."""

    READY = "ready"
    NOT_YET = "not_yet"
    """The platform has not made it yet, or only a broken one came: ask again later."""
    NOTHING = "nothing"
    """The platform says that there is no bill: no trade that day, or a wrong merchant. It proves no match."""
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Bill:
    """An answer to the wish for a bill; `content` are the bytes to keep, as downloaded and unpacked from transport.

    `sha256` (lower-case hex) is over `content`. WeChat: the text itself, after gzip; Alipay: the ZIP file.
    """

    verdict: BillVerdict
    day: date
    content: bytes | None = None
    sha256: str | None = None
    code: str | None = None


class BillKind(StrEnum):
    """What a line says happened."""

    PAYMENT = "payment"
    REFUND = "refund"
    REVERSAL = "reversal"
    """A paid order was undone as a whole, without a refund number of the shop."""


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of a bill; amounts in fen and never negative, the kind gives the direction.

    `amount_fen` is what the shop asked for or gave back (WeChat 订单金额 or 申请退款金额, Alipay 订单金额);
    `settled_fen` what moves on the merchant's account before the fee; `fee_fen` the fee charged, on a refund the fee
    given back. `at_ms` is the platform's time: of the payment, or of the refund's acceptance.
    """

    kind: BillKind
    merchant: str
    out_trade_no: str
    transaction: str
    out_refund_no: str | None
    refund_transaction: str | None
    at_ms: int
    amount_fen: int
    settled_fen: int
    fee_fen: int
    subject: str = ""
    terminal: str = ""
    payer: str | None = None
