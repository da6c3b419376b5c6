"""Fund bills of both platforms: movements and fees by names of columns, whatever order and width these have."""

import random

import pytest

from agent.core.bill import FundKind
from agent.core.errors import Refused
from sync.platforms.alipay.bills_funds import read_funds as read_alipay
from sync.platforms.wechat.bills_funds import read_funds as read_wechat
from sync.simulator.alipay.ledger_bill import HEADER
from tests.unit.sync.platforms.test_alipay import zipped

NAMES = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
SALE = ["2026-10-03 09:12:45", "42001", "F1", "交易", "交易", "收入", "12.80", "112.80", "system", "", "S01-123"]
FEE = [*SALE[:2], "F2", "交易", "扣除交易手续费", "支出", "0.08", "112.72", "system", "", "S01-123"]
REFUND = ["2026-10-03 11:00:00", "42001", "F3", "退款", "退款", "支出", "12.80", "99.92", "system", "换货", "RF-1"]
PAID_OUT = ["2026-10-03 12:00:00", "9", "F4", "充值提现", "提现", "支出", "90.00", "9.92", "老板", "a,b", ""]
ODD = ["2026-10-03 13:00:00", "8", "F5", "分账", "分账冻结", "支出", "1.00", "8.92", "system", "", "P1"]


def wechat(*rows: list[str], names: str = NAMES, count: str | None = None, end: str = "\n") -> bytes:
    lines = [names, *(",".join(f"`{cell}" for cell in row) for row in rows)]
    sums = f"`{count if count is not None else len(rows)},`1,`12.80,`1,`0.08"
    return end.join([*lines, "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额", sums, ""]).encode()


def test_each_movement_has_a_kind_and_a_direction() -> None:
    sale, fee, refund, paid_out, odd = read_wechat(wechat(SALE, FEE, REFUND, PAID_OUT, ODD, count="5.0", end="\r\n"))
    assert (sale.kind, sale.incoming, sale.amount_fen, sale.balance_fen) == (FundKind.PAYMENT, True, 1280, 11280)
    assert (sale.flow, sale.transaction, sale.reference) == ("F1", "42001", "S01-123")
    assert (fee.kind, fee.incoming, fee.amount_fen) == (FundKind.FEE, False, 8)
    assert (refund.kind, refund.reference, refund.note) == (FundKind.REFUND, "RF-1", "换货")
    assert (paid_out.kind, paid_out.reference, paid_out.note) == (FundKind.WITHDRAWAL, None, "a,b")
    assert (odd.kind, odd.business) == (FundKind.OTHER, "分账冻结")


def test_columns_may_stand_in_any_order_and_new_ones_among_them() -> None:
    names = [*NAMES.split(","), "新的一列"]
    places = list(range(len(names)))
    random.Random(7).shuffle(places)
    rows = [[[*row, "x"][place] for place in places] for row in (SALE, FEE, REFUND)]
    shuffled = wechat(*rows, names=",".join(names[place] for place in places))
    assert list(read_wechat(shuffled)) == list(read_wechat(wechat(SALE, FEE, REFUND)))


def test_a_remark_with_the_separator_moves_nothing() -> None:
    hostile = [*SALE[:9], "a,`b,`c", SALE[10]]
    (line,) = read_wechat(wechat(hostile))
    assert (line.reference, line.note, line.amount_fen) == ("S01-123", "a,`b,`c", 1280)


@pytest.mark.parametrize(
    "content",
    [
        wechat(SALE, FEE, count="3"),
        wechat(SALE, count="many"),
        wechat(SALE, names=NAMES.replace("业务凭证号", "别的")),
        wechat([*SALE[:5], "其他", *SALE[6:]]),
        wechat(["soon", *SALE[1:]]),
        wechat([*SALE[:6], "NaN", *SALE[7:]]),
        wechat(SALE[:8]),
        b"",
        "没有账单".encode("gbk"),
    ],
)
def test_what_is_no_fund_bill_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match=r"platform\.bill_unreadable"):
        list(read_wechat(content))


def ledger(*rows: str, header: str = HEADER) -> bytes:
    head = ["#支付宝账务明细查询", "#账号：[20880000000000000156]", header]
    return zipped([*head, *rows, "#----账务明细列表结束----"], "20880000000000000156_20261003_账务明细.csv")


def moved(business: str, income: str, outgo: str, name: str = "餐", remark: str = "") -> str:
    head = f"2026A1\t,2026T1\t,S01-140\t,{name},2026-10-03 12:00:04,*三(138****0000)\t"
    return f"{head},{income},{outgo},120.00,支付宝,{business},{remark}"


def test_the_ledger_of_alipay() -> None:
    rows = (
        moved("在线支付", "35.00", "0.00", name="面,大份,2026-10-03 08:00:00,加蛋"),
        moved("收费", "0.00", "-0.21", remark="服务费,0.6%"),
        moved("交易退款", "", "-10.00"),
        moved("退费", "0.06", ""),
        moved("转账", "1.00", "0.00"),
    )
    sale, fee, refund, fee_back, odd = read_alipay(ledger(*rows))
    assert (sale.kind, sale.incoming, sale.amount_fen, sale.balance_fen) == (FundKind.PAYMENT, True, 3500, 12000)
    assert (sale.flow, sale.transaction, sale.reference) == ("2026A1", "2026T1", "S01-140")
    assert (fee.kind, fee.amount_fen, fee.note) == (FundKind.FEE, 21, "服务费,0.6%")
    assert (refund.kind, refund.incoming, refund.amount_fen) == (FundKind.REFUND, False, 1000)
    assert (fee_back.kind, fee_back.amount_fen) == (FundKind.FEE_BACK, 6)
    assert (odd.kind, odd.business) == (FundKind.OTHER, "转账")


@pytest.mark.parametrize(
    "content",
    [
        ledger(moved("在线支付", "1.00", "-1.00")),
        ledger(moved("在线支付", "one", "0")),
        ledger(moved("在线支付", "1.00", "0"), header=HEADER.replace("业务类型", "别的")),
        zipped(["#支付宝账务明细查询", HEADER, moved("在线支付", "1.00", "0")], "1_账务明细.csv"),
        zipped(["#支付宝业务明细查询", "#----业务明细列表结束----"]),
    ],
)
def test_what_is_no_ledger_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match=r"platform\.bill_unreadable"):
        list(read_alipay(content))
