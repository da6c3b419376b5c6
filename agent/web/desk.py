"""`/desk`, in the demo only: the emulated printer's paper, a scanner to type into, and switches for faults."""

from io import BytesIO
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import Response

from agent.core.errors import Refused
from agent.services import refunds
from agent.web.access import TheWeb
from agent.web.bodies import Body, Name, ScanBody
from agent.web.pages import page

SWITCHES = ("network", "paper", "printer", "scanner", "power")
SAMPLES_MAX = 12


class DeskPort(Protocol):
    """What the demo's parent lets the desk do with the emulated devices."""

    def paper(self, after: int) -> list[dict[str, Any]]:
        """Return the paper log's lines after the given number, `{n, at_ms, job, kind, text|data|rows…}`."""

    def slip_png(self, n: int) -> bytes | None:
        """Return the picture of the last slip but `n`, 0 being the last; None when there is none."""

    def scan(self, text: str) -> None:
        """Let the emulated scanner read a code."""

    def switch(self, name: str, on: bool) -> None:
        """Turn one of `SWITCHES` on or off. `power` off kills the agent; the parent starts it again."""

    def state(self) -> dict[str, Any]:
        """Return `{switch: on}` for each switch."""


class SwitchBody(Body):
    """Which switch, and which way."""

    switch: Name
    on: bool


def router_for(desk: DeskPort) -> APIRouter:
    """Return the routes of the desk."""
    router = APIRouter(include_in_schema=False)

    @router.get("/desk")
    def desk_page(web: TheWeb, request: Request) -> Response:
        return page(request, "desk.html", store=web.shop.store, language=web.shop.store.language)

    @router.get("/desk/paper")
    def paper(after: Annotated[int, Query(ge=0)] = 0) -> list[dict[str, Any]]:
        return desk.paper(after)

    @router.get("/desk/slip/{n}.png")
    def slip(n: int) -> Response:
        picture = desk.slip_png(n)
        if picture is None:
            raise Refused("request.not_found")
        return Response(picture, media_type="image/png")

    @router.get("/desk/qr.svg")
    def qr(text: Annotated[str, Query(max_length=2000)], level: Annotated[str, Query(pattern="^[LMQH]$")]) -> Response:
        import segno

        drawn = BytesIO()
        segno.make(text, error=level, boost_error=False, micro=False).save(drawn, kind="svg", border=2)
        return Response(drawn.getvalue(), media_type="image/svg+xml")

    @router.get("/desk/state")
    def state() -> dict[str, Any]:
        return desk.state()

    @router.get("/desk/samples")
    def samples(web: TheWeb) -> dict[str, Any]:
        return _samples(web.shop)

    @router.post("/desk/scan")
    def scan(body: ScanBody) -> dict[str, Any]:
        desk.scan(body.text)
        return {}

    @router.post("/desk/switch")
    def switch(body: SwitchBody) -> dict[str, Any]:
        if body.switch not in SWITCHES:
            raise Refused("request.malformed", field="switch")
        desk.switch(body.switch, body.on)
        return desk.state()

    return router


def _samples(shop: Any) -> dict[str, Any]:
    coded = [item for item in shop.catalog.by_sku.values() if item.barcodes]
    sold = refunds.recent(shop, limit=1)
    return {
        "items": [
            {"code": item.barcodes[0], "name": item.name, "name_en": item.name_en} for item in coded[:SAMPLES_MAX]
        ],
        "receipt": sold[0]["sale"] if sold else None,
    }


def install(app: FastAPI, desk: DeskPort) -> None:
    """Serve the desk."""
    app.include_router(router_for(desk))
