"""What can become of a request to enrol, decided from what is known; and how it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select

from sync.hq.commissioning.tables import enrolment_outcome
from sync.hq.registry import RegisteredEpoch, TokenMode
from sync.hq.upserts import insert_unless_there

HOUR_MS = 3_600_000
TYPED_TRIES_AN_HOUR = 5
KEPT_AN_HOUR = 100
"""Of a store; who tries more often is refused as before, but leaves no more rows."""


class Outcome(StrEnum):
    """What a request to enrol ends in; each is a code with sentences."""

    DONE = "enrol.done"
    AGAIN = "enrol.again"
    TOKEN_UNKNOWN = "enrol.token_unknown"
    TOKEN_USED = "enrol.token_used"
    TOKEN_EXPIRED = "enrol.token_expired"
    TOKEN_WITHDRAWN = "enrol.token_withdrawn"
    STORE_HAS_BOX = "enrol.store_has_box"
    TOO_MANY_TRIES = "enrol.too_many_tries"
    PACKET_UNKNOWN = "enrol.packet_unknown"
    PACKET_USED = "enrol.packet_used"
    PACKET_EXPIRED = "enrol.packet_expired"


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks to be enrolled, from where; the request proved that it has the key."""

    store: str
    box: str
    public_key: bytes
    sender: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What is known of a token or packet: whose key used it, and for which epoch."""

    mode: TokenMode
    expires_at_ms: int
    used_by_key: str | None
    epoch: int | None
    made_by: str
    withdrawn: bool = False


def decide(
    grant: Grant | None, asking: Asking, live: RegisteredEpoch | None, used_box: str | None, now_ms: int
) -> Outcome:
    """Return what becomes of a request with a token.

    `live` is the box that trades in the store, `used_box` the name of the box that used the token. A box that asks
    again with its key has lost the answer: it gets the same epoch, also by another token than the first time.
    """
    if grant is None:
        return Outcome.TOKEN_UNKNOWN
    if grant.used_by_key is not None:
        same = grant.used_by_key == asking.public_key.hex() and used_box == asking.box
        return Outcome.AGAIN if same else Outcome.TOKEN_USED
    if grant.withdrawn:
        return Outcome.TOKEN_WITHDRAWN
    if now_ms > grant.expires_at_ms:
        return Outcome.TOKEN_EXPIRED
    if live is not None and (live.public_key, live.identity.box) == (asking.public_key, asking.box):
        return Outcome.AGAIN
    if live is not None and grant.mode is TokenMode.NEW:
        return Outcome.STORE_HAS_BOX
    return Outcome.DONE


def typed_tries_left(connection: Connection, store: str, now_ms: int) -> int:
    """Return how many typed codes may still be wrong within this hour."""
    known = enrolment_outcome.c
    wrong = (known.store == store) & (known.at_ms > now_ms - HOUR_MS) & known.typed
    wrong &= known.code == Outcome.TOKEN_UNKNOWN.value
    tried = connection.execute(select(func.count()).select_from(enrolment_outcome).where(wrong)).scalar_one()
    return max(0, TYPED_TRIES_AN_HOUR - int(tried))


def keep_outcome(
    connection: Connection,
    asking: Asking,
    outcome: Outcome,
    now_ms: int,
    *,
    made_by: str,
    typed: bool,
    epoch: int | None,
) -> None:
    """Keep what became of a request; refusals only so many an hour.

    A typed code that is wrong is always kept: `typed_tries_left` counts these, and lets only a few come.
    """
    known = enrolment_outcome.c
    if outcome is not Outcome.DONE and not (typed and outcome is Outcome.TOKEN_UNKNOWN):
        lately = (known.store == asking.store) & (known.at_ms > now_ms - HOUR_MS)
        count = connection.execute(select(func.count()).select_from(enrolment_outcome).where(lately)).scalar_one()
        if count >= KEPT_AN_HOUR:
            return
    row = {
        "store": asking.store,
        "at_ms": now_ms,
        "public_key": asking.public_key.hex(),
        "code": outcome.value,
        "box": asking.box,
        "sender": asking.sender[:60],
        "made_by": made_by,
        "typed": typed,
        "epoch": epoch,
    }
    insert_unless_there(connection, enrolment_outcome, ("store", "at_ms", "public_key", "code"), row)


def outcomes_of(connection: Connection, store: str, at_most: int = 30) -> Sequence[Any]:
    """Return the newest outcomes of a store, the newest first."""
    known = enrolment_outcome.c
    query = select(enrolment_outcome).where(known.store == store).order_by(known.at_ms.desc()).limit(at_most)
    return connection.execute(query).all()
