"""Forms of the pull that are text: JSON lines with places and the manifest, and CSV for spreadsheets."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from sync.hq.database import Database
from sync.hq.manifest import manifest
from sync.hq.pull import Row, RowMaker, Selection, pull_rows, resumed_tally
from sync.hq.pull_books import book_rows
from sync.hq.pull_columns import Column, Kind, Rows, column_names
from sync.hq.pull_place import Place
from sync.hq.pull_postings import PostingRows
from sync.hq.pull_tenders import TenderRows

BYTE_ORDER_MARK = "\ufeff"
_LOOKS_NUMERIC = re.compile(r"[0-9]+([.,][0-9]*)?([eE][0-9]+)?")
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""What a spreadsheet takes for a formula's beginning, also behind blanks and in a Chinese keyboard's width."""
Document = Mapping[str, object]
Pages = Iterator[list[Row] | Document]
"""Pages of rows; after each `{"cursor": …}`, and `{"manifest": …}` at the end."""


def pages(database: Database, selection: Selection, now_ms: int, state: Path | None = None) -> Pages:
    """Yield the rows of a pull page by page, each a tuple in the order of its columns.

    All is of one snapshot of the database. Who is cut off asks again with the last cursor and drops the rows behind it.
    `state` is headquarters' folder, which holds the terms of payouts: rows of the books need it.
    """
    tally = resumed_tally(selection)
    with database.read() as connection:
        if selection.rows is Rows.BOOKS:
            yield from book_rows(connection, selection, state, now_ms, tally)
            yield {"manifest": manifest(connection, selection, tally, now_ms)}
            return
        for item in pull_rows(connection, selection, row_maker(selection.rows), tally):
            yield {"cursor": item.token()} if isinstance(item, Place) else item
        yield {"manifest": manifest(connection, selection, tally, now_ms)}


def documents(database: Database, selection: Selection, now_ms: int, state: Path | None = None) -> Iterator[Document]:
    """Yield the same, each row by itself under the names of its columns."""
    names = column_names(selection.rows)
    for page in pages(database, selection, now_ms, state):
        if isinstance(page, list):
            yield from (dict(zip(names, row, strict=True)) for row in page)
        else:
            yield page


def row_maker(rows: Rows) -> RowMaker:
    """Return what makes the rows that are asked for."""
    return PostingRows() if rows is Rows.POSTINGS else TenderRows()


def json_line(document: Document) -> str:
    """Return one JSON line."""
    return msgspec.json.encode(document).decode() + "\n"


def json_lines(rows: Iterable[Row], columns: Sequence[Column]) -> str:
    """Return the JSON lines of a page."""
    names = tuple(column.name for column in columns)
    return "".join([json_line(dict(zip(names, row, strict=True))) for row in rows])


def csv_lines(rows_by_page: Iterable[Sequence[Row]], columns: Sequence[Column]) -> Iterator[str]:
    """Yield the CSV text of pages, byte order mark and heading first.

    Ids that a spreadsheet would take for a number end with a tab, as in the platforms' own bills, so that none of
    their digits is lost.
    """
    yield BYTE_ORDER_MARK + ",".join(column.name for column in columns) + "\r\n"
    for rows in rows_by_page:
        buffer = io.StringIO()
        cells = [
            _cells(values) if column.kind is Kind.TEXT else values
            for column, values in zip(columns, zip(*rows, strict=True), strict=False)
        ]
        csv.writer(buffer, lineterminator="\r\n").writerows(zip(*cells, strict=True))
        yield buffer.getvalue()


def _cells(values: tuple[object, ...]) -> Iterator[object]:
    """Return a column's cells; each different value is looked at once."""
    made = {value: _cell(value) for value in set(values)}
    return map(made.__getitem__, values)


def _cell(value: object) -> object:
    if value is None:
        return value
    text = str(value)
    if _LOOKS_NUMERIC.fullmatch(text):
        return f"{text}\t"
    return f"'{text}" if text.startswith(_FORMULA) else text
