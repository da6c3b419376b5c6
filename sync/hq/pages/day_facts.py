"""A day's path at the platforms: what they said of its orders and refunds, and what is outstanding, by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, select

from sync.hq import tables
from sync.hq.projection import readable

NUMBERS_A_QUERY = 400
OUTSTANDING_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Group:
    """Orders or refunds of a day at one platform with one outcome ("" is not known yet)."""

    platform: str
    outcome: str
    count: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Something of the day that has no end yet, by name."""

    kind: str
    number: str
    sale: str
    platform: str
    till: str
    amount_fen: int
    since_ms: int


@dataclass(frozen=True, slots=True)
class DayFacts:
    """The platforms' side of a day."""

    orders: Sequence[Group]
    refunds: Sequence[Group]
    outstanding: Sequence[Outstanding]


def day_facts(connection: Connection, store: str, day: str) -> DayFacts:
    """Return what is known of the orders and refunds that began on a store's business day."""
    started = _started(connection, store, day)
    orders = _by_number(connection, store, tables.platform_order, "attempt", started["attempt.started"])
    refunds = _by_number(connection, store, tables.platform_refund, "out_refund_no", started["refund.started"])
    missing = [
        *_without_end("order", "attempt", "sale", orders, started["attempt.started"]),
        *_without_end("refund", "out_refund_no", "refund", refunds, started["refund.started"]),
    ]
    return DayFacts(_grouped(orders), _grouped(refunds), sorted(missing, key=lambda one: one.since_ms))


_NUMBER_OF = {"attempt.started": "attempt", "refund.started": "out_refund_no"}
_Started = Mapping[str, tuple[int, str]]


def _started(connection: Connection, store: str, day: str) -> Mapping[str, dict[str, tuple[int, str]]]:
    """Return number -> (when, till) of what began on the day, for each kind."""
    entry = tables.entry.c
    found: dict[str, dict[str, tuple[int, str]]] = {kind: {} for kind in _NUMBER_OF}
    query = select(entry.kind, entry.at_ms, entry.body).where((entry.store == store) & (entry.day == day))
    for row in connection.execute(query.where(entry.kind.in_(tuple(_NUMBER_OF)))):
        body = readable(row.body) or {}
        number, till = body.get(_NUMBER_OF[row.kind]), body.get("till")
        if isinstance(number, str):
            found[row.kind][number] = (row.at_ms, till if isinstance(till, str) else "")
    return found


def _by_number(
    connection: Connection, store: str, table: Table, key: str, started: _Started
) -> Sequence[Mapping[str, object]]:
    rows: list[Mapping[str, object]] = []
    numbers = sorted(started)
    for begin in range(0, len(numbers), NUMBERS_A_QUERY):
        some = table.c[key].in_(numbers[begin : begin + NUMBERS_A_QUERY])
        rows += [dict(row._mapping) for row in connection.execute(select(table).where((table.c.store == store) & some))]
    return rows


def _grouped(rows: Sequence[Mapping[str, object]]) -> Sequence[Group]:
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for row in rows:
        place = (_text(row["platform"]), _text(row["outcome"]))
        count, amount_fen = sums.get(place, (0, 0))
        sums[place] = (count + 1, amount_fen + _fen(row["amount_fen"]))
    return [Group(*place, *sums[place]) for place in sorted(sums)]


def _without_end(
    kind: str, key: str, about: str, rows: Sequence[Mapping[str, object]], started: _Started
) -> Sequence[Outstanding]:
    return [
        Outstanding(
            kind=kind,
            number=_text(row[key]),
            sale=_text(row[about]),
            platform=_text(row["platform"]),
            till=started[_text(row[key])][1],
            amount_fen=_fen(row["amount_fen"]),
            since_ms=started[_text(row[key])][0],
        )
        for row in rows
        if row["outcome"] is None
    ][:OUTSTANDING_SHOWN]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _fen(value: object) -> int:
    return value if isinstance(value, int) else 0
