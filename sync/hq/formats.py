"""Forms of the pull that are text: JSON lines with places and the manifest, and CSV for spreadsheets."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sync.hq.database import Database
from sync.hq.manifest import manifest
from sync.hq.pull import RowMaker, Selection, pull_rows, resumed_tally
from sync.hq.pull_columns import Column, Kind, Rows
from sync.hq.pull_place import Place
from sync.hq.pull_postings import PostingRows
from sync.hq.pull_tenders import TenderRows

BYTE_ORDER_MARK = "\ufeff"
_LOOKS_NUMERIC = re.compile(r"[0-9]+([.,][0-9]*)?([eE][0-9]+)?")
_FORMULA = ("=", "+", "-", "@")


def documents(database: Database, selection: Selection, now_ms: int) -> Iterator[Mapping[str, object]]:
    """Yield each row as plain data, `{"cursor": …}` after each page, then `{"manifest": …}`.

    All is of one snapshot of the database. Who is cut off asks again with the last cursor and drops the rows behind it.
    """
    tally = resumed_tally(selection)
    with database.read() as connection:
        for item in pull_rows(connection, selection, _maker(selection.rows), tally):
            yield {"cursor": item.token()} if isinstance(item, Place) else item
        yield {"manifest": manifest(connection, selection, tally, now_ms)}


def _maker(rows: Rows) -> RowMaker:
    return PostingRows() if rows is Rows.POSTINGS else TenderRows()


def json_line(document: Mapping[str, object]) -> str:
    """Return one JSON line."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def csv_lines(rows: Iterable[Mapping[str, object]], columns: Sequence[Column]) -> Iterator[str]:
    """Yield the CSV text of rows, byte order mark and heading first.

    Ids that a spreadsheet would take for a number end with a tab, as in the platforms' own bills, so that none of
    their digits is lost.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    yield BYTE_ORDER_MARK + ",".join(column.name for column in columns) + "\r\n"
    for row in rows:
        writer.writerow([_cell(column, row.get(column.name)) for column in columns])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _cell(column: Column, value: object) -> object:
    if value is None or column.kind is not Kind.TEXT:
        return value
    text = str(value)
    if _LOOKS_NUMERIC.fullmatch(text):
        return f"{text}\t"
    return f"'{text}" if text.startswith(_FORMULA) else text
