"""Alipay's account ledger of a day (账务明细): each movement of the merchant's account, its fee behind it."""

from collections.abc import Sequence
from datetime import date

from sync.platforms.amounts import platform_time, yuan
from sync.simulator.account_books import AccountBooks
from sync.simulator.alipay.packing import details, packed, summary
from sync.simulator.bills import Movement, Trade, movements_of

HEADER = (
    "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,"
    "业务类型,备注"
)
SUMMARY_HEADER = "类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）"
_WORDS = {(True, False): "在线支付", (False, False): "交易退款", (True, True): "收费", (False, True): "退费"}
"""By whether it is of a payment, and whether it is the fee."""


def ledger_zip(account: str, day: date, books: AccountBooks, trades: Sequence[Trade], made_at_ms: int) -> bytes:
    """Return the ZIP; `account` is the merchant's number with `0156` behind it."""
    moved = movements_of(trades)
    rows = [HEADER, *(_row(books, day, place, one) for place, one in enumerate(moved, 1))]
    out, into = (_sum(moved, incoming=way) for way in (False, True))
    totals = [f"#支出合计：{out[0]}笔，共{out[1]}元", f"#收入合计：{into[0]}笔，共{into[1]}元"]
    sums = f"合计,{into[0]},{into[1]},{out[0]},{out[1]},{yuan(moved[-1].balance_fen if moved else 0)}"
    whole = details("账务", account, day, rows, totals, made_at_ms)
    short = summary("账务", account, day, [SUMMARY_HEADER, sums], made_at_ms)
    return packed("账务", account, day, whole, short)


def _sum(moved: Sequence[Movement], *, incoming: bool) -> tuple[int, str]:
    found = [one.amount_fen for one in moved if one.incoming is incoming]
    return len(found), yuan(sum(found) if incoming else -sum(found))


def _row(books: AccountBooks, day: date, place: int, one: Movement) -> str:
    _, at_ms, order, _ = one.trade
    cells = [
        f"{day:%Y%m%d}{place:020d}\t",
        f"{order.transaction_no}\t",
        f"{order.out_trade_no}\t",
        books.particulars(order.out_trade_no).get("subject", ""),
        platform_time(at_ms),
        "*三(138****0000)\t",
        yuan(one.amount_fen) if one.incoming else "0.00",
        "0.00" if one.incoming else yuan(-one.amount_fen),
        yuan(one.balance_fen),
        "支付宝",
        _WORDS[one.is_payment, one.is_fee],
        "",
    ]
    return ",".join(cells)
