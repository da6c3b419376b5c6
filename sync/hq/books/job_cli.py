"""`storebox-hq job` and `storebox-hq day`: the books' jobs by hand, and the state of stores' days."""

from typing import TYPE_CHECKING, Annotated

import typer

from sync.hq.books.options import (
    DEFAULT_STATE,
    Actor,
    AsJson,
    DatabaseUrl,
    Password,
    State,
    a_day,
    acting,
    opened,
    show,
)

if TYPE_CHECKING:
    from sync.hq.books.days import DayView

job_app = typer.Typer(help="What headquarters do by themselves: read, fetch bills, match, compute days.")
day_app = typer.Typer(help="States of stores' business days.", no_args_is_help=True)
FirstDay = Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD")]
LastDay = Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="The first day when left out.")]


@job_app.command("run")
def run_jobs(
    names: Annotated[list[str] | None, typer.Argument(help="Jobs; all in their order when left out.")] = None,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Run the jobs until there is nothing left to do, whether due or not; ends with 1 when one broke."""
    from sync.hq.books.jobs import run_to_the_end

    with opened(state, database) as office:
        ran = run_to_the_end(office.database, state, office.now_ms, names or ())
    rows: list[dict[str, object]] = [{"name": one.name, "did": one.did, "code": one.code} for one in ran]
    show(rows, "jobs", as_json, ("name", "did", "code"))
    if any(one.code for one in ran):
        raise typer.Exit(1)


@job_app.command("list")
def list_jobs(state: State = DEFAULT_STATE, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """List each job's last run that did something, with what kept it; times in milliseconds UTC."""
    from sync.hq.books.job_runner import last_runs

    with opened(state, database) as office, office.database.read() as connection:
        rows = last_runs(connection)
    show(rows, "jobs", as_json, ("name", "ended_at_ms", "failures", "code", "detail", "holder"))


@day_app.command("list")
def list_days(
    first_day: FirstDay,
    last_day: LastDay = None,
    store: Annotated[list[str] | None, typer.Option(help="Only these stores.")] = None,
    day_state: Annotated[str | None, typer.Option(help="Only days of this state.")] = None,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the states of days, as last computed; a day that is not listed is open."""
    from sync.hq import registry
    from sync.hq.books.days import states

    first = a_day(first_day)
    last = first if last_day is None else a_day(last_day)
    with opened(state, database) as office, office.database.read() as connection:
        stores = store or [known for known, _ in registry.store_names(connection)]
        found = states(connection, stores, first, last)
    rows = [
        {"store": of, "day": day, "state": known.value}
        for (of, day), known in sorted(found.items())
        if day_state in (None, known.value)
    ]
    show(rows, "days", as_json, ("store", "day", "state"))


@day_app.command("show")
def show_day(
    store: str,
    day: Annotated[str, typer.Argument(metavar="YYYY-MM-DD")],
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show a day as its facts are now: what holds it in its state, its accounts, what came after its close."""
    import json

    from sync.hq.books.days import view

    with opened(state, database) as office, office.database.read() as connection:
        found = view(connection, store, a_day(day))
    if as_json:
        typer.echo(json.dumps(_document(found), ensure_ascii=False))
        return
    typer.echo(f"{found.store} {found.day}: {found.state.value}")
    for line in _lines(found):
        typer.echo(line)


@day_app.command("confirm")
def confirm(
    store: str,
    number: Annotated[str, typer.Argument(help="The tender, as day show names it.")],
    reason: Annotated[str, typer.Option(help="On which bill's line it was found; it is kept with the act.")],
    actor: Actor,
    password: Password,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Confirm a tender that was taken provisionally (a static code): it was found on a bill."""
    from sync.hq.books.days import confirm_tender
    from sync.hq.people.rights import Act, require

    with opened(state, database) as office:
        person = acting(office, actor, password)
        require(person, Act.SETTLE, store)
        with office.database.write() as connection:
            confirm_tender(connection, store, number, person.name, reason, office.now_ms())
    typer.echo(f"{number} is confirmed")


def _document(found: "DayView") -> dict[str, object]:
    from sync.hq.books.days import document

    return document(found)


def _lines(found: "DayView") -> list[str]:
    import os

    from agent.core.money import yuan
    from agent.core.sentences import sentence_for

    chinese = os.environ.get("STOREBOX_LANGUAGE", os.environ.get("LANG", "")).lower().startswith("zh")
    lines = []
    for mark, reasons in (("-", found.reasons), ("!", found.notices)):
        for one in reasons:
            said = sentence_for(one.code, one.values)
            lines.append(f"{mark} {said.zh_detail if chinese else said.en_detail}")
    lines += [f"  {one.number}  {yuan(one.amount_fen)}" for one in found.tenders]
    lines += [f"+ {one.before.value} -> {one.after.value}, {one.late} late" for one in found.addenda]
    return lines
