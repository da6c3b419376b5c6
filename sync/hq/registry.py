"""Stores, boxes and tokens: who exists, who may enrol, who may read. Functions over an open transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection, func, select, update

from agent.core.chain import Identity, genesis
from agent.core.errors import Credentials, Refused
from agent.core.ids import checked_id
from sync.hq import tables

TOKEN_LIFE_MS = 15 * 60 * 1000
TOKEN_BYTES = 16


class TokenMode(StrEnum):
    """What a token is for: the first box of a store, or one in the place of another."""

    NEW = "new"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class RegisteredEpoch:
    """An epoch as headquarters knows it; `identity.box` is the box that lived it, `newest` the store's last epoch."""

    identity: Identity
    public_key: bytes
    revoked: bool
    newest: int

    @property
    def replaced_by(self) -> int | None:
        """Return the epoch that took this one's place, or None.

        A box that was replaced is fenced: what it still has it may upload, late; no money moves at its word.
        """
        return self.newest if self.newest > self.identity.epoch else None


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


def make_enrolment_token(
    connection: Connection,
    store: str,
    now_ms: int,
    life_ms: int = TOKEN_LIFE_MS,
    *,
    mode: TokenMode = TokenMode.NEW,
    made_by: str = "",
    reason: str = "",
    short_sha256: str | None = None,
) -> str:
    """Return a new one-time token of 128 bits with which a box of `store` may enrol, in hex.

    Refuses with `store.unknown`. `short_sha256` is the hash of a second form that can be typed.
    """
    if not has_store(connection, store):
        raise Refused("store.unknown", store=store)
    token = secrets.token_hex(TOKEN_BYTES)
    connection.execute(
        tables.enrolment_token.insert().values(
            store=store,
            token_sha256=digest(token),
            created_at_ms=now_ms,
            expires_at_ms=now_ms + life_ms,
            mode=mode.value,
            made_by=made_by,
            reason=reason,
            short_sha256=short_sha256,
        )
    )
    return token


def previous_epoch(connection: Connection, store: str, epoch: int) -> dict[str, object] | None:
    """Return how much is here of the store's epoch before `epoch`, or None when there was none."""
    known = tables.cursor
    earlier = (known.c.store == store) & (known.c.epoch < epoch)
    row = connection.execute(select(known).where(earlier).order_by(known.c.epoch.desc()).limit(1)).first()
    return None if row is None else {"epoch": row.epoch, "next_seq": row.next_seq, "head": row.head}


def find_epoch(connection: Connection, store: str, epoch: int) -> RegisteredEpoch | None:
    """Return an epoch of a store, or None when there is none."""
    every = tables.epoch.alias("every_epoch")
    newest = select(func.max(every.c.epoch)).where(every.c.store == store).scalar_subquery().label("newest")
    query = select(tables.epoch, newest).where(tables.of_epoch(tables.epoch, store, epoch))
    row = connection.execute(query).first()
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
            token_sha256=digest(token),
            name=name,
            stores=None if stores is None else ",".join(sorted(stores)),
            created_at_ms=now_ms,
        )
    )
    return token


def stores_for_token(connection: Connection, token: str) -> frozenset[str] | None:
    """Return the stores that a token may read, None for all; raises `Credentials` for an unknown one."""
    known = tables.access_token
    row = connection.execute(select(known).where(known.c.token_sha256 == digest(token))).first()
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
        int(fields["newest"]),
    )


def digest(token: str) -> str:
    """Return what is kept of a token."""
    return sha256(token.encode()).hexdigest()
