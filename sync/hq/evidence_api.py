"""The endpoints of evidence: what does not fit, for programs with a bearer token. Nothing here changes anything."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi import Path as InPath
from sqlalchemy import Connection, select
from starlette.responses import JSONResponse

from agent.core.errors import Refused
from sync.hq import registry, tables
from sync.hq.authentication import readable_stores
from sync.hq.groups import chosen_stores
from sync.hq.notices import notices_of
from sync.hq.office import Office
from sync.hq.pages.store_facts import alarms_of, forks_of
from sync.hq.webhooks.alarms import newest
from sync.hq.webhooks.message import document

ALARMS_TOLD = 100
Store = Annotated[str, InPath(pattern=r"^[A-Z0-9]{1,10}$")]
Digest = Annotated[str, InPath(pattern=r"^[0-9a-f]{64}$")]


def evidence_router(office: Office) -> APIRouter:
    """Return the endpoints of evidence."""
    router = APIRouter(prefix="/v1", tags=["people"])

    def allowed(authorization: Annotated[str | None, Header()] = None) -> frozenset[str] | None:
        with office.database.read() as connection:
            return readable_stores(connection, authorization)

    Allowed = Annotated[frozenset[str] | None, Depends(allowed)]  # noqa: N806 - a type

    @router.get("/stores/{store}/evidence")
    def store_evidence(store: Store, readable: Allowed) -> JSONResponse:
        """Tell a store's alarms, refused requests and kept other histories, and what was told outside; newest first."""
        with office.database.read() as connection:
            chosen_stores(connection, store, None, readable)
            return JSONResponse(evidence(connection, store))

    @router.get("/stores/{store}/forks/{sha256}")
    def fork_text(store: Store, sha256: Digest, readable: Allowed) -> JSONResponse:
        """Give another history as it was sent: the hash before it, and its entries."""
        known = tables.fork.c
        with office.database.read() as connection:
            chosen_stores(connection, store, None, readable)
            where = (known.store == store) & (known.sha256 == sha256)
            row = connection.execute(select(known.epoch, known.upload).where(where)).first()
        if row is None:
            raise Refused("request.not_found")
        return JSONResponse({"store": store, "epoch": row.epoch, "sha256": sha256, **json.loads(row.upload)})

    return router


def evidence(connection: Connection, store: str) -> dict[str, object]:
    """Return all that speaks against a store's boxes."""
    names = {store: registry.store_name(connection, store)}
    alarms = [
        {name: getattr(row, name) for name in ("epoch", "code", "seq", "at_ms", "detail")}
        | {"stands": bool(row.stands)}
        for row in alarms_of(connection, store)
    ]
    notice_names = ("epoch", "code", "day", "times", "first_ms", "last_ms", "detail")
    fork_names = ("epoch", "sha256", "first_seq", "differs_at", "box", "received_at_ms")
    return {
        "store": store,
        "alarms": alarms,
        "notices": [{name: getattr(row, name) for name in notice_names} for row in notices_of(connection, store)],
        "forks": [{name: getattr(row, name) for name in fork_names} for row in forks_of(connection, store)],
        "told": [document(one, names) for one in newest(connection, [store], ALARMS_TOLD)],
    }
