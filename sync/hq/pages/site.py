"""The pages put together: routers, files, limits. A new page is a router here and a line in `navigation.py`."""

from pathlib import Path

from fastapi import APIRouter, Response
from starlette.responses import FileResponse

from agent.core.errors import Refused
from sync.hq.limits import RateLimit
from sync.hq.office import Office
from sync.hq.pages.alarms import alarms_router
from sync.hq.pages.boxes import boxes_router
from sync.hq.pages.differences import differences_router
from sync.hq.pages.entrance import entrance_router
from sync.hq.pages.fleet import fleet_router
from sync.hq.pages.money import money_router
from sync.hq.pages.people import people_router
from sync.hq.pages.rollout import rollout_router
from sync.hq.pages.route import PageRoute
from sync.hq.pages.stores import stores_router
from sync.hq.pages.web import Desk

ROUTERS = (
    entrance_router,
    stores_router,
    differences_router,
    money_router,
    alarms_router,
    fleet_router,
    boxes_router,
    rollout_router,
    people_router,
)
STATIC = Path(__file__).parent / "static"
FILES = {
    "hq.css": "text/css",
    "lists.css": "text/css",
    "desks.css": "text/css",
    "hq.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
ASKED_PER_SECOND, ASKED_BURST = 10.0, 100
"""Of one person: a dozen pages that refresh themselves side by side."""
GUESSES_PER_SECOND, GUESSES_BURST = 0.2, 20
"""Of one address: an office behind one line that comes to work; persons are locked on their own besides."""


def site_router(office: Office) -> APIRouter:
    """Return every route of the pages."""
    desk = Desk(office, RateLimit(ASKED_PER_SECOND, ASKED_BURST), RateLimit(GUESSES_PER_SECOND, GUESSES_BURST))
    router = APIRouter(include_in_schema=False)
    for make in ROUTERS:
        router.include_router(make(desk))
    router.include_router(_files_router())
    return router


def _files_router() -> APIRouter:
    router = APIRouter(route_class=PageRoute, include_in_schema=False)

    @router.get("/pages/{name}")
    def file(name: str) -> Response:
        """Give a file; the browser asks each time, so that an upgrade shows at once."""
        if name not in FILES:
            raise Refused("request.not_found")
        return FileResponse(STATIC / name, media_type=FILES[name], headers={"Cache-Control": "no-cache"})

    return router
