"""The endpoints for people and their programs: ledger pull, manifest, state of the stores."""

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import JSONResponse, StreamingResponse

from agent.core.errors import Credentials, Refused
from agent.core.moment import platform_day
from sync.hq import registry
from sync.hq.authentication import readable_stores
from sync.hq.books.morning import morning
from sync.hq.formats import csv_lines, documents, json_line
from sync.hq.manifest import store_states
from sync.hq.office import Office
from sync.hq.pull import Selection, resumed_tally
from sync.hq.pull_columns import COLUMNS, Rows

_DAY = r"^\d{4}-\d{2}-\d{2}$"


class DayState(StrEnum):
    """Which days a pull shows."""

    CLOSED = "closed"
    ANY = "any"


class Format(StrEnum):
    """In which form a pull comes."""

    JSONL = "jsonl"
    CSV = "csv"


def chosen_stores(office: Office, store: str | None, allowed: frozenset[str] | None) -> list[str]:
    """Return the stores to read: the one that is asked for, else all that the reader may see."""
    with office.database.read() as connection:
        known = [name for name, _ in registry.store_names(connection)]
    if store is None:
        return [name for name in known if allowed is None or name in allowed]
    if allowed is not None and store not in allowed:
        raise Credentials("access.not_this_store", store=store[:10])
    if store not in known:
        raise Refused("store.unknown", store=store[:10])
    return [store]


def people_router(office: Office) -> APIRouter:
    """Return the endpoints that people use, all with a bearer token."""
    router = APIRouter(prefix="/v1", tags=["people"])

    def allowed(authorization: Annotated[str | None, Header()] = None) -> frozenset[str] | None:
        with office.database.read() as connection:
            return readable_stores(connection, authorization)

    def selection(
        stores: Annotated[frozenset[str] | None, Depends(allowed)],
        store: str | None = None,
        first_day: Annotated[str | None, Query(alias="from", pattern=_DAY)] = None,
        last_day: Annotated[str | None, Query(alias="to", pattern=_DAY)] = None,
        day_state: DayState = DayState.CLOSED,
        rows: Rows = Rows.TENDERS,
        after: Annotated[str | None, Query(description="the last cursor of a pull that broke off")] = None,
    ) -> Selection:
        chosen = chosen_stores(office, store, stores)
        asked = Selection(chosen, first_day, last_day, day_state is DayState.CLOSED, rows, after)
        resumed_tally(asked)
        return asked

    Chosen = Annotated[Selection, Depends(selection)]  # noqa: N806 - a type

    @router.get("/ledger")
    def ledger(chosen: Chosen, format: Format = Format.JSONL, cursors: bool = False) -> StreamingResponse:
        """Stream one row a tender or posting; JSON lines end with the manifest, and hold cursors when asked for."""
        rows = documents(office.database, chosen, office.now_ms())
        if not cursors:
            rows = (document for document in rows if "cursor" not in document)
        if format is Format.CSV:
            lines = csv_lines(_rows_alone(rows), COLUMNS[chosen.rows])
            return StreamingResponse(lines, media_type="text/csv; charset=utf-8")
        return StreamingResponse(map(json_line, rows), media_type="application/x-ndjson")

    @router.get("/ledger/manifest")
    def ledger_manifest(chosen: Chosen) -> JSONResponse:
        """Give the manifest of the same selection alone."""
        last = deque(documents(office.database, chosen, office.now_ms()), maxlen=1)
        return JSONResponse(last[0])

    @router.get("/stores")
    def stores(readable: Annotated[frozenset[str] | None, Depends(allowed)]) -> JSONResponse:
        """Tell for each store up to which number it is complete, and when it was last seen."""
        names = chosen_stores(office, None, readable)
        with office.database.read() as connection:
            return JSONResponse({"stores": store_states(connection, names)})

    @router.get("/morning")
    def morning_list(
        readable: Annotated[frozenset[str] | None, Depends(allowed)],
        day: Annotated[str | None, Query(pattern=_DAY)] = None,
    ) -> JSONResponse:
        """Give a row for each store that may be read: its business day (yesterday), its problems, its telephone."""
        names, today = chosen_stores(office, None, readable), platform_day(office.now_ms())
        asked = today - timedelta(days=1) if day is None else _date(day)
        with office.database.read() as connection:
            rows = morning(connection, names, asked, today, office.now_ms())
        return JSONResponse({"day": asked.isoformat(), "morning": rows})

    return router


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused("request.malformed", field="query.day") from error


def _rows_alone(documents: Iterator[Mapping[str, object]]) -> Iterator[Mapping[str, object]]:
    return (document for document in documents if "manifest" not in document)
