"""The history of a store's earlier epochs, read for the box that came after them.

*First* is what selling needs: the last two business days, every shift and day, every pass that was taken, and what is
on its way at a platform. Small, whatever the store's age. *Whole* is each epoch from its first entry on, in pages.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, or_, select, text

from agent.core.chain import genesis
from sync.hq import registry, tables
from sync.hq.keys import HqKeys
from sync.hq.projection import readable
from sync.hq.registry import RegisteredEpoch
from sync.past import PAGE_BYTES, PAGE_ENTRIES, page_bytes

DAYS_FIRST = 2
NUMBERS_MAX = 500
ALWAYS = text(tables.FOR_SELLING)
"""Said exactly as the partial index `entry_for_selling` says it, so that it is used."""
ON_THE_WAY = (
    "attempt.started",
    "attempt.parked",
    "attempt.undoing",
    "attempt.contradicted",
    "attempt.ended",
    "refund.started",
    "sale.refunded",
)
_known = tables.entry.c
_FIELDS = (_known.epoch, _known.seq, _known.at_ms, _known.kind, _known.body, _known.hash)


def plan(connection: Connection, keys: HqKeys, sender: RegisteredEpoch, now_ms: int) -> list[dict[str, object]]:
    """Return the epochs before the sender's, oldest first, each with its key and a receipt signed for the sender."""
    mine = sender.identity
    cursor, epoch = tables.cursor, tables.epoch
    same = (cursor.c.store == epoch.c.store) & (cursor.c.epoch == epoch.c.epoch)
    query = (
        select(epoch.c.epoch, epoch.c.box, epoch.c.public_key, cursor.c.next_seq, cursor.c.head)
        .select_from(epoch.join(cursor, same))
        .where((epoch.c.store == mine.store) & (epoch.c.epoch < mine.epoch))
        .order_by(epoch.c.epoch)
    )
    return [
        {
            "epoch": row.epoch,
            "box": row.box,
            "public_key": row.public_key,
            "receipt": keys.signed_receipt(replace(mine, epoch=row.epoch), row.next_seq, row.head, now_ms),
        }
        for row in connection.execute(query)
    ]


def whole_page(
    connection: Connection, store: str, epoch: int, after_seq: int, entries_max: int = PAGE_ENTRIES
) -> bytes:
    """Return the page of an epoch's history that follows entry `after_seq`."""
    owner = registry.epoch_of_store(connection, store, epoch)
    previous = genesis(owner.identity).hex() if after_seq == 0 else _hash_at(connection, store, epoch, after_seq)
    where = tables.of_epoch(tables.entry, store, epoch) & (_known.seq > after_seq)
    found = connection.execute(select(*_FIELDS).where(where).order_by(_known.seq).limit(entries_max + 1))
    rows, cut = _within(found.yield_per(1_000), entries_max)
    header = {
        "epoch": epoch,
        "first_seq": after_seq + 1,
        "previous": previous,
        "head": rows[-1].hash if rows else previous,
        "last": not cut,
    }
    return page_bytes(header, ((row.epoch, row.seq, row.at_ms, row.kind, row.body, None) for row in rows))


def first_page(
    connection: Connection, store: str, before_epoch: int, after: tuple[int, int], entries_max: int = PAGE_ENTRIES
) -> bytes:
    """Return the page of what selling needs that follows the place `after`, (0, 0) for the beginning."""
    earlier = (_known.store == store) & (_known.epoch < before_epoch) & _follows(after)
    days = _last_days(connection, store, before_epoch)
    found = {(row.epoch, row.seq): row for row in _on_the_way(connection, store, before_epoch, after)}
    for condition in (ALWAYS, _known.day.in_(days)):
        query = select(*_FIELDS).where(earlier & condition).order_by(_known.epoch, _known.seq).limit(entries_max + 1)
        found.update({(row.epoch, row.seq): row for row in connection.execute(query)})
    rows, cut = _within((found[place] for place in sorted(found)), entries_max)
    return page_bytes(
        {"last": not cut}, ((row.epoch, row.seq, row.at_ms, row.kind, row.body, row.hash) for row in rows)
    )


def _follows(after: tuple[int, int]) -> Any:
    epoch, seq = after
    return or_(_known.epoch > epoch, (_known.epoch == epoch) & (_known.seq > seq))


def _within(rows: Iterator[Any], entries_max: int) -> tuple[list[Any], bool]:
    """Return the rows that fit into a page, at least one, and whether some were left."""
    taken: list[Any] = []
    size = 0
    for row in rows:
        size += len(row.body.encode())
        if taken and (len(taken) >= entries_max or size > PAGE_BYTES):
            return taken, True
        taken.append(row)
    return taken, False


def _hash_at(connection: Connection, store: str, epoch: int, seq: int) -> str:
    where = tables.of_epoch(tables.entry, store, epoch) & (_known.seq == seq)
    found = connection.execute(select(_known.hash).where(where)).scalar()
    return "0" * 64 if found is None else str(found)


def _last_days(connection: Connection, store: str, before_epoch: int) -> list[str]:
    """Return the newest business days that have entries, by their index."""
    days: list[str] = []
    for _ in range(DAYS_FIRST):
        where = (_known.store == store) & (_known.epoch < before_epoch) & _known.day.is_not(None)
        if days:
            where &= _known.day < days[-1]
        day = connection.execute(select(func.max(_known.day)).where(where)).scalar()
        if day is None:
            break
        days.append(str(day))
    return days


def _on_the_way(connection: Connection, store: str, before_epoch: int, after: tuple[int, int]) -> Sequence[Any]:
    """Return what was written about payments and refunds that have no end yet.

    There are few of them, mostly of the last two days; older ones cost a look through the store's entries of money.
    """
    attempts, refunds = _without_end(connection, store)
    if not attempts and not refunds:
        return []
    where = (_known.store == store) & (_known.epoch < before_epoch) & _follows(after) & _known.kind.in_(ON_THE_WAY)
    found = []
    for row in connection.execute(select(*_FIELDS).where(where).order_by(_known.epoch, _known.seq)).yield_per(1_000):
        body = readable(row.body) or {}
        named = (body.get("attempt"), body.get("out_refund_no"), body.get("refund"))
        if named[0] in attempts or named[1] in refunds or named[2] in refunds:
            found.append(row)
    return found


def _without_end(connection: Connection, store: str) -> tuple[set[str], set[str]]:
    orders, back = tables.platform_order.c, tables.platform_refund.c
    open_orders = (orders.store == store) & orders.outcome.is_(None)
    attempts = set(connection.execute(select(orders.attempt).where(open_orders).limit(NUMBERS_MAX)).scalars())
    open_refunds = (back.store == store) & back.outcome.is_(None)
    query = select(back.out_refund_no, back.refund, back.attempt).where(open_refunds).limit(NUMBERS_MAX)
    refunds: set[str] = set()
    for row in connection.execute(query):
        refunds.update(name for name in (row.out_refund_no, row.refund) if name is not None)
        if row.attempt is not None:
            attempts.add(row.attempt)
    return attempts, refunds
