"""`/desk`, in the demo only: the emulated printers' paper, a scanner to show codes to, and switches for faults."""

import binascii
from base64 import b64decode
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import Response
from pydantic import Field

from agent.core.errors import Refused
from agent.services import refunds
from agent.web.access import TheWeb
from agent.web.bodies import Body, Name, NoBody, ScanBody
from agent.web.pages import page

SWITCHES = ("network", "power", "scanner", "printer", "printer_power", "cover", "cutter", "flow")
CHOICES = {
    "paper": ("ok", "low", "out"),
    "drawer": ("none", "closed", "open"),
    "answers": ("clear", "silence", "garbage", "late"),
}
SAMPLES_MAX = 12
PICTURE_MAX_CHARACTERS = 250_000
"""Of Base64: a picture above it doesn't fit the bound that every request's body has."""

Place = Annotated[str, Query(max_length=80)]


class DeskPort(Protocol):
    """What the demo's parent lets the desk do with the emulated devices.

    `place` is a printer's name and stands for what is around it: scanner, drawer; "" is the first till. An unknown one
    is refused.
    """

    def paper(self, place: str, after: int) -> list[dict[str, Any]]:
        """Return the paper log's lines after the given number, `{n, at_ms, job, kind, text|data|rows…}`."""

    def picture(self, place: str, n: int) -> bytes | None:
        """Return the picture of a slip by its number, or of the paper that hangs out; None when there is none."""

    def scan(self, place: str, text: str) -> None:
        """Let the emulated scanner read a code."""

    def phones(self) -> list[dict[str, Any]]:
        """Return the customers who have telephones, `{customer, name, name_en, page}`."""

    def show_phone(self, place: str, customer: str, platform: str) -> None:
        """Hold a customer's fresh payment code before the scanner."""

    def show_proof(self, place: str, address: str) -> None:
        """Hold the proof that a customer's phone shows at a pay page's address before the scanner."""

    def next_morning(self) -> None:
        """Let the shop close and the next morning come, with the platforms' bills, in the background."""

    def plant(self, what: str) -> dict[str, Any]:
        """Let the bill differ from the journal: by a `refund` in the portal, or a `payment` that no till knows."""

    def read(self, data: bytes) -> str:
        """Return the code that a scanner would read off a PNG or JPEG picture; refuses when there is none."""

    def switch(self, place: str, name: str, on: bool) -> None:
        """Turn one of `SWITCHES` on or off. `power` off kills the agent; the parent starts it again."""

    def choose(self, place: str, name: str, to: str) -> None:
        """Set one of `CHOICES`."""

    def state(self, place: str) -> dict[str, Any]:
        """Return each switch (True is well) and choice, `places`, `papers` by place, `reads`."""


class DeskScanBody(ScanBody):
    """A code, and at which scanner."""

    place: str = Field("", max_length=80)


class PhoneBody(Body):
    """Whose telephone shows which wallet's payment code, and at which scanner."""

    customer: Name
    platform: Literal["wechat", "alipay"]
    place: str = Field("", max_length=80)


class ProofBody(Body):
    """At which address of the pay page a customer's phone is, and at which scanner."""

    address: Annotated[str, Field(max_length=500, pattern=r"^[!-~]+$")]
    place: str = Field("", max_length=80)


class PlantBody(Body):
    """What the bill shall differ by."""

    what: Literal["refund", "payment"]


class PictureBody(Body):
    """A PNG or JPEG picture in Base64, and at which scanner."""

    picture: Annotated[str, Field(max_length=PICTURE_MAX_CHARACTERS)]
    place: str = Field("", max_length=80)


class SwitchBody(Body):
    """Which switch, and which way: `on` for a switch, `to` for a choice."""

    switch: Name
    on: bool | None = None
    to: Name | None = None
    place: str = Field("", max_length=80)


def router_for(desk: DeskPort) -> APIRouter:
    """Return the routes of the desk."""
    router = APIRouter(include_in_schema=False)

    @router.get("/desk")
    def desk_page(web: TheWeb, request: Request) -> Response:
        return page(request, "desk.html", store=web.shop.store, language=web.shop.store.language)

    @router.get("/desk/paper")
    def paper(after: Annotated[int, Query(ge=0)] = 0, place: Place = "") -> list[dict[str, Any]]:
        return desk.paper(place, after)

    @router.get("/desk/papers/{place}/{n}.png")
    def picture(place: str, n: int) -> Response:
        found = desk.picture(place, n)
        if found is None:
            raise Refused("request.not_found")
        return Response(found, media_type="image/png")

    @router.get("/desk/state")
    def state(place: Place = "") -> dict[str, Any]:
        return desk.state(place)

    @router.get("/desk/samples")
    def samples(web: TheWeb) -> dict[str, Any]:
        return {**_samples(web.shop), "phones": desk.phones()}

    @router.post("/desk/phone")
    def show_phone(body: PhoneBody) -> dict[str, Any]:
        desk.show_phone(body.place, body.customer, body.platform)
        return {}

    @router.post("/desk/proof")
    def show_proof(body: ProofBody) -> dict[str, Any]:
        desk.show_proof(body.place, body.address)
        return {}

    @router.post("/desk/scan")
    def scan(body: DeskScanBody) -> dict[str, Any]:
        desk.scan(body.place, body.text)
        return {}

    @router.post("/desk/show")
    def show(body: PictureBody) -> dict[str, Any]:
        text = desk.read(_decoded(body.picture))
        desk.scan(body.place, text)
        return {"text": text}

    @router.post("/desk/morning")
    def next_morning(body: NoBody) -> dict[str, Any]:
        desk.next_morning()
        return {}

    @router.post("/desk/plant")
    def plant(body: PlantBody) -> dict[str, Any]:
        return desk.plant(body.what)

    @router.post("/desk/switch")
    def switch(body: SwitchBody) -> dict[str, Any]:
        _set(desk, body)
        return desk.state(body.place)

    return router


def _set(desk: DeskPort, body: SwitchBody) -> None:
    if body.switch in SWITCHES and body.on is not None and body.to is None:
        desk.switch(body.place, body.switch, body.on)
    elif body.to in CHOICES.get(body.switch, ()) and body.to is not None and body.on is None:
        desk.choose(body.place, body.switch, body.to)
    else:
        raise Refused("request.malformed", field="switch")


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise Refused("request.malformed", field="picture") from error


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
