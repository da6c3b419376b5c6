"""`storebox-hq bank`: statements, what the platforms should have paid, cash on its way."""

from pathlib import Path
from typing import Annotated

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
    fen,
    opened,
    show,
    today_of,
)

bank_app = typer.Typer(help="Money at the bank.", no_args_is_help=True)


@bank_app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A statement of the bank, CSV.")],
    mapping: Annotated[str, typer.Option(help="STATE/bank/NAME.toml; config/bank/statement.toml shows how.")],
    actor: Actor,
    password: Password,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Import a statement; lines that are there already are not taken twice."""
    from sync.hq.books.bank import import_statement
    from sync.hq.books.bank_settings import statement_mapping
    from sync.hq.people.rights import Act, require

    with opened(state, database) as office:
        person = acting(office, actor, password)
        require(person, Act.BANK)
        chosen = statement_mapping(state, mapping)
        with office.database.write() as connection:
            imported = import_statement(connection, file.read_bytes(), chosen, mapping, person.name, office.now_ms())
    rows = [
        {"account": one.account, "lines": one.lines, "new": one.new, "without_place": one.without_place}
        for one in imported
    ]
    show(rows, "imported", as_json, ("account", "lines", "new", "without_place"))


@bank_app.command("list")
def list_lines(
    unassigned: Annotated[
        bool, typer.Option("--unassigned", help="Only lines of which nobody knows what they pay.")
    ] = False,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the lines of all statements."""
    from sync.hq.books.bank import listed_lines

    with opened(state, database) as office, office.database.read() as connection:
        rows = list(listed_lines(connection, unassigned))
    columns = ("line", "account", "booked", "amount_fen", "place", "counterparty", "text", "reference")
    show(rows, "lines", as_json, columns)


@bank_app.command("assign")
def assign(
    line: str,
    place: Annotated[str, typer.Argument(help="@platform:merchant, cash or other.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the act.")],
    actor: Actor,
    password: Password,
    last_day: Annotated[
        str | None, typer.Option("--up-to", help="The last day that the line pays, YYYY-MM-DD.")
    ] = None,
    slip: Annotated[str | None, typer.Option(help="The deposit slip that the line pays; with cash.")] = None,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Say what a line pays; with --up-to it settles the open days up to that one, whatever the difference."""
    from sync.hq.books.bank import assign_line
    from sync.hq.people.rights import Act, require

    day = None if last_day is None else a_day(last_day)
    with opened(state, database) as office:
        person = acting(office, actor, password)
        require(person, Act.BANK)
        with office.database.write() as connection:
            assign_line(connection, line, place, day, person.name, reason, office.now_ms(), slip)
    typer.echo(f"{line} belongs to {place}")


@bank_app.command("payouts")
def payouts(
    account: Annotated[str | None, typer.Option(help="@platform:merchant; all when left out.")] = None,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show each day of each merchant account, what is due, and by which bank line it is settled."""
    from sync.hq.books.payouts import account_payouts, accounts_of, rows_of

    with opened(state, database) as office, office.database.read() as connection:
        today = today_of(office)
        chosen = [one for one in accounts_of(connection, state) if account in (None, one.book)]
        found = [account_payouts(connection, state, one, today) for one in chosen]
    rows = [row for one in found for row in rows_of(one)]
    columns = ("account", "day", "state", "due_fen", "fees_fen", "fees", "line", "difference_fen")
    show(rows, "payouts", as_json, columns)
    if not as_json and any(row["fees"] == "none" for row in rows):
        typer.echo("fees none: no contract (storebox-hq fee add) covers a day, its fees count as 0", err=True)


@bank_app.command("deposit")
def deposit(
    store: str,
    day: str,
    reference: Annotated[str, typer.Argument(help="The number on the slip, which the bank's line carries.")],
    amount: Annotated[str, typer.Argument(help="Yuan, 1234.50.")],
    actor: Actor,
    password: Password,
    bag: Annotated[list[str] | None, typer.Option(help="A bag's number.")] = None,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Declare that cash left a store's safe for the bank."""
    from agent.core.settlement.deposits import Deposit
    from sync.hq.books.deposits import declare_deposit
    from sync.hq.people.rights import Act, require

    slip = Deposit(store, a_day(day), reference, fen(amount), tuple(bag or ()))
    with opened(state, database) as office:
        person = acting(office, actor, password)
        require(person, Act.BANK, store)
        with office.database.write() as connection:
            new = declare_deposit(connection, slip, person.name, office.now_ms())
    typer.echo(f"{reference} is in transit" if new else f"{reference} was declared before")


@bank_app.command("deposits")
def deposits(state: State = DEFAULT_STATE, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show every deposit slip and where its cash is."""
    from sync.hq.books.deposits import matched_deposits

    with opened(state, database) as office, office.database.read() as connection:
        match = matched_deposits(connection, today_of(office))
    rows = [
        {
            "store": one.deposit.store,
            "day": one.deposit.day.isoformat(),
            "reference": one.deposit.reference,
            "amount_fen": one.deposit.amount_fen,
            "state": one.state.value,
            "days_in_transit": one.days_in_transit,
            "line": one.line,
            "difference_fen": one.difference_fen,
        }
        for one in match.findings
    ]
    columns = ("store", "day", "reference", "amount_fen", "state", "days_in_transit", "line", "difference_fen")
    show(rows, "deposits", as_json, columns)
    if not as_json:
        for line in match.unexplained:
            typer.echo(f"no slip explains {line.line}, booked {line.booked}", err=True)


@bank_app.command("verify")
def verify_lines(state: State = DEFAULT_STATE, database: DatabaseUrl = None) -> None:
    """Compare every line with the note of its import; names the first line that was changed, and ends with 1."""
    from agent.core.errors import Broken
    from sync.hq.books.bank import bank_books, changed_lines
    from sync.hq.books.notes import verify

    with opened(state, database) as office, office.database.read() as connection:
        for book in bank_books(connection):
            fault = verify(connection, book)
            if fault is not None:
                raise Broken("bank.book_changed", book=book, place=fault.number)
            changed = changed_lines(connection, book)
            if changed:
                raise Broken("bank.book_changed", book=book, place=changed[0])
            typer.echo(f"{book}: every line is as it was imported")
