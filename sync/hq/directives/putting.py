"""Putting a directive for stores: read as the box would read it, numbered, noted in each store's book."""

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256

from sqlalchemy import Connection, func, select

from agent.core.canonical import canonical
from agent.core.directive_bodies import read
from agent.core.directives import BODY_BYTES_MAX, FIRST_VERSION, QUEUES, Kind
from agent.core.errors import Refused
from sync.hq import registry
from sync.hq.books.notes import hold, write_note
from sync.hq.directives.note_kinds import FleetNote
from sync.hq.directives.tables import directive
from sync.hq.upserts import insert_unless_there


def checked(kind: Kind, body: str) -> None:
    """Refuse what a box would refuse, before it goes out: `directive.not_readable`, `directive.too_large`."""
    if len(body.encode()) > BODY_BYTES_MAX:
        raise Refused("directive.too_large", bytes_max=BODY_BYTES_MAX)
    read(kind, body)


def put(
    connection: Connection,
    kind: Kind,
    body: str,
    stores: Collection[str],
    now_ms: int,
    by: str,
    *,
    effective_ms: int = 0,
    subject: str | None = None,
) -> Mapping[str, int]:
    """Put a directive for stores and return its version at each; refuses unknown stores and what no box could read.

    With a `subject` the same fact is put once; of the second time there is no version. `effective_ms` 0 is at once.
    """
    checked(kind, body)
    for store in stores:
        if not registry.has_store(connection, store):
            raise Refused("store.unknown", store=store[:40])
    found = {}
    for store in sorted(set(stores)):
        version = _put(connection, store, kind, body, now_ms, by, effective_ms, subject)
        if version is not None:
            found[store] = version
    return found


def put_fact(
    connection: Connection, kind: Kind, body: Mapping[str, object], store: str, now_ms: int, by: str, subject: str
) -> int | None:
    """Put a fact or a verb for one store; None when the same `subject` was put before."""
    if kind not in QUEUES:
        raise Refused("directive.not_readable", kind=kind.value, reason="a document")
    return put(connection, kind, canonical(body), [store], now_ms, by, subject=subject).get(store)


def newest(connection: Connection, store: str) -> Mapping[str, int]:
    """Return the newest version of each kind for a store."""
    known = directive.c
    query = select(known.kind, func.max(known.version)).where(known.store == store).group_by(known.kind)
    return {kind: int(version) for kind, version in connection.execute(query)}


def _put(
    connection: Connection,
    store: str,
    kind: Kind,
    body: str,
    now_ms: int,
    by: str,
    effective_ms: int,
    subject: str | None,
) -> int | None:
    hold(connection, store)
    known = directive.c
    mine = (known.store == store) & (known.kind == kind.value)
    if (
        subject is not None
        and connection.execute(select(known.version).where(mine & (known.subject == subject))).first()
    ):
        return None
    last = connection.execute(select(func.max(known.version)).where(mine)).scalar()
    version = FIRST_VERSION if last is None else int(last) + 1
    digest = sha256(body.encode()).hexdigest()
    row = {
        "store": store,
        "kind": kind.value,
        "version": version,
        "subject": subject or f"v{version}",
        "body": body,
        "sha256": digest,
        "effective_ms": effective_ms,
        "made_at_ms": now_ms,
        "made_by": by,
    }
    insert_unless_there(connection, directive, ("store", "kind", "version"), row)
    note = {"version": version, "sha256": digest, "effective_ms": effective_ms}
    write_note(connection, store, now_ms, by, FleetNote.DIRECTIVE_PUT, kind.value, note)
    return version


def stores_chosen(connection: Connection, stores: Sequence[str], group: str | None) -> Sequence[str]:
    """Return the stores named, those of a group, or all when neither is named."""
    from sync.hq.groups import stores_of_group

    if group is not None:
        return sorted({*stores, *stores_of_group(connection, group)})
    return sorted(stores) if stores else [store for store, _ in registry.store_names(connection)]
