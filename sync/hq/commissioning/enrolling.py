"""Giving a box its epoch: for a one-time token, or for the grant of an offline packet that it opened before.

One store's requests wait for each other. What became of a request is kept in the transaction that decides it, also when
it is a refusal: the caller raises after it, by `raise_refusal`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from agent.core.chain import Identity
from agent.core.errors import Credentials, Refused, TryLater
from agent.core.ids import checked_id
from sync.enrol import PastEpoch
from sync.hq import registry, tables
from sync.hq.books.notes import write_note
from sync.hq.commissioning.outcomes import (
    HOUR_MS,
    Asking,
    Grant,
    Outcome,
    decide,
    keep_outcome,
    typed_tries_left,
)
from sync.hq.commissioning.tables import packet
from sync.hq.commissioning.tokens import live_epoch, sent_form
from sync.hq.registry import RegisteredEpoch, TokenMode


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of a request: with an epoch, or with none and the box that is in its way, if there is one."""

    outcome: Outcome
    epoch: int | None = None
    other: Identity | None = None


def enrol(connection: Connection, asking: Asking, token: str, past: Sequence[PastEpoch], now_ms: int) -> Enrolled:
    """Give a box that brings a token its epoch, or tell why not; the same again gives the same epoch.

    With a *replace* token the box before is fenced from this moment on.
    """
    checked_id(asking.store, "store")
    checked_id(asking.box, "box")
    if not lock_store(connection, asking.store):
        return Enrolled(Outcome.TOKEN_UNKNOWN)
    digest, typed = sent_form(asking.store, token)
    if typed and not typed_tries_left(connection, asking.store, now_ms):
        return Enrolled(Outcome.TOO_MANY_TRIES)
    grant, digest = _granted(connection, asking.store, digest, typed)
    live = live_epoch(connection, asking.store)
    outcome = decide(grant, asking, live, _box_of(connection, asking.store, grant), now_ms)
    made_by = "" if grant is None else grant.made_by
    epoch: int | None = None
    if outcome is Outcome.AGAIN and grant is not None:
        epoch = grant.epoch if grant.epoch is not None else live.identity.epoch if live is not None else None
    elif outcome is Outcome.DONE:
        epoch = _new_epoch(connection, asking, past, live, made_by, now_ms)
    if epoch is not None and grant is not None and grant.used_by_key is None:
        _use(connection, asking, digest, epoch, now_ms)
    keep_outcome(connection, asking, outcome, now_ms, made_by=made_by, typed=typed, epoch=epoch)
    return Enrolled(outcome, epoch, _other(connection, asking.store, outcome, grant, live))


def raise_refusal(enrolled: Enrolled, asking: Asking) -> None:
    """Raise what a refused request is answered with; returns for one that has its epoch."""
    if enrolled.epoch is not None:
        return
    code, store = enrolled.outcome.value, asking.store
    if enrolled.outcome is Outcome.TOKEN_UNKNOWN or enrolled.outcome is Outcome.PACKET_UNKNOWN:
        raise Credentials(code, store=store)
    if enrolled.outcome is Outcome.TOO_MANY_TRIES:
        raise TryLater(code, store=store, retry_after_s=HOUR_MS // 1000)
    other = enrolled.other
    if other is None:
        raise Refused(code, store=store)
    raise Refused(code, store=store, box=other.box, epoch=other.epoch)


def lock_store(connection: Connection, store: str) -> bool:
    """Let nobody else hand out an epoch of a store until this transaction ends; tells whether the store is known."""
    known = tables.store.c
    return connection.execute(select(known.store).where(known.store == store).with_for_update()).first() is not None


def next_epoch(connection: Connection, store: str) -> int:
    """Return the number of a store's next epoch: no box had it, and no packet holds it."""
    lived = connection.execute(select(func.max(tables.epoch.c.epoch)).where(tables.epoch.c.store == store)).scalar()
    held = connection.execute(select(func.max(packet.c.epoch)).where(packet.c.store == store)).scalar()
    return max(int(lived or 0), int(held or 0)) + 1


def register(
    connection: Connection,
    identity: Identity,
    public_key: bytes,
    before: RegisteredEpoch | None,
    made_by: str,
    now_ms: int,
) -> None:
    """Make a box's epoch known, with a note of the store's book that names the box before it."""
    registry.register_epoch(connection, identity, public_key, "enrolled", now_ms)
    body = {
        "box": identity.box,
        "epoch": identity.epoch,
        "made_by": made_by,
        "replaces": None if before is None else before.identity.epoch,
    }
    write_note(connection, identity.store, now_ms, f"box:{identity.box}", "box.enrolled", identity.store, body)


def adopt(connection: Connection, store: str, past: Sequence[PastEpoch], now_ms: int) -> None:
    """Take in epochs that the box lived alone, where their numbers are free."""
    taken = set(connection.execute(select(tables.epoch.c.epoch).where(tables.epoch.c.store == store)).scalars())
    for item in past:
        checked_id(item.box, "box")
        if item.epoch not in taken:
            identity = Identity(store, item.box, item.epoch)
            registry.register_epoch(connection, identity, item.public_key, "alone", now_ms)


def _new_epoch(
    connection: Connection,
    asking: Asking,
    past: Sequence[PastEpoch],
    live: RegisteredEpoch | None,
    made_by: str,
    now_ms: int,
) -> int:
    adopt(connection, asking.store, past, now_ms)
    identity = Identity(asking.store, asking.box, next_epoch(connection, asking.store))
    register(connection, identity, asking.public_key, live, made_by, now_ms)
    return identity.epoch


def _granted(connection: Connection, store: str, digest: str, typed: bool) -> tuple[Grant | None, str]:
    """Return the token that was sent, and the hash of its long form, which is its key here."""
    known = tables.enrolment_token
    column = known.c.short_sha256 if typed else known.c.token_sha256
    query = select(known).where((known.c.store == store) & (column == digest)).order_by(known.c.created_at_ms.desc())
    row = connection.execute(query.limit(1)).first()
    if row is None:
        return None, digest
    withdrawn = row.withdrawn_at_ms is not None
    grant = Grant(TokenMode(row.mode), row.expires_at_ms, row.used_by_key, row.epoch, row.made_by, withdrawn)
    return grant, row.token_sha256


def _box_of(connection: Connection, store: str, grant: Grant | None) -> str | None:
    if grant is None or grant.epoch is None:
        return None
    found = registry.find_epoch(connection, store, grant.epoch)
    return None if found is None else found.identity.box


def _use(connection: Connection, asking: Asking, digest: str, epoch: int, now_ms: int) -> None:
    known = tables.enrolment_token
    mine = (known.c.store == asking.store) & (known.c.token_sha256 == digest)
    values = {"used_by_key": asking.public_key.hex(), "epoch": epoch, "used_at_ms": now_ms}
    connection.execute(update(known).where(mine).values(**values))


def _other(
    connection: Connection, store: str, outcome: Outcome, grant: Grant | None, live: RegisteredEpoch | None
) -> Identity | None:
    """Return the box that is in the way: the one that used the token, or the one that trades in the store."""
    if outcome is Outcome.STORE_HAS_BOX and live is not None:
        return live.identity
    if outcome is Outcome.TOKEN_USED and grant is not None and grant.epoch is not None:
        found = registry.find_epoch(connection, store, grant.epoch)
        return None if found is None else found.identity
    return None
