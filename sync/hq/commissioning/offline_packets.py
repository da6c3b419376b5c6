"""Offline packets: an epoch that is granted before any box has asked for it, and the box's first contact after that.

The epoch is held for the packet from the moment it is made; no other box gets its number. Who comes first with the
packet has it. Whoever comes with it afterwards is another box with the same past, and is named.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from agent.core.chain import Identity
from agent.core.directives import Kind
from agent.core.errors import Refused
from agent.core.ids import checked_id
from agent.core.typed_codes import RANDOM_BYTES, typed_code
from sync.grant import GRANT_USE
from sync.hq import registry
from sync.hq.books.notes import write_note
from sync.hq.commissioning.enrolling import Enrolled, lock_store, next_epoch, register
from sync.hq.commissioning.outcomes import Asking, Outcome, keep_outcome
from sync.hq.commissioning.tables import packet
from sync.hq.commissioning.tokens import checked_reason, live_epoch
from sync.hq.directives import down
from sync.hq.keys import HqKeys
from sync.hq.records import note_alarm
from sync.hq.registry import TokenMode
from sync.keylist import KeyRing
from sync.packet import NONCE_BYTES, SALT_BYTES, seal

PACKET_LIFE_MS = 72 * 3600 * 1000
CLAIMED_TWICE = "epoch.claimed_twice"
CARRIED = (
    Kind.STAFF,
    Kind.ROLES,
    Kind.TENDERS,
    Kind.STOP_SALE,
    Kind.SCALE_LABELS,
    Kind.MESSAGES,
    Kind.CATALOGUE,
)
"""Documents that a packet carries, signed for its box; the largest last, for there is a bound to all together."""


@dataclass(frozen=True, slots=True)
class MadePacket:
    """A packet as it goes onto a stick, and the code that opens it, which goes another way."""

    identity: Identity
    packet: str
    mode: TokenMode
    expires_at_ms: int
    code: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FirstContact:
    """What a box says that opened a packet: the grant out of it, and when that was by its clock."""

    grant: Mapping[str, object]
    opened_at_ms: int


def make_packet(
    connection: Connection,
    keys: HqKeys,
    store: str,
    made_by: str,
    now_ms: int,
    *,
    hq_url: str,
    box: str = "B1",
    reason: str = "",
    life_ms: int = PACKET_LIFE_MS,
) -> MadePacket:
    """Make a packet for a store's next box; `hq_url` is where that box will find headquarters.

    It carries the store's documents as they are now: catalogue, people, tenders and the like.
    For a store that has a box it is one of replacement and needs a reason (`box.reason_missing`): the present box
    trades on until the other has been heard of. Refuses with `store.unknown`; raises `Broken` (`key.not_listed`) where
    the root is elsewhere and its list names no key for grants.
    """
    checked_id(box, "box")
    if not lock_store(connection, store):
        raise Refused("store.unknown", store=store)
    mode = TokenMode.NEW if live_epoch(connection, store) is None else TokenMode.REPLACE
    if mode is TokenMode.REPLACE:
        checked_reason(reason)
    identity = Identity(store, box, next_epoch(connection, store))
    name = secrets.token_hex(16)
    times = {"made_at_ms": now_ms, "expires_at_ms": now_ms + life_ms}
    place = {"store": store, "box": box, "epoch": identity.epoch, "packet": name, "mode": mode.value}
    grant = keys.signed_grant(identity, {**place, **times})
    connection.execute(packet.insert().values(**place, **times, made_by=made_by, reason=reason))
    body = {"packet": name, "epoch": identity.epoch, "mode": mode.value, "reason": reason, **times}
    write_note(connection, store, now_ms, made_by, "enrolment.packet_made", store, body)
    content = {
        "store": store,
        "box": box,
        "epoch": identity.epoch,
        "hq_url": hq_url,
        "root_public_key": keys.root_public_key.hex(),
        "key_list": dict(keys.key_list),
        "previous": registry.previous_epoch(connection, store, identity.epoch),
        "grant": grant,
        "directives": _carried(connection, keys, identity, now_ms),
    }
    code = typed_code(secrets.token_bytes(RANDOM_BYTES))
    data = seal(content, code, secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES))
    return MadePacket(identity, name, mode, now_ms + life_ms, code, data)


def first_contact(connection: Connection, keys: HqKeys, asking: Asking, contact: FirstContact, now_ms: int) -> Enrolled:
    """Take in the key of a box that enrolled by a packet; the same box again is answered the same.

    A box that opened its packet in time is taken in however long it had no line: it has traded since. If another box
    got a later epoch meanwhile, this one is fenced at once, and what it sold comes up late.
    """
    if not lock_store(connection, asking.store):
        return Enrolled(Outcome.PACKET_UNKNOWN)
    row = _packet_of(connection, keys, asking, contact.grant)
    if row is None:
        keep_outcome(connection, asking, Outcome.PACKET_UNKNOWN, now_ms, made_by="", typed=False, epoch=None)
        return Enrolled(Outcome.PACKET_UNKNOWN)
    identity = Identity(asking.store, asking.box, int(row.epoch))
    owner = registry.find_epoch(connection, asking.store, identity.epoch)
    if owner is not None:
        same = (owner.public_key, owner.identity) == (asking.public_key, identity)
        outcome = Outcome.AGAIN if same else Outcome.PACKET_USED
    else:
        outcome = Outcome.DONE if contact.opened_at_ms <= row.expires_at_ms else Outcome.PACKET_EXPIRED
    epoch = identity.epoch if outcome in (Outcome.DONE, Outcome.AGAIN) else None
    if outcome is Outcome.DONE:
        live = live_epoch(connection, asking.store)
        register(connection, identity, asking.public_key, live, row.made_by, now_ms)
        _use(connection, asking, row.packet, contact.opened_at_ms, now_ms)
    elif outcome is Outcome.PACKET_USED and owner is not None:
        note_alarm(connection, owner.identity, CLAIMED_TWICE, 1, now_ms, f"{asking.box} {asking.sender}"[:80])
    keep_outcome(connection, asking, outcome, now_ms, made_by=row.made_by, typed=False, epoch=epoch)
    other = owner.identity if owner is not None and outcome is Outcome.PACKET_USED else None
    return Enrolled(outcome, epoch, other)


def _carried(connection: Connection, keys: HqKeys, identity: Identity, now_ms: int) -> list[dict[str, object]]:
    rows = down.lacking(connection, identity.store, dict.fromkeys(CARRIED, 0))
    return down.signed(keys, identity, rows, now_ms)


def _packet_of(connection: Connection, keys: HqKeys, asking: Asking, grant: Mapping[str, object]) -> Row[Any] | None:
    """Return the packet that a grant of ours for this store and box stands for, None for any other document."""
    epoch, made_at_ms = grant.get("epoch"), grant.get("made_at_ms")
    if type(epoch) is not int or type(made_at_ms) is not int:
        return None
    if (grant.get("store"), grant.get("box")) != (asking.store, asking.box):
        return None
    ring = KeyRing(keys.root_public_key, keys.key_list)
    if ring.fault(GRANT_USE, Identity(asking.store, asking.box, epoch), grant, made_at_ms) is not None:
        return None
    mine = (packet.c.store == asking.store) & (packet.c.packet == str(grant.get("packet")))
    return connection.execute(select(packet).where(mine)).first()


def _use(connection: Connection, asking: Asking, name: str, opened_at_ms: int, now_ms: int) -> None:
    mine = (packet.c.store == asking.store) & (packet.c.packet == name)
    values = {"used_by_key": asking.public_key.hex(), "opened_at_ms": opened_at_ms, "used_at_ms": now_ms}
    connection.execute(update(packet).where(mine).values(**values))
