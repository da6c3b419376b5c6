"""Files of banks and acquirers: found by their headings, refused by row, never half read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.errors import Refused
from agent.core.mapped_file import ColumnMap, MappedRow, fen_of, moment_ms_of, rows_of

MAP = ColumnMap({"booked": "交易日期", "amount": "金额", "text": "摘要"})
FILE = '银行流水\r\n账号:622\r\n交易日期,摘要,金额\r\n2026-10-04,货款,"1,234.50"\r\n\r\n合计,,1234.50\r\n'


def rows(text: str, mapping: ColumnMap = MAP, encoding: str = "utf-8") -> list[MappedRow]:
    return list(rows_of(text.encode(encoding), mapping))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_the_heading_is_found_under_a_preamble_and_sums_end_the_file(encoding: str) -> None:
    (row,) = rows(FILE, encoding=encoding)
    assert (row.number, row.text("text"), fen_of(row, "amount", MAP)) == (4, "货款", 123_450)


def test_columns_may_move_and_others_may_come() -> None:
    (row,) = rows("金额,新列,交易日期,摘要\n5,x,2026-10-04,y\n")
    assert (fen_of(row, "amount", MAP), row.text("text")) == (500, "y")


def test_a_missing_column_is_named() -> None:
    with pytest.raises(Refused, match=r"file\.column_missing.*摘要"):
        rows("交易日期,金额\n2026-10-04,5\n")
    with pytest.raises(Refused, match=r"file\.column_missing"):
        rows("")


def test_a_row_that_ends_early_is_a_file_that_was_cut_off() -> None:
    with pytest.raises(Refused, match=r"file\.row_short \(row=2\)"):
        rows("交易日期,摘要,金额\n2026-10-04,货\n")


@pytest.mark.parametrize("data", [b"\x00\x01\x02", b"\xff\xfe\x00a", bytes(range(128, 256))])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match=r"file\.(not_text|column_missing)"):
        list(rows_of(data, MAP))


@pytest.mark.parametrize(
    ("text", "amount_fen"),
    [
        ("", 0),
        ("--", 0),
        ("0", 0),
        ("12", 1200),
        ("12.3", 1230),
        ("12.340", 1234),
        ("-12.34", -1234),
        ("12.34-", -1234),
        ("¥1,234,567.89", 123_456_789),
        ("１２．３４", 1234),
        ("+5元", 500),
    ],
)
def test_amounts_as_people_write_them(text: str, amount_fen: int) -> None:
    assert fen_of(MappedRow(1, {"amount": text}), "amount", MAP) == amount_fen


@pytest.mark.parametrize("text", ["12.345", "1e5", "abc", "1.2.3", "--5", "9" * 20, "4.2E+27", "0x10"])
def test_what_is_no_amount_is_refused_by_row_and_column(text: str) -> None:
    with pytest.raises(Refused, match=r"file\.wrong_amount \(row=7, column=金额"):
        fen_of(MappedRow(7, {"amount": text}), "amount", MAP)


def test_fen_are_not_yuan() -> None:
    mapping = ColumnMap({"amount": "金额"}, unit="fen")
    assert fen_of(MappedRow(1, {"amount": "1234"}), "amount", mapping) == 1234
    with pytest.raises(Refused):
        fen_of(MappedRow(1, {"amount": "12.34"}), "amount", mapping)


def test_times_are_of_china() -> None:
    mapping = ColumnMap({"at": "时间"}, date_format="%Y/%m/%d %H:%M:%S")
    assert moment_ms_of(MappedRow(1, {"at": "2026/10/04 00:00:00"}), "at", mapping) == 1_791_043_200_000
    with pytest.raises(Refused, match=r"file\.wrong_date"):
        moment_ms_of(MappedRow(1, {"at": "2026-10-04"}), "at", mapping)


@given(st.integers(-(10**12), 10**12))
def test_every_amount_is_read_back(amount_fen: int) -> None:
    text = f"{'-' if amount_fen < 0 else ''}{abs(amount_fen) // 100:,}.{abs(amount_fen) % 100:02d}"
    assert fen_of(MappedRow(1, {"amount": text}), "amount", MAP) == amount_fen


@given(st.binary(max_size=300))
def test_hostile_bytes_are_refused_or_read(data: bytes) -> None:
    try:
        list(rows_of(data, MAP))
    except Refused as error:
        assert error.code.startswith("file.")
