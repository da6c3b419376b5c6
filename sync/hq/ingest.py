"""Taking a box's entries in. One transaction an upload, behind the lock on the cursor of its epoch.

The number that headquarters wants: append. Lower: compare with what is here; equal is acknowledged and the rest
appended, different is a fork, which is kept aside as evidence, alarmed and never merged. Higher: answer with the number
that is wanted. Idempotent by (store, epoch, seq) for ever.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, select, update

from agent.core.chain import Identity, genesis, next_hash
from agent.core.errors import Credentials, Refused
from sync.hq import tables
from sync.hq.months import month_of, write_entries
from sync.hq.notices import Notice, write_notice
from sync.hq.projection import day_of, project, readable
from sync.hq.records import note_alarm, note_seal
from sync.hq.registry import RegisteredEpoch
from sync.hq.rescue.late import note_late
from sync.hq.webhooks.alarms import Alarm
from sync.wire import SentEntry, Upload

FORKS_KEPT = 50
REPLAYED = "upload.replayed"
"""All of an upload was here: an answer was lost, or somebody sends again what he recorded."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The cursor after an upload; `code` says why nothing was appended: `upload.gap` or `upload.fork`.

    `notices` are codes of what was kept although it is not as it should be, or was here already.
    """

    next_seq: int
    head: str
    appended: int
    code: str | None = None
    notices: tuple[str, ...] = ()


def ingest(connection: Connection, owner: RegisteredEpoch, sender: Identity, upload: Upload, now_ms: int) -> Taken:
    """Append what is new of an upload for the epoch of `owner`; `sender` is the box that brought it."""
    identity = owner.identity
    cursor = locked_cursor(connection, identity)
    if upload.first_seq > cursor.next_seq:
        note_alarm(connection, identity, "upload.gap", cursor.next_seq, now_ms, f"#{upload.first_seq}")
        return Taken(cursor.next_seq, cursor.head, 0, "upload.gap")
    hashes = _hashes(upload)
    differs_at = _first_difference(connection, identity, cursor, upload, hashes)
    if differs_at is not None:
        _keep_fork(connection, identity, sender, upload, differs_at, now_ms)
        return Taken(cursor.next_seq, cursor.head, 0, "upload.fork")
    known = cursor.next_seq - upload.first_seq
    fresh = upload.entries[known:]
    if not fresh:
        return Taken(cursor.next_seq, cursor.head, 0, notices=(REPLAYED,))
    _check_first(owner, fresh[0])
    heads = [cursor.head, *hashes[known:]]
    notices = _append(connection, owner, fresh, heads, now_ms)
    if owner.newest > identity.epoch:
        note_late(connection, identity, sender.epoch, fresh[0].seq, fresh[-1].seq, now_ms)
    taken = Taken(cursor.next_seq + len(fresh), heads[-1], len(fresh), notices=notices)
    connection.execute(
        update(tables.cursor)
        .where(tables.of_epoch(tables.cursor, identity.store, identity.epoch))
        .values(next_seq=taken.next_seq, head=taken.head)
    )
    return taken


def locked_cursor(connection: Connection, identity: Identity) -> Taken:
    """Return an epoch's cursor, locked until the transaction ends."""
    row = connection.execute(_cursor_of(identity).with_for_update()).one()
    return Taken(row.next_seq, row.head, 0)


def present_cursor(connection: Connection, identity: Identity) -> Taken:
    """Return an epoch's cursor as it is now, for who only reads: he neither waits for an upload nor gives way to it."""
    row = connection.execute(_cursor_of(identity)).one()
    return Taken(row.next_seq, row.head, 0)


def _cursor_of(identity: Identity) -> Any:
    return select(tables.cursor).where(tables.of_epoch(tables.cursor, identity.store, identity.epoch))


def _hashes(upload: Upload) -> list[str]:
    head = upload.previous
    hashes = []
    for entry in upload.entries:
        head = next_hash(head, entry.seq, entry.at_ms, entry.kind, entry.body)
        hashes.append(head.hex())
    return hashes


def _first_difference(
    connection: Connection, identity: Identity, cursor: Taken, upload: Upload, hashes: Sequence[str]
) -> int | None:
    """Return the first number at which the upload tells another history than ours, or None.

    Hashes are chained: equal ones at the end of the overlap mean that all before are equal too.
    """
    before = upload.first_seq - 1
    last_common = min(cursor.next_seq - 1, before + len(hashes))
    theirs = [upload.previous.hex(), *hashes]
    ours = _our_hash(connection, identity, cursor, last_common)
    if theirs[last_common - before] == ours:
        return None
    for seq in range(before, last_common + 1):
        if theirs[seq - before] != _our_hash(connection, identity, cursor, seq):
            return max(seq, 1)
    return last_common


