"""Overview, a store, a store's day, and the day's rows as a file."""

import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, StreamingResponse

from agent.core.errors import Refused
from agent.core.moment import platform_day
from sync.hq import registry
from sync.hq.books.days import view
from sync.hq.books.difference_list import NOTHING_OPEN, OpenSum, open_sums
from sync.hq.commissioning.reports import newest_report
from sync.hq.formats import csv_lines, pages
from sync.hq.ledger_api import rows_alone
from sync.hq.notices import notices_of
from sync.hq.pages.day_facts import day_facts
from sync.hq.pages.day_path import day_path
from sync.hq.pages.money import may_pick
from sync.hq.pages.overview import StoreLine, business_today, overview
from sync.hq.pages.plots import hours_plot, shares_plot
from sync.hq.pages.render import page
from sync.hq.pages.route import PageRoute
from sync.hq.pages.store_facts import alarms_of, closed_days, epochs_of, forks_of, is_closed, newest_entries
from sync.hq.pages.trade import Trade, Trades, cursors_of
from sync.hq.pages.web import Desk, asking, is_part
from sync.hq.pages.words import named
from sync.hq.people.rights import Act
from sync.hq.pull import Row, Selection
from sync.hq.pull_columns import COLUMNS, Rows
from sync.hq.pull_days import DayStates
from sync.hq.pull_files import write_xlsx

