"""Entries of a dead disk that headquarters never got: found, checked, taken over once, and sent up late.

They continue what `past` has of their epoch. They count from the moment on in which the views know them, and
`late.imported` in the present epoch says when that was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.core.chain import Entry, Identity, genesis
from agent.core.errors import Broken, Refused, TryLater
from agent.core.events_rescue import LateImported, LateRun
from agent.rescue.restore import Held, Stopped, never
from agent.rescue.sources import OldEpoch
from agent.store import restoring
from agent.store.chaincheck import ChainCheck
from agent.store.journal import entry, last_seq
from agent.store.ports import Views
from agent.store.rebuild import Progress, no_progress
from agent.store.shadow import ShadowViews
from agent.store.unit import Unit

ENTRIES_MAX = 200_000
"""What is taken over at once; a shop that was off line for a year has as many."""
_LATE = "INSERT INTO past(epoch, box, seq, at_ms, kind, body, hash, late) VALUES(?, ?, ?, ?, ?, ?, ?, 1)"
_OPEN_SHIFTS = "SELECT shift FROM view_shift WHERE state = 'open'"
_OPEN_DAYS = "SELECT day FROM view_day WHERE state = 'open'"


@dataclass(frozen=True, slots=True)
class Found:
    """What an old disk has of one epoch beyond what is here."""

    whose: Identity
    entries: tuple[Entry, ...]
    fault: str | None = None
    unsealed: int = 0
    """How many entries at the end no seal covers: the disk alone vouches for them."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What was taken over; `epochs` names each run, `left` the first entry of an epoch that did not hold."""

    entries: int
    amount_fen: int
    epochs: tuple[LateRun, ...] = ()
    left: tuple[dict[str, Any], ...] = field(default=())


def look(held: Held, disk: Iterable[OldEpoch]) -> list[Found]:
    """Return what a disk has of earlier epochs of this store that is not here, checked; nothing is changed.

    Raises `TryLater("restore.history_behind")` while the past is not whole, `Refused("late.other_store")`,
    `("late.no_earlier_epoch")` for a disk of this very epoch, `("late.epoch_unknown")`, and `Broken("late.fork")` for a
    disk that tells another history than headquarters.
    """
    connection = held.readers.get()
    if restoring.history_behind(connection):
        raise TryLater("restore.history_behind", sale="")
    present = held.writer.identity
    epochs = list(disk)
    if any(old.whose.store != present.store for old in epochs):
        raise Refused("late.other_store", store=epochs[0].whose.store[:10])
    earlier = [old for old in epochs if old.whose.epoch < present.epoch]
    if not earlier:
        raise Refused("late.no_earlier_epoch", epoch=present.epoch)
    return [found for old in earlier if (found := _beyond(connection, old)) is not None]


def take_over(
    held: Held,
    found: Sequence[Found],
    shadow: Path,
    views: Views,
    progress: Progress = no_progress,
    stopped: Stopped = never,
) -> Imported | None:
    """Take found entries over: into past, views and journal in one transaction; None when `stopped` said so.

    Raises `Broken("views.cannot_evolve")` when they contradict what was sold since; nothing was changed then.
    """
    runs = [one for one in found if one.entries]
    if not runs:
        return Imported(0, 0, left=_faults(found))
    building = ShadowViews(shadow, views)
    try:
        late = {one.whose.epoch: one.entries for one in runs}
        if not building.build(held.writer.path, late, progress, stopped):
            return None
        amount_fen = held.writer.run(lambda unit: _exchanged(unit, building, runs))
    finally:
        building.close()
    epochs = tuple(_facts(one) for one in runs)
    return Imported(sum(len(one.entries) for one in runs), amount_fen, epochs, _faults(found))


