"""Headquarters' tables. Every key begins with the store; nothing refers across stores; no global serial numbers.

Hashes and keys are lower-case hex; times are milliseconds UTC; bodies are kept as the text that was sent. `entry.month`
is that of its arrival, 202611: the partition on PostgreSQL (docs/decisions/008).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    exists,
    text,
)

metadata = MetaData()
_Big = BigInteger().with_variant(Integer, "sqlite")


_WITHOUT_OUTCOME: dict[str, Any] = {
    "sqlite_where": text("outcome IS NULL"),
    "postgresql_where": text("outcome IS NULL"),
}
"""Of the many orders of a chain only the few that have no end yet: pages ask for them each second."""


FOR_SELLING = "kind IN ('pass.accepted','day.opened','day.closed','shift.opened','shift.closed')"
"""Entries of whatever age that a box in a dead one's place needs before it sells (`sync.hq.rescue.past`)."""
_FOR_SELLING: dict[str, Any] = {"sqlite_where": text(FOR_SELLING), "postgresql_where": text(FOR_SELLING)}


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _number_key(name: str) -> Column[int]:
    return Column(name, _Big, primary_key=True, autoincrement=False)


store = Table(
    "store",
    metadata,
    _key("store"),
    Column("name", Text, nullable=False),
    Column("created_at_ms", _Big, nullable=False),
    Column("phone", Text, nullable=False, server_default=""),
    Column("entity", Text, nullable=False, server_default=""),
)
"""`entity` is the company whose books the store's are; blank is the one of a chain that has no more."""

store_group = Table(
    "store_group",
    metadata,
    _key("store"),
    _key("group_name"),
    Index("store_group_by_name", "group_name", "store"),
)
"""A store's membership in a group (`sync.hq.groups`)."""

