"""`storebox-hq period`, `morning`, `exceptions`: months, the morning list, cashiers who stand out."""

from datetime import timedelta
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
    today_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

period_app = typer.Typer(help="Months of a company: closed, and reopened by two.", no_args_is_help=True)
Entity = Annotated[str, typer.Option(help="The company; blank is that of stores without one.")]
Month = Annotated[str, typer.Argument(metavar="YYYY-MM")]
DAYS_CLOSED_MAX = 366


@period_app.command("close")
def close(
    month: Month, actor: Actor, password: Password, entity: Entity = "", state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:  # fmt: skip
    """Close a month that is over; what arrives later is posted into the open one."""
    from sync.hq.books.periods import close_month

    with opened(state, database) as office:
        person = acting(office, actor, password)
        with office.database.write() as connection:
            close_month(connection, entity, month, person, office.now_ms())
    typer.echo(f"{month} is closed")


@period_app.command("reopen")
def reopen(
    month: Month,
    actor: Actor,
    password: Password,
    reason: Annotated[
        str | None, typer.Option(help="Ask for it, and why; without, approve what another asked.")
    ] = None,
    entity: Entity = "",
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Ask that a month be reopened (with --reason), or approve what another person asked."""
    from sync.hq.books.periods import ask_to_reopen, reopen_month

    with opened(state, database) as office:
        person = acting(office, actor, password)
        with office.database.write() as connection:
            if reason is None:
                reopen_month(connection, entity, month, person, office.now_ms())
            else:
                ask_to_reopen(connection, entity, month, person, reason, office.now_ms())
    typer.echo(f"{month} is open again" if reason is None else f"{month} opens when another person approves")


@period_app.command("list")
def list_periods(
    entity: Entity = "", state: State = DEFAULT_STATE, database: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """List every closing of a company's months; times in milliseconds UTC."""
    from sync.hq.books.periods import closed_months

    with opened(state, database) as office, office.database.read() as connection:
        found = closed_months(connection, entity)
    rows = [
        {"month": one.month, "closed_at_ms": one.closed_at_ms, "reopened_at_ms": one.reopened_at_ms} for one in found
    ]
    show(rows, "periods", as_json, ("month", "closed_at_ms", "reopened_at_ms"))


def morning(
    day: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The business day; yesterday when left out.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Stores without a problem too.")] = False,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the stores to call: not closed, cash not deposited, books not complete; with the telephone."""
    from sync.hq.books.morning import morning as rows_of_morning

    with opened(state, database) as office, office.database.read() as connection:
        today = today_of(office)
        asked = today - timedelta(days=1) if day is None else a_day(day)
        rows = rows_of_morning(connection, _stores(connection, None), asked, today, office.now_ms())
    shown = [row for row in rows if everything or row["problems"]]
    columns = ("store", "name", "phone", "state", "problems", "safe_fen", "safe_since", "in_transit_fen")
    show(shown, "morning", as_json, columns)


def closed_store(
    store: str,
    first_day: Annotated[str, typer.Argument(metavar="YYYY-MM-DD")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the act.")],
    actor: Actor,
    password: Password,
    last_day: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD")] = None,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Declare days on which a store does not trade: nobody is called about them."""
    from sync.hq.books.morning import declare_closed
    from sync.hq.people.rights import Act, require

    first = a_day(first_day)
    last = first if last_day is None else a_day(last_day)
    if not 0 <= (last - first).days < DAYS_CLOSED_MAX:
        raise typer.BadParameter("is before the first day, or more than a year after it", param_hint="--to")
    days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
    with opened(state, database) as office:
        person = acting(office, actor, password)
        require(person, Act.COMMENT, store)
        with office.database.write() as connection:
            declare_closed(connection, store, days, reason, person.name, office.now_ms())
    typer.echo(f"store {store} does not trade on {len(days)} days")


def exceptions(
    first_day: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD")],
    last_day: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD")],
    store: Annotated[list[str] | None, typer.Option(help="Only these stores; their cashiers are the peers.")] = None,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List cashiers who stand out by refunds, voids, drawers opened without a sale, or one payer's many refunds."""
    from sync.hq.books.exception_report import exception_report

    days = a_day(first_day).isoformat(), a_day(last_day).isoformat()
    with opened(state, database) as office, office.database.read() as connection:
        found = exception_report(connection, _stores(connection, store), *days)
    rows = [
        {
            "store": one.store,
            "staff": one.staff,
            "sign": one.sign.value,
            "count": one.count,
            "sales": one.sales,
            "expected_permille": one.expected_permille,
            "payer": one.payer,
        }
        for one in found
    ]
    show(rows, "exceptions", as_json, ("store", "staff", "sign", "count", "sales", "payer"))


def _stores(connection: "Connection", chosen: "Sequence[str] | None") -> list[str]:
    from agent.core.errors import Refused
    from sync.hq import registry

    known = [store for store, _ in registry.store_names(connection)]
    for one in chosen or ():
        if one not in known:
            raise Refused("store.unknown", store=one[:10])
    return list(chosen) if chosen else known
