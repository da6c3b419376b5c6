"""What boxes fetch and bring beside their journal: directives down, answers and bundles up."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse

from sync.hq.directives import bundles
from sync.hq.door import known_sender
from sync.hq.incoming import Incoming, incoming
from sync.hq.limits import RateLimit
from sync.hq.office import Office
from sync.hq.registry import RegisteredEpoch

Request = Annotated[Incoming, Depends(incoming)]
BUNDLES_PER_SECOND, BUNDLES_BURST = 1 / 60, 5
"""Of a box: a bundle is megabytes, and one says it all."""


def directives_router(office: Office) -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(prefix="/v1", tags=["boxes"])
    bundle_rate = RateLimit(BUNDLES_PER_SECOND, BUNDLES_BURST)

    @router.post("/boxes/{box}/bundles")
    def bundle(box: str, request: Request) -> JSONResponse:
        """Keep a diagnostics bundle; answers with its hash."""
        sender = _sender(office, box, request)
        bundle_rate.take(sender.identity.store, box)
        now_ms = office.now_ms()
        with office.backlog.place(), office.database.write() as connection:
            digest = bundles.keep(connection, sender.identity, request.body, now_ms)
        return JSONResponse({"sha256": digest, "at_ms": now_ms})

    return router


def _sender(office: Office, box: str, request: Incoming) -> RegisteredEpoch:
    sender = known_sender(office.database, office.notices, office.now_ms, box, request)
    office.rate.take(sender.identity.store, box)
    return sender
