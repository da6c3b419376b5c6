"""What headquarters looks up in bodies: the business day, closed days, orders and refunds at the platforms.

A body is evidence first: what can't be read here is kept all the same and only counted.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeGuard

import msgspec
from sqlalchemy import Connection, Table, TextClause, func, text

from agent.core.canonical import LARGEST_INTEGER, parse
from agent.core.errors import Broken
from agent.core.moment import LAST_MS, is_moment
from agent.core.settlement.safe import cash_to_safe_fen
from sync.hq import tables
from sync.hq.books.money_tables import cash_move
from sync.hq.upserts import insert_of, insert_unless_there
from sync.wire import SentEntry

NAME_CHARACTERS_MAX = 128
"""Of what entries call an order, a refund, a sale, a merchant; an index holds no key of any length."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_MAY_NOT_FIT = re.compile(r'\\u(?:0000|[dD][89a-fA-F])|(?<!["0-9A-Za-z])[0-9]{16}')
"""Half a character, a NUL or a number of sixteen digits, as JSON writes them; what follows decides exactly."""
_ENDED = ("platform", "outcome", "transaction", "platform_at_ms", "merchant_discount_fen")
_COLUMNS: Mapping[str, tuple[Table, str, tuple[str, ...]]] = {
    "attempt.started": (tables.platform_order, "attempt", ("sale", "platform", "merchant", "amount_fen", "till")),
    "attempt.ended": (tables.platform_order, "attempt", _ENDED),
    "attempt.contradicted": (tables.platform_order, "attempt", ("platform", "booked_fen", "booked_at_ms")),
    "refund.started": (tables.platform_refund, "out_refund_no", ("refund", "attempt", "platform", "amount_fen")),
    "refund.ended": (
        tables.platform_refund,
        "out_refund_no",
        ("attempt", "platform", "outcome", "refund_transaction", "merchant_fen"),
    ),
    "refund.found": (
        tables.platform_refund,
        "out_refund_no",
        ("attempt", "platform", "amount_fen", "outcome", "refund_transaction", "ended_at_ms"),
    ),
}

_TIME_OF: Mapping[str, str] = {"attempt.started": "started_at_ms", "refund.ended": "ended_at_ms"}
"""Where the moment of an entry is kept beside what its body says."""


def readable(body: str) -> Mapping[str, object] | None:
    """Return the body as an object, or None when it is none.

    A value that no database holds is None in it: an integer of 2^53 or more, text with NUL or half a character. Such a
    body is hostile, and what reads on must neither stop nor hold up other stores' entries.
    """
    try:
        value = parse(body)
        if isinstance(value, dict):
            found: Mapping[str, object] = _fitting(value) if _MAY_NOT_FIT.search(body) else value
            return found
    except (Broken, RecursionError):
        return None
    return None


def readable_quickly(body: str) -> Mapping[str, object] | None:
    """Return the body as an object at a fifth of the cost of `readable`, for who reads millions and checks each number.

    Numbers may be floats here; text that UTF-8 can't hold makes it None.
    """
    try:
        value = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def day_of(body: Mapping[str, object] | None) -> str | None:
    """Return the business day that a body names."""
    day = body.get("day") if body is not None else None
    return day if isinstance(day, str) and _DAY.fullmatch(day) else None


def project(
    connection: Connection, store: str, epoch: int, entries: Iterable[tuple[SentEntry, Mapping[str, object] | None]]
) -> None:
    """Write what new entries say about closed days, cash for the safe, and orders and refunds at the platforms."""
    days: dict[str, int] = {}
    cash: list[dict[str, object]] = []
    facts: dict[str, dict[str, dict[str, object]]] = {}
    for entry, body in entries:
        day = day_of(body)
        if entry.kind == "day.closed" and day is not None:
            days.setdefault(day, entry.seq)
        elif entry.kind in _COLUMNS and body is not None:
            _fold(facts, entry, _as_columns(entry, body), *_COLUMNS[entry.kind])
        elif body is not None and (to_safe_fen := cash_to_safe_fen(entry.kind, body)) and day is not None:
            place = {"store": store, "epoch": epoch, "seq": entry.seq}
            cash.append({**place, "day": day, "amount_fen": to_safe_fen})
    _write_days(connection, store, epoch, days)
    if cash:
        insert_unless_there(connection, cash_move, ("store", "epoch", "seq"), cash)
    for table in (tables.platform_order, tables.platform_refund):
        _write_facts(connection, store, table, facts.get(table.name, {}))


