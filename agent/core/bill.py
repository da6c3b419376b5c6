"""A platform's statement of a day: the file as it came, and its lines in one shape whichever platform wrote them.

Separate from payments: a bill is evidence that is kept and matched, and decides nothing at the counter.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import BinaryIO

BillSource = bytes | BinaryIO
"""A bill as it is read: its bytes, or a file open for reading them, which is read once and never held as a whole."""


class BillType(StrEnum):
    """Which statement of a day is meant."""

    TRADE = "trade"
    """What was sold and given back: WeChat's 交易账单, Alipay's 业务明细."""
    FUNDS = "funds"
    """Each movement on the merchant's account, fees apart: WeChat's 资金账单, Alipay's 账务明细."""


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


class FundKind(StrEnum):
    """Why money moved on a merchant's account; what is in no table of ours is OTHER and keeps the platform's word."""

    PAYMENT = "payment"
    FEE = "fee"
    REFUND = "refund"
    FEE_BACK = "fee_back"
    WITHDRAWAL = "withdrawal"
    TOP_UP = "top_up"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FundLine:
    """One movement on a merchant's account; amounts in fen, `amount_fen` never negative: `incoming` is the direction.

    `flow` is the movement's own number, unique on the account. `transaction` is the platform's number of what caused
    it, `reference` the shop's: an out_trade_no, or of a refund WeChat's out_refund_no and Alipay's out_trade_no.
    `business` is the platform's own word for the kind.
    """

    kind: FundKind
    flow: str
    transaction: str
    reference: str | None
    at_ms: int
    incoming: bool
    amount_fen: int
    balance_fen: int | None
    business: str
    note: str = ""
