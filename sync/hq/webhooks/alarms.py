"""What is told to people outside: each alarm once for its subject, written with what it is about or not at all."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection, and_, select

from agent.core.canonical import canonical
from sync.hq.upserts import insert_of, insert_unless_there
from sync.hq.webhooks.tables import delivery, endpoint, told

Values = Mapping[str, int | str | None]
TEXT_CHARACTERS_MAX = 200
UNARRIVED_MAX = 1_000
VALUE_NAMES = frozenset(
    {"amount_fen", "box", "count", "day", "epoch", "limit_fen", "line_class", "merchant", "number", "phone", "platform"}
    | {"reason", "seq", "since", "to_seq"}
)
"""What an alarm may say; anything else stays in the house."""


class Alarm(StrEnum):
    """Kinds of alarms; each is a code with sentences."""

    FORK = "alarm.fork"
    GAP = "alarm.gap"
    CHAIN_BROKEN = "alarm.chain_broken"
    TRUNCATED = "alarm.truncated"
    REVOKED_BOX = "alarm.revoked_box"
    WRONG_KEY = "alarm.wrong_key"
    HQ_WENT_BACK = "alarm.hq_went_back"
    BILL_OVERDUE = "bill.overdue"
    BILL_NOTHING_BUT_PAYMENTS = "bill.nothing_but_payments"
    NOT_CLOSED = "alarm.not_closed"
    NOT_DEPOSITED = "alarm.not_deposited"
    NOT_COMPLETE = "alarm.not_complete"
    DIFFERENCE = "alarm.difference"
    RELEASE_TURNED_AWAY = "alarm.release_turned_away"
    TEST = "alarm.test"


class Delivery(StrEnum):
    """How far the sending of an alarm to one endpoint is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Told:
    """An alarm that was told; `store` may be another book."""

    store: str
    kind: Alarm
    subject: str
    values: Values
    at_ms: int

    @property
    def identifier(self) -> str:
        """Return what receivers know it by, the same for each try and each endpoint."""
        place = "\n".join((self.store, self.kind, self.subject))
        return f"alarm_{sha256(place.encode()).hexdigest()[:32]}"


def tell(connection: Connection, kind: Alarm, subject: str, values: Values, at_ms: int, book: str) -> bool:
    """Tell an alarm of a book (a store, or `@platform:merchant`) once for its subject; returns whether it is new.

    It is sent after the caller's transaction, to every endpoint that is there now and wants it. A subject that should
    be told of again holds what makes it another: its day, its number.
    """
    place = {"store": book, "kind": kind.value, "subject": subject}
    row = {**place, "body": canonical(_kept(values)), "at_ms": at_ms}
    statement = insert_of(connection, told).values(**row).on_conflict_do_nothing()
    if connection.execute(statement.returning(told.c.at_ms)).first() is None:
        return False
    deliveries = [
        {**place, "endpoint": name, "state": Delivery.WAITING.value, "tries": 0, "next_try_ms": at_ms}
        for name in _wanted_by(connection, book, kind)
    ]
    if deliveries:
        insert_unless_there(connection, delivery, ("store", "kind", "subject", "endpoint"), deliveries)
    return True


def newest(connection: Connection, stores: Sequence[str] | None, limit: int) -> Sequence[Told]:
    """Return the alarms of some books, or of all, the newest first."""
    query = select(told).order_by(told.c.at_ms.desc(), told.c.store, told.c.kind, told.c.subject).limit(limit)
    if stores is not None:
        query = query.where(told.c.store.in_(stores))
    return [told_of(row.store, row.kind, row.subject, row.body, row.at_ms) for row in connection.execute(query)]


def unarrived(connection: Connection, alarms: Sequence[Told]) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return by an alarm's identifier the endpoints, with their state, at which it has not arrived."""
    if not alarms:
        return {}
    oldest_ms = min(one.at_ms for one in alarms)
    both = and_(*(told.c[name] == delivery.c[name] for name in ("store", "kind", "subject")))
    query = select(delivery, told.c.body, told.c.at_ms).join(told, both)
    query = query.where((delivery.c.state != Delivery.DELIVERED.value) & (told.c.at_ms >= oldest_ms))
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for row in connection.execute(query.order_by(delivery.c.endpoint).limit(UNARRIVED_MAX)):
        one = told_of(row.store, row.kind, row.subject, row.body, row.at_ms)
        found[one.identifier] = (*found.get(one.identifier, ()), (row.endpoint, row.state))
    return found


def told_of(store: str, kind: str, subject: str, body: str, at_ms: int) -> Told:
    """Return a row as an alarm."""
    return Told(store, Alarm(kind), subject, json.loads(body), at_ms)


def _kept(values: Values) -> dict[str, int | str | None]:
    return {
        name: value[:TEXT_CHARACTERS_MAX] if isinstance(value, str) else value
        for name, value in values.items()
        if name in VALUE_NAMES
    }


def _wanted_by(connection: Connection, book: str, kind: Alarm) -> Sequence[str]:
    rows = connection.execute(select(endpoint.c.name, endpoint.c.stores, endpoint.c.kinds).order_by(endpoint.c.name))
    return [
        row.name
        for row in rows
        if (row.stores is None or book in row.stores.split(",")) and (row.kinds is None or kind in row.kinds.split(","))
    ]
