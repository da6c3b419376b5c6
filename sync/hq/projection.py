"""What headquarters looks up in bodies: the business day, closed days, orders and refunds at the platforms.

A body is evidence first: what can't be read here is kept all the same and only counted.
"""

import re
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Table, and_, select, update

from agent.core.canonical import parse
from agent.core.errors import Broken
from sync.hq import tables
from sync.wire import SentEntry

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_COLUMNS: Mapping[str, tuple[Table, str, tuple[str, ...]]] = {
    "attempt.started": (tables.platform_order, "attempt", ("sale", "platform", "merchant")),
    "attempt.ended": (tables.platform_order, "attempt", ("platform", "outcome", "transaction", "platform_at_ms")),
    "refund.started": (tables.platform_refund, "out_refund_no", ("refund", "attempt", "platform")),
    "refund.ended": (
        tables.platform_refund,
        "out_refund_no",
        ("attempt", "platform", "outcome", "refund_transaction"),
    ),
}


def readable(body: str) -> Mapping[str, object] | None:
    """Return the body as an object, or None when it is none."""
    try:
        value = parse(body)
    except Broken:
        return None
    return value if isinstance(value, dict) else None


def day_of(body: Mapping[str, object] | None) -> str | None:
    """Return the business day that a body names."""
    day = body.get("day") if body is not None else None
    return day if isinstance(day, str) and _DAY.fullmatch(day) else None


def project(
    connection: Connection, store: str, epoch: int, entries: Iterable[tuple[SentEntry, Mapping[str, object] | None]]
) -> None:
    """Write what new entries say about closed days, and about orders and refunds at the platforms."""
    for entry, body in entries:
        if entry.kind == "day.closed":
            _close_day(connection, store, epoch, entry, day_of(body))
        target = _COLUMNS.get(entry.kind)
        if target is not None and body is not None:
            _merge(connection, store, entry, body, *target)


def _close_day(connection: Connection, store: str, epoch: int, entry: SentEntry, day: str | None) -> None:
    known = tables.closed_day
    where = and_(known.c.store == store, known.c.day == day)
    if day is not None and connection.execute(select(known.c.seq).where(where)).first() is None:
        connection.execute(known.insert().values(store=store, day=day, epoch=epoch, seq=entry.seq))


def _merge(
    connection: Connection,
    store: str,
    entry: SentEntry,
    body: Mapping[str, object],
    table: Table,
    key: str,
    columns: tuple[str, ...],
) -> None:
    number = body.get(key)
    if not isinstance(number, str):
        return
    values = {name: body[name] for name in columns if _fits(name, body.get(name))}
    if entry.kind == "refund.ended":
        values["ended_at_ms"] = entry.at_ms
    where = and_(table.c.store == store, table.c[key] == number)
    if values and connection.execute(update(table).where(where).values(**values)).rowcount:
        return
    connection.execute(table.insert().values({"store": store, key: number, **values}))


def _fits(name: str, value: object) -> bool:
    return type(value) is int if name.endswith("_ms") else isinstance(value, str)
