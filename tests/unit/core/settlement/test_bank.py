"""Bank statements: the same line has the same number for ever, whichever file brings it."""

import pytest

from agent.core.errors import Refused
from agent.core.mapped_file import ColumnMap
from agent.core.settlement.bank import BankLine, read_statement

MAP = ColumnMap(
    {"booked": "日期", "credit": "贷方", "debit": "借方", "counterparty": "对方户名", "text": "摘要"},
    constants={"account": "6222"},
)
HEAD = "日期,对方户名,摘要,借方,贷方\n"
FIRST = "2026-10-05,财付通,结算,,988.00\n"
SECOND = "2026-10-05,财付通,结算,,988.00\n"
THIRD = "2026-10-06,房东,房租,5000.00,\n"


def lines(text: str) -> list[BankLine]:
    return list(read_statement(text.encode(), MAP))


def test_credits_are_positive_and_debits_negative() -> None:
    assert [line.amount_fen for line in lines(HEAD + FIRST + THIRD)] == [98_800, -500_000]
    assert {line.account for line in lines(HEAD + FIRST)} == {"6222"}


def test_equal_lines_are_two_and_an_overlapping_file_adds_nothing() -> None:
    both = lines(HEAD + FIRST + SECOND + THIRD)
    assert len({line.line for line in both}) == 3
    assert [line.line for line in lines(HEAD + FIRST)] == [both[0].line]
    assert {line.line for line in lines(HEAD + THIRD + FIRST + SECOND)} == {line.line for line in both}


def test_a_mapping_without_an_amount_is_refused() -> None:
    with pytest.raises(Refused, match=r"bank\.no_amount"):
        list(read_statement(HEAD.encode(), ColumnMap({"booked": "日期"})))
