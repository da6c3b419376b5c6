"""Statements of other acquirers become bill lines by a mapping, or are refused by row."""

import pytest

from agent.core.bill import BillKind
from agent.core.errors import Refused
from agent.core.mapped_file import ColumnMap
from agent.core.settlement.acquirers import read_bill

MAP = ColumnMap(
    {"transaction": "参考号", "at": "交易时间", "amount": "交易金额", "fee": "手续费", "kind": "类型"},
    date_format="%Y-%m-%d %H:%M:%S",
)
KINDS = {"消费": BillKind.PAYMENT, "退货": BillKind.REFUND}
HEAD = "参考号,交易时间,类型,交易金额,手续费\n"


def test_payments_and_refunds_by_the_acquirers_own_words() -> None:
    text = HEAD + "001234567890,2026-10-03 12:00:00,消费,100.00,0.38\n2,2026-10-03 12:05:00,退货,-20.00,0.08\n"
    first, second = read_bill(text.encode("gbk"), MAP, "M1", KINDS)
    assert (first.kind, first.transaction, first.amount_fen, first.fee_fen) == (
        BillKind.PAYMENT,
        "001234567890",
        10_000,
        38,
    )
    assert (second.kind, second.amount_fen, second.refund_transaction) == (BillKind.REFUND, 2_000, "2")
    assert first.at_ms == 1_791_000_000_000


def test_a_word_that_nobody_named_is_no_payment() -> None:
    with pytest.raises(Refused, match=r"file\.unknown_kind \(row=2, text=冲正\)"):
        list(read_bill((HEAD + "1,2026-10-03 12:00:00,冲正,1,0\n").encode(), MAP, "M1", KINDS))


def test_without_a_column_of_kinds_the_sign_decides() -> None:
    mapping = ColumnMap({"transaction": "号", "at": "日", "amount": "额"})
    lines = read_bill("号,日,额\n1,2026-10-03,5\n2,2026-10-03,-5\n".encode(), mapping, "M1")
    assert [line.kind for line in lines] == [BillKind.PAYMENT, BillKind.REFUND]


def test_a_mapping_that_lacks_what_is_needed_is_refused() -> None:
    with pytest.raises(Refused, match=r"file\.column_missing \(columns=amount, at\)"):
        list(read_bill(b"", ColumnMap({"transaction": "号"}), "M1"))
