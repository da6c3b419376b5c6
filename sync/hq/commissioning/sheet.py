"""The sheet of a roll-out as people keep it: CSV as Excel saves it here (GB18030, or UTF-8 with its mark), or XLSX.

Reading finds every fault with its row and column; nothing is decided here about what becomes of the rows.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from itertools import islice

from agent.core.errors import Refused
from sync.hq.commissioning.sheet_fields import COLUMNS, ROW_MAX, FieldFault, PlannedStore, parsed_row

SHEET_BYTES_MAX = 5 * 1024 * 1024
INFLATED_BYTES_MAX = 64 * 1024 * 1024
XLSX_ROW_MAX, XLSX_COLUMN_MAX = 1_048_576, 64
"""How far a workbook is looked at: its last row may be a blank one with a border, its width a slip of the mouse."""
FORMULA_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!"})
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,  # encrypted, packed in a way that is not known
    KeyError,
    ValueError,
    IndexError,
    OSError,
    TypeError,
    SyntaxError,
)
"""What the library raises for a workbook that was damaged on its way."""
NAMES: dict[str, str] = {name: column.name for column in COLUMNS for name in (column.name, *column.also)}


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in one place of a sheet; `row` as a spreadsheet counts, from 1; `column` as it is headed."""

    row: int
    column: str
    zh: str
    en: str

    def text(self, chinese: bool) -> str:
        """Return the fault in a line."""
        return f"第 {self.row} 行 {self.column}:{self.zh}" if chinese else f"row {self.row}, {self.column}: {self.en}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was read: the stores, or the faults because of which none of them counts."""

    stores: Sequence[PlannedStore]
    faults: Sequence[RowFault]


def read_sheet(data: bytes) -> Sheet:
    """Return the stores of a sheet and every fault. Refuses with `rollout.bad_sheet` what is no sheet at all."""
    if not data.strip() or len(data) > SHEET_BYTES_MAX:
        raise Refused("rollout.bad_sheet", reason=f"{len(data)} bytes")
    rows = _xlsx(data) if data.startswith(b"PK\x03\x04") else _csv(data)
    filled = [(number, cells) for number, cells in rows if any(cells)]
    if len(filled) > ROW_MAX:
        raise Refused("rollout.bad_sheet", reason=f"> {ROW_MAX} rows")
    if not filled:
        raise Refused("rollout.bad_sheet", reason="no row")
    return _read(filled)


def _read(rows: Sequence[tuple[int, Sequence[str]]]) -> Sheet:
    (head_row, heads), body = rows[0], rows[1:]
    columns, faults = _columns(head_row, heads)
    if faults:
        return Sheet((), faults)
    stores: list[PlannedStore] = []
    seen: dict[str, int] = {}
    for number, cells in body:
        shown = {column: heads[place] for place, column in columns.items()}
        values = {column: cells[place] if place < len(cells) else "" for place, column in columns.items()}
        store, wrong = parsed_row(values)
        if failed := [column for column, value in values.items() if value in FORMULA_ERRORS]:
            store, wrong = None, [one for one in wrong if one.column not in failed]
            wrong += [FieldFault(column, "公式没算出来", "a formula without a result") for column in failed]
        wrong = [*wrong, *_surplus(cells, len(heads))]
        if store is not None and store.store in seen:
            first = seen[store.store]
            wrong.append(FieldFault("store", f"和第 {first} 行是同一家店", f"the same store as in row {first}"))
        faults += [RowFault(number, shown.get(one.column, one.column), one.zh, one.en) for one in wrong]
        if store is not None:
            seen.setdefault(store.store, number)
            stores.append(store)
    return Sheet(() if faults else tuple(stores), faults)


def _columns(row: int, heads: Sequence[str]) -> tuple[dict[int, str], list[RowFault]]:
    """Return which column stands at which place, and what is wrong with the heads."""
    found: dict[int, str] = {}
    faults = []
    for place, head in enumerate(heads):
        name = NAMES.get(head.strip().lower())
        if not head.strip():
            continue
        if name is None:
            near = get_close_matches(head.strip().lower(), NAMES, 1, 0.5)
            hint_zh, hint_en = (f",是不是 {near[0]}", f"; {near[0]}?") if near else ("", "")
            faults.append(RowFault(row, head[:40], f"没有这一列{hint_zh}", f"no such column{hint_en}"))
        elif name in found.values():
            faults.append(RowFault(row, head[:40], "这一列有两次", "this column stands twice"))
        else:
            found[place] = name
    if "store" not in found.values():
        faults.append(RowFault(row, "store", "缺门店编号这一列", "the column of the store's number is missing"))
    return found, faults


def _surplus(cells: Sequence[str], heads: int) -> Iterable[FieldFault]:
    if any(cells[heads:]):
        yield FieldFault("+", "有格子在最后一列之外", "a cell stands beyond the last column")


def _csv(data: bytes) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(_decoded(data), newline=""), strict=True)
    row = 0
    try:
        for cells in reader:
            row += 1
            yield row, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise Refused("rollout.bad_sheet", reason=f"row {row + 1}: {error}"[:80]) from error


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Refused("rollout.bad_sheet", reason="UTF-16")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refused("rollout.bad_sheet", reason="UTF-8? GB18030?")


def _xlsx(data: bytes) -> Iterator[tuple[int, list[str]]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(one.file_size for one in archive.infolist())
        if size > INFLATED_BYTES_MAX:
            raise Refused("rollout.bad_sheet", reason=f"{size} bytes")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        found = sheet.iter_rows(values_only=True, max_row=XLSX_ROW_MAX, max_col=XLSX_COLUMN_MAX)
        filled = ((number, row) for number, row in enumerate(found, 1) if row.count(None) < len(row))
        rows = [(number, [_cell(value) for value in row]) for number, row in islice(filled, ROW_MAX + 1)]
    except _UNREADABLE as error:
        raise Refused("rollout.bad_sheet", reason=f"XLSX: {type(error).__name__}") from error
    yield from rows


def _cell(value: object) -> str:
    """Return a cell as a person reads it: a store 001 that became the number 1 is 1, a date is a date."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
