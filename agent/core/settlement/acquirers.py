"""The statement of any other acquirer or voucher platform, by a mapping of its columns, as lines of a bill.

Card acquirers, group vouchers and whoever else pays for a tender (reference/domain.md B5-4) are matched like the two
wallets, once their file is in this shape.
"""

from collections.abc import Iterator, Mapping

from agent.core.bill import BillKind, BillLine
from agent.core.errors import Refused
from agent.core.mapped_file import ColumnMap, MappedRow, fen_of, moment_ms_of, rows_of

NEEDED = frozenset({"transaction", "at", "amount"})


def read_bill(
    data: bytes, mapping: ColumnMap, merchant: str, kinds: Mapping[str, BillKind] | None = None
) -> Iterator[BillLine]:
    """Yield the lines of a statement.

    Columns: `transaction`, `at`, `amount`; optional `out_trade_no`, `out_refund_no`, `kind`, `settled`, `fee`,
    `subject`, `terminal`. `kinds` says what the words of the column `kind` mean; a word that it lacks is refused
    (`file.unknown_kind`) rather than taken for a payment. Without such a column a negative amount is a refund.
    """
    missing = NEEDED - set(mapping.columns)
    if missing:
        raise Refused("file.column_missing", columns=", ".join(sorted(missing)))
    for row in rows_of(data, mapping):
        amount_fen = fen_of(row, "amount", mapping)
        kind = _kind(row, amount_fen, kinds or {}, mapping)
        settled_fen = abs(fen_of(row, "settled", mapping)) if "settled" in mapping.columns else abs(amount_fen)
        transaction = row.text("transaction")
        yield BillLine(
            kind,
            merchant=merchant,
            out_trade_no=row.text("out_trade_no"),
            transaction=transaction,
            out_refund_no=row.text("out_refund_no") or None,
            refund_transaction=transaction if kind is BillKind.REFUND else None,
            at_ms=moment_ms_of(row, "at", mapping),
            amount_fen=abs(amount_fen),
            settled_fen=settled_fen,
            fee_fen=abs(fen_of(row, "fee", mapping)),
            subject=row.text("subject"),
            terminal=row.text("terminal"),
        )


def _kind(row: MappedRow, amount_fen: int, kinds: Mapping[str, BillKind], mapping: ColumnMap) -> BillKind:
    if "kind" not in mapping.columns:
        return BillKind.REFUND if amount_fen < 0 else BillKind.PAYMENT
    word = row.text("kind")
    if word not in kinds:
        raise Refused("file.unknown_kind", row=row.number, text=word[:30])
    return kinds[word]
