"""What boxes ask about releases: which one they should have, and its bundle piece by piece."""

import re
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi import Request as WebRequest
from starlette.responses import JSONResponse, Response

from agent.core.canonical import LARGEST_INTEGER
from agent.core.errors import Refused
from sync.hq.door import live_sender
from sync.hq.incoming import Incoming, incoming
from sync.hq.office import Office
from sync.hq.registry import RegisteredEpoch
from sync.hq.releases import book
from sync.hq.releases.book import Asked
from sync.hq.releases.shelf import Shelf

Request = Annotated[Incoming, Depends(incoming)]
_RANGE = re.compile(r"bytes=([0-9]{1,12})-([0-9]{1,12})")
_WORD = re.compile(r"[0-9A-Za-z.+~_-]{1,40}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def releases_router(office: Office) -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(prefix="/v1", tags=["boxes"])

    @router.get("/boxes/{box}/release")
    def named(
        box: str, request: Request, sequence: int, arch: str, version: str = "0", turned_away: int | None = None
    ) -> JSONResponse:
        """Tell a box which release it should have; null when it may stay as it is."""
        sender = _sender(office, box, request)
        if not _WORD.fullmatch(arch) or not _WORD.fullmatch(version) or not 0 <= sequence <= LARGEST_INTEGER:
            raise Refused("request.malformed", field="arch")
        if turned_away is not None and not 0 <= turned_away <= LARGEST_INTEGER:
            raise Refused("request.malformed", field="turned_away")
        asked = Asked(sequence, version, arch, turned_away)
        with office.database.write() as connection:
            book.note_asked(connection, sender.identity, asked, office.now_ms())
            found = book.named_for(connection, sender.identity.store, asked)
        return JSONResponse({"release": None if found is None else _offer(office, sender, found)})

    @router.get("/boxes/{box}/release/{sha256}")
    def piece(box: str, sha256: str, request: Request, raw: WebRequest) -> Response:
        """Give a part of a bundle: a range of at most 2 MiB, status 206."""
        _sender(office, box, request)
        wanted = _RANGE.fullmatch(raw.headers.get("range", ""))
        if wanted is None or not _DIGEST.fullmatch(sha256) or office.state is None:
            raise Refused("release.bad_range", start=0, size=0)
        start = int(wanted[1])
        data, size = Shelf(office.state).piece(sha256, start, int(wanted[2]))
        headers = {"Content-Range": f"bytes {start}-{start + len(data) - 1}/{size}"}
        return Response(data, 206, headers, "application/octet-stream")

    return router


def _offer(office: Office, sender: RegisteredEpoch, found: book.Named) -> Mapping[str, object]:
    permit = None
    if found.below is not None:
        permit = office.keys.signed_permit(sender.identity, found.sequence, found.below, office.now_ms())
    return {
        "version": found.version,
        "sequence": found.sequence,
        "sha256": found.sha256,
        "size": found.size,
        "permit": permit,
    }


def _sender(office: Office, box: str, request: Incoming) -> RegisteredEpoch:
    sender = live_sender(office.database, office.notices, office.now_ms, box, request)
    office.rate.take(sender.identity.store, box)
    return sender