def _beyond(connection: Any, old: OldEpoch) -> Found | None:
    """Return what continues our past of an epoch, or None when the disk knows nothing that we do not."""
    epoch = old.whose.epoch
    key = restoring.epoch_keys(connection).get(epoch)
    have = last_seq(connection, epoch)
    if have == 0 and key is None:
        raise Refused("late.epoch_unknown", epoch=epoch)
    head = genesis(old.whose)
    if have:
        ours = entry(connection, epoch, have)
        if ours is None:
            raise Broken("journal.no_such_place", epoch=epoch, seq=have)
        theirs = old.hash_at(min(have, old.last_seq))
        mine = ours.hash if old.last_seq >= have else _hash_at(connection, epoch, old.last_seq)
        if theirs is not None and theirs != mine:
            raise Broken("late.fork", epoch=epoch, seq=min(have, old.last_seq))
        head = ours.hash
    if old.last_seq <= have:
        return None
    check = ChainCheck(old.whose, key or _enrolled_key(connection, epoch), start=have + 1, head=head)
    return _checked(check, old, have)


def _checked(check: ChainCheck, old: OldEpoch, have: int) -> Found:
    """Take entries as far as their chain holds."""
    taken: list[Entry] = []
    sealed = 0
    for one in old.entries(have + 1):
        if len(taken) >= ENTRIES_MAX or not check.take(
            (one.seq, one.at_ms, one.kind.encode(), one.body.encode("utf-8", "surrogatepass"), one.hash)
        ):
            break
        taken.append(one)
        if one.kind == "seal":
            sealed = len(taken)
    fault = None if check.fault is None else check.fault.code
    if fault is None and check.next_seq <= old.last_seq and len(taken) < ENTRIES_MAX:
        fault = "chain.gap"
    return Found(old.whose, tuple(taken), fault, len(taken) - sealed)


def _exchanged(unit: Unit, building: ShadowViews, runs: Sequence[Found]) -> int:
    connection = unit.connection
    for one in runs:
        if last_seq(connection, one.whose.epoch) != one.entries[0].seq - 1:
            raise Refused("late.taken_meanwhile", epoch=one.whose.epoch)
    shifts, days = _names(connection, _OPEN_SHIFTS), _names(connection, _OPEN_DAYS)
    building.exchange(unit)
    amount_fen = 0
    for one in runs:
        whose = one.whose
        rows = [(whose.epoch, whose.box, e.seq, e.at_ms, e.kind, e.body, e.hash) for e in one.entries]
        connection.executemany(_LATE, rows)
        restoring.raise_counters(connection, ((e.kind, e.body) for e in one.entries))
        amount_fen += _money_fen(connection, one)
    left_shifts = sorted(set(_names(connection, _OPEN_SHIFTS)) - set(shifts))
    left_days = sorted(set(_names(connection, _OPEN_DAYS)) - set(days))
    event = LateImported(tuple(_facts(one) for one in runs), amount_fen, tuple(left_shifts), tuple(left_days))
    unit.append_event(event.KIND, event.body())
    return amount_fen


def _facts(one: Found) -> LateRun:
    entries, whose = one.entries, one.whose
    return LateRun(whose.epoch, whose.box, entries[0].seq, len(entries), entries[-1].hash.hex(), one.unsealed)


def _faults(found: Sequence[Found]) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"epoch": one.whose.epoch, "code": one.fault, "after": one.entries[-1].seq if one.entries else None}
        for one in found
        if one.fault is not None
    )


def _money_fen(connection: Any, one: Found) -> int:
    place = (one.whose.epoch, one.entries[0].seq)
    total_fen = 0
    for table in ("view_sale", "view_refund"):
        row = connection.execute(
            f"SELECT coalesce(sum(total_fen), 0) FROM {table} WHERE epoch = ? AND seq >= ?", place
        ).fetchone()
        total_fen += int(row[0])
    return total_fen


def _names(connection: Any, query: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(query)]


def _hash_at(connection: Any, epoch: int, seq: int) -> bytes | None:
    found = entry(connection, epoch, seq) if seq else None
    return None if found is None else found.hash


def _enrolled_key(connection: Any, epoch: int) -> str | None:
    row = connection.execute(
        "SELECT json_extract(body, '$.public_key') FROM past WHERE epoch = ? AND seq = 1", (epoch,)
    ).fetchone()
    return None if row is None else row[0]
