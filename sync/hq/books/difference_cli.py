"""`storebox-hq difference`: what matching left, who answers for it, how it ends."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.core.money import yuan
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
    from agent.core.reconcile.workflow import Difference

difference_app = typer.Typer(help="What matching left: assigned, settled, approved.", no_args_is_help=True)
Number = Annotated[str, typer.Argument(metavar="DIFFERENCE", help="Its number, as `list` shows it.")]
Why = Annotated[str, typer.Option(help="Why; it is kept with the act.")]
COLUMNS = ("difference", "stake_fen", "state", "class", "store", "day", "owner", "assigned_to", "sentence")


@difference_app.command("list")
def list_differences(
    store: Annotated[str, typer.Option(help="Of the line, or assigned to it.")] = "",
    day: Annotated[str, typer.Option(help="Business day or bill day, YYYY-MM-DD.")] = "",
    line_class: Annotated[str, typer.Option("--class", help="As platform_only, journal_only.")] = "",
    owner: Annotated[str, typer.Option(help="box, store_manager, hq, platform, or a person.")] = "",
    standing: Annotated[
        str | None, typer.Option("--standing", help="open, proposed or settled; without: not settled.")
    ] = None,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List differences, most money first."""
    from agent.core.reconcile.workflow import DifferenceState
    from sync.hq.books.difference_list import Wanted, listed

    if standing is not None and standing not in list(DifferenceState):
        raise typer.BadParameter(f"{standing} is none of {', '.join(DifferenceState)}")
    chosen = None if standing is None else DifferenceState(standing)
    wanted = Wanted(chosen, store, a_day(day).isoformat() if day else "", line_class, owner)
    with opened(state, database) as office, office.database.read() as connection:
        rows = [_document(book, one) for book, one in listed(connection, wanted)]
    show(rows, "differences", as_json, COLUMNS)


