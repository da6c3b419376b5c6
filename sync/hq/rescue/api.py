"""What a box that replaces another asks of headquarters: the plan of its history, and its pages."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse

from agent.core.canonical import LARGEST_INTEGER
from agent.core.errors import Credentials
from sync.hq import registry
from sync.hq.door import live_sender
from sync.hq.incoming import Incoming, incoming
from sync.hq.office import Office
from sync.hq.registry import RegisteredEpoch
from sync.hq.rescue import past
from sync.hq.rescue.retire import retire, retiring_box
from sync.past import MEDIA_TYPE

Request = Annotated[Incoming, Depends(incoming)]
Number = Annotated[int, Query(ge=0, le=LARGEST_INTEGER)]


def rescue_router(office: Office) -> APIRouter:
    """Return the endpoints of rescue."""
    router = APIRouter(prefix="/v1", tags=["rescue"])

    @router.get("/boxes/{box}/past/plan")
    def plan(box: str, request: Request) -> JSONResponse:
        """Name the store's earlier epochs, each with a receipt that says how far it reaches."""
        sender = _sender(office, box, request)
        with office.database.read() as connection:
            epochs = past.plan(connection, office.keys, sender, office.now_ms())
        return JSONResponse({"epochs": epochs})

    @router.get("/boxes/{box}/past/first")
    def first(box: str, request: Request, epoch: Number = 0, after: Number = 0) -> Response:
        """Give what selling needs, after a place."""
        sender = _sender(office, box, request)
        with office.backlog.place(), office.database.read() as connection:
            mine = sender.identity
            page = past.first_page(connection, mine.store, mine.epoch, (epoch, after))
        return Response(page, media_type=MEDIA_TYPE)

    @router.get("/boxes/{box}/past")
    def whole(box: str, epoch: Number, request: Request, after: Number = 0) -> Response:
        """Give the entries of an earlier epoch after a number."""
        sender = _sender(office, box, request)
        if epoch >= sender.identity.epoch:
            raise Credentials("upload.of_another_box", box=box)
        with office.backlog.place(), office.database.read() as connection:
            registry.epoch_of_store(connection, sender.identity.store, epoch)
            page = past.whole_page(connection, sender.identity.store, epoch, after)
        return Response(page, media_type=MEDIA_TYPE)

    @router.post("/boxes/{box}/retire")
    def retired(box: str, request: Request) -> JSONResponse:
        """Take a box's key out of use when everything it wrote is here; answers with the certificate."""
        with office.database.write() as connection:
            sender = retiring_box(connection, box, request)
            office.rate.take(sender.identity.store, box)
            certificate = retire(connection, office.keys, sender, request, office.now_ms())
        return JSONResponse({"certificate": certificate})

    return router


def _sender(office: Office, box: str, request: Incoming) -> RegisteredEpoch:
    sender = live_sender(office.database, office.notices, office.now_ms, box, request)
    office.rate.take(sender.identity.store, box)
    return sender
