"""The columns of the pull: stable names, kinds, and what each means. `docs/ledger-pull.md` is written from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Rows(StrEnum):
    """What one row is."""

    TENDERS = "tenders"
    POSTINGS = "postings"
    BOOKS = "books"


class Kind(StrEnum):
    """What a column holds; in Parquet VARCHAR, BIGINT, DATE and TIMESTAMPTZ."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `meaning` is English prose for the page of the schema."""

    name: str
    kind: Kind
    meaning: str


_PLACE = (
    Column("store", Kind.TEXT, "store"),
    Column("epoch", Kind.NUMBER, "incarnation of the store's box"),
    Column("seq", Kind.NUMBER, "number of the journal's entry; (store, epoch, seq) names it for ever"),
    Column("line", Kind.NUMBER, "number of the row within its entry, from 1"),
    Column("day", Kind.DAY, "business day of the store"),
)
_STATE = Column("state", Kind.TEXT, "`closed` when the store closed the business day, else `open`")
_SETTLEMENT = Column("settlement_day", Kind.DAY, "day on which the bank booked the payout; empty until it is known")
_PERIOD = Column("posting_period", Kind.TEXT, "month into which it is posted, `2026-10`; of a late fact a later one")
_DAY_STATE = Column(
    "day_state", Kind.TEXT, "how far the business day is: `open`, `closed`, `provisional`, `matched` or `settled`"
)
COLUMNS: Mapping[Rows, Sequence[Column]] = {
    Rows.TENDERS: (
        *_PLACE,
        Column("platform_day", Kind.DAY, "day at the platform (GMT+8); empty for what no platform knows"),
        Column("at", Kind.MOMENT, "when, with offset"),
        Column("till", Kind.TEXT, "till"),
        Column("kind", Kind.TEXT, "`sale` or `refund`"),
        Column("sale", Kind.TEXT, "number of the sale"),
        Column("tender", Kind.TEXT, "tender of config/tenders.toml; `rounding` for what cash rounding took off"),
        Column("platform", Kind.TEXT, "payment platform"),
        Column("out_trade_no", Kind.TEXT, "our number of the order at the platform"),
        Column("transaction", Kind.TEXT, "the platform's number, digit for digit"),
        Column("amount_fen", Kind.NUMBER, "fen, positive for sales, negative for refunds"),
        _STATE,
        _SETTLEMENT,
        _PERIOD,
        _DAY_STATE,
    ),
    Rows.BOOKS: (
        Column("store", Kind.TEXT, "store; `@platform:merchant` or `@bank:account` for what concerns no one store"),
        Column("entry", Kind.TEXT, "name of the entry; (store, entry) names it for ever"),
        Column("line", Kind.NUMBER, "number of the row within its entry, from 1"),
        Column("day", Kind.DAY, "day of the entry: booking day, slip's day, day of a settlement"),
        Column(
            "kind", Kind.TEXT, "`payout`, `deposit_declared`, `deposit_arrived`, `difference_settled`, `bank_line` …"
        ),
        Column("reference", Kind.TEXT, "number of the bank's line, the slip or the difference"),
        Column("account", Kind.TEXT, "account; see docs/architecture.md"),
        Column("amount_fen", Kind.NUMBER, "fen, debits positive; the rows of an entry add up to nothing"),
        Column("platform_day", Kind.DAY, "day at the platform (GMT+8) that is paid"),
        _SETTLEMENT,
        _PERIOD,
    ),
    Rows.POSTINGS: (
        *_PLACE,
        Column("at", Kind.MOMENT, "when, with offset"),
        Column("till", Kind.TEXT, "till"),
        Column("kind", Kind.TEXT, "kind of the entry"),
        Column("reference", Kind.TEXT, "number of the sale, refund, attempt or shift"),
        Column("account", Kind.TEXT, "account; see docs/architecture.md"),
        Column("amount_fen", Kind.NUMBER, "fen, debits positive; the rows of an entry add up to nothing"),
        _STATE,
        Column("platform_day", Kind.DAY, "day at the platform (GMT+8) of what a platform took or gave back"),
        _SETTLEMENT,
        _PERIOD,
        _DAY_STATE,
    ),
}


def column_names(rows: Rows) -> tuple[str, ...]:
    """Return the names in order."""
    return _NAMES[rows]


_NAMES = {rows: tuple(column.name for column in columns) for rows, columns in COLUMNS.items()}
