"""`storebox-hq rollout`: a sheet of stores in, their packets out, and how far each one is."""

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.hq.books.options import DEFAULT_STATE, AsJson, DatabaseUrl, State, opened, show
from sync.hq.commissioning.cli import CONSOLE, By

if TYPE_CHECKING:
    from sync.hq.office import Office

rollout_app = typer.Typer(help="Rolling out to many stores.", no_args_is_help=True)
COLUMNS = ("store", "stage", "planned_day", "technician", "code_made_at", "enrolled_at", "tested_at", "first_sale_at")


@rollout_app.command("import")
def import_stores(
    sheet: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV (GB18030 or UTF-8) or XLSX.")],
    by: By = CONSOLE,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Take the stores of a sheet in, all or none: a bad row is named with its row and column.

    Columns: store, name, phone, entity, tills, technician, day; of the network wifi, wifi_password, address, gateway,
    dns, vlan, proxy. Only store is needed.
    """
    from sync.hq.commissioning.planning import SheetRefused, import_sheet
    from sync.hq.commissioning.sheet import SHEET_BYTES_MAX

    with sheet.open("rb") as file:
        data = file.read(SHEET_BYTES_MAX + 1)
    try:
        with opened(state, database) as office, office.database.write() as connection:
            stores = import_sheet(connection, data, by, office.now_ms())
    except SheetRefused as refused:
        for fault in refused.faults:
            typer.echo(fault.text(_chinese()), err=True)
        raise
    typer.echo(f"{len(stores)} stores")


@rollout_app.command("packets")
def packets(
    output: Annotated[Path, typer.Option("-o", "--output", dir_okay=False, help="The PDF.")],
    host: Annotated[str, typer.Option(help="HQ's host or host:port as boxes reach it.")],
    stores: Annotated[str | None, typer.Option(help="Numbers with commas; without: all that have no box.")] = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="How long the codes are good for; each works once.")] = 30,
    plain: Annotated[bool, typer.Option("--plain", help="The host speaks http without TLS: tests only.")] = False,
    by: By = CONSOLE,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Write a packet for each store: network code, enrolment code, steps, card of commands, drill.

    Each run makes new codes; earlier ones stay good until they are used or expire.
    """
    from rich.console import Console
    from rich.progress import track

    from agent.disk import write_private
    from sync.hq.commissioning.fonts import chinese_font
    from sync.hq.commissioning.packet_pages import write_packets
    from sync.hq.commissioning.packets import make_packets

    font = chinese_font()
    chosen = None if stores is None else [one.strip() for one in stores.split(",") if one.strip()]
    with opened(state, database) as office:
        with office.database.write() as connection:
            made = make_packets(
                connection,
                chosen,
                by,
                office.now_ms(),
                fingerprint=office.keys.fingerprint,
                host=host,
                plain=plain,
                life_ms=days * 24 * 3_600_000,
            )
        shown = track(made, "packets", console=Console(stderr=True), transient=True)
        write_private(output, write_packets(shown, font, host, _now(office)))
    typer.echo(f"{len(made)} packets")


@rollout_app.command("list")
def list_stores(
    today: Annotated[
        bool, typer.Option("--today", help="Stores whose turn is today, or of which something is new.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="All stores, also those rolled out long ago.")] = False,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List how far each store is: code made, enrolled, tested, first sale."""
    from sync.hq.commissioning.rollout import FirstSales, Show, progress

    shown = Show.TODAY if today else Show.ALL if every else Show.OPEN
    with opened(state, database) as office, office.database.read() as connection:
        rows = progress(connection, FirstSales(), None, office.now_ms(), shown)
    if as_json:
        show([row.data() for row in rows], "stores", True, ())
        return
    times = ("code_made_at", "enrolled_at", "first_sale_at")
    lines = []
    for row in rows:
        data = row.data()
        written = {name: _written(data[f"{name}_ms"]) for name in times}
        lines.append({**data, **written, "tested_at": _written(row.reported_at_ms if row.tested else None)})
    show(lines, "stores", False, COLUMNS)


def _written(at_ms: object) -> str:
    from agent.core.moment import PLATFORM_ZONE, at, is_moment

    return f"{at(int(str(at_ms)), PLATFORM_ZONE):%m-%d %H:%M}" if is_moment(at_ms) else ""


def _now(office: "Office") -> datetime:
    from agent.core.moment import PLATFORM_ZONE, at

    return at(office.now_ms(), PLATFORM_ZONE)


def _chinese() -> bool:
    return os.environ.get("STOREBOX_LANGUAGE", os.environ.get("LANG", "")).lower().startswith("zh")
