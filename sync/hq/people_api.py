"""The endpoints for people and their programs: ledger pull, manifest, state of the stores."""

from collections import deque
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import JSONResponse, StreamingResponse

from agent.core.errors import Refused
from agent.core.moment import platform_day
from sync.hq.authentication import readable_stores
from sync.hq.books.morning import morning
from sync.hq.formats import Pages, csv_lines, json_line, json_lines, pages
from sync.hq.groups import chosen_stores, is_chain
from sync.hq.manifest import store_states
from sync.hq.office import Office
from sync.hq.pull import Row, Selection, resumed_tally
from sync.hq.pull_columns import COLUMNS, Rows
from sync.hq.pull_days import DayStates
from sync.hq.trial_balance import document, trial_balance

_DAY = r"^\d{4}-\d{2}-\d{2}$"


class Format(StrEnum):
    """In which form a pull comes."""

    JSONL = "jsonl"
    CSV = "csv"


def people_router(office: Office) -> APIRouter:
    """Return the endpoints that people use, all with a bearer token."""
    router = APIRouter(prefix="/v1", tags=["people"])

    def allowed(authorization: Annotated[str | None, Header()] = None) -> frozenset[str] | None:
        with office.database.read() as connection:
            return readable_stores(connection, authorization)

    def selection(
        stores: Annotated[frozenset[str] | None, Depends(allowed)],
        store: str | None = None,
        group: str | None = None,
        first_day: Annotated[str | None, Query(alias="from", pattern=_DAY)] = None,
        last_day: Annotated[str | None, Query(alias="to", pattern=_DAY)] = None,
        day_state: DayStates = DayStates.MATCHED,
        rows: Rows = Rows.TENDERS,
        after: Annotated[str | None, Query(description="the last cursor of a pull that broke off")] = None,
    ) -> Selection:
        with office.database.read() as connection:
            chosen = chosen_stores(connection, store, group, stores)
        whole = is_chain(store, group, stores)
        asked = Selection(chosen, first_day, last_day, day_state, rows, after, whole)
        resumed_tally(asked)
        return asked

    Chosen = Annotated[Selection, Depends(selection)]  # noqa: N806 - a type

    @router.get("/ledger")
    def ledger(chosen: Chosen, format: Format = Format.JSONL, cursors: bool = False) -> StreamingResponse:
        """Stream one row a tender or posting; JSON lines end with the manifest, and hold cursors when asked for."""
        found, columns = pages(office.database, chosen, office.now_ms(), office.state), COLUMNS[chosen.rows]
        if format is Format.CSV:
            lines = csv_lines(rows_alone(found), columns)
            return StreamingResponse(lines, media_type="text/csv; charset=utf-8")
        lines = (
            json_lines(page, columns) if isinstance(page, list) else json_line(page)
            for page in found
            if cursors or "cursor" not in page
        )
        return StreamingResponse(lines, media_type="application/x-ndjson")

    @router.get("/ledger/manifest")
    def ledger_manifest(chosen: Chosen) -> JSONResponse:
        """Give the manifest of the same selection alone."""
        last = deque(pages(office.database, chosen, office.now_ms(), office.state), maxlen=1)
        return JSONResponse(last[0])

    @router.get("/ledger/balance")
    def ledger_balance(
        stores: Annotated[frozenset[str] | None, Depends(allowed)],
        store: str | None = None,
        group: str | None = None,
        last_day: Annotated[str | None, Query(alias="to", pattern=_DAY)] = None,
    ) -> JSONResponse:
        """Give the trial balance of each store and of all together (`*`), as `storebox-hq ledger balance` does."""
        whole, now_ms = is_chain(store, group, stores), office.now_ms()
        with office.database.read() as connection:
            chosen = chosen_stores(connection, store, group, stores)
            found = trial_balance(connection, office.state, chosen, last_day, whole, now_ms)
            return JSONResponse(document(connection, found, chosen))

    @router.get("/stores")
    def stores(readable: Annotated[frozenset[str] | None, Depends(allowed)]) -> JSONResponse:
        """Tell for each store up to which number it is complete, and when it was last seen."""
        with office.database.read() as connection:
            names = chosen_stores(connection, None, None, readable)
            return JSONResponse({"stores": store_states(connection, names)})

    @router.get("/morning")
    def morning_list(
        readable: Annotated[frozenset[str] | None, Depends(allowed)],
        day: Annotated[str | None, Query(pattern=_DAY)] = None,
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


def rows_alone(found: Pages) -> Iterator[list[Row]]:
    """Yield the rows of a pull without its cursors and its manifest."""
    return (page for page in found if isinstance(page, list))
