"""What headquarters notes beside the entries: receipts that it gave, seals, alarms, heartbeats."""

from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from agent.core.canonical import canonical
from agent.core.chain import Identity
from agent.core.moment import platform_day
from agent.core.signing import seal_message, verify
from sync.hq import tables
from sync.hq.registry import RegisteredEpoch
from sync.hq.webhooks.alarms import Alarm, Values, tell

_TOLD_AS: Mapping[str, Alarm] = {
    "upload.fork": Alarm.FORK,
    "epoch.claimed_twice": Alarm.FORK,
    "seal.other_head": Alarm.CHAIN_BROKEN,
    "seal.wrong_signature": Alarm.CHAIN_BROKEN,
    "entry.unreadable": Alarm.CHAIN_BROKEN,
}
"""A gap is told of only when nobody fills it (`sync.hq.webhooks.watch`)."""


def note_alarm(connection: Connection, identity: Identity, code: str, seq: int, now_ms: int, detail: str = "") -> None:
    """Raise an alarm once a place and code, and tell people outside, once a day for each epoch."""
    where = tables.of_epoch(tables.alarm, identity.store, identity.epoch)
    where = where & (tables.alarm.c.code == code) & (tables.alarm.c.seq == seq)
    if connection.execute(select(tables.alarm.c.seq).where(where)).first() is None:
        connection.execute(
            tables.alarm.insert().values(
                store=identity.store, epoch=identity.epoch, code=code, seq=seq, at_ms=now_ms, detail=detail
            )
        )
        if code in _TOLD_AS:
            day = platform_day(now_ms).isoformat()
            values: Values = {"box": identity.box, "epoch": identity.epoch, "seq": seq, "day": day, "reason": code}
            tell(connection, _TOLD_AS[code], f"{identity.epoch}.{day}", values, now_ms, identity.store)


def note_seal(
    connection: Connection, owner: RegisteredEpoch, seq: int, body: Mapping[str, object], head: str, now_ms: int
) -> str | None:
    """Check a seal against the chain up to `head`, note the result, alarm when it is wrong; return what is wrong."""
    code = _seal_fault(owner, seq, body, head)
    connection.execute(
        tables.seal.insert().values(
            store=owner.identity.store, epoch=owner.identity.epoch, seq=seq, valid=code is None, code=code
        )
    )
    if code is not None:
        note_alarm(connection, owner.identity, code, seq, now_ms)
    return code


def note_receipt(connection: Connection, identity: Identity, document: Mapping[str, object]) -> None:
    """Keep a receipt that goes out for new entries; `identity` is the epoch's own."""
    kept = tables.receipt
    place = {
        "store": identity.store,
        "epoch": identity.epoch,
        "next_seq": document["next_seq"],
        "at_ms": document["at_ms"],
    }
    where = tables.of_epoch(kept, identity.store, identity.epoch) & (kept.c.next_seq == document["next_seq"])
    if connection.execute(select(kept.c.at_ms).where(where & (kept.c.at_ms == document["at_ms"]))).first() is None:
        connection.execute(kept.insert().values(**place, head=document["head"], document=canonical(document)))


def note_heartbeat(connection: Connection, sender: Identity, body: Mapping[str, object], now_ms: int) -> None:
    """Keep the newest heartbeat of a box."""
    kept = tables.heartbeat
    where = tables.of_epoch(kept, sender.store, sender.epoch) & (kept.c.box == sender.box)
    values = {"at_ms": now_ms, "body": canonical(body)}
    if connection.execute(update(kept).where(where).values(**values)).rowcount:
        return
    connection.execute(kept.insert().values(store=sender.store, epoch=sender.epoch, box=sender.box, **values))


def _seal_fault(owner: RegisteredEpoch, seq: int, body: Mapping[str, object], head: str) -> str | None:
    signature = body.get("signature")
    if body.get("head") != head:
        return "seal.other_head"
    try:
        raw = bytes.fromhex(signature) if isinstance(signature, str) else b""
    except ValueError:
        return "seal.wrong_signature"
    message = seal_message(owner.identity, seq - 1, bytes.fromhex(head))
    return None if verify(owner.public_key, message, raw) else "seal.wrong_signature"
