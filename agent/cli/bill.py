"""`storebox bill`: the platforms' bills against this box's journal, where the shop holds its merchant's keys itself."""

from datetime import date, datetime
from typing import Annotated, Any

import typer

from agent.cli.boxes import clock_text, journal_of, tell
from agent.cli.output import JsonOption, StateOption, found_wrong, language, print_json, print_rows
from agent.core.money import yuan
from agent.settings import Settings, in_force

bill_app = typer.Typer()

DayOption = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="A day of the platform (GMT+8); else all that are due."),
]
PlatformOption = Annotated[str | None, typer.Option(help="One of the box's platforms; else all.")]


@bill_app.callback()
def bill() -> None:
    """The platforms' bills."""


@bill_app.command()
def fetch(
    day: DayOption = None,
    platform: PlatformOption = None,
    again: Annotated[bool, typer.Option("--again", help="Also a bill that is here: platforms correct them.")] = False,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch what is published and not here, and match it. Exit code 1 when something differs or did not come.

    The box does this by itself every hour.
    """
    _match(state, day, platform, {"again": "yes"} if again else {}, as_json=as_json)


@bill_app.command()
def match(
    day: DayOption = None, platform: PlatformOption = None, state: StateOption = None, as_json: JsonOption = False
) -> None:
    """Match bills that are here once more with the journal as it is now. Exit code 1 when something differs."""
    settings = in_force(state)
    days = [day.date()] if day is not None else [date.fromisoformat(one["day"]) for one in _bills(settings)]
    rows: list[dict[str, Any]] = []
    for one in sorted(set(days)):
        rows += _told(state, one, platform, {"fetch": "no"})
    _show(rows, settings, as_json=as_json)


@bill_app.command("list")
def list_bills(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Show the bills that were matched, newest first."""
    settings = in_force(state)
    rows = [{name: value for name, value in one.items() if name != "body"} for one in _bills(settings)]
    if as_json:
        print_json({"rows": rows})
        return
    rows = [{**row, "matched": clock_text(row["at_ms"], settings), "sha256": row["sha256"][:16]} for row in rows]
    columns = {"day": "day", "platform": "platform", "merchant": "merchant", "state": "bill"}
    print_rows(rows, {**columns, "differences": "differences", "matched": "last news", "sha256": "file"}, as_json=False)


@bill_app.command()
def differences(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Show each open difference with its reason, and who has to do what. Exit code 1 when there is one."""
    from agent.services.bill_journal import bills, open_differences, told

    settings = in_force(state)
    with journal_of(settings) as connection:
        rows = [told(body) for body in open_differences(connection)]
        latest = next(iter(bills(connection, limit=1)), None)
    if as_json:
        print_json({"rows": rows})
    elif not rows:
        known = latest and f"no difference is open; the last bill is {latest['platform']} of {latest['day']}"
        typer.echo(known or "no bill was matched here yet")
    said = "zh" if language() == "zh" else "en"
    for row in () if as_json else rows:
        number = row["out_refund_no"] or row["out_trade_no"] or row["transaction"] or "-"
        typer.echo(f"{row['bill_day']} {row['platform']} {number}: {row['class'][said]}")
        typer.echo(f"  {yuan(row['journal_fen'])} / {yuan(row['bill_fen'])}  {row['detail'][said]}")
        typer.echo(f"  {row['owner'][said]}: {row['settlement'][said]}  {row['remedy'][said]}")
    if rows:
        found_wrong()


def _match(state: Any, day: datetime | None, platform: str | None, how: dict[str, str], *, as_json: bool) -> None:
    settings = in_force(state)
    rows = _told(state, None if day is None else day.date(), platform, how)
    _show(rows, settings, as_json=as_json)


def _told(state: Any, day: date | None, platform: str | None, how: dict[str, str]) -> list[dict[str, Any]]:
    asked = dict(how) if day is None else {**how, "day": day.isoformat()}
    if day is not None and platform is not None:
        asked["platform"] = platform
    rows: list[dict[str, Any]] = tell(state, "bill.match", **asked)
    return [row for row in rows if platform in (None, row["platform"])]


def _show(rows: list[dict[str, Any]], settings: Settings, *, as_json: bool) -> None:
    if as_json:
        print_json({"rows": rows})
    else:
        columns = {"day": "day", "platform": "platform", "merchant": "merchant", "state": "bill", "code": "code"}
        print_rows(rows, {**columns, "differences": "differences", "found": "new", "settled": "settled"}, as_json=False)
    if any(row["differences"] or row["state"] is None for row in rows):
        found_wrong()


def _bills(settings: Settings) -> list[dict[str, Any]]:
    from agent.services.bill_journal import bills

    with journal_of(settings) as connection:
        return bills(connection)
