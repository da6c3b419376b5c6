"""What headquarters holds of simulated boxes against what they sent: nothing missing or double, every head equal."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from agent.core.chain import genesis, next_hash
from sync.hq import registry, tables
from sync.hq.load.boxes import PreparedBox, SimulatedBox


def register(connection: Connection, boxes: Iterable[SimulatedBox | PreparedBox], now_ms: int) -> None:
    """Make stores and keys of simulated boxes known, as enrolment would."""
    for box in boxes:
        if not registry.has_store(connection, box.identity.store):
            registry.add_store(connection, box.identity.store, box.identity.store, now_ms)
        registry.register_epoch(connection, box.identity, box.public_key, "simulated", now_ms)


def differences(connection: Connection, boxes: Iterable[SimulatedBox | PreparedBox]) -> list[str]:
    """Return one line for each box of which headquarters does not hold exactly what it sent."""
    found = []
    for box in boxes:
        identity = box.identity
        cursor, entry = tables.cursor, tables.entry
        place = connection.execute(
            select(cursor.c.next_seq, cursor.c.head).where(tables.of_epoch(cursor, identity.store, identity.epoch))
        ).one()
        numbers = (func.count(), func.count(entry.c.seq.distinct()), func.min(entry.c.seq), func.max(entry.c.seq))
        mine = tables.of_epoch(entry, identity.store, identity.epoch)
        counted = connection.execute(select(*numbers).where(mine)).one()
        held = (place.next_seq - 1, place.head, *counted)
        sent = (box.seq, box.head.hex(), box.seq, box.seq, 1, box.seq)
        if held != sent:
            found.append(f"{identity}: sent {sent}, held {held}")
    return found


def broken_chains(connection: Connection, boxes: Iterable[SimulatedBox | PreparedBox]) -> list[str]:
    """Return one line for each box whose kept bodies do not hash to what it sent last: every entry is read again."""
    found = []
    columns = [tables.entry.c[name] for name in ("seq", "at_ms", "kind", "body", "hash")]
    for box in boxes:
        mine = tables.of_epoch(tables.entry, box.identity.store, box.identity.epoch)
        head = genesis(box.identity)
        for row in connection.execute(select(*columns).where(mine).order_by(tables.entry.c.seq)):
            head = next_hash(head, row.seq, row.at_ms, row.kind, row.body)
            if head.hex() != row.hash:
                found.append(f"{box.identity}: #{row.seq} is not what was sent")
                break
        else:
            if head != box.head:
                found.append(f"{box.identity}: ends with another head than was sent")
    return found
