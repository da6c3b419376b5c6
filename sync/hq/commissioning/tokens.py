"""One-time tokens: a long one for the QR code, and a short form of it that can be typed. Only hashes are kept."""

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, select

from agent.core.errors import Refused
from agent.core.typed_codes import RANDOM_BYTES, read_typed_code, typed_code
from sync.hq import registry, tables
from sync.hq.books.notes import write_note
from sync.hq.registry import TOKEN_LIFE_MS, TokenMode

PACKET_TOKEN_LIFE_MS = 30 * 24 * 3600 * 1000
"""Of a token that is printed and travels with a box; single use as any other."""
REASON_CHARACTERS = range(2, 201)
_LONG = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token that was made just now; nobody can be told it again."""

    store: str
    mode: TokenMode
    token: str
    short: str
    expires_at_ms: int


def make_token(
    connection: Connection,
    store: str,
    made_by: str,
    now_ms: int,
    *,
    mode: TokenMode = TokenMode.NEW,
    reason: str = "",
    life_ms: int = TOKEN_LIFE_MS,
) -> MadeToken:
    """Make a token for a store, with a note of the store's book.

    A store that has a box needs mode *replace* and a reason (`enrol.store_has_box`, `box.reason_missing`): with it the
    present box is fenced as soon as another enrols, not before.
    """
    live = live_epoch(connection, store)
    if mode is TokenMode.NEW and live is not None:
        raise Refused("enrol.store_has_box", store=store, box=live.identity.box, epoch=live.identity.epoch)
    if mode is TokenMode.REPLACE:
        checked_reason(reason)
    short = typed_code(secrets.token_bytes(RANDOM_BYTES))
    token = registry.make_enrolment_token(
        connection,
        store,
        now_ms,
        life_ms,
        mode=mode,
        made_by=made_by,
        reason=reason,
        short_sha256=short_digest(store, short),
    )
    body = {"expires_at_ms": now_ms + life_ms, "mode": mode.value, "reason": reason}
    write_note(connection, store, now_ms, made_by, "enrolment.token_made", store, body)
    return MadeToken(store, mode, token, short, now_ms + life_ms)


def live_epoch(connection: Connection, store: str) -> registry.RegisteredEpoch | None:
    """Return the epoch of the box that trades in a store: the newest one, unless its key was taken out of use."""
    known = tables.epoch.c
    newest = select(known.epoch).where((known.store == store) & (known.source != "alone"))
    number = connection.execute(newest.order_by(known.epoch.desc()).limit(1)).scalar()
    found = None if number is None else registry.find_epoch(connection, store, int(number))
    return found if found is not None and not found.revoked and found.replaced_by is None else None


def checked_reason(reason: str) -> str:
    """Return a reason as it is kept; refuses with `box.reason_missing`."""
    if len(reason) not in REASON_CHARACTERS or not reason.isprintable():
        raise Refused("box.reason_missing", shortest=REASON_CHARACTERS[0], longest=REASON_CHARACTERS[-1])
    return reason


def short_digest(store: str, short: str) -> str:
    """Return what is kept of a short form; the same one of another store has another hash."""
    return sha256(f"storebox-short-token\n{store}\n{short}".encode()).hexdigest()


def sent_form(store: str, text: str) -> tuple[str, bool]:
    """Return the hash by which a token as it was sent is found, and whether it is the short form."""
    short = read_typed_code(text)
    if short is not None:
        return short_digest(store, short), True
    bare = text.strip()
    return registry.digest(bare.lower() if _LONG.fullmatch(bare.lower()) else bare), False
