"""CSV as a spreadsheet opens it: text stays text, whoever wrote it."""

import csv
import io

import pytest

from sync.hq.formats import csv_lines
from sync.hq.pull_columns import COLUMNS, Rows

COLUMN = COLUMNS[Rows.TENDERS][0]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠A"])
def test_no_text_begins_like_a_formula(text: str) -> None:
    written = "".join(csv_lines([[(text,)]], [COLUMN]))
    assert list(csv.reader(io.StringIO(written, newline="")))[1:] == [[f"'{text}"]]


@pytest.mark.parametrize(("text", "shown"), [("000123", "000123\t"), ("1E5", "1E5\t"), ("一号", "一号"), (None, "")])
def test_other_text_keeps_every_character(text: str | None, shown: str) -> None:
    written = "".join(csv_lines([[(text,)]], [COLUMN]))
    (row,) = list(csv.reader(io.StringIO(written, newline="")))[1:]
    assert row == [shown] or (text is None and row == [])
