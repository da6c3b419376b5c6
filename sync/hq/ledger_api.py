"""The ledger over HTTP: rows of a pull, its manifest, the trial balance. Mounted by `people_api`."""

from collections import deque
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import JSONResponse, StreamingResponse

from sync.hq.formats import Pages, csv_lines, json_line, json_lines, pages
from sync.hq.groups import chosen_stores, is_chain
from sync.hq.office import Office
from sync.hq.pull import Row, Selection, resumed_tally
from sync.hq.pull_columns import COLUMNS, Rows
from sync.hq.pull_days import DayStates
from sync.hq.trial_balance import document, trial_balance

DAY = r"^\d{4}-\d{2}-\d{2}$"


class Format(StrEnum):
    """In which form a pull comes."""

    JSONL = "jsonl"
    CSV = "csv"


def ledger_router(office: Office, allowed: Callable[..., frozenset[str] | None]) -> APIRouter:
    """Return the endpoints; `allowed` is the dependency that gives the stores which the bearer may read."""
    router = APIRouter()

    def selection(
        stores: Annotated[frozenset[str] | None, Depends(allowed)],
        store: str | None = None,
        group: str | None = None,
        first_day: Annotated[str | None, Query(alias="from", pattern=DAY)] = None,
        last_day: Annotated[str | None, Query(alias="to", pattern=DAY)] = None,
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
        last_day: Annotated[str | None, Query(alias="to", pattern=DAY)] = None,
    ) -> JSONResponse:
        """Give the trial balance of each store and of all together (`*`), as `storebox-hq ledger balance` does."""
        whole, now_ms = is_chain(store, group, stores), office.now_ms()
        with office.database.read() as connection:
            chosen = chosen_stores(connection, store, group, stores)
            found = trial_balance(connection, office.state, chosen, last_day, whole, now_ms)
            return JSONResponse(document(connection, found, chosen))

    return router


def rows_alone(found: Pages) -> Iterator[list[Row]]:
    """Yield the rows of a pull without its cursors and its manifest."""
    return (page for page in found if isinstance(page, list))
