"""Sends what is due: at least once, in order of time, again with growing waits, and no longer than three days.

A try is claimed in a transaction of its own by moving its next time, so that of several processes one sends; a crash
after that costs a wait. Receivers tell a second delivery by `webhook-id`.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import ColumnElement, Connection, and_, select, update

from agent.core.errors import StoreboxError
from sync.hq import registry
from sync.hq.database import Database
from sync.hq.webhooks.alarms import Delivery, Told, told_of
from sync.hq.webhooks.endpoints import Endpoint, endpoint_named, tell_test
from sync.hq.webhooks.message import Form, held, is_taken, message, signed_headers
from sync.hq.webhooks.reach import checked_url, guarded_adapter
from sync.hq.webhooks.tables import delivery, told
from sync.session import Answer, HttpSession

FIRST_WAIT_MS = 30_000
WAIT_MAX_MS = 6 * 3_600_000
GIVE_UP_AFTER_MS = 3 * 24 * 3_600_000
CLAIM_MS = 5 * 60_000
"""How long a process that died holds a try."""
BATCH = 100
RUN_MS = 60_000
"""How long one run goes on at most, but for the message under way: the thread has other work, too."""
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 5.0, 10.0
ANSWER_BYTES_MAX = 64 * 1024
NOT_TAKEN = "webhook.not_taken"
_log = logging.getLogger("storebox.hq.webhooks")
Post = Callable[[Endpoint, dict[str, str], bytes], Answer]


@dataclass(frozen=True, slots=True)
class Sent:
    """What a run did."""

    delivered: int = 0
    postponed: int = 0
    given_up: int = 0

    def __add__(self, other: "Sent") -> "Sent":
        return Sent(self.delivered + other.delivered, self.postponed + other.postponed, self.given_up + other.given_up)


@dataclass(frozen=True, slots=True)
class _Try:
    alarm: Told
    endpoint: str
    tries: int


def send_due(
    database: Database, now_ms: Callable[[], int], post: Post | None = None, subject: str | None = None
) -> Sent:
    """Send every alarm whose time has come, at most `BATCH`; an endpoint that does not answer is asked once a run.

    With a `subject`, only those of that subject.
    """
    done, until_ms = Sent(), now_ms() + RUN_MS
    with database.write() as connection:
        claimed = _claim(connection, now_ms(), subject)
        targets = {name: endpoint_named(connection, name) for name in {one.endpoint for one in claimed}}
        names = dict(registry.store_names(connection)) if claimed else {}
    for name, tries in groupby(sorted(claimed, key=lambda one: one.endpoint), key=lambda one: one.endpoint):
        target = targets[name]
        if target is not None:
            done += _send_all(database, now_ms, post or over_http, target, list(tries), names, until_ms)
    return done


def send_test(database: Database, now_ms: Callable[[], int], name: str, post: Post | None = None) -> str | None:
    """Send a trial alarm to an endpoint; return why it did not arrive, or None. Refuses with `webhook.unknown`."""
    with database.write() as connection:
        subject = tell_test(connection, name, now_ms())
    send_due(database, now_ms, post, subject)
    with database.read() as connection:
        row = connection.execute(select(delivery.c.state, delivery.c.code).where(delivery.c.subject == subject)).one()
    return None if row.state == Delivery.DELIVERED.value else row.code or NOT_TAKEN


def over_http(target: Endpoint, headers: dict[str, str], body: bytes) -> Answer:
    """Post a body to an endpoint; redirects are not followed, and no answer is read beyond its bound."""
    server, path = checked_url(target.url, target.private)
    session = HttpSession(
        server,
        connect_timeout_s=CONNECT_TIMEOUT_S,
        read_timeout_s=READ_TIMEOUT_S,
        answer_bytes_max=ANSWER_BYTES_MAX,
        adapter=guarded_adapter(target.private),
    )
    try:
        return session.send("POST", path, body, headers)
    finally:
        session.close()


def wait_ms(tries: int) -> int:
    """Return the wait after the `tries`-th try that did not succeed."""
    return int(min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** min(tries - 1, 30)))


def _send_all(
    database: Database,
    now_ms: Callable[[], int],
    post: Post,
    target: Endpoint,
    tries: Sequence[_Try],
    names: dict[str, str],
    until_ms: int,
) -> Sent:
    done, code, left = Sent(), None, tries
    while left:
        if now_ms() >= until_ms:
            _give_back(database, left, now_ms())
            break
        count = held(target.form, [one.alarm for one in left], names)
        some, left = left[:count], left[count:]
        if code is None:
            code = _fault(post, target, [one.alarm for one in some], names, now_ms())
        with database.write() as connection:
            for one in some:
                done += _ended(connection, one, code, now_ms())
    return done


def _fault(post: Post, target: Endpoint, alarms: Sequence[Told], names: dict[str, str], at_ms: int) -> str | None:
    """Send one message; return why it did not arrive, or None."""
    body = message(target.form, alarms, names)
    headers = signed_headers(target.secret, alarms[0].identifier, at_ms // 1000, body)
    if target.form is Form.ROBOT:
        headers = {"Content-Type": headers["Content-Type"]}
    try:
        answer = post(target, headers, body)
    except StoreboxError as error:
        _log.warning("webhook %s: %s", target.name, error.code)
        return error.code
    if is_taken(target.form, answer.status, answer.body):
        return None
    _log.warning("webhook %s: answered %s", target.name, answer.status)
    return NOT_TAKEN


def _claim(connection: Connection, now_ms: int, subject: str | None) -> Sequence[_Try]:
    due = (delivery.c.state == Delivery.WAITING.value) & (delivery.c.next_try_ms <= now_ms)
    if subject is not None:
        due = due & (delivery.c.subject == subject)
    both = and_(*(told.c[name] == delivery.c[name] for name in ("store", "kind", "subject")))
    query = select(delivery, told.c.body, told.c.at_ms).join(told, both).where(due)
    rows = connection.execute(query.order_by(delivery.c.next_try_ms, delivery.c.store).limit(BATCH)).all()
    claimed = []
    for row in rows:
        one = _Try(told_of(row.store, row.kind, row.subject, row.body, row.at_ms), row.endpoint, row.tries)
        mine = _where(one) & (delivery.c.next_try_ms == row.next_try_ms)
        if connection.execute(update(delivery).where(mine).values(next_try_ms=now_ms + CLAIM_MS)).rowcount:
            claimed.append(one)
    return claimed


def _ended(connection: Connection, one: _Try, code: str | None, now_ms: int) -> Sent:
    tries = one.tries + 1
    if code is None:
        values = {"state": Delivery.DELIVERED.value, "code": None, "ended_at_ms": now_ms}
        done = Sent(delivered=1)
    elif now_ms - one.alarm.at_ms >= GIVE_UP_AFTER_MS:
        values = {"state": Delivery.GIVEN_UP.value, "code": code, "ended_at_ms": now_ms}
        done = Sent(given_up=1)
    else:
        values = {"code": code, "next_try_ms": now_ms + wait_ms(tries)}
        done = Sent(postponed=1)
    connection.execute(update(delivery).where(_where(one)).values(tries=tries, **values))
    return done


def _give_back(database: Database, tries: Sequence[_Try], now_ms: int) -> None:
    """Let the next run have what this one has no time for."""
    with database.write() as connection:
        for one in tries:
            connection.execute(update(delivery).where(_where(one)).values(next_try_ms=now_ms))


def _where(one: _Try) -> ColumnElement[bool]:
    alarm = one.alarm
    return and_(
        delivery.c.store == alarm.store,
        delivery.c.kind == alarm.kind.value,
        delivery.c.subject == alarm.subject,
        delivery.c.endpoint == one.endpoint,
        delivery.c.state == Delivery.WAITING.value,
    )
