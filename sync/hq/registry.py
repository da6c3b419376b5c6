"""Stores, boxes and tokens: who exists, who may enrol, who may read. Functions over an open transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, func, select, update

from agent.core.chain import Identity, genesis
from agent.core.errors import Credentials, Refused
from agent.core.ids import checked_id
from sync.enrol import PastEpoch
from sync.hq import tables

TOKEN_LIFE_MS = 7 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class RegisteredEpoch:
    """An epoch as headquarters knows it; `identity.box` is the box that lived it."""

    identity: Identity
    public_key: bytes
    revoked: bool


def add_store(connection: Connection, store: str, name: str, now_ms: int, phone: str = "", entity: str = "") -> None:
    """Add a store, with the telephone at its counter and its company; refuses with `store.exists`."""
    checked_id(store, "store")
    if has_store(connection, store):
        raise Refused("store.exists", store=store)
    values = {"store": store, "name": name, "created_at_ms": now_ms, "phone": phone, "entity": entity}
    connection.execute(tables.store.insert().values(**values))


def change_store(
    connection: Connection, store: str, name: str | None, phone: str | None, entity: str | None = None
) -> None:
    """Give a store another name, telephone or company; None leaves it. Refuses with `store.unknown`."""
    if not has_store(connection, store):
        raise Refused("store.unknown", store=store)
    given = {"name": name, "phone": phone, "entity": entity}
    values = {key: value for key, value in given.items() if value is not None}
    if values:
        connection.execute(update(tables.store).where(tables.store.c.store == store).values(**values))


def has_store(connection: Connection, store: str) -> bool:
    """Tell whether a store is known."""
    found = connection.execute(select(tables.store.c.store).where(tables.store.c.store == store)).first()
    return found is not None


def store_names(connection: Connection) -> list[tuple[str, str]]:
    """Return every store and its name, in order."""
    rows = connection.execute(select(tables.store.c.store, tables.store.c.name).order_by(tables.store.c.store))
    return [(row.store, row.name) for row in rows]


def store_name(connection: Connection, store: str) -> str:
    """Return what a store is called; its number for an unknown one."""
    found = connection.execute(select(tables.store.c.name).where(tables.store.c.store == store)).scalar()
    return store if found is None else str(found)


def make_enrolment_token(connection: Connection, store: str, now_ms: int, life_ms: int = TOKEN_LIFE_MS) -> str:
    """Return a new one-time token with which a box of `store` may enrol."""
    if not has_store(connection, store):
        raise Refused("store.unknown", store=store)
    token = secrets.token_urlsafe(24)
    connection.execute(
        tables.enrolment_token.insert().values(
            store=store, token_sha256=_digest(token), created_at_ms=now_ms, expires_at_ms=now_ms + life_ms
        )
    )
    return token


def enrol(
    connection: Connection, token: str, store: str, box: str, public_key: bytes, past: Sequence[PastEpoch], now_ms: int
) -> int:
    """Return the epoch for a new key; the same token and key again give the same epoch."""
    checked_id(store, "store")
    checked_id(box, "box")
    known_token = tables.enrolment_token
    mine = (known_token.c.store == store) & (known_token.c.token_sha256 == _digest(token))
    row = connection.execute(select(known_token).where(mine).with_for_update()).first()
    if row is None:
        raise Credentials("enrol.token_unknown", store=store)
    if row.used_by_key is not None:
        if row.used_by_key != public_key.hex():
            raise Credentials("enrol.token_used", store=store)
        return int(row.epoch)
    if now_ms > row.expires_at_ms:
        raise Credentials("enrol.token_expired", store=store)
    _adopt(connection, store, past, now_ms)
    epoch = _highest_epoch(connection, store) + 1
    register_epoch(connection, Identity(store, box, epoch), public_key, "enrolled", now_ms)
    connection.execute(update(known_token).where(mine).values(used_by_key=public_key.hex(), epoch=epoch))
    return epoch


def previous_epoch(connection: Connection, store: str, epoch: int) -> dict[str, object] | None:
    """Return how much is here of the store's epoch before `epoch`, or None when there was none."""
    known = tables.cursor
    earlier = (known.c.store == store) & (known.c.epoch < epoch)
    row = connection.execute(select(known).where(earlier).order_by(known.c.epoch.desc()).limit(1)).first()
    return None if row is None else {"epoch": row.epoch, "next_seq": row.next_seq, "head": row.head}


