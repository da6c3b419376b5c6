"""Taking back a token that nobody used: who did it, and why, stands with the token and in the store's book.

A token is named by the first characters of its hash, which everybody may see; the token itself is kept nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from agent.core.errors import Refused
from sync.hq.books.notes import write_note
from sync.hq.commissioning.enrolling import lock_store
from sync.hq.commissioning.tokens import checked_reason
from sync.hq.registry import TokenMode
from sync.hq.tables import enrolment_token

NAME_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class OpenToken:
    """A token that a box may still bring; `name` is what it is withdrawn by."""

    name: str
    mode: TokenMode
    made_by: str
    made_at_ms: int
    expires_at_ms: int
    reason: str


def open_tokens(connection: Connection, store: str, now_ms: int) -> Sequence[OpenToken]:
    """Return a store's tokens that are neither used nor withdrawn nor expired, the oldest first."""
    known = enrolment_token.c
    where = (known.store == store) & known.used_by_key.is_(None) & known.withdrawn_at_ms.is_(None)
    query = select(enrolment_token).where(where & (known.expires_at_ms >= now_ms))
    return [
        OpenToken(
            row.token_sha256[:NAME_CHARACTERS],
            TokenMode(row.mode),
            row.made_by,
            row.created_at_ms,
            row.expires_at_ms,
            row.reason,
        )
        for row in connection.execute(query.order_by(known.created_at_ms, known.token_sha256))
    ]


def withdraw(
    connection: Connection, store: str, name: str | None, withdrawn_by: str, reason: str, now_ms: int
) -> Sequence[OpenToken]:
    """Take back the token of that name, or all open ones of the store for None; returns those taken back.

    A box that brings one afterwards is refused with `enrol.token_withdrawn`. Refuses with `store.unknown`,
    `box.reason_missing`, and `enrol.token_not_open` when there is none: it was used, expired, or withdrawn before.
    """
    checked_reason(reason)
    if not lock_store(connection, store):
        raise Refused("store.unknown", store=store)
    found = [one for one in open_tokens(connection, store, now_ms) if name in (None, one.name)]
    if not found:
        raise Refused("enrol.token_not_open", store=store, token=(name or "")[:NAME_CHARACTERS])
    known = enrolment_token.c
    for one in found:
        mine = (known.store == store) & known.token_sha256.startswith(one.name, autoescape=True)
        values = {"withdrawn_at_ms": now_ms, "withdrawn_by": withdrawn_by, "withdrawn_reason": reason}
        connection.execute(update(enrolment_token).where(mine & known.used_by_key.is_(None)).values(**values))
        body = {"token": one.name, "mode": one.mode.value, "made_by": one.made_by, "reason": reason}
        write_note(connection, store, now_ms, withdrawn_by, "enrolment.token_withdrawn", store, body)
    return found
