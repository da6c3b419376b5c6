"""What was told outside, and whether it arrived."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from sync.hq import registry
from sync.hq.pages.render import page
from sync.hq.pages.route import PageRoute
from sync.hq.pages.web import Desk, asking
from sync.hq.webhooks.alarms import Told, newest, unarrived
from sync.hq.webhooks.endpoints import endpoints

ALARMS_SHOWN = 100


def alarms_router(desk: Desk) -> APIRouter:
    """Return the route of alarms."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)

    @router.get("/alarms")
    def alarms_page(request: Request) -> Response:
        person = asking(desk, request)
        with desk.office.database.read() as connection:
            names = dict(registry.store_names(connection))
            scope = None if person.stores is None else sorted(person.stores)
            found = newest(connection, scope, ALARMS_SHOWN)
            missing = unarrived(connection, found)
            receivers = endpoints(connection) if scope is None else []
        rows = [_shown(one, names, missing.get(one.identifier, ())) for one in found]
        return page(request, "alarms.html", person, alarms=rows, receivers=receivers)

    return router


def _shown(one: Told, names: Mapping[str, str], missing: tuple[tuple[str, str], ...]) -> Mapping[str, Any]:
    return {
        "at_ms": one.at_ms,
        "code": one.kind.value,
        "store": one.store if one.store in names else "",
        "place": names.get(one.store, one.store),
        **{name: one.values.get(name) for name in ("day", "seq", "amount_fen")},
        "missing": missing,
    }
