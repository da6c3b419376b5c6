"""The endpoints for people and their programs: the ledger (`ledger_api`), state of the stores, the morning list."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import JSONResponse

from agent.core.errors import Refused
from agent.core.moment import platform_day
from sync.hq.authentication import readable_stores
from sync.hq.books.morning import morning
from sync.hq.commissioning.rollout import FirstSales, Show, progress
from sync.hq.groups import chosen_stores
from sync.hq.ledger_api import DAY, ledger_router
from sync.hq.manifest import store_states
from sync.hq.office import Office


def people_router(office: Office) -> APIRouter:
    """Return the endpoints that people use, all with a bearer token."""
    router = APIRouter(prefix="/v1", tags=["people"])

    def allowed(authorization: Annotated[str | None, Header()] = None) -> frozenset[str] | None:
        with office.database.read() as connection:
            return readable_stores(connection, authorization)

    router.include_router(ledger_router(office, allowed))

    @router.get("/stores")
    def stores(readable: Annotated[frozenset[str] | None, Depends(allowed)]) -> JSONResponse:
        """Tell for each store up to which number it is complete, and when it was last seen."""
        with office.database.read() as connection:
            names = chosen_stores(connection, None, None, readable)
            return JSONResponse({"stores": store_states(connection, names)})

    first_sales = FirstSales()

    @router.get("/rollout")
    def rollout(readable: Annotated[frozenset[str] | None, Depends(allowed)], show: Show = Show.OPEN) -> JSONResponse:
        """Give a row for each store of the roll-out that may be read: code made, enrolled, tested, first sale."""
        with office.database.read() as connection:
            rows = progress(connection, first_sales, readable, office.now_ms(), show)
        return JSONResponse({"stores": [row.data() for row in rows]})

    @router.get("/morning")
    def morning_list(
        readable: Annotated[frozenset[str] | None, Depends(allowed)],
        day: Annotated[str | None, Query(pattern=DAY)] = None,
    ) -> JSONResponse:
        """Give a row for each store that may be read: its business day (yesterday), its problems, its telephone."""
        today = platform_day(office.now_ms())
        asked = today - timedelta(days=1) if day is None else _date(day)
        with office.database.read() as connection:
            names = chosen_stores(connection, None, None, readable)
            rows = morning(connection, names, asked, today, office.now_ms())
        return JSONResponse({"day": asked.isoformat(), "morning": rows})

    return router


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused("request.malformed", field="query.day") from error
