"""Asking a box to do one of the closed list of things: typed, with a reason and an end, noted in the store's book."""

import secrets

from sqlalchemy import Connection, select

from agent.core.directives import Kind
from agent.core.errors import Refused
from agent.core.verbs import Order, Verb
from sync.hq import tables
from sync.hq.books.notes import write_note
from sync.hq.directives.note_kinds import FleetNote
from sync.hq.directives.putting import put_fact

LIFE_MS = 3600 * 1000
"""A box that is away for longer does not do it any more: nobody would expect it then."""
WAITING_MAX = 20


def ask(
    connection: Connection,
    store: str,
    verb: str,
    by: str,
    reason: str,
    now_ms: int,
    printer: str = "",
    life_ms: int = LIFE_MS,
) -> int:
    """Ask the store's box and return the order's number (its version).

    Refuses with `verb.unknown`, `verb.malformed`, and `box.unknown` where no box is in use.
    """
    if verb not in list(Verb):
        raise Refused("verb.unknown", verb=verb[:40])
    known = tables.epoch.c
    in_use = select(known.epoch).where((known.store == store) & known.revoked_at_ms.is_(None)).limit(1)
    if connection.execute(in_use).first() is None:
        raise Refused("verb.no_box", store=store)
    arguments = {"printer": printer} if printer else {}
    order = Order(Verb(verb), arguments, by, reason.strip(), now_ms, now_ms + life_ms)
    number = put_fact(connection, Kind.VERB, order.body(), store, now_ms, by, f"{now_ms} {secrets.token_hex(8)}")
    if number is None:
        raise Refused("verb.malformed", field="keys")
    body = {"version": number, "verb": verb, "reason": order.reason, "expires_at_ms": order.expires_at_ms}
    write_note(connection, store, now_ms, by, FleetNote.VERB_ASKED, f"verb {number}", body)
    return number
