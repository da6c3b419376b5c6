"""The pull: one row a tender or refund tender, in the order store, day, epoch, number.

The amounts of all rows add up to sales minus refunds: what cash rounding takes off is a row of its own, and tenders
that don't add up to their sale are named in the manifest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select, tuple_

from agent.core.moment import PLATFORM_ZONE, at, platform_day
from sync.hq import tables
from sync.hq.projection import readable

PAGE_ENTRIES = 1000
SALE, REFUND = "sale.completed", "sale.refunded"
ROUNDING = "rounding"


@dataclass(frozen=True, slots=True)
class PullRow:
    """One tender of a sale (positive) or of a refund (negative)."""

    store: str
    epoch: int
    seq: int
    line: int
    day: str
    platform_day: str | None
    at: str
    till: str | None
    kind: str
    sale: str | None
    tender: str
    platform: str | None
    out_trade_no: str | None
    transaction: str | None
    amount_fen: int
    state: str


COLUMNS = tuple(PullRow.__slots__)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for; None is no bound. Days are ISO dates, both included."""

    stores: Sequence[str]
    first_day: str | None = None
    last_day: str | None = None
    closed_only: bool = True


@dataclass(frozen=True, slots=True)
class TradeEntry:
    """A sale or refund as it is kept, its body parsed; an unreadable body is empty."""

    epoch: int
    seq: int
    at_ms: int
    kind: str
    day: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PlatformOrder:
    """What became of an order at its platform."""

    platform: str | None
    transaction: str | None
    platform_at_ms: int | None


@dataclass(slots=True)
class Tally:
    """What is counted while rows go by."""

    rows: int = 0
    total_fen: int = 0
    sales: int = 0
    sales_fen: int = 0
    refunds: int = 0
    refunds_fen: int = 0
    hidden_rows: int = 0
    hidden_fen: int = 0
    hidden_days: set[str] = field(default_factory=set)
    unbalanced: list[dict[str, object]] = field(default_factory=list)
    unreadable: list[dict[str, object]] = field(default_factory=list)


def pull_rows(connection: Connection, selection: Selection, tally: Tally) -> Iterator[PullRow]:
    """Yield the rows of a selection and count them in `tally`."""
    for store in selection.stores:
        closed = _closed_days(connection, store)
        for page in _pages(connection, store, selection):
            orders = _orders(connection, store, page)
            for entry in page:
                yield from _rows_of_entry(store, entry, orders, closed, selection, tally)


def row_document(row: PullRow) -> dict[str, object]:
    """Return a row as plain data, columns in order."""
    return {name: getattr(row, name) for name in COLUMNS}


def _pages(connection: Connection, store: str, selection: Selection) -> Iterator[Sequence[TradeEntry]]:
    entry = tables.entry.c
    wanted = (entry.store == store) & entry.kind.in_((SALE, REFUND)) & entry.day.is_not(None)
    if selection.first_day is not None:
        wanted &= entry.day >= selection.first_day
    if selection.last_day is not None:
        wanted &= entry.day <= selection.last_day
    query = (
        select(entry.epoch, entry.seq, entry.at_ms, entry.kind, entry.day, entry.body)
        .order_by(entry.day, entry.epoch, entry.seq)
        .limit(PAGE_ENTRIES)
    )
    place: tuple[object, ...] = ("", 0, 0)
    while page := connection.execute(
        query.where(wanted & (tuple_(entry.day, entry.epoch, entry.seq) > tuple_(*place)))
    ).all():
        yield [TradeEntry(row.epoch, row.seq, row.at_ms, row.kind, row.day, readable(row.body) or {}) for row in page]
        last = page[-1]
        place = (last.day, last.epoch, last.seq)


def _closed_days(connection: Connection, store: str) -> frozenset[str]:
    known = tables.closed_day.c
    return frozenset(connection.execute(select(known.day).where(known.store == store)).scalars())


def _orders(connection: Connection, store: str, page: Sequence[TradeEntry]) -> Mapping[str, PlatformOrder]:
    """Return the platform orders that the tenders of a page name."""
    numbers = {number for entry in page for number in _attempts(entry.body)}
    found: dict[str, PlatformOrder] = {}
    known = tables.platform_order
    ordered = sorted(numbers)
    for begin in range(0, len(ordered), 500):
        some = known.c.attempt.in_(ordered[begin : begin + 500])
        for row in connection.execute(select(known).where((known.c.store == store) & some)):
            found[row.attempt] = PlatformOrder(row.platform, row.transaction, row.platform_at_ms)
    return found


