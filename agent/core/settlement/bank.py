"""A bank's statement: lines in one shape, each with a number of its own, so that the same file again adds nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from agent.core.errors import Refused
from agent.core.mapped_file import ColumnMap, MappedRow, fen_of, moment_ms_of, rows_of

CHINA = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class BankLine:
    """One movement; `amount_fen` is positive for what came in. `line` names it for ever: see `read_statement`."""

    line: str
    account: str
    booked: date
    amount_fen: int
    counterparty: str
    text: str
    reference: str


def read_statement(data: bytes, mapping: ColumnMap) -> Iterator[BankLine]:
    """Yield the lines of a statement.

    Columns: `account` (or a constant), `booked`, and either `amount` (signed) or `credit` and `debit`; optional
    `counterparty`, `text`, `reference`. The number of a line is made of its contents, and of which of several equal
    lines it is: an overlapping statement gives the same numbers. Refuses as `agent.core.mapped_file` does, and with
    `bank.no_amount` when the mapping names no amount.
    """
    if not {"amount", "credit", "debit"} & set(mapping.columns):
        raise Refused("bank.no_amount")
    seen: dict[tuple[str, ...], int] = {}
    for row in rows_of(data, mapping):
        amount_fen = _amount_fen(row, mapping)
        booked = _day(row, mapping)
        parts = (
            row.text("account"),
            booked.isoformat(),
            str(amount_fen),
            row.text("counterparty"),
            row.text("text"),
            row.text("reference"),
        )
        twin = seen.get(parts, 0)
        seen[parts] = twin + 1
        number = sha256("\n".join((*parts, str(twin))).encode()).hexdigest()[:24]
        yield BankLine(number, parts[0], booked, amount_fen, parts[3], parts[4], parts[5])


def _amount_fen(row: MappedRow, mapping: ColumnMap) -> int:
    if "amount" in mapping.columns:
        return fen_of(row, "amount", mapping)
    return abs(fen_of(row, "credit", mapping)) - abs(fen_of(row, "debit", mapping))


def _day(row: MappedRow, mapping: ColumnMap) -> date:
    at_ms = moment_ms_of(row, "booked", mapping)
    return (datetime.fromtimestamp(at_ms / 1000, UTC) + CHINA).date()
