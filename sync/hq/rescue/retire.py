"""A store's box retires: everything it wrote is here, both sides sign that, and its key is taken out of use."""

import json
from collections.abc import Mapping

from sqlalchemy import Connection, select

from agent.core.canonical import canonical
from agent.core.errors import Credentials, Refused
from agent.core.signing import parse_request_header, request_message, verify
from sync.hq import registry, tables
from sync.hq.incoming import Incoming
from sync.hq.keys import HqKeys
from sync.hq.registry import RegisteredEpoch

REASON_MAX = 200


def retiring_box(connection: Connection, box: str, request: Incoming) -> RegisteredEpoch:
    """Return the epoch that signed the request, also when its key is out of use: an answer may have been lost."""
    parsed = parse_request_header(request.signature or "")
    if parsed is None or parsed[0].box != box:
        raise Credentials("request.not_signed")
    claimed, signature = parsed
    known = registry.find_epoch(connection, claimed.store, claimed.epoch)
    if known is None or known.identity != claimed:
        raise Refused("box.unknown", box=claimed.box[:10], epoch=claimed.epoch)
    message = request_message(claimed, request.method, request.target, request.body)
    if not verify(known.public_key, message, signature):
        raise Credentials("request.wrong_signature", box=claimed.box[:10], epoch=claimed.epoch)
    return known


def retire(
    connection: Connection, keys: HqKeys, sender: RegisteredEpoch, request: Incoming, now_ms: int
) -> dict[str, object]:
    """Return the certificate of a retirement and revoke the key; the same request again gives the same certificate.

    Raises `Refused("retire.other_head")` unless headquarters has exactly what the box says it wrote, `Credentials` for
    a box that was revoked or replaced otherwise.
    """
    mine = sender.identity
    kept = _kept(connection, mine.store, mine.epoch)
    if kept is not None:
        return kept
    if sender.revoked:
        raise Credentials("box.revoked", box=mine.box, epoch=mine.epoch)
    if sender.replaced_by is not None:
        raise Credentials("box.replaced", box=mine.box, epoch=mine.epoch, newest=sender.newest)
    said = request.document()
    reason = said.get("reason")
    if not isinstance(reason, str) or not reason.strip() or len(reason) > REASON_MAX:
        raise Refused("request.malformed", field="reason")
    cursor = connection.execute(
        select(tables.cursor).where(tables.of_epoch(tables.cursor, mine.store, mine.epoch)).with_for_update()
    ).one()
    if (said.get("next_seq"), said.get("head")) != (cursor.next_seq, cursor.head):
        raise Refused("retire.other_head", wanted=cursor.next_seq)
    place = {"store": mine.store, "box": mine.box, "epoch": mine.epoch, "next_seq": cursor.next_seq}
    boxs = {"head": cursor.head, "reason": reason, "box_signature": (request.signature or "").rpartition("=")[2]}
    certificate = keys.signed_retirement(mine, {**place, **boxs, "at_ms": now_ms})
    registry.revoke(connection, mine.store, mine.epoch, f"retired: {reason}", now_ms)
    connection.execute(
        tables.retirement.insert().values(
            store=mine.store, epoch=mine.epoch, at_ms=now_ms, document=canonical(certificate)
        )
    )
    return certificate


def _kept(connection: Connection, store: str, epoch: int) -> dict[str, object] | None:
    where = tables.of_epoch(tables.retirement, store, epoch)
    text = connection.execute(select(tables.retirement.c.document).where(where)).scalar()
    if text is None:
        return None
    found: Mapping[str, object] = json.loads(text)
    return dict(found)