def _attempts(body: Mapping[str, object]) -> list[str]:
    return [tender["attempt"] for tender in _tenders(body) or () if isinstance(tender.get("attempt"), str)]


def _tenders(body: Mapping[str, object]) -> list[dict[str, str]] | None:
    """Return the tenders of a body, or None when they can't be read."""
    tenders = body.get("tenders")
    if not isinstance(tenders, list) or not all(isinstance(tender, dict) for tender in tenders):
        return None
    if not all(type(tender.get("amount_fen")) is int for tender in tenders):
        return None
    return tenders


def _rows_of_entry(
    store: str,
    entry: TradeEntry,
    orders: Mapping[str, PlatformOrder],
    closed: frozenset[str],
    selection: Selection,
    tally: Tally,
) -> Iterator[PullRow]:
    tenders, total_fen = _tenders(entry.body), entry.body.get("total_fen")
    place = {"store": store, "epoch": entry.epoch, "seq": entry.seq}
    if tenders is None or type(total_fen) is not int:
        tally.unreadable.append(place)
        return
    rows = _tender_rows(store, entry, tenders, orders, "closed" if entry.day in closed else "open")
    sign = 1 if entry.kind == SALE else -1
    difference_fen = sign * total_fen - sum(row.amount_fen for row in rows)
    if difference_fen:
        tally.unbalanced.append({**place, "difference_fen": difference_fen})
    if selection.closed_only and entry.day not in closed:
        _hide(tally, store, entry.day, rows)
        return
    _count(tally, entry.kind, total_fen, rows)
    yield from rows


def _tender_rows(
    store: str,
    entry: TradeEntry,
    tenders: Sequence[Mapping[str, object]],
    orders: Mapping[str, PlatformOrder],
    state: str,
) -> list[PullRow]:
    sign, kind = (1, "sale") if entry.kind == SALE else (-1, "refund")
    lines: list[Mapping[str, object]] = [*tenders]
    rounding_fen = entry.body.get("rounding_fen")
    if type(rounding_fen) is int and rounding_fen:
        lines.append({"kind": ROUNDING, "amount_fen": rounding_fen})
    rows = []
    for number, tender in enumerate(lines, 1):
        attempt = _text(tender, "attempt")
        order = orders.get(attempt) if attempt else None
        amount_fen = tender["amount_fen"]
        rows.append(
            PullRow(
                store=store,
                epoch=entry.epoch,
                seq=entry.seq,
                line=number,
                day=entry.day,
                platform_day=_platform_day(entry, attempt, order),
                at=at(entry.at_ms, PLATFORM_ZONE).isoformat(timespec="seconds"),
                till=_text(entry.body, "till"),
                kind=kind,
                sale=_text(entry.body, "sale"),
                tender=_text(tender, "kind") or "",
                platform=order.platform if order is not None else None,
                out_trade_no=attempt,
                transaction=order.transaction if order is not None else None,
                amount_fen=sign * amount_fen if isinstance(amount_fen, int) else 0,
                state=state,
            )
        )
    return rows


def _platform_day(entry: TradeEntry, attempt: str | None, order: PlatformOrder | None) -> str | None:
    """Return the platform's date: of the payment by its own time; of a refund by when the box gave it."""
    if attempt is None:
        return None
    if entry.kind == SALE and order is not None and order.platform_at_ms is not None:
        return platform_day(order.platform_at_ms).isoformat()
    return platform_day(entry.at_ms).isoformat()


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None


def _hide(tally: Tally, store: str, day: str, rows: Sequence[PullRow]) -> None:
    tally.hidden_rows += len(rows)
    tally.hidden_fen += sum(row.amount_fen for row in rows)
    tally.hidden_days.add(f"{store} {day}")


def _count(tally: Tally, kind: str, total_fen: int, rows: Sequence[PullRow]) -> None:
    tally.rows += len(rows)
    tally.total_fen += sum(row.amount_fen for row in rows)
    if kind == SALE:
        tally.sales += 1
        tally.sales_fen += total_fen
    else:
        tally.refunds += 1
        tally.refunds_fen += total_fen
