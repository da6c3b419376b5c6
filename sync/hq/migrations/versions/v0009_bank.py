"""Money on the bank's side. What boxes sent before is read once more."""

import json
from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BATCH = 1000


def _text(name: str, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, _BIG, nullable=nullable)


def upgrade() -> None:
    """Make the tables, add columns, and fill both from the entries that are here."""
    op.add_column("store", sa.Column("entity", sa.Text(), nullable=False, server_default=""))
    for column in ("merchant_discount_fen", "booked_fen", "booked_at_ms"):
        op.add_column("platform_order", _number(column, True))
    op.add_column("platform_refund", _number("merchant_fen", True))
    op.create_index("platform_order_of_account", "platform_order", ["merchant", "platform_at_ms"])
    _make_tables()
    _fill()


def _make_tables() -> None:
    op.create_table(
        "bank_line",
        *(_text("store"), _text("line"), _text("booked"), _number("amount_fen")),
        *(_text("counterparty"), _text("text"), _text("reference"), _text("place", True), _text("last_day", True)),
        _number("imported_at_ms"),
        sa.PrimaryKeyConstraint("store", "line"),
    )
    op.create_index("bank_line_of_place", "bank_line", ["place", "booked"])
    op.create_table(
        "deposit_slip",
        *(_text("store"), _text("reference"), _text("day"), _number("amount_fen"), _text("bags")),
        sa.PrimaryKeyConstraint("store", "reference"),
    )
    op.create_index("deposit_slip_by_reference", "deposit_slip", ["reference"])
    op.create_table(
        "cash_move",
        *(_text("store"), _number("epoch"), _number("seq"), _text("day"), _number("amount_fen")),
        sa.PrimaryKeyConstraint("store", "epoch", "seq"),
    )
    op.create_table(
        "closed_month",
        *(_text("store"), _text("month"), _number("closed_at_ms"), _text("asked_by", True)),
        _number("reopened_at_ms", True),
        sa.PrimaryKeyConstraint("store", "month", "closed_at_ms"),
    )
    op.create_table(
        "closed_store_day",
        *(_text("store"), _text("day"), _text("reason")),
        sa.PrimaryKeyConstraint("store", "day"),
    )


def _fill() -> None:
    connection = op.get_bind()
    orders = ("platform_order", "attempt")
    refunds = ("platform_refund", "out_refund_no")
    _update(connection, *orders, _known("attempt.ended", "attempt", "merchant_discount_fen"))
    _update(connection, *refunds, _known("refund.ended", "out_refund_no", "merchant_fen"))
    _update(connection, *orders, _booked())
    cash = sa.table("cash_move", *(sa.column(name) for name in ("store", "epoch", "seq", "day", "amount_fen")))
    rows = list(_cash())
    for begin in range(0, len(rows), _BATCH):
        connection.execute(sa.insert(cash), rows[begin : begin + _BATCH])


def _update(connection: sa.Connection, table: str, key: str, rows: Iterator[dict[str, object]]) -> None:
    for row in rows:
        names = [name for name in row if name not in ("store", "number")]
        places = sa.table(table, sa.column("store"), sa.column(key), *(sa.column(name) for name in names))
        where = (places.c.store == row["store"]) & (places.c[key] == row["number"])
        connection.execute(sa.update(places).where(where).values({name: row[name] for name in names}))


def _known(kind: str, key: str, column: str) -> Iterator[dict[str, object]]:
    for row, body in _bodies(kind):
        amount_fen = _fen(body, column)
        if isinstance(body.get(key), str) and amount_fen:
            yield {"store": row.store, "number": body[key], column: amount_fen}


def _booked() -> Iterator[dict[str, object]]:
    for row, body in _bodies("attempt.contradicted"):
        if isinstance(body.get("attempt"), str) and body.get("booked") is True:
            booked = {"booked_fen": _fen(body, "amount_fen"), "booked_at_ms": row.at_ms}
            yield {"store": row.store, "number": body["attempt"], **booked}


def _cash() -> Iterator[dict[str, object]]:
    for kind, name, sign in (
        ("shift.closed", "counted_fen", 1),
        ("shift.opened", "float_fen", -1),
        ("drawer.moved", "amount_fen", 1),
    ):
        for row, body in _bodies(kind):
            amount_fen = sign * _fen(body, name)
            if row.day and amount_fen and (kind != "drawer.moved" or body.get("movement") == "drop"):
                place = {"store": row.store, "epoch": row.epoch, "seq": row.seq}
                yield {**place, "day": row.day, "amount_fen": amount_fen}


def _bodies(kind: str) -> "Iterator[tuple[sa.Row[tuple[object, ...]], Mapping[str, object]]]":
    """Yield entries of a kind; a body that is no object was kept as evidence, and says nothing here."""
    entry = sa.table("entry", *(sa.column(name) for name in ("store", "epoch", "seq", "at_ms", "kind", "day", "body")))
    for row in op.get_bind().execute(sa.select(entry).where(entry.c.kind == kind)).fetchall():
        try:
            body = json.loads(row.body)
        except ValueError:
            continue
        if isinstance(body, dict):
            yield row, body


def _fen(body: Mapping[str, object], name: str) -> int:
    value = body.get(name)
    return value if type(value) is int else 0