@difference_app.command("show")
def show_one(
    number: Number, state: State = DEFAULT_STATE, database: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Show a difference with both sides and its history."""
    from sync.hq.books.difference_list import history
    from sync.hq.books.differences import find

    with opened(state, database) as office, office.database.read() as connection:
        book, known = find(connection, number)
        notes = [
            {"number": one.number, "at_ms": one.at_ms, "actor": one.actor, "kind": one.kind, "body": one.body}
            for one in history(connection, book, number)
        ]
    document = {**_document(book, known), "found": dict(known.found), "history": notes}
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    for name in ("difference", "state", "class", "store", "day", "sentence", "assigned_to", "settlement", "reason"):
        typer.echo(f"{name}\t{document[name] or '-'}")
    typer.echo(f"journal\t{yuan(known.found['journal_fen'])}\nbill\t{yuan(known.found['bill_fen'])}")
    for note in notes:
        typer.echo(f"#{note['number']}\t{note['kind']}\t{note['actor']}")


@difference_app.command("assign")
def assign(
    number: Number,
    reason: Why,
    actor: Actor,
    password: Password,
    store: Annotated[str, typer.Option(help="The store whose money it is.")] = "",
    day: Annotated[str, typer.Option(help="That store's business day; the line's when left out.")] = "",
    to: Annotated[str, typer.Option(help="A person who may settle it, instead of a store.")] = "",
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Assign to a store and day, or to a person."""
    from sync.hq.books.difference_desk import assign_to_person, assign_to_store

    if bool(store) == bool(to) or (day and not store):
        raise typer.BadParameter("either --store, with --day if need be, or --to")
    business_day = a_day(day) if day else None
    with opened(state, database) as office:
        person = acting(office, actor, password)
        with office.database.write() as connection:
            if store:
                assign_to_store(connection, number, store, business_day, person, reason, office.now_ms())
            else:
                assign_to_person(connection, number, to, person, reason, office.now_ms())
    typer.echo(f"{number} is with {store or to}")


@difference_app.command("comment")
def comment(
    number: Number, text: str, actor: Actor, password: Password, state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:  # fmt: skip
    """Add a comment to its history."""
    from sync.hq.books.difference_desk import comment as add_comment

    with opened(state, database) as office:
        person = acting(office, actor, password)
        with office.database.write() as connection:
            add_comment(connection, number, person, text, office.now_ms())
    typer.echo(f"{number} is commented")


@difference_app.command("settle")
def settle(
    number: Number,
    settlement: Annotated[str, typer.Argument(help="confirm, refund, assign or write_off.")],
    reason: Why,
    actor: Actor,
    password: Password,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Settle with a reason; above the limit of STATE/differences.toml it waits for a second person."""
    from agent.core.reconcile.workflow import DifferenceState
    from sync.hq.books.difference_desk import settle as settle_it
    from sync.hq.books.difference_settings import limits_of

    with opened(state, database) as office:
        person = acting(office, actor, password)
        limits = limits_of(state)
        with office.database.write() as connection:
            after = settle_it(connection, number, settlement, person, reason, limits, office.now_ms())
    typer.echo(f"{number} {'is settled' if after is DifferenceState.SETTLED else 'waits for a second person'}")


@difference_app.command("approve")
def approve(
    number: Number, actor: Actor, password: Password, state: State = DEFAULT_STATE, database: DatabaseUrl = None
) -> None:
    """Approve what another person settled."""
    from sync.hq.books.difference_desk import approve as approve_it

    with opened(state, database) as office:
        person = acting(office, actor, password)
        with office.database.write() as connection:
            approve_it(connection, number, person, office.now_ms())
    typer.echo(f"{number} is settled")


@difference_app.command("send-back")
def send_back(
    number: Number, reason: Why, actor: Actor, password: Password, state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:  # fmt: skip
    """Decline what another person settled, or take back one's own that waits."""
    from sync.hq.books.difference_desk import send_back as send_it_back

    with opened(state, database) as office:
        person = acting(office, actor, password)
        with office.database.write() as connection:
            send_it_back(connection, number, person, reason, office.now_ms())
    typer.echo(f"{number} is open again")


@difference_app.command("reopen")
def reopen(
    number: Number, reason: Why, actor: Actor, password: Password, state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:  # fmt: skip
    """Take a settlement back; who may approve can."""
    from sync.hq.books.difference_desk import reopen as reopen_it

    with opened(state, database) as office:
        person = acting(office, actor, password)
        with office.database.write() as connection:
            reopen_it(connection, number, person, reason, office.now_ms())
    typer.echo(f"{number} is open again")


@difference_app.command("verify")
def verify_table(state: State = DEFAULT_STATE, database: DatabaseUrl = None) -> None:
    """Compare every difference with its notes; names the first that was changed, and ends with 1."""
    from agent.core.errors import Broken
    from sync.hq.books.difference_list import books_of
    from sync.hq.books.differences import changed_differences
    from sync.hq.books.notes import verify

    with opened(state, database) as office, office.database.read() as connection:
        for book in books_of(connection):
            fault = verify(connection, book)
            changed = changed_differences(connection, book) if fault is None else []
            if fault is not None or changed:
                raise Broken("difference.book_changed", book=book, place=fault.number if fault else changed[0])
            typer.echo(f"{book}: every difference is as it was noted")


def _document(book: str, one: "Difference") -> dict[str, Any]:
    from agent.core.sentences import sentence_for

    said = sentence_for(str(one.found["code"]), one.found.get("values") or {})
    return {
        "difference": one.number,
        "account": book,
        "stake_fen": one.stake_fen,
        "state": one.state.value,
        "class": one.found["line_class"],
        "code": one.found["code"],
        "sentence": said.en_detail,
        "zh": said.zh_detail,
        "store": one.assigned_store or one.line_store,
        "day": one.assigned_day or one.line_day,
        "bill_day": one.found["bill_day"],
        "owner": one.found["owner"],
        "assigned_to": one.assigned_person or one.assigned_store,
        "proposed": one.found["settlement"],
        "settlement": one.settlement,
        "reason": one.reason,
        "settled_by": one.settled_by,
        "approved_by": one.approved_by,
    }
