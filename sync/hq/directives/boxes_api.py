"""What boxes fetch and bring beside their journal: directives down, answers and bundles up.

For the box that trades in the store; of one that was replaced headquarters take entries, by the door of the uplink.
"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from agent.core.directives import Kind
from agent.core.errors import Refused
from sync.hq import registry
from sync.hq.books.notes import write_note
from sync.hq.directives import bundles, down
from sync.hq.directives.bell import Bell
from sync.hq.directives.note_kinds import FleetNote
from sync.hq.door import live_sender, not_replaced
from sync.hq.incoming import Incoming, incoming
from sync.hq.limits import RateLimit
from sync.hq.office import Office
from sync.hq.registry import RegisteredEpoch

Request = Annotated[Incoming, Depends(incoming)]
WAIT_MAX_S = 25
LOOKS_MAX = 10
"""A question is looked into so often before it is answered with nothing: it was woken for what it has already."""
BUNDLES_PER_SECOND, BUNDLES_BURST = 1 / 60, 5
"""Of a box: a bundle is megabytes, and one says it all."""


def directives_router(office: Office, bell: Bell) -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(prefix="/v1", tags=["boxes"])
    bundle_rate = RateLimit(BUNDLES_PER_SECOND, BUNDLES_BURST)

    @router.get("/boxes/{box}/directives")
    async def directives(box: str, request: Request, have: str = "", wait: int = 0) -> JSONResponse:
        """Give what the box lacks, signed for it; waits up to `wait` seconds until there is something."""
        versions = down.have_of(have)
        sender = await run_in_threadpool(_sender, office, box, request)
        with bell.listening(sender.identity.store) as waiter:
            for _ in range(LOOKS_MAX):
                found = await run_in_threadpool(_lacking, office, sender, versions)
                if found or wait <= 0 or bell.ended or not await waiter.woken(min(wait, WAIT_MAX_S)):
                    break
        return JSONResponse({"directives": found})

    @router.post("/boxes/{box}/directives/answers")
    def answers(box: str, request: Request) -> JSONResponse:
        """Keep what the box did with directives; results of verbs are noted in the store's book."""
        sender = _sender(office, box, request)
        return JSONResponse({"kept": _answered(office, sender, request)})

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
    sender = live_sender(office.database, office.notices, office.now_ms, box, request)
    office.rate.take(sender.identity.store, box)
    return sender


def _lacking(office: Office, sender: RegisteredEpoch, have: Mapping[Kind, int]) -> list[dict[str, object]]:
    """Return what a box lacks, signed; one that was replaced while it waited is refused like one that asks anew."""
    who = sender.identity
    with office.database.read() as connection:
        not_replaced(registry.epoch_of_store(connection, who.store, who.epoch))
        rows = down.lacking(connection, who.store, have)
    return down.signed(office.keys, sender.identity, rows, office.now_ms())


def _answered(office: Office, sender: RegisteredEpoch, request: Incoming) -> int:
    fields, now_ms = request.document(), office.now_ms()
    if set(fields) != {"answers"}:
        raise Refused("request.malformed", field="answers")
    who = sender.identity
    with office.database.write() as connection:
        kept = down.keep_answers(connection, who, fields["answers"], request.signature or "", now_ms)
        for kind, version, outcome, code in kept:
            if kind == Kind.VERB:
                body = {"version": version, "outcome": outcome, "code": code, "epoch": who.epoch}
                write_note(
                    connection, who.store, now_ms, f"box:{who.box}", FleetNote.VERB_ANSWERED, f"verb {version}", body
                )
    return len(kept)