def _as_columns(entry: SentEntry, body: Mapping[str, object]) -> Mapping[str, object]:
    """Return a body under the names of our columns: money that came although its order had ended has its own.

    A refund that was found in a bill is done, at the platform's time.
    """
    if entry.kind == "refund.found":
        return {**body, "outcome": "done", "ended_at_ms": body.get("platform_at_ms")}
    if entry.kind != "attempt.contradicted":
        return body
    if body.get("booked") is not True:
        return {}
    return {**body, "booked_fen": body.get("amount_fen"), "booked_at_ms": min(entry.at_ms, LAST_MS)}


def _fold(
    facts: dict[str, dict[str, dict[str, object]]],
    entry: SentEntry,
    body: Mapping[str, object],
    table: Table,
    key: str,
    columns: tuple[str, ...],
) -> None:
    """Lay what an entry says over what earlier ones of the same upload said about the same number."""
    number = body.get(key)
    if not is_name(number):
        return
    values = facts.setdefault(table.name, {}).setdefault(number, {})
    values.update({name: body[name] for name in columns if _fits(name, body.get(name))})
    time_of = _TIME_OF.get(entry.kind)
    if time_of is not None:
        values[time_of] = min(entry.at_ms, LAST_MS)


def _write_days(connection: Connection, store: str, epoch: int, days: Mapping[str, int]) -> None:
    """Note closed days; the first close of a day stands."""
    known = tables.closed_day
    rows = [{"store": store, "day": day, "epoch": epoch, "seq": seq} for day, seq in days.items()]
    if rows:
        insert_unless_there(connection, known, ("store", "day"), rows)


def _write_facts(connection: Connection, store: str, table: Table, facts: Mapping[str, Mapping[str, object]]) -> None:
    """Write facts by their number; what a fact does not say stays as it was."""
    if not facts:
        return
    key = table.primary_key.columns.values()[1].name
    names = [column.name for column in table.columns if column.name not in ("store", key)]
    rows = [{"store": store, key: number, **dict.fromkeys(names), **values} for number, values in facts.items()]
    if connection.dialect.name == "postgresql":
        columns = {column.name: [row[column.name] for row in rows] for column in table.columns}
        connection.execute(_upsert_of_arrays(table, key), columns)
        return
    insert = insert_of(connection, table)
    kept = {name: func.coalesce(insert.excluded[name], table.c[name]) for name in names}
    connection.execute(insert.on_conflict_do_update(index_elements=["store", key], set_=kept), rows)


@cache
def _upsert_of_arrays(table: Table, key: str) -> TextClause:
    """Return one statement for any number of facts, an array a column: a round trip instead of one a fact."""
    arrays = ", ".join(f"CAST(:{column.name} AS {column.type}[])" for column in table.columns)
    names = [column.name for column in table.columns]
    kept = ", ".join(
        f"{name} = coalesce(excluded.{name}, {table.name}.{name})" for name in names if name not in ("store", key)
    )
    return text(
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM unnest({arrays})"
        f" ON CONFLICT (store, {key}) DO UPDATE SET {kept}"
    )


def is_name(value: object) -> TypeGuard[str]:
    """Tell whether a value of a body can name something here."""
    return isinstance(value, str) and len(value) <= NAME_CHARACTERS_MAX


def _fits(name: str, value: object) -> bool:
    if name.endswith("_ms"):
        return is_moment(value)
    return type(value) is int if name.endswith("_fen") else is_name(value)


def _fitting(value: Any) -> Any:
    """Return a parsed value in which None stands for each that fits into no column."""
    if isinstance(value, dict):
        return {key: _fitting(item) for key, item in value.items() if not _NO_TEXT.search(key)}
    if isinstance(value, list):
        return [_fitting(item) for item in value]
    if isinstance(value, str):
        return None if _NO_TEXT.search(value) else value
    return None if type(value) is int and abs(value) > LARGEST_INTEGER else value
