"""Where alarms go: added, listed and removed by who runs headquarters. A secret is shown once and listed never."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, update

from agent.core.errors import Refused
from sync.hq import registry
from sync.hq.webhooks.alarms import Alarm, Delivery, tell
from sync.hq.webhooks.message import SECRET_BYTES, Form, secret_of
from sync.hq.webhooks.reach import checked_url
from sync.hq.webhooks.tables import delivery, endpoint

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint with its secret, for who sends."""

    name: str
    url: str
    form: Form
    private: bool
    secret: str


def add_endpoint(
    connection: Connection,
    name: str,
    url: str,
    now_ms: int,
    form: Form = Form.SIGNED,
    stores: Sequence[str] | None = None,
    kinds: Sequence[Alarm] | None = None,
    private: bool = False,
) -> str:
    """Add an endpoint and return its secret; refuses with `webhook.bad_name`, `webhook.exists`, or for its URL."""
    if not _NAME.fullmatch(name):
        raise Refused("webhook.bad_name", name=name[:40])
    if connection.execute(select(endpoint.c.name).where(endpoint.c.name == name)).first() is not None:
        raise Refused("webhook.exists", name=name)
    for store in stores or ():
        if not store.startswith("@") and not registry.has_store(connection, store):
            raise Refused("store.unknown", store=store[:10])
    checked_url(url, private)
    secret = secret_of(secrets.token_bytes(SECRET_BYTES))
    row = {
        "name": name,
        "url": url,
        "form": form.value,
        "stores": ",".join(sorted(stores)) if stores else None,
        "kinds": ",".join(sorted(kinds)) if kinds else None,
        "private": private,
        "secret": secret,
        "created_at_ms": now_ms,
    }
    connection.execute(endpoint.insert().values(**row))
    return secret


def remove_endpoint(connection: Connection, name: str, now_ms: int) -> None:
    """Remove an endpoint; what was on its way there is given up. Refuses with `webhook.unknown`."""
    if connection.execute(delete(endpoint).where(endpoint.c.name == name)).rowcount == 0:
        raise Refused("webhook.unknown", name=name[:40])
    waiting = (delivery.c.endpoint == name) & (delivery.c.state == Delivery.WAITING.value)
    ended = {"state": Delivery.GIVEN_UP.value, "code": "webhook.unknown", "ended_at_ms": now_ms}
    connection.execute(update(delivery).where(waiting).values(**ended))


def endpoints(connection: Connection) -> list[dict[str, object]]:
    """Return every endpoint without its secret, with how many alarms wait, were delivered and were given up."""
    counted: dict[tuple[str, str], int] = {}
    query = select(delivery.c.endpoint, delivery.c.state, func.count().label("alarms"))
    for row in connection.execute(query.group_by(delivery.c.endpoint, delivery.c.state)):
        counted[row.endpoint, row.state] = int(row.alarms)
    return [
        {
            "name": row.name,
            "url": _without_query(row.url),
            "form": row.form,
            "stores": None if row.stores is None else row.stores.split(","),
            "kinds": None if row.kinds is None else row.kinds.split(","),
            "private": row.private,
            "created_at_ms": row.created_at_ms,
            "last_code": _last_code(connection, row.name),
            **{state.value: counted.get((row.name, state.value), 0) for state in Delivery},
        }
        for row in connection.execute(select(endpoint).order_by(endpoint.c.name))
    ]


def endpoint_named(connection: Connection, name: str) -> Endpoint | None:
    """Return an endpoint as its sender needs it, or None."""
    row = connection.execute(select(endpoint).where(endpoint.c.name == name)).first()
    return None if row is None else Endpoint(row.name, row.url, Form(row.form), row.private, row.secret)


def tell_test(connection: Connection, name: str, now_ms: int) -> str:
    """Put a trial alarm on its way to one endpoint, whatever it wants otherwise; returns its subject.

    Refuses with `webhook.unknown`.
    """
    if endpoint_named(connection, name) is None:
        raise Refused("webhook.unknown", name=name[:40])
    subject = f"{name}.{now_ms}"
    tell(connection, Alarm.TEST, subject, {}, now_ms, "@hq:webhooks")
    mine = (delivery.c.kind == Alarm.TEST.value) & (delivery.c.subject == subject)
    connection.execute(delete(delivery).where(mine))
    row = {"store": "@hq:webhooks", "kind": Alarm.TEST.value, "subject": subject, "endpoint": name}
    connection.execute(delivery.insert().values(**row, state=Delivery.WAITING.value, tries=0, next_try_ms=now_ms))
    return subject


def _without_query(url: str) -> str:
    """Return an address without the key that a robot's has in it."""
    plain, mark, _ = url.partition("?")
    return f"{plain}?…" if mark else plain


def _last_code(connection: Connection, name: str) -> str | None:
    """Return why the newest unsuccessful try was none."""
    query = select(delivery.c.code).where((delivery.c.endpoint == name) & delivery.c.code.is_not(None))
    query = query.where(delivery.c.state != Delivery.DELIVERED.value)
    return connection.execute(query.order_by(delivery.c.next_try_ms.desc()).limit(1)).scalar()
