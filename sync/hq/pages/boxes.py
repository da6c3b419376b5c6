"""Enrolment and revocation of boxes. Each act is a note of the store's book, in the act's own transaction."""

import io
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from markupsafe import Markup
from starlette.responses import RedirectResponse

from agent.core.errors import Refused
from agent.core.typed_codes import shown_typed_code
from sync.hq import registry
from sync.hq.books.notes import write_note
from sync.hq.commissioning.codes import enrolment_text
from sync.hq.commissioning.outcomes import outcomes_of
from sync.hq.commissioning.tokens import checked_reason, live_epoch, make_token
from sync.hq.commissioning.withdrawing import open_tokens, withdraw
from sync.hq.pages.render import page
from sync.hq.pages.route import PageRoute
from sync.hq.pages.store_facts import epochs_of
from sync.hq.pages.web import Desk, Form, asking, field, has_csrf, sent_form
from sync.hq.people.rights import Act, Person, require
from sync.hq.registry import TokenMode

OUTCOMES_SHOWN = 5
Sent = Annotated[Form, Depends(sent_form)]


def boxes_router(desk: Desk) -> APIRouter:
    """Return the routes of enrolment."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)

    @router.get("/boxes")
    def boxes_page(request: Request, store: str | None = None) -> Response:
        person = asking(desk, request, Act.BOXES)
        return _page(desk, request, person, store)

    @router.post("/boxes/token")
    def token(request: Request, form: Sent) -> Response:
        person = asking(desk, request, Act.BOXES)
        has_csrf(request, form)
        mode = TokenMode.REPLACE if field(form, "mode") == TokenMode.REPLACE else TokenMode.NEW
        made = _token(desk, request, person, field(form, "store"), mode, field(form, "reason"))
        return _page(desk, request, person, made["made"].store, enrolment=made)

    @router.post("/boxes/withdraw")
    def withdrawn(request: Request, form: Sent) -> Response:
        person = asking(desk, request, Act.BOXES)
        has_csrf(request, form)
        store = field(form, "store")
        require(person, Act.BOXES, store)
        with desk.office.database.write() as connection:
            withdraw(connection, store, field(form, "name"), person.name, field(form, "reason"), desk.office.now_ms())
        return RedirectResponse(f"/boxes?store={store}", 303)

    @router.post("/boxes/revoke")
    def revoke(request: Request, form: Sent) -> Response:
        person = asking(desk, request, Act.BOXES)
        has_csrf(request, form)
        _revoke(desk, person, field(form, "store"), field(form, "epoch"), field(form, "reason"))
        return RedirectResponse("/boxes", 303)

    return router


def _page(
    desk: Desk, request: Request, person: Person, only: str | None = None, enrolment: Mapping[str, Any] | None = None
) -> Response:
    """Return the page of all stores, or of one: a technician's telephone has room for no more."""
    now_ms = desk.office.now_ms()
    with desk.office.database.read() as connection:
        stores = [
            {
                "store": store,
                "name": name,
                "epochs": epochs_of(connection, store),
                "live": live_epoch(connection, store),
                "tokens": open_tokens(connection, store, now_ms),
                "outcomes": outcomes_of(connection, store, OUTCOMES_SHOWN),
            }
            for store, name in registry.store_names(connection)
            if person.sees(store) and only in (None, store)
        ]
    fingerprint = desk.office.keys.fingerprint
    return page(request, "boxes.html", person, stores=stores, only=only, enrolment=enrolment, fingerprint=fingerprint)


def _token(desk: Desk, request: Request, person: Person, store: str, mode: TokenMode, reason: str) -> Mapping[str, Any]:
    require(person, Act.BOXES, store)
    now_ms = desk.office.now_ms()
    with desk.office.database.write() as connection:
        made = make_token(connection, store, person.name, now_ms, mode=mode, reason=reason)
        name = registry.store_name(connection, store)
    fingerprint = desk.office.keys.fingerprint
    own = urlsplit(str(request.base_url))
    code = enrolment_text(made, fingerprint, own.netloc, plain=own.scheme == "http")
    command = (
        f"storebox enrol --hq {own.scheme}://{own.netloc} --token {made.token} --root {fingerprint} --store {store}"
    )
    return {"made": made, "name": name, "short": shown_typed_code(made.short), "command": command,
            "code": code, "qr": qr_svg(code)}  # fmt: skip


def _revoke(desk: Desk, person: Person, store: str, epoch: str, reason: str) -> None:
    require(person, Act.BOXES, store)
    if not epoch.isdecimal() or len(epoch) > 9:
        raise Refused("request.malformed", field="epoch")
    checked_reason(reason)
    now_ms = desk.office.now_ms()
    with desk.office.database.write() as connection:
        box = registry.epoch_of_store(connection, store, int(epoch))
        if box.revoked:
            raise Refused("box.revoked_already", store=store, epoch=int(epoch))
        registry.revoke(connection, store, int(epoch), reason, now_ms)
        body = {"box": box.identity.box, "epoch": int(epoch), "reason": reason}
        write_note(connection, store, now_ms, person.name, "box.revoked", f"{store}.{epoch}", body)


def qr_svg(text: str) -> Markup:
    """Return a QR code as inline SVG, dark on light by its own fill, with its quiet zone."""
    import segno

    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn,
        kind="svg",
        xmldecl=False,
        svgns=False,
        omitsize=True,
        border=4,
        light="#fff",
        svgclass="qr",
        lineclass=None,
    )
    return Markup(drawn.getvalue().decode())
