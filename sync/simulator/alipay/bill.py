"""Alipay's business bill of a day (业务明细): each payment, and what went back."""

from collections.abc import Sequence
from datetime import date

from sync.platforms.amounts import platform_time, yuan
from sync.simulator.account_books import AccountBooks
from sync.simulator.alipay.packing import details, packed, summary
from sync.simulator.bills import Trade, fee_fen

HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
SUMMARY_HEADER = (
    "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,"
    "卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）"
)


def bill_zip(account: str, day: date, books: AccountBooks, trades: Sequence[Trade], made_at_ms: int) -> bytes:
    """Return the ZIP; `account` is the merchant's number with `0156` behind it."""
    rows = [HEADER, *(_row(books, one) for one in trades)]
    whole = details("业务", account, day, rows, _totals(trades), made_at_ms)
    short = summary("业务", account, day, [SUMMARY_HEADER, _sums("合计", "", trades)], made_at_ms)
    return packed("业务", account, day, whole, short)


def _amount_fen(trade: Trade) -> int:
    kind, _, order, refund = trade
    amount_fen = refund.amount_fen if refund is not None else order.amount_fen
    return amount_fen if kind == "payment" else -amount_fen


def _fee_fen(trade: Trade) -> int:
    """Return the fee with the sign of the file: charged is negative."""
    amount_fen = _amount_fen(trade)
    return -fee_fen(amount_fen) if amount_fen > 0 else fee_fen(-amount_fen)


def _discount_fen(trade: Trade) -> int:
    kind, _, order, refund = trade
    if kind == "payment":
        return order.platform_discount_fen
    return -(refund.platform_fen if refund is not None else order.platform_discount_fen)


def _row(books: AccountBooks, trade: Trade) -> str:
    kind, at_ms, order, refund = trade
    said, amount = books.particulars(order.out_trade_no), yuan(_amount_fen(trade))
    number = refund.out_refund_no if refund is not None else ""
    cells = [
        f"{order.transaction_no}\t",
        f"{order.out_trade_no}\t",
        f"{'交易' if kind == 'payment' else '退款'}\t",
        said.get("subject", ""),
        platform_time(order.created_at_ms if kind == "payment" else at_ms),
        platform_time(at_ms),
        f"{said.get('store', '')}\t",
        "\t",
        f"{said.get('operator', '')}\t",
        f"{said.get('device', '')}\t",
        "*三(138****0000)\t",
        amount,
        amount,
        *("0.00", "0.00", yuan(_discount_fen(trade)), "0.00", "0.00", "", "0.00\t", "0.00"),
        f"{number}\t",
        yuan(_fee_fen(trade)),
        "0.00",
        "",
    ]
    return ",".join(cells)


def _totals(trades: Sequence[Trade]) -> list[str]:
    paid = [one for one in trades if one[0] == "payment"]
    back = [one for one in trades if one[0] != "payment"]
    return [
        f"#交易合计：{len(paid)}笔，商家实收共{yuan(sum(map(_amount_fen, paid)))}元，商家优惠共0.00元",
        f"#退款合计：{len(back)}笔，商家实收退款共{yuan(sum(map(_amount_fen, back)))}元，商家优惠退款共0.00元",
    ]


def _sums(store: str, name: str, trades: Sequence[Trade]) -> str:
    net_fen, fees_fen = sum(map(_amount_fen, trades)), sum(map(_fee_fen, trades))
    paid = sum(one[0] == "payment" for one in trades)
    figures = (yuan(net_fen), yuan(net_fen), yuan(sum(map(_discount_fen, trades))), "0.00", "0.00", yuan(fees_fen))
    return ",".join((store, name, str(paid), str(len(trades) - paid), *figures, "0.00", yuan(net_fen + fees_fen)))