epoch = Table(
    "epoch",
    metadata,
    _key("store"),
    _number_key("epoch"),
    Column("box", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("enrolled_at_ms", _Big, nullable=False),
    Column("revoked_at_ms", _Big),
    Column("revoked_reason", Text),
    Index("epoch_of_box", "box", "epoch"),
)

cursor = Table(
    "cursor",
    metadata,
    _key("store"),
    _number_key("epoch"),
    Column("next_seq", _Big, nullable=False),
    Column("head", Text, nullable=False),
)

entry = Table(
    "entry",
    metadata,
    _key("store"),
    _number_key("epoch"),
    _number_key("seq"),
    Column("at_ms", _Big, nullable=False),
    Column("kind", Text, nullable=False),
    Column("day", Text),
    Column("body", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("received_at_ms", _Big, nullable=False),
    _number_key("month"),
    Index("entry_of_day", "store", "day", "epoch", "seq"),
    Index("entry_for_selling", "store", "epoch", "seq", **_FOR_SELLING),
    postgresql_partition_by="RANGE (month)",
)

receipt = Table(
    "receipt",
    metadata,
    _key("store"),
    _number_key("epoch"),
    _number_key("next_seq"),
    _number_key("at_ms"),
    Column("head", Text, nullable=False),
    Column("document", Text, nullable=False),
)

fork = Table(
    "fork",
    metadata,
    _key("store"),
    _number_key("epoch"),
    _key("sha256"),
    Column("first_seq", _Big, nullable=False),
    Column("differs_at", _Big, nullable=False),
    Column("box", Text, nullable=False),
    Column("upload", Text, nullable=False),
    Column("received_at_ms", _Big, nullable=False),
)

retirement = Table(
    "retirement",
    metadata,
    _key("store"),
    _number_key("epoch"),
    Column("at_ms", _Big, nullable=False),
    Column("document", Text, nullable=False),
)
"""Certificates of retired boxes, signed by both sides."""

late_run = Table(
    "late_run",
    metadata,
    _key("store"),
    _number_key("epoch"),
    _number_key("first_seq"),
    Column("last_seq", _Big, nullable=False),
    Column("brought_by", _Big, nullable=False),
    Column("at_ms", _Big, nullable=False),
)
"""Entries that came after a newer epoch had begun: from an old disk, a warm copy or a hand-over (`sync.hq.rescue`)."""

seal = Table(
    "seal",
    metadata,
    _key("store"),
    _number_key("epoch"),
    _number_key("seq"),
    Column("valid", Boolean, nullable=False),
    Column("code", Text),
)

alarm = Table(
    "alarm",
    metadata,
    _key("store"),
    _number_key("epoch"),
    _key("code"),
    _number_key("seq"),
    Column("at_ms", _Big, nullable=False),
    Column("detail", Text, nullable=False),
)

box_notice = Table(
    "box_notice",
    metadata,
    _key("store"),
    _number_key("epoch"),
    _key("code"),
    _key("day"),
    Column("times", _Big, nullable=False),
    Column("first_ms", _Big, nullable=False),
    Column("last_ms", _Big, nullable=False),
    Column("detail", Text, nullable=False),
)
"""What was refused of a box, and what it says of itself, a row a day (`sync.hq.notices`)."""

heartbeat = Table(
    "heartbeat",
    metadata,
    _key("store"),
    _key("box"),
    _number_key("epoch"),
    Column("at_ms", _Big, nullable=False),
    Column("body", Text, nullable=False),
)

closed_day = Table(
    "closed_day",
    metadata,
    _key("store"),
    _key("day"),
    Column("epoch", _Big, nullable=False),
    Column("seq", _Big, nullable=False),
)

platform_order = Table(
    "platform_order",
    metadata,
    _key("store"),
    _key("attempt"),
    Column("sale", Text),
    Column("platform", Text),
    Column("merchant", Text),
    Column("outcome", Text),
    Column("transaction", Text),
    Column("platform_at_ms", _Big),
    Column("amount_fen", _Big),
    Column("started_at_ms", _Big),
    Column("till", Text),
    Column("merchant_discount_fen", _Big),
    Column("booked_fen", _Big),
    Column("booked_at_ms", _Big),
    Index("platform_order_of_account", "merchant", "platform_at_ms"),
    Index("platform_order_of_sale", "store", "sale"),
    Index("platform_order_by_transaction", "transaction"),
    Index("platform_order_by_amount", "amount_fen", "started_at_ms"),
    Index("platform_order_without_end", "store", "started_at_ms", **_WITHOUT_OUTCOME),
)

platform_refund = Table(
    "platform_refund",
    metadata,
    _key("store"),
    _key("out_refund_no"),
    Column("refund", Text),
    Column("attempt", Text),
    Column("platform", Text),
    Column("outcome", Text),
    Column("refund_transaction", Text),
    Column("ended_at_ms", _Big),
    Column("amount_fen", _Big),
    Column("merchant_fen", _Big),
    Index("platform_refund_of_refund", "store", "refund"),
    Index("platform_refund_of_attempt", "store", "attempt"),
    Index("platform_refund_by_transaction", "refund_transaction"),
)

enrolment_token = Table(
    "enrolment_token",
    metadata,
    _key("store"),
    _key("token_sha256"),
    Column("created_at_ms", _Big, nullable=False),
    Column("expires_at_ms", _Big, nullable=False),
    Column("used_by_key", Text),
    Column("epoch", _Big),
    Column("mode", Text, nullable=False, server_default="new"),
    Column("short_sha256", Text),
    Column("made_by", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("used_at_ms", _Big),
    Column("withdrawn_at_ms", _Big),
    Column("withdrawn_by", Text),
    Column("withdrawn_reason", Text),
)
"""Of a token only hashes are here: of its long form, and of the one that can be typed (`sync.hq.commissioning`)."""

access_token = Table(
    "access_token",
    metadata,
    _key("token_sha256"),
    Column("name", Text, nullable=False),
    Column("stores", Text),
    Column("created_at_ms", _Big, nullable=False),
    Column("revoked_at_ms", _Big),
)

wish_order = Table(
    "wish_order",
    metadata,
    _key("store"),
    _key("out_trade_no"),
    Column("box", Text, nullable=False),
    Column("epoch", _Big, nullable=False),
    Column("platform", Text, nullable=False),
    Column("merchant", Text, nullable=False),
    Column("amount_fen", _Big),
    Column("taken_by", Text),
    Column("expires_at_ms", _Big),
    Column("undone_at_ms", _Big),
    Column("begun_at_ms", _Big, nullable=False),
    Column("heard_at_ms", _Big, nullable=False),
    Column("outcome", Text),
    Column("transaction", Text),
    Column("ended_at_ms", _Big),
    Column("kept_until_ms", _Big, nullable=False),
    Column("keep_after_ms", _Big, nullable=False),
    Index("wish_order_without_end", "outcome", "heard_at_ms"),
)
"""A number at a platform: what was wished, how it ended (null: not yet), and when its box was last heard of it."""

wish = Table(
    "wish",
    metadata,
    _key("store"),
    _key("out_trade_no"),
    _key("verb"),
    _key("out_refund_no"),
    Column("content", Text, nullable=False),
    Column("amount_fen", _Big),
    Column("total_fen", _Big),
    Column("begun_at_ms", _Big, nullable=False),
    Column("sending_until_ms", _Big, nullable=False),
    Column("heard_at_ms", _Big, nullable=False),
    Column("outcome", Text),
    Column("answer", Text),
    Column("kept_until_ms", _Big, nullable=False),
    Column("keep_after_ms", _Big, nullable=False),
    Index("wish_without_end", "outcome", "verb", "heard_at_ms"),
)
"""An act that was wished, once a key, before the platform hears of it. `out_refund_no` is "" but for refunds."""

wish_day = Table(
    "wish_day",
    metadata,
    _key("store"),
    _key("day"),
    _key("verb"),
    Column("wishes", _Big, nullable=False),
    Column("amount_fen", _Big, nullable=False),
)
"""What a store wished on a day (GMT+8), for its caps."""

phone_order = Table(
    "phone_order",
    metadata,
    _key("store"),
    _key("out_trade_no"),
    Column("box", Text, nullable=False),
    Column("epoch", _Big, nullable=False),
    Column("amount_fen", _Big, nullable=False),
    Column("issued_at_ms", _Big, nullable=False),
    Column("expires_at_ms", _Big, nullable=False),
    Column("state", Text, nullable=False),
    Column("wanted_closed", _Big, nullable=False),
    Column("wallet", Text),
    Column("way", Text),
    Column("payer", Text),
    Column("offer", Text),
    Column("sending_until_ms", _Big, nullable=False),
    Column("spent", Text, nullable=False),
    Column("transaction", Text),
    Column("paid_at_ms", _Big),
    Column("platform_discount_fen", _Big, nullable=False),
    Column("merchant_discount_fen", _Big, nullable=False),
)
"""An order that a customer's own phone pays: which wallet has it, and what became of it (`sync.hq.pay.phone_book`)."""


def of_epoch(table: Table, store_id: str, epoch_number: int) -> ColumnElement[bool]:
    """Return the condition that picks one epoch of one store."""
    return (table.c.store == store_id) & (table.c.epoch == epoch_number)


def stands(alarm_table: Table = alarm) -> ColumnElement[bool]:
    """Return the condition that picks alarms which still hold: a gap is none any more once it was filled."""
    known = alarm_table.c
    same = (cursor.c.store == known.store) & (cursor.c.epoch == known.epoch)
    filled = exists().where(same & (cursor.c.next_seq > known.seq))
    return ~((known.code == "upload.gap") & filled)