def find_epoch(connection: Connection, store: str, epoch: int) -> RegisteredEpoch | None:
    """Return an epoch of a store, or None when there is none."""
    row = connection.execute(select(tables.epoch).where(tables.of_epoch(tables.epoch, store, epoch))).first()
    return None if row is None else _registered(row)


def epoch_of_store(connection: Connection, store: str, epoch: int) -> RegisteredEpoch:
    """Return an epoch of a store; refuses with `epoch.unknown`."""
    found = find_epoch(connection, store, epoch)
    if found is None:
        raise Refused("epoch.unknown", store=store, epoch=epoch)
    return found


def revoke(connection: Connection, store: str, epoch: int, reason: str, now_ms: int) -> None:
    """Take the key of an epoch out of use: its box can't upload any more."""
    epoch_of_store(connection, store, epoch)
    connection.execute(
        update(tables.epoch)
        .where(tables.of_epoch(tables.epoch, store, epoch))
        .values(revoked_at_ms=now_ms, revoked_reason=reason)
    )


def make_access_token(connection: Connection, name: str, stores: Sequence[str] | None, now_ms: int) -> str:
    """Return a new token that may read the ledger of `stores`, or of all when None."""
    token = secrets.token_urlsafe(24)
    connection.execute(
        tables.access_token.insert().values(
            token_sha256=_digest(token),
            name=name,
            stores=None if stores is None else ",".join(sorted(stores)),
            created_at_ms=now_ms,
        )
    )
    return token


def stores_for_token(connection: Connection, token: str) -> frozenset[str] | None:
    """Return the stores that a token may read, None for all; raises `Credentials` for an unknown one."""
    known = tables.access_token
    row = connection.execute(select(known).where(known.c.token_sha256 == _digest(token))).first()
    if row is None or row.revoked_at_ms is not None:
        raise Credentials("access.token_unknown")
    return None if row.stores is None else frozenset(row.stores.split(","))


def access_tokens(connection: Connection) -> list[dict[str, object]]:
    """Return the tokens of programs, newest first: name, stores (None for all), times; of the token only its hash."""
    known = tables.access_token
    return [
        {
            "token_sha256": row.token_sha256,
            "name": row.name,
            "stores": None if row.stores is None else row.stores.split(","),
            "created_at_ms": row.created_at_ms,
            "revoked_at_ms": row.revoked_at_ms,
        }
        for row in connection.execute(select(known).order_by(known.c.created_at_ms.desc(), known.c.token_sha256))
    ]


def revoke_access_token(connection: Connection, token_sha256: str, now_ms: int) -> None:
    """Take a program's token out of use; one that is out of use already keeps its time."""
    known = tables.access_token
    mine = (known.c.token_sha256 == token_sha256) & known.c.revoked_at_ms.is_(None)
    connection.execute(update(known).where(mine).values(revoked_at_ms=now_ms))


def _adopt(connection: Connection, store: str, past: Sequence[PastEpoch], now_ms: int) -> None:
    """Take in epochs that the box lived alone, where their numbers are free."""
    taken = set(connection.execute(select(tables.epoch.c.epoch).where(tables.epoch.c.store == store)).scalars())
    for item in past:
        checked_id(item.box, "box")
        if item.epoch not in taken:
            register_epoch(connection, Identity(store, item.box, item.epoch), item.public_key, "alone", now_ms)


def _highest_epoch(connection: Connection, store: str) -> int:
    highest = connection.execute(select(func.max(tables.epoch.c.epoch)).where(tables.epoch.c.store == store)).scalar()
    return int(highest or 0)


def register_epoch(connection: Connection, identity: Identity, public_key: bytes, source: str, now_ms: int) -> None:
    """Make an epoch known with its key, and begin its cursor."""
    place = {"store": identity.store, "epoch": identity.epoch}
    connection.execute(
        tables.epoch.insert().values(
            **place, box=identity.box, public_key=public_key.hex(), source=source, enrolled_at_ms=now_ms
        )
    )
    connection.execute(tables.cursor.insert().values(**place, next_seq=1, head=genesis(identity).hex()))


def _registered(row: tuple[object, ...]) -> RegisteredEpoch:
    fields = row._mapping  # type: ignore[attr-defined]
    return RegisteredEpoch(
        Identity(fields["store"], fields["box"], fields["epoch"]),
        bytes.fromhex(fields["public_key"]),
        fields["revoked_at_ms"] is not None,
    )


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
