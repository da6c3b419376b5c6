"""The roll-out: one row a store, from the code that was made to the first sale."""

from fastapi import APIRouter, Request, Response

from sync.hq.commissioning.rollout import FirstSales, Progress, Show, Stage, progress
from sync.hq.pages.render import page
from sync.hq.pages.route import PageRoute
from sync.hq.pages.web import Desk, asking
from sync.hq.people.rights import Act


def rollout_router(desk: Desk) -> APIRouter:
    """Return the route of the roll-out."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)
    first_sales = FirstSales()

    @router.get("/rollout")
    def rollout_page(request: Request, show: Show = Show.OPEN) -> Response:
        person = asking(desk, request, Act.BOXES)
        with desk.office.database.read() as connection:
            rows = progress(connection, first_sales, person.stores, desk.office.now_ms(), show)
        return page(request, "rollout.html", person, rows=rows, counts=_counts(rows), show=show, shows=list(Show))

    return router


def _counts(rows: list[Progress]) -> list[tuple[Stage, int]]:
    return [(stage, sum(row.stage is stage for row in rows)) for stage in Stage]
