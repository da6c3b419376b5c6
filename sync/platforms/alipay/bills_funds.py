"""Alipay's account ledger (账务明细): each movement of the merchant's account, fees as lines of their own."""

from collections.abc import Iterator, Mapping

from agent.core.bill import BillSource, FundKind, FundLine
from sync.platforms.alipay.bill_rows import Row, Rows
from sync.platforms.amounts import fen, moment_ms
from sync.platforms.bill_lines import unreadable

TITLE = "账务明细"
_KINDS: Mapping[tuple[str, bool], FundKind] = {
    ("在线支付", True): FundKind.PAYMENT,
    ("交易付款", True): FundKind.PAYMENT,
    ("交易退款", False): FundKind.REFUND,
    ("退款", False): FundKind.REFUND,
    ("收费", False): FundKind.FEE,
    ("退费", True): FundKind.FEE_BACK,
    ("收费", True): FundKind.FEE_BACK,
    ("提现", False): FundKind.WITHDRAWAL,
    ("充值", True): FundKind.TOP_UP,
}
"""By the platform's word and whether money came in."""


def read_funds(source: BillSource) -> Iterator[FundLine]:
    """Yield the lines of an account ledger; raises `Refused` (`platform.bill_unreadable`) where it is none."""
    for row in Rows(source, TITLE):
        try:
            yield _line(row)
        except (KeyError, ValueError) as error:
            raise unreadable(str(error)) from error


def _line(row: Row) -> FundLine:
    income_fen, outgo_fen = fen(row["收入金额(+元)"] or "0"), fen(row["支出金额(-元)"] or "0")
    if income_fen and outgo_fen:
        raise ValueError("收入金额(+元)")
    incoming = income_fen > 0
    return FundLine(
        _KINDS.get((row["业务类型"], incoming), FundKind.OTHER),
        flow=row["账务流水号"],
        transaction=row["业务流水号"],
        reference=row["商户订单号"] or None,
        at_ms=moment_ms(row["发生时间"]),
        incoming=incoming,
        amount_fen=abs(income_fen or outgo_fen),
        balance_fen=fen(row["账户余额(元)"]) if row["账户余额(元)"] else None,
        business=row["业务类型"],
        note=row.get("备注", ""),
    )
