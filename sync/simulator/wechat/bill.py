"""WeChat Pay's trade bill (ALL, 27 columns) and fund-flow bill, as text in the vendor's form. Pure."""

from collections.abc import Sequence

from sync.platforms.amounts import platform_time, yuan
from sync.simulator.account_books import AccountBooks
from sync.simulator.accounts import Account
from sync.simulator.bills import Movement, Trade, fee_fen, movements_of
from sync.simulator.wechat.documents import BANK, openid

HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
_BOTH = HEADER.split(",")
HEADERS = {
    "ALL": _BOTH,
    "SUCCESS": [*_BOTH[:14], "商品名称", "商户数据包", "手续费", "费率", "订单金额", "费率备注"],
    "REFUND": [*_BOTH[:14], "退款申请时间", "退款成功时间", *_BOTH[14:]],
}
"""The columns by `bill_type`: 27, 20 and 29."""
SUMS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
FUND_HEADER = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
FUND_SUMS = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
RATE = "0.60%"


def has_none(trades: Sequence[Trade], kind: str) -> bool:
    """Tell whether there is no bill of a `kind`, SUCCESS or REFUND, since the day had others only."""
    return kind != "ALL" and bool(trades) and not _wanted(trades, kind)


def _wanted(trades: Sequence[Trade], kind: str) -> list[Trade]:
    return [one for one in trades if kind == "ALL" or (one[0] == "payment") == (kind == "SUCCESS")]


def trade_bill(account: Account, books: AccountBooks, trades: Sequence[Trade], kind: str = "ALL") -> bytes:
    """Return the trade bill of a day; `kind` SUCCESS or REFUND leaves the other rows out."""
    wanted = _wanted(trades, kind)
    names = HEADERS.get(kind, _BOTH)
    lines = [",".join(names)]
    for one in wanted:
        row = _row(account, books, one)
        lines.append(_cells(*(row[name] for name in names)))
    return "\r\n".join([*lines, SUMS, _sums(wanted), ""]).encode()


def fund_bill(trades: Sequence[Trade]) -> bytes:
    """Return the fund-flow bill of the basic account: each payment and refund, and its fee."""
    moved = movements_of(trades)
    lines = [FUND_HEADER, *(_fund_row(place, one) for place, one in enumerate(moved, 1))]
    into, out = ([one.amount_fen for one in moved if one.incoming is way] for way in (True, False))
    sums = (f"{len(moved)}.0", f"{len(into)}.0", yuan(sum(into)), f"{len(out)}.0", yuan(sum(out)))
    return "\r\n".join([*lines, FUND_SUMS, _cells(*sums), ""]).encode()


def _fund_row(place: int, one: Movement) -> str:
    _, at_ms, order, refund = one.trade
    name = "交易" if one.is_payment else "退款"
    fee = "扣除交易手续费" if one.is_payment else "退还交易手续费"
    return _cells(
        platform_time(at_ms),
        order.transaction_no,
        f"{order.transaction_no[10:18]}{place:020d}",
        name,
        fee if one.is_fee else name,
        "收入" if one.incoming else "支出",
        yuan(one.amount_fen),
        yuan(one.balance_fen),
        "system",
        "",
        refund.out_refund_no if refund is not None else order.out_trade_no,
    )


def _cells(*values: str) -> str:
    return ",".join(f"`{value}" for value in values)


def _fee(amount_fen: int, sign: str) -> str:
    return f"{sign}{yuan(fee_fen(amount_fen))}000"


def _row(account: Account, books: AccountBooks, trade: Trade) -> dict[str, str]:
    kind, at_ms, order, refund = trade
    said = books.particulars(order.out_trade_no)
    paid = kind == "payment"
    amount_fen = refund.amount_fen if refund is not None else order.amount_fen
    discount_fen = order.platform_discount_fen if paid else 0
    back = (
        (
            refund.refund_transaction,
            refund.out_refund_no,
            yuan(amount_fen),
            yuan(refund.platform_fen),
            "ORIGINAL",
            "SUCCESS",
        )
        if refund is not None
        else ("0", "0", yuan(0) if paid else yuan(amount_fen), yuan(0), "", "" if paid else "SUCCESS")
    )
    cells = (
        platform_time(at_ms),
        account.values["appid"],
        account.values["mchid"],
        account.values.get("sub_mchid", "0"),
        said.get("device", ""),
        order.transaction_no,
        order.out_trade_no,
        openid(order),
        said.get("trade_type", "MICROPAY"),
        {"payment": "SUCCESS", "refund": "REFUND", "reversal": "REVOKED"}[kind],
        BANK,
        "CNY",
        yuan(amount_fen) if paid else yuan(0),
        yuan(discount_fen),
        *back,
        _plain(said.get("subject", "")),
        _plain(said.get("attach", "")),
        _fee(amount_fen, "" if paid else "-"),
        RATE,
        yuan(amount_fen) if paid else yuan(0),
        yuan(0) if paid else yuan(amount_fen),
        "",
    )
    times = dict.fromkeys(("退款申请时间", "退款成功时间"), "" if paid else platform_time(at_ms))
    return {**dict(zip(_BOTH, cells, strict=True)), **times}


def _plain(text: str) -> str:
    """Return a merchant's text as the bill writes it: line ends as two characters."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _sums(trades: Sequence[Trade]) -> str:
    paid_fen = sum(order.amount_fen for kind, _, order, _ in trades if kind == "payment")
    gone = [one for one in trades if one[0] != "payment"]
    back_fen = sum(refund.amount_fen if refund is not None else order.amount_fen for _, _, order, refund in gone)
    coupon_fen = sum(refund.platform_fen for _, _, _, refund in gone if refund is not None)
    fees_fen = sum(fee_fen(order.amount_fen) for kind, _, order, _ in trades if kind == "payment") - sum(
        fee_fen(refund.amount_fen if refund is not None else order.amount_fen) for _, _, order, refund in gone
    )
    fees = f"{yuan(fees_fen)}000"
    return _cells(
        str(len(trades)), yuan(paid_fen), yuan(back_fen), yuan(coupon_fen), fees, yuan(paid_fen), yuan(back_fen)
    )
