"""The diagnostics bundles that boxes send: kept as they came, a few for each store, listed and handed out."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, delete, func, select

from agent.core.chain import Identity
from agent.core.errors import Refused
from sync.hq.directives.tables import box_bundle
from sync.hq.upserts import insert_unless_there

KEPT = 10
"""Of each store; the oldest go."""
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class KeptBundle:
    """A bundle without its data."""

    store: str
    sha256: str
    box: str
    epoch: int
    received_at_ms: int
    size: int


def keep(connection: Connection, sender: Identity, data: bytes, now_ms: int) -> str:
    """Keep a bundle and return its SHA-256; the same one again is kept once. Refuses with `bundle.not_a_zip`."""
    if not data.startswith(_ZIP):
        raise Refused("bundle.not_a_zip")
    digest = sha256(data).hexdigest()
    row = {
        "store": sender.store,
        "sha256": digest,
        "box": sender.box,
        "epoch": sender.epoch,
        "received_at_ms": now_ms,
        "data": data,
    }
    insert_unless_there(connection, box_bundle, ("store", "sha256"), row)
    old = [one.sha256 for one in bundles_of(connection, sender.store)[KEPT:]]
    if old:
        where = (box_bundle.c.store == sender.store) & box_bundle.c.sha256.in_(old)
        connection.execute(delete(box_bundle).where(where))
    return digest


def bundles_of(connection: Connection, store: str) -> Sequence[KeptBundle]:
    """Return a store's bundles, the newest first."""
    known = box_bundle.c
    query = select(
        known.store, known.sha256, known.box, known.epoch, known.received_at_ms, func.length(known.data).label("size")
    )
    query = query.where(known.store == store).order_by(known.received_at_ms.desc(), known.sha256)
    return [KeptBundle(*row) for row in connection.execute(query)]


def data_of(connection: Connection, store: str, digest: str) -> bytes:
    """Return a bundle as it came; refuses with `bundle.unknown`."""
    where = (box_bundle.c.store == store) & (box_bundle.c.sha256 == digest)
    row = connection.execute(select(box_bundle.c.data).where(where)).first()
    if row is None:
        raise Refused("bundle.unknown", store=store)
    return bytes(row.data)
