"""WeChat Pay's fund-flow bill: each movement of a merchant's basic account, fees as lines of their own."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from agent.core.bill import BillSource, FundKind, FundLine
from sync.platforms.amounts import fen, moment_ms
from sync.platforms.bill_lines import unreadable
from sync.platforms.wechat.bill_rows import Row, Rows

_SUMS = "资金流水总笔数"
_NEEDED = (
    *("记账时间", "微信支付业务单号", "资金流水单号", "业务类型", "收支类型", "收支金额(元)", "账户结余(元)"),
    *("业务凭证号",),
)
_KINDS: Mapping[str, FundKind] = {
    "交易": FundKind.PAYMENT,
    "扣除交易手续费": FundKind.FEE,
    "退款": FundKind.REFUND,
    "退还交易手续费": FundKind.FEE_BACK,
    "提现": FundKind.WITHDRAWAL,
    "充值": FundKind.TOP_UP,
}
_DIRECTIONS: Mapping[str, bool] = {"收入": True, "支出": False}


def read_funds(source: BillSource) -> Iterator[FundLine]:
    """Yield the lines of a fund bill; raises `Refused` (`platform.bill_unreadable`) where it is none or not whole.

    The bill counts its lines at its end; the count is printed as `20` or `20.0`.
    """
    rows = Rows(source, _SUMS, free_text="备注")
    rows.need(*_NEEDED)
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - the count is what the end is compared with
        yield _line(row)
    try:
        stated = Decimal(rows.sums[_SUMS])
    except (KeyError, InvalidOperation) as error:
        raise unreadable(_SUMS) from error
    if stated != count:
        raise unreadable(_SUMS)


def _line(row: Row) -> FundLine:
    try:
        return FundLine(
            _KINDS.get(row["业务类型"], FundKind.OTHER),
            flow=row["资金流水单号"],
            transaction=row["微信支付业务单号"],
            reference=row["业务凭证号"] or None,
            at_ms=moment_ms(row["记账时间"]),
            incoming=_DIRECTIONS[row["收支类型"]],
            amount_fen=abs(fen(row["收支金额(元)"])),
            balance_fen=fen(row["账户结余(元)"]) if row["账户结余(元)"] else None,
            business=row["业务类型"],
            note=row.get("备注", ""),
        )
    except (KeyError, ValueError) as error:
        raise unreadable(str(error)) from error
