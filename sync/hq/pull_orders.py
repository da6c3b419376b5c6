"""What became of the orders at their platforms that a page of the pull names."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Text, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from sync.hq import tables


class PlatformOrder(NamedTuple):
    """What became of an order at its platform."""

    platform: str | None
    merchant: str | None
    transaction: str | None
    platform_at_ms: int | None


def platform_orders(connection: Connection, store: str, numbers: Iterable[str]) -> Mapping[str, PlatformOrder]:
    """Return what is known of a store's orders, by their numbers."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    known = tables.platform_order.c
    columns = (known.attempt, known.platform, known.merchant, known.transaction, known.platform_at_ms)
    query = select(*columns).where((known.store == store) & _among(connection, known.attempt, wanted))
    return {number: PlatformOrder(*rest) for number, *rest in connection.execute(query)}


def _among(connection: Connection, column: ColumnElement[str], values: list[str]) -> ColumnElement[bool]:
    """Return the condition with one parameter for all values: a thousand would be compiled again for each page."""
    if connection.dialect.name == "postgresql":
        return column == any_(literal(values, ARRAY(Text)))
    given = func.json_each(msgspec.json.encode(values).decode()).table_valued("value")
    return column.in_(select(given.c.value))
