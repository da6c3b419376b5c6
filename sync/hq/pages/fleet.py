"""The fleet: one row a box by money at risk; and a box's page: what it may be asked for, its answers, its bundles."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Path as InPath
from starlette.responses import RedirectResponse

from agent.core.directives import Kind
from agent.core.errors import Refused
from agent.core.sentences import sentence_for
from agent.core.verbs import Verb
from sync.hq import registry
from sync.hq.directives.asking import ask
from sync.hq.directives.bundles import bundles_of, data_of
from sync.hq.directives.listing import Listed, listed
from sync.hq.pages.fleet_facts import DISK_LOW_MIB, SEAL_OLD_MS, TEST_OLD_MS, VERIFIED_OLD_MS, fleet
from sync.hq.pages.render import page
from sync.hq.pages.route import PageRoute
from sync.hq.pages.trade import Trades
from sync.hq.pages.web import Desk, Form, asking, field, has_csrf, sent_form
from sync.hq.people.rights import Act, require

Sent = Annotated[Form, Depends(sent_form)]
Store = Annotated[str, InPath(pattern=r"^[A-Z0-9]{1,10}$")]
Digest = Annotated[str, InPath(pattern=r"^[0-9a-f]{64}$")]
LIMITS = {
    "seal_old_ms": SEAL_OLD_MS,
    "verified_old_ms": VERIFIED_OLD_MS,
    "test_old_ms": TEST_OLD_MS,
    "disk_low_mib": DISK_LOW_MIB,
}


def fleet_router(desk: Desk) -> APIRouter:
    """Return the routes of the fleet."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)
    trades = Trades()

    @router.get("/fleet")
    def fleet_page(request: Request) -> Response:
        person = asking(desk, request, Act.FLEET)
        now_ms = desk.office.now_ms()
        with desk.office.database.read() as connection:
            lines = fleet(connection, trades, now_ms, person.stores)
        return page(request, "fleet.html", person, lines=lines, now_ms=now_ms, **LIMITS)

    @router.get("/fleet/{store}")
    def box_page(request: Request, store: Store) -> Response:
        person = asking(desk, request, Act.FLEET, store)
        return page(request, "fleet_box.html", person, **_box(desk, trades, store))

    @router.post("/fleet/{store}/verbs")
    def verb(request: Request, store: Store, form: Sent) -> Response:
        person = asking(desk, request, Act.FLEET, store)
        has_csrf(request, form)
        require(person, Act.FLEET, store)
        wanted, reason, printer = (field(form, name) for name in ("verb", "reason", "printer"))
        now_ms = desk.office.now_ms()
        with desk.office.database.write() as connection:
            ask(connection, store, wanted, person.name, reason, now_ms, printer)
        return RedirectResponse(f"/fleet/{store}", 303)

    @router.get("/fleet/{store}/bundles/{digest}.zip")
    def bundle(request: Request, store: Store, digest: Digest) -> Response:
        asking(desk, request, Act.FLEET, store)
        with desk.office.database.read() as connection:
            data = data_of(connection, store, digest)
        headers = {"Content-Disposition": f'attachment; filename="storebox-bundle-{store}-{digest[:8]}.zip"'}
        return Response(data, media_type="application/zip", headers=headers)

    return router


def _box(desk: Desk, trades: Trades, store: str) -> Mapping[str, Any]:
    now_ms = desk.office.now_ms()
    with desk.office.database.read() as connection:
        if not registry.has_store(connection, store):
            raise Refused("store.unknown", store=store)
        name = registry.store_name(connection, store)
        (line,) = fleet(connection, trades, now_ms, [store])
        orders = [_order(one, now_ms) for one in listed(connection, store, Kind.VERB)]
        documents = [one for one in listed(connection, store) if one.kind not in (Kind.VERB, Kind.PORTAL_REFUND)]
        bundles = bundles_of(connection, store)
    return {
        "store": store,
        "name": name,
        "line": line,
        "orders": orders,
        "documents": documents,
        "bundles": bundles,
        "verbs": [one.value for one in Verb],
        "now_ms": now_ms,
        **LIMITS,
    }


def _order(one: Listed, now_ms: int) -> Mapping[str, Any]:
    body = json.loads(one.body)
    answer = json.loads(one.answer) if one.answer else {}
    detail = answer.get("detail") if isinstance(answer, dict) else None
    said = sentence_for(one.code) if one.code else None
    late = one.outcome is None and now_ms > body["expires_at_ms"]
    return {
        "number": one.version,
        "verb": body["verb"],
        "printer": body["arguments"].get("printer", ""),
        "asked_by": body["asked_by"],
        "reason": body["reason"],
        "asked_at_ms": body["asked_at_ms"],
        "expires_at_ms": body["expires_at_ms"],
        "outcome": one.outcome or ("expired" if late else "waiting"),
        "code": one.code,
        "said_zh": said.zh_title if said else "",
        "said_en": said.en_title if said else "",
        "answered_at_ms": one.answered_at_ms,
        "findings": detail.get("findings", []) if isinstance(detail, dict) else [],
        "detail": {
            key: value for key, value in (detail or {}).items() if key != "findings" and isinstance(value, int | str)
        },
    }
