"""What headquarters knows and what it does not: complete up to which number, how sure, last seen when."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from sync.hq import tables
from sync.hq.projection import readable
from sync.hq.pull import Selection
from sync.hq.pull_place import Tally

ALARMS_TOLD = 100


def manifest(connection: Connection, selection: Selection, tally: Tally, now_ms: int) -> dict[str, object]:
    """Return the manifest of a pull, after all rows were counted."""
    return {
        "rows": tally.rows,
        "total_fen": tally.total_fen,
        "sales": tally.sales,
        "sales_fen": tally.sales_fen,
        "refunds": tally.refunds,
        "refunds_fen": tally.refunds_fen,
        "from": selection.first_day,
        "to": selection.last_day,
        "kind": selection.rows.value,
        "day_state": selection.days.value,
        "hidden": {
            "rows": tally.hidden_rows,
            "total_fen": tally.hidden_fen,
            "day_count": tally.hidden_day_count,
            "days": tally.hidden_days,
        },
        "unbalanced_count": tally.unbalanced_count,
        "unbalanced": tally.unbalanced,
        "unreadable_count": tally.unreadable_count,
        "unreadable": tally.unreadable,
        "made_at_ms": now_ms,
        "stores": {store: store_state(connection, store) for store in selection.stores},
    }


def store_state(connection: Connection, store: str) -> dict[str, object]:
    """Return the state of a store's present epoch, with its earlier epochs below."""
    epochs = [_epoch_state(connection, store, row) for row in _epochs(connection, store)]
    present = epochs[-1] if epochs else _never_enrolled()
    return {**present, "earlier_epochs": epochs[:-1]}


def store_states(connection: Connection, stores: Sequence[str]) -> dict[str, object]:
    """Return the state of each store."""
    return {store: store_state(connection, store) for store in stores}


def _epochs(connection: Connection, store: str) -> Sequence[tuple[int, str, int | None, int, str]]:
    query = (
        select(
            tables.epoch.c.epoch,
            tables.epoch.c.box,
            tables.epoch.c.revoked_at_ms,
            tables.cursor.c.next_seq,
            tables.cursor.c.head,
        )
        .join(
            tables.cursor,
            (tables.cursor.c.store == tables.epoch.c.store) & (tables.cursor.c.epoch == tables.epoch.c.epoch),
        )
        .where(tables.epoch.c.store == store)
        .order_by(tables.epoch.c.epoch)
    )
    return [tuple(row) for row in connection.execute(query)]


def _epoch_state(connection: Connection, store: str, row: tuple[int, str, int | None, int, str]) -> dict[str, object]:
    epoch, box, revoked_at_ms, next_seq, head = row
    alarms = _alarms(connection, store, epoch)
    beat = _heartbeat(connection, store, epoch)
    return {
        "epoch": epoch,
        "box": box,
        "complete_up_to": next_seq - 1,
        "head": head,
        "chain_verified": not _has_wrong_seal(connection, store, epoch),
        "sealed_up_to": _sealed_up_to(connection, store, epoch),
        "last_seen_ms": beat[0] if beat else None,
        "heartbeat": beat[1] if beat else None,
        "revoked": revoked_at_ms is not None,
        "alarms": alarms,
    }


def _never_enrolled() -> dict[str, object]:
    return {
        "epoch": None,
        "box": None,
        "complete_up_to": 0,
        "head": None,
        "chain_verified": True,
        "sealed_up_to": 0,
        "last_seen_ms": None,
        "heartbeat": None,
        "revoked": False,
        "alarms": [],
    }


def _has_wrong_seal(connection: Connection, store: str, epoch: int) -> bool:
    known = tables.alarm
    wrong = tables.of_epoch(known, store, epoch) & known.c.code.startswith("seal.", autoescape=True)
    return connection.execute(select(known.c.seq).where(wrong).limit(1)).first() is not None


def _alarms(connection: Connection, store: str, epoch: int) -> list[dict[str, object]]:
    """Return the newest alarms that stand, oldest first."""
    known = tables.alarm
    where = tables.of_epoch(known, store, epoch) & tables.stands()
    query = select(known).where(where).order_by(known.c.at_ms.desc(), known.c.seq.desc()).limit(ALARMS_TOLD)
    return [
        {"code": row.code, "seq": row.seq, "at_ms": row.at_ms, "detail": row.detail}
        for row in reversed(connection.execute(query).all())
    ]


def _sealed_up_to(connection: Connection, store: str, epoch: int) -> int:
    known = tables.seal
    where = tables.of_epoch(known, store, epoch) & known.c.valid
    last = connection.execute(select(func.max(known.c.seq)).where(where)).scalar()
    return int(last) - 1 if last is not None else 0


def _heartbeat(connection: Connection, store: str, epoch: int) -> tuple[int, object] | None:
    known = tables.heartbeat
    where = tables.of_epoch(known, store, epoch)
    row = connection.execute(select(known).where(where).order_by(known.c.at_ms.desc()).limit(1)).first()
    return None if row is None else (row.at_ms, readable(row.body))
