"""Forms of the pull that are files: XLSX with ids intact, Parquet with documented types, beancount's daily summaries.

Each is made from the same rows as CSV and JSON lines, in bounded memory. DuckDB writes Parquet; it is imported here
only, and runs at headquarters or with who pulls, never on a box.
"""

import csv
import json
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from agent.core.errors import Refused
from sync.hq.pull import Row
from sync.hq.pull_columns import Column, Kind, Rows, column_names

SHEET_ROWS_MAX = 1_048_575
ABSENT = "\x1f"
"""Stands for no value on the way into Parquet; no text of ours holds this control character."""
_SQL_TYPE = {Kind.TEXT: "VARCHAR", Kind.NUMBER: "BIGINT", Kind.DAY: "DATE", Kind.MOMENT: "TIMESTAMPTZ"}
_COMPONENT = re.compile(r"[^A-Za-z0-9-]+")
TRADE, BOOKS = "trade of the day", "books of headquarters"
_TYPES = ("Assets", "Liabilities", "Income", "Expenses", "Equity")


def write_xlsx(rows: Iterable[Row], columns: Sequence[Column], path: Path) -> None:
    """Write a workbook: numbers are numbers, everything else is text, so that no digit of an id is lost.

    Refuses with `pull.too_many_rows` what one sheet can't hold (1,048,575 rows under the heading).
    """
    from xlsxwriter import Workbook

    with Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("ledger")
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, [column.name for column in columns], book.add_format({"bold": True}))
        for number, row in enumerate(rows, 1):
            if number > SHEET_ROWS_MAX:
                raise Refused("pull.too_many_rows", rows_max=SHEET_ROWS_MAX)
            for place, (column, value) in enumerate(zip(columns, row, strict=True)):
                if value is None:
                    continue
                if column.kind is Kind.NUMBER:
                    sheet.write_number(number, place, int(str(value)))
                else:
                    sheet.write_string(number, place, str(value))


def write_parquet(rows_by_page: Iterable[Sequence[Row]], columns: Sequence[Column], path: Path) -> None:
    """Write a Parquet file (zstd) with a column's documented type; times are in UTC."""
    import duckdb

    types = {column.name: _SQL_TYPE[column.kind] for column in columns}
    with tempfile.TemporaryDirectory(prefix="storebox-pull-") as folder:
        plain = Path(folder) / "rows.csv"
        with plain.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            for rows in rows_by_page:
                writer.writerows(zip(*map(_present, zip(*rows, strict=True)), strict=True))
        with duckdb.connect(config={"temp_directory": folder}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET preserve_insertion_order = true")
            described = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
            form = f"header = false, auto_detect = false, new_line = '\\r\\n', nullstr = '{ABSENT}'"
            options = f"{form}, columns = {{{described}}}"
            source = f"read_csv({_quoted(plain)}, {options})"
            connection.execute(f"COPY (SELECT * FROM {source}) TO {_quoted(path)} (FORMAT parquet, COMPRESSION zstd)")


def write_beancount(postings: Iterable[Row], books: Iterable[Row], path: Path) -> None:
    """Write one balanced transaction a store and day of trade, and one of headquarters' books.

    Never one a sale: `bean-check` takes about 8,000 a second (reference/ledger.md §8).
    """
    sums: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for title, kind, rows in ((TRADE, Rows.POSTINGS, postings), (BOOKS, Rows.BOOKS, books)):
        names = column_names(kind)
        day, store, account, amount = (names.index(name) for name in ("day", "store", "account", "amount_fen"))
        for row in rows:
            sums[str(row[day]), str(row[store]), title][str(row[account])] += int(str(row[amount]))
    opened: dict[str, str] = {}
    for (when, where, _), accounts in sorted(sums.items()):
        for name in accounts:
            opened.setdefault(beancount_account(name, where), when)
    with path.open("w", encoding="utf-8") as file:
        file.write('option "operating_currency" "CNY"\n\n')
        file.writelines(f"{when} open {name} CNY\n" for name, when in sorted(opened.items()))
        for (when, where, title), accounts in sorted(sums.items()):
            file.write(f'\n{when} * {json.dumps(where)} "{title}"\n')
            for name, amount_fen in sorted(accounts.items()):
                if amount_fen:
                    file.write(f"  {beancount_account(name, where)}  {_yuan(amount_fen)} CNY\n")


def beancount_account(account: str, store: str) -> str:
    """Return an account in beancount's grammar: components begin with a capital or digit, the store is the second."""
    kind, *parts = account.split(":")
    if kind not in _TYPES:
        kind, parts = "Equity", [kind, *parts]
    cleaned = [_COMPONENT.sub("-", part).strip("-") or "Other" for part in (store, *parts)]
    return ":".join([kind, *(part[0].upper() + part[1:] for part in cleaned)])


def wanted_rows(form: str) -> Rows | None:
    """Return the rows that a form needs, None when it takes either."""
    return Rows.POSTINGS if form == "beancount" else None


def _present(values: tuple[object, ...]) -> Sequence[object]:
    return [ABSENT if value is None else value for value in values] if None in values else values


def _yuan(amount_fen: int) -> str:
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
