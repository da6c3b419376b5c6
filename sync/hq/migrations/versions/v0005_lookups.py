"""Payments found by number, or by amount and time; stores' telephones. What boxes sent before is read once more."""

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BATCH = 1000


def upgrade() -> None:
    """Add columns and indexes, and fill them from the entries that are here."""
    op.add_column("store", sa.Column("phone", sa.Text(), nullable=False, server_default=""))
    for table, columns in (
        ("platform_order", ("amount_fen", "started_at_ms")),
        ("platform_refund", ("amount_fen",)),
    ):
        for column in columns:
            op.add_column(table, sa.Column(column, _Big, nullable=True))
    op.add_column("platform_order", sa.Column("till", sa.Text(), nullable=True))
    op.create_index("platform_order_of_sale", "platform_order", ["store", "sale"])
    op.create_index("platform_order_by_transaction", "platform_order", ["transaction"])
    op.create_index("platform_order_by_amount", "platform_order", ["amount_fen", "started_at_ms"])
    op.create_index("platform_refund_of_attempt", "platform_refund", ["store", "attempt"])
    op.create_index("platform_refund_by_transaction", "platform_refund", ["refund_transaction"])
    _fill("attempt.started", "attempt", "platform_order", ("amount_fen", "started_at_ms", "till"))
    _fill("refund.started", "out_refund_no", "platform_refund", ("amount_fen",))


def _fill(kind: str, key: str, table: str, columns: tuple[str, ...]) -> None:
    connection = op.get_bind()
    places = sa.table(table, sa.column("store"), sa.column(key), *(sa.column(name) for name in columns))
    where = (places.c.store == sa.bindparam("of_store")) & (places.c[key] == sa.bindparam("of_key"))
    statement = sa.update(places).where(where).values({name: sa.bindparam(f"new_{name}") for name in columns})
    batch: list[dict[str, object]] = []
    for row in _rows(connection, kind, key, columns):
        batch.append(row)
        if len(batch) == _BATCH:
            connection.execute(statement, batch)
            batch = []
    if batch:
        connection.execute(statement, batch)


def _rows(connection: sa.Connection, kind: str, key: str, columns: tuple[str, ...]) -> Iterator[dict[str, object]]:
    entry = sa.table("entry", *(sa.column(name) for name in ("store", "at_ms", "kind", "body")))
    found = connection.execute(sa.select(entry.c.store, entry.c.at_ms, entry.c.body).where(entry.c.kind == kind))
    for store, at_ms, text in found.fetchall():
        body = _object(text)
        if isinstance(body.get(key), str):
            known = {**body, "started_at_ms": at_ms}
            values = {f"new_{name}": _fitting(name, known.get(name)) for name in columns}
            yield {"of_store": store, "of_key": body[key], **values}


def _object(text: str) -> dict[str, object]:
    """Return a body; one that is no object was kept as evidence, and says nothing here."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _fitting(name: str, value: object) -> object:
    wanted = str if name == "till" else int
    return value if type(value) is wanted else None