Store = Annotated[str, InPath(pattern=r"^[A-Z0-9]{1,10}$")]
Day = Annotated[str, InPath(pattern=r"^\d{4}-\d{2}-\d{2}$")]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def stores_router(desk: Desk) -> APIRouter:
    """Return the routes of stores and days."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)
    trades = Trades()

    @router.get("/")
    def overview_page(request: Request) -> Response:
        person = asking(desk, request)
        lines, stray = _lines(desk, trades, person.stores)
        return page(request, "overview.html", person, lines=lines, stray=stray, **_sums(lines, stray))

    @router.get("/stores/{store}")
    def store_page(request: Request, store: Store) -> Response:
        person = asking(desk, request, Act.READ, store)
        return page(request, "store.html", person, **_store(desk, trades, store), may_pull=person.may(Act.PULL))

    @router.get("/stores/{store}/days/{day}")
    def day_page(request: Request, store: Store, day: Day) -> Response:
        person = asking(desk, request, Act.READ, store)
        values = _day(desk, trades, store, _checked_day(day), with_path=not is_part(request))
        may = {"may_pull": person.may(Act.PULL), "may_pick": may_pick(person), "may_deposit": person.may(Act.BANK)}
        return page(request, "day.html", person, **values, **may)

    @router.get("/stores/{store}/days/{day}/ledger.csv")
    def day_csv(request: Request, store: Store, day: Day) -> Response:
        asking(desk, request, Act.PULL, store)
        lines = csv_lines(_rows(desk, store, day), COLUMNS[Rows.TENDERS])
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=_as_file(store, day, "csv"))

    @router.get("/stores/{store}/days/{day}/ledger.xlsx")
    def day_xlsx(request: Request, store: Store, day: Day) -> Response:
        asking(desk, request, Act.PULL, store)
        with tempfile.NamedTemporaryFile(prefix="storebox-day-", suffix=".xlsx", delete=False) as file:
            path = Path(file.name)
        try:
            write_xlsx(chain.from_iterable(_rows(desk, store, day)), COLUMNS[Rows.TENDERS], path)
        except BaseException:
            path.unlink()
            raise
        headers = _as_file(store, day, "xlsx")
        return FileResponse(path, media_type=XLSX, headers=headers, background=BackgroundTask(path.unlink))

    return router


def _lines(desk: Desk, trades: Trades, stores: frozenset[str] | None) -> tuple[list[StoreLine], OpenSum]:
    """Return a line a store, and the differences of which nobody knows the store, for who sees all."""
    with desk.office.database.read() as connection:
        stray = open_sums(connection, None).get("", NOTHING_OPEN) if stores is None else NOTHING_OPEN
        return list(overview(connection, trades, desk.office.now_ms(), stores)), stray


def _sums(lines: list[StoreLine], stray: OpenSum) -> Mapping[str, int]:
    """Return what the head of the overview says of all stores together."""
    return {
        "risk_fen": sum(line.risk_fen for line in lines) + stray.stake_fen,
        "unsent_entries": sum(line.beat.unsent_entries for line in lines if line.beat is not None),
        "unknown": sum(line.unknown for line in lines),
        "unsettled": sum(line.unsettled.count for line in lines) + stray.count,
        "late_days": sum(len(line.late_days) for line in lines),
        "silent": sum(line.silent for line in lines),
        "alarms": sum(bool(line.alarms) for line in lines),
        "net_fen": sum(line.trade.net_fen for line in lines if line.trade is not None),
    }


def _store(desk: Desk, trades: Trades, store: str) -> dict[str, Any]:
    now_ms = desk.office.now_ms()
    with desk.office.database.read() as connection:
        if not registry.has_store(connection, store):
            raise Refused("store.unknown", store=store)
        line = overview(connection, trades, now_ms, [store])[0]
        epochs = epochs_of(connection, store)
        return {
            "line": line,
            "trade": line.trade or Trade(),
            "plots": _plots(line.trade or Trade()),
            "epochs": epochs,
            "report": newest_report(connection, store, epochs[0].epoch) if epochs else None,
            "entries": newest_entries(connection, store, epochs),
            "alarms": alarms_of(connection, store),
            "forks": forks_of(connection, store),
            "notices": notices_of(connection, store),
            "closed_days": closed_days(connection, store),
        }


def _day(desk: Desk, trades: Trades, store: str, on: date, with_path: bool) -> dict[str, Any]:
    """Return what a day's page shows; its way to the bank is not asked for again by a page that refreshes itself."""
    day, today = on.isoformat(), platform_day(desk.office.now_ms())
    with desk.office.database.read() as connection:
        if not registry.has_store(connection, store):
            raise Refused("store.unknown", store=store)
        trade = trades.of(connection, store, day, cursors_of(connection, store))
        return {
            "store": store,
            "name": registry.store_name(connection, store),
            "day": day,
            "closed": is_closed(connection, store, day),
            "today": business_today(desk.office.now_ms()).isoformat(),
            "state": (state := view(connection, store, on)),
            "path_to_bank": day_path(connection, state, today) if with_path else None,
            "trade": trade,
            "plots": _plots(trade),
            "facts": day_facts(connection, store, day),
        }


def _checked_day(text: str) -> date:
    """Return a day; what only looks like one (2026-02-31) is refused as any path that is none."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused("request.malformed", field="day") from error


def _plots(trade: Trade) -> Any:
    """Return a function of language that draws: `(hours, shares)`; a template knows how its reader reads."""

    def drawn(hours_title: str, shares_title: str, chinese: bool) -> tuple[Any, Any]:
        shares = [(named(kind, chinese), amount_fen) for kind, amount_fen in trade.tenders_fen.most_common()]
        return hours_plot(trade.hours_fen, hours_title), shares_plot(shares, shares_title)

    return drawn


def _rows(desk: Desk, store: str, day: str) -> Iterator[list[Row]]:
    """Return the day's tenders, by the pull's own code; also of a day that is not closed, whose rows say so."""
    with desk.office.database.read() as connection:
        if not registry.has_store(connection, store):
            raise Refused("store.unknown", store=store)
    chosen = Selection([store], day, day, DayStates.ANY, Rows.TENDERS)
    return rows_alone(pages(desk.office.database, chosen, desk.office.now_ms(), desk.office.state))


def _as_file(store: str, day: str, form: str) -> Mapping[str, str]:
    return {"Content-Disposition": f'attachment; filename="{store}-{day}.{form}"'}
