"""Forms of the pull: JSON lines with the manifest last, and CSV for spreadsheets."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping

from sync.hq.database import Database
from sync.hq.manifest import manifest
from sync.hq.pull import COLUMNS, Selection, Tally, pull_rows, row_document

BYTE_ORDER_MARK = "\ufeff"
_NUMBERS = frozenset({"epoch", "seq", "line", "amount_fen"})
_LOOKS_NUMERIC = re.compile(r"[0-9]+([.,][0-9]*)?([eE][0-9]+)?")
_FORMULA = ("=", "+", "-", "@")


def documents(database: Database, selection: Selection, now_ms: int) -> Iterator[dict[str, object]]:
    """Yield each row as plain data, then `{"manifest": …}`; all of one snapshot of the database."""
    tally = Tally()
    with database.read() as connection:
        for row in pull_rows(connection, selection, tally):
            yield row_document(row)
        yield {"manifest": manifest(connection, selection, tally, now_ms)}


def json_line(document: Mapping[str, object]) -> str:
    """Return one JSON line."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def csv_lines(rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Yield the CSV text of rows, byte order mark and heading first.

    Ids that a spreadsheet would take for a number end with a tab, as in the platforms' own bills, so that none of
    their digits is lost.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    yield BYTE_ORDER_MARK + ",".join(COLUMNS) + "\r\n"
    for row in rows:
        writer.writerow([_cell(name, row.get(name)) for name in COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _cell(name: str, value: object) -> object:
    if value is None or name in _NUMBERS:
        return value
    text = str(value)
    if _LOOKS_NUMERIC.fullmatch(text):
        return f"{text}\t"
    return f"'{text}" if text.startswith(_FORMULA) else text
