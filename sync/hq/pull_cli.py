"""`storebox-hq pull`: the ledger as a file, from a local headquarters or over the network."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.hq.pull_columns import Rows
from sync.hq.pull_days import DayStates

if TYPE_CHECKING:
    from sync.hq.pull_client import Document, Pages, PullRequest


PLACES_NAMED = 5
"""Of entries, on standard error; the manifest has more."""


class Form(StrEnum):
    """In which form a pull is written."""

    csv = "csv"
    jsonl = "jsonl"
    xlsx = "xlsx"
    parquet = "parquet"
    beancount = "beancount"


def pull(
    state: Annotated[Path | None, typer.Option(help="A local headquarters' state folder.")] = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--database", envvar="STOREBOX_HQ_DATABASE", help="An SQLAlchemy URL; SQLite in the state folder without."
        ),
    ] = None,
    url: Annotated[str | None, typer.Option(help="A headquarters' URL; the token is in STOREBOX_HQ_TOKEN.")] = None,
    token: Annotated[str, typer.Option(envvar="STOREBOX_HQ_TOKEN", help="A token that may read.")] = "",
    form: Annotated[Form, typer.Option("--format", help="xlsx, parquet and beancount need --output.")] = Form.csv,
    rows: Annotated[
        Rows | None, typer.Option(help="One row a tender, a posting of trade, or one of the books.")
    ] = None,
    store: Annotated[str | None, typer.Option(help="One store; all that may be read when left out.")] = None,
    group: Annotated[str | None, typer.Option(help="The stores of a group (storebox-hq group).")] = None,
    first_day: Annotated[str | None, typer.Option("--from", metavar="YYYY-MM-DD")] = None,
    last_day: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD")] = None,
    day_state: Annotated[
        DayStates,
        typer.Option(help="matched: closed, and matched as far as there are bills; closed; settled; any."),
    ] = DayStates.MATCHED,
    output: Annotated[Path | None, typer.Option(help="A file; standard output when left out.")] = None,
) -> None:
    """Write the ledger; the manifest is the last JSON line, else FILE.manifest.json. Columns: docs/ledger-pull.md.

    A pull over the network that breaks off goes on where it broke. beancount is of postings, one entry a store and day,
    and of headquarters' own books.
    """
    from sync.hq.pull_client import PullRequest, write_file, write_text

    if (state is None) == (url is None):
        raise typer.BadParameter("give either --state or --url")
    chosen = _chosen_rows(form, rows)
    request = PullRequest(store, _checked_day(first_day), _checked_day(last_day), day_state.value, chosen, group)
    pages = _pages(state, database, url, token, request)
    books = _pages(state, database, url, token, replace(request, rows=Rows.BOOKS)) if form is Form.beancount else None
    if output is not None:
        manifest = write_file(pages, form.value, chosen, output, books)
    elif form in (Form.csv, Form.jsonl):
        manifest = write_text(pages, form.value, chosen, sys.stdout)
    else:
        raise typer.BadParameter(f"{form.value} is a file: name it", param_hint="--output")
    for told in _what_is_missing(manifest):
        typer.echo(told, err=True)


def _what_is_missing(manifest: "Document") -> Iterator[str]:
    """Yield what the rows do not have or do not add up, which on standard output no manifest says beside them."""
    hidden = manifest["hidden"]
    if isinstance(hidden, dict) and hidden.get("rows"):
        days = ", ".join(f"{day} {state}" for day, state in hidden["days"].items())
        more = ", ..." if hidden["day_count"] > len(hidden["days"]) else ""
        yield f"{hidden['rows']} rows are not shown ({days}{more}); --day-state any shows them"
    for kind, said in (("unreadable", "can't be read, their money is missing"), ("unbalanced", "do not add up")):
        named = manifest.get(kind)
        if isinstance(named, list) and named:
            places = ", ".join(f"{one['store']} {one['epoch']} #{one['seq']}" for one in named[:PLACES_NAMED])
            more = ", ..." if len(named) > PLACES_NAMED else ""
            yield f"{manifest.get(f'{kind}_count')} entries {said} ({places}{more})"


def _chosen_rows(form: Form, rows: Rows | None) -> Rows:
    if form is Form.beancount:
        if rows not in (None, Rows.POSTINGS):
            raise typer.BadParameter("beancount is double entry: postings", param_hint="--rows")
        return Rows.POSTINGS
    return rows or Rows.TENDERS


def _pages(state: Path | None, database: str | None, url: str | None, token: str, request: "PullRequest") -> "Pages":
    from sync.hq.pull_client import from_state, from_url

    if state is not None:
        return from_state(state, request, database)
    if not token:
        raise typer.BadParameter("a token is needed: set STOREBOX_HQ_TOKEN", param_hint="--token")
    return from_url(str(url), token, request)


def _checked_day(day: str | None) -> str | None:
    from datetime import date

    if day is None:
        return None
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError as error:
        raise typer.BadParameter(f"{day} is no date like 2026-10-03") from error
