"""A store whose history comes back from headquarters: what sells first, what has come of the rest, and what is missing.

While it lasts, `meta` holds the plan: the epochs before this one and headquarters' signed receipt for each. `past`
fills from each epoch's first entry on. Until it is whole the views come from `past_first`, the few entries that
selling needs, and from the journal; then they are exchanged for whole ones (`agent.store.shadow`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.core.canonical import canonical
from agent.core.chain import Entry
from agent.core.counters import count_up
from agent.core.errors import Broken
from agent.store.migrations import meta_value, set_meta
from agent.store.ports import Views
from agent.store.rebuild import rebuild_in
from agent.store.unit import Unit

PLAN = "restore"
EPOCH_KEYS = "epoch_keys"
"""Public keys of the store's earlier epochs as headquarters named them; they outlive the plan."""
Row = tuple[int, int, str, str, bytes]
"""seq, at_ms, kind, body, hash"""
_INTO_FIRST = "INSERT OR IGNORE INTO past_first(epoch, box, seq, at_ms, kind, body, hash) VALUES(?, ?, ?, ?, ?, ?, ?)"
_INTO_PAST = "INSERT INTO past(epoch, box, seq, at_ms, kind, body, hash, late) VALUES(?, ?, ?, ?, ?, ?, ?, 0)"
_RECEIPT = "INSERT INTO receipt(epoch, next_seq, head, at_ms, received_ms, body) VALUES(?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class EpochPlan:
    """What headquarters has of one earlier epoch: its entries before `next_seq`; `receipt` is its signed word."""

    epoch: int
    box: str
    public_key: str
    next_seq: int
    head: str
    receipt: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PlacedEntry:
    """An entry with the epoch and box that it belongs to."""

    epoch: int
    box: str
    entry: Entry


def plan_of(connection: Any) -> tuple[EpochPlan, ...] | None:
    """Return the plan of a restore that is not complete, oldest epoch first; None when nothing is missing."""
    text = meta_value(connection, PLAN)
    return None if text is None else tuple(EpochPlan(**row) for row in json.loads(text))


def history_behind(connection: Any) -> bool:
    """Tell whether older history is still on its way from headquarters."""
    return meta_value(connection, PLAN) is not None


def epoch_keys(connection: Any) -> Mapping[int, str]:
    """Return the public keys of earlier epochs that headquarters named, as hex."""
    text = meta_value(connection, EPOCH_KEYS)
    return {} if text is None else {int(epoch): str(key) for epoch, key in json.loads(text).items()}


def was_begun(connection: Any) -> bool:
    """Tell whether headquarters was asked for this box's history once."""
    return meta_value(connection, EPOCH_KEYS) is not None


def await_history(unit: Unit) -> None:
    """Count the history as on its way before headquarters could be asked for it: nobody knows yet what it holds."""
    if not was_begun(unit.connection) and plan_of(unit.connection) is None:
        set_meta(unit.connection, PLAN, canonical([]))


def begin(unit: Unit, views: Views, plan: Sequence[EpochPlan], first: Sequence[PlacedEntry]) -> bool:
    """Take in what selling needs, and the plan for the rest; False when a restore was begun already."""
    connection = unit.connection
    if was_begun(connection):
        return False
    known = _known(connection)
    plan = [one for one in plan if one.epoch < unit.identity.epoch]
    rows = [_row(one) for one in first if one.epoch < unit.identity.epoch]
    set_meta(connection, EPOCH_KEYS, canonical({str(one.epoch): one.public_key for one in plan}))
    if all(known.get(one.epoch, 0) >= one.next_seq - 1 for one in plan):
        connection.execute("DELETE FROM meta WHERE key = ?", (PLAN,))
        return False
    set_meta(connection, PLAN, canonical([_document(one) for one in plan]))
    connection.executemany(_INTO_FIRST, rows)
    raise_counters(connection, ((one.entry.kind, one.entry.body) for one in first))
    rebuild_in(connection, views)
    return True


def add_history(unit: Unit, plan: EpochPlan, previous: bytes, found: Sequence[Row]) -> None:
    """Add entries of a planned epoch that follow `previous`; their chain is checked by the caller.

    When they are the epoch's last, headquarters' receipt for it is kept too. Raises `Broken("journal.no_such_place")`
    when they do not continue what is here, `Broken("restore.first_differs")` when one is not the one that was sold on.
    """
    connection = unit.connection
    if found:
        _check_place(connection, plan, previous, found[0][0])
        _check_first(connection, plan.epoch, found)
        whose = (plan.epoch, plan.box)
        connection.executemany(_INTO_PAST, [(*whose, *row) for row in found])
    last = found[-1][0] if found else _last_seq(connection, plan.epoch)
    if last == plan.next_seq - 1:
        _keep_receipt(unit, plan)


def raise_counters(connection: Any, entries: Any) -> None:
    """Bring counters to where entries show that they stood; `entries` yields kind and body. None goes back."""
    found: dict[str, int] = {}
    for kind, body in entries:
        count_up(found, kind, body)
    connection.executemany(
        "INSERT INTO counter(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE"
        " SET value = max(value, excluded.value)",
        found.items(),
    )


def end(connection: Any) -> None:
    """Forget the plan: history is whole and the views are of all of it."""
    connection.execute("DELETE FROM past_first")
    connection.execute("DELETE FROM meta WHERE key = ?", (PLAN,))


def _known(connection: Any) -> dict[int, int]:
    return dict(connection.execute("SELECT epoch, max(seq) FROM past GROUP BY epoch").fetchall())


def _row(one: PlacedEntry) -> tuple[Any, ...]:
    entry = one.entry
    return one.epoch, one.box, entry.seq, entry.at_ms, entry.kind, entry.body, entry.hash


def _document(one: EpochPlan) -> dict[str, Any]:
    return {
        "epoch": one.epoch,
        "box": one.box,
        "public_key": one.public_key,
        "next_seq": one.next_seq,
        "head": one.head,
        "receipt": dict(one.receipt),
    }


def _last_seq(connection: Any, epoch: int) -> int:
    row = connection.execute("SELECT max(seq) FROM past WHERE epoch = ?", (epoch,)).fetchone()
    return int(row[0] or 0)


def _check_place(connection: Any, plan: EpochPlan, previous: bytes, seq: int) -> None:
    row = connection.execute(
        "SELECT seq, hash FROM past WHERE epoch = ? ORDER BY seq DESC LIMIT 1", (plan.epoch,)
    ).fetchone()
    here, head = row if row is not None else (0, previous)
    if seq != here + 1 or head != previous:
        raise Broken("journal.no_such_place", epoch=plan.epoch, seq=seq)


def _check_first(connection: Any, epoch: int, found: Sequence[Row]) -> None:
    rows = connection.execute(
        "SELECT seq, hash FROM past_first WHERE epoch = ? AND seq BETWEEN ? AND ?",
        (epoch, found[0][0], found[-1][0]),
    )
    for seq, digest in rows:
        if found[seq - found[0][0]][4] != digest:
            raise Broken("restore.first_differs", epoch=epoch, seq=seq)


def _keep_receipt(unit: Unit, plan: EpochPlan) -> None:
    there = unit.connection.execute(
        "SELECT 1 FROM receipt WHERE epoch = ? AND next_seq >= ? LIMIT 1", (plan.epoch, plan.next_seq)
    ).fetchone()
    if there is None and plan.next_seq > 1:
        at_ms = int(str(plan.receipt["at_ms"]))
        row = (plan.epoch, plan.next_seq, plan.head, at_ms, unit.now_ms, canonical(dict(plan.receipt)))
        unit.connection.execute(_RECEIPT, row)
