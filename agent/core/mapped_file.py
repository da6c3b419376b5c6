"""Tables that other programs write, read by a mapping of columns: bank statements, acquirers, voucher platforms.

A mapping names the columns by their headings, so that a bank may move or add columns. What can't be read is refused
with the row's number as a spreadsheet shows it; no row is left out silently.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from agent.core.errors import Refused

FILE_BYTES_MAX = 64 * 1024 * 1024
CELL_CHARACTERS_MAX = 1000
AMOUNT_FEN_MAX = 10**15
CHINA = timezone(timedelta(hours=8))
_ENCODINGS = ("utf-8-sig", "gb18030")
_MONEY = re.compile(r"([+-]?)(\d+)(?:\.(\d{1,2})0*)?")
_PADDING = " \t\r\n`'\"\u3000\u00a0"


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """How a file is read. `columns` maps our names to headings; `last` words begin the rows that only add up.

    `heading_row` counts from 1; 0 looks for the first row that holds all headings, as exports with a preamble need.
    `unit` is "yuan" or "fen". `date_format` is that of `strptime`; times are China's.
    """

    columns: Mapping[str, str]
    heading_row: int = 0
    delimiter: str = ","
    unit: str = "yuan"
    date_format: str = "%Y-%m-%d"
    constants: Mapping[str, str] = field(default_factory=dict)
    last: tuple[str, ...] = ("合计", "总计", "本页合计", "total")


@dataclass(frozen=True, slots=True)
class MappedRow:
    """One row: our names to text, and its number in the file."""

    number: int
    cells: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return a cell without padding, back-ticks and quotes; empty when the mapping has none."""
        return self.cells.get(name, "")


def rows_of(data: bytes, mapping: ColumnMap) -> Iterator[MappedRow]:
    """Yield the rows under the heading until the file ends or a sum begins.

    Refuses with `file.too_large`, `file.not_text`, `file.column_missing` (which heading) and `file.row_short` (which
    row).
    """
    table = enumerate(_cells(_decoded(data), mapping.delimiter), 1)
    places = _places(table, mapping)
    for number, cells in table:
        cleaned = [cell.strip(_PADDING)[:CELL_CHARACTERS_MAX] for cell in cells]
        if not any(cleaned):
            continue
        if cleaned[0].lower().startswith(mapping.last):
            return
        if len(cleaned) <= max(places.values()):
            raise Refused("file.row_short", row=number)
        found = {name: cleaned[place] for name, place in places.items()}
        yield MappedRow(number, {**mapping.constants, **found})


def fen_of(row: MappedRow, name: str, mapping: ColumnMap) -> int:
    """Return a signed amount in fen; an empty cell is nothing. Refuses with `file.wrong_amount`.

    Thousands' commas, a currency sign, full-width digits and a trailing minus are understood; a third decimal is not.
    """
    text = row.text(name).translate(_HALF_WIDTH).replace(",", "").strip("¥￥元 ")
    if not text or text in ("-", "--"):
        return 0
    if text.endswith("-"):
        text = f"-{text[:-1]}"
    match = _MONEY.fullmatch(text)
    if match is None or (mapping.unit == "fen" and match[3]):
        raise Refused("file.wrong_amount", row=row.number, column=mapping.columns.get(name, name), text=text[:30])
    amount_fen = int(match[2]) if mapping.unit == "fen" else int(match[2]) * 100 + int((match[3] or "0").ljust(2, "0"))
    if amount_fen > AMOUNT_FEN_MAX:
        raise Refused("file.wrong_amount", row=row.number, column=mapping.columns.get(name, name), text=text[:30])
    return -amount_fen if match[1] == "-" else amount_fen


def moment_ms_of(row: MappedRow, name: str, mapping: ColumnMap) -> int:
    """Return a time in milliseconds UTC; refuses with `file.wrong_date`."""
    text = row.text(name)
    try:
        moment = datetime.strptime(text, mapping.date_format).replace(tzinfo=CHINA)
    except ValueError as error:
        column = mapping.columns.get(name, name)
        raise Refused("file.wrong_date", row=row.number, column=column, text=text[:30]) from error
    return int(moment.astimezone(UTC).timestamp()) * 1000


_HALF_WIDTH = {0xFF10 + digit: str(digit) for digit in range(10)} | {0xFF0E: ".", 0xFF0D: "-", 0xFF0C: ","}


def _decoded(data: bytes) -> str:
    if len(data) > FILE_BYTES_MAX:
        raise Refused("file.too_large", bytes_max=FILE_BYTES_MAX)
    for encoding in _ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refused("file.not_text")


def _cells(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=None), delimiter=delimiter)
    except csv.Error as error:
        raise Refused("file.not_text") from error


def _places(table: Iterator[tuple[int, list[str]]], mapping: ColumnMap) -> dict[str, int]:
    """Read up to the heading and return where each of our columns stands."""
    wanted = set(mapping.columns.values())
    missing = wanted
    for number, cells in table:
        if mapping.heading_row and number < mapping.heading_row:
            continue
        headings = [cell.strip(_PADDING) for cell in cells]
        lacking = wanted - set(headings)
        if not lacking:
            return {name: headings.index(heading) for name, heading in mapping.columns.items()}
        missing = min(missing, lacking, key=len)
        if mapping.heading_row:
            break
    raise Refused("file.column_missing", columns=", ".join(sorted(missing)))