def _our_hash(connection: Connection, identity: Identity, cursor: Taken, seq: int) -> str:
    if seq == 0:
        return genesis(identity).hex()
    if seq == cursor.next_seq - 1:
        return cursor.head
    where = tables.of_epoch(tables.entry, identity.store, identity.epoch) & (tables.entry.c.seq == seq)
    return str(connection.execute(select(tables.entry.c.hash).where(where)).scalar_one())


def _check_first(owner: RegisteredEpoch, entry: SentEntry) -> None:
    if entry.seq != 1:
        return
    body = readable(entry.body)
    if entry.kind != "box.enrolled" or body is None:
        raise Refused("upload.first_not_enrolment", store=owner.identity.store, epoch=owner.identity.epoch)
    if body.get("public_key") != owner.public_key.hex():
        raise Credentials("upload.other_key", store=owner.identity.store, epoch=owner.identity.epoch)


def _append(
    connection: Connection, owner: RegisteredEpoch, fresh: Sequence[SentEntry], heads: Sequence[str], now_ms: int
) -> tuple[str, ...]:
    """Insert entries; `heads[k]` is the hash before `fresh[k]`. Returns codes of what is wrong with some of them."""
    identity = owner.identity
    month = month_of(now_ms)
    bodies = [readable(entry.body) for entry in fresh]
    rows = [
        {
            "store": identity.store,
            "epoch": identity.epoch,
            "seq": entry.seq,
            "at_ms": entry.at_ms,
            "kind": entry.kind,
            "day": day_of(body),
            "body": entry.body,
            "hash": heads[place + 1],
            "received_at_ms": now_ms,
            "month": month,
        }
        for place, (entry, body) in enumerate(zip(fresh, bodies, strict=True))
    ]
    write_entries(connection, rows)
    found: dict[str, None] = {}
    for place, (entry, body) in enumerate(zip(fresh, bodies, strict=True)):
        if code := _look_at(connection, owner, entry, body, heads[place], now_ms):
            found[code] = None
    project(connection, identity.store, identity.epoch, zip(fresh, bodies, strict=True))
    return tuple(found)


def _look_at(
    connection: Connection,
    owner: RegisteredEpoch,
    entry: SentEntry,
    body: Mapping[str, object] | None,
    head: str,
    now_ms: int,
) -> str | None:
    if body is None:
        note_alarm(connection, owner.identity, "entry.unreadable", entry.seq, now_ms)
        return "entry.unreadable"
    if entry.kind == "seal":
        return note_seal(connection, owner, entry.seq, body, head, now_ms)
    if entry.kind == "hq.rolled_back":
        numbers = [body.get(name) for name in ("from_seq", "to_seq")]
        detail = " → ".join(f"#{number}" if type(number) is int else "?" for number in numbers)
        write_notice(connection, Notice(owner.identity.store, owner.identity.epoch, Alarm.HQ_WENT_BACK, detail), now_ms)
    return None


def _keep_fork(
    connection: Connection, identity: Identity, sender: Identity, upload: Upload, differs_at: int, now_ms: int
) -> None:
    """Keep the other history aside, once, and no more of it than helps to find out what happened."""
    rows = [[entry.seq, entry.at_ms, entry.kind, entry.body] for entry in upload.entries]
    text = json.dumps({"previous": upload.previous.hex(), "entries": rows}, ensure_ascii=False)
    digest = sha256(text.encode()).hexdigest()
    where = tables.of_epoch(tables.fork, identity.store, identity.epoch)
    if connection.execute(select(tables.fork.c.sha256).where(where & (tables.fork.c.sha256 == digest))).first():
        return
    note_alarm(connection, identity, "upload.fork", differs_at, now_ms, f"sent by {sender}")
    if connection.execute(select(func.count()).select_from(tables.fork).where(where)).scalar_one() >= FORKS_KEPT:
        return
    connection.execute(
        tables.fork.insert().values(
            store=identity.store,
            epoch=identity.epoch,
            sha256=digest,
            first_seq=upload.first_seq,
            differs_at=differs_at,
            box=sender.box,
            upload=text,
            received_at_ms=now_ms,
        )
    )
