"""`storebox-hq bill` and `storebox-hq fee`: bills brought, fetched and listed; the fees that were agreed."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from agent.core.bill import BillType
from agent.core.reconcile.fees import Rounding
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

bill_app = typer.Typer(help="Bills of merchant accounts, kept as they came.", no_args_is_help=True)
fee_app = typer.Typer(help="Fees as agreed with the platforms; bills are checked against them.", no_args_is_help=True)
Account = Annotated[str, typer.Option("--merchant", help="The account: @platform:merchant, as @wechat:1230000109.")]
Day = Annotated[str, typer.Option("--day", metavar="YYYY-MM-DD", help="The platform's day (GMT+8).")]
Kind = Annotated[BillType, typer.Option(help="Trade bills are matched; fund bills are kept.")]
DAYS_LISTED = 30
PPM_A_BASIS_POINT = 100


@bill_app.command("import")
def import_bill(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A bill as the platform gives it.")],
    merchant: Account,
    day: Day,
    actor: Actor,
    password: Password,
    mapping: Annotated[
        str,
        typer.Option(help="A mapping of columns, STATE/acquirers/NAME.toml; else the one that names the account."),
    ] = "",
    kind: Kind = BillType.TRADE,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Keep a bill from a file; another file of the same day is a corrected bill, and is matched instead."""
    from sync.hq.books.acquirers import acquirer_of
    from sync.hq.books.bills import checked_book
    from sync.hq.books.fetching import import_bill as keep
    from sync.hq.people.rights import Act, require

    on, book = a_day(day), checked_book(merchant)
    with opened(state, database) as office:
        person = acting(office, actor, password)
        require(person, Act.BANK)
        own = acquirer_of(state, book)
        form = mapping or (own.name if own is not None else "")
        kept = keep(office.database, state, book, on, file.read_bytes(), form, kind, person.name, office.now_ms())
    typer.echo(f"{book} {on}: version {kept.version}, sha256 {kept.sha256}" if kept else f"{book} {on}: here already")


@bill_app.command("fetch")
def fetch(
    merchant: Annotated[
        str | None, typer.Option("--merchant", help="@platform:merchant; every account whose keys are here without.")
    ] = None,
    day: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Yesterday when left out.")] = None,
    kind: Kind = BillType.TRADE,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Ask the platforms for a day's bill now; ends with 1 when one is not to be had."""
    from agent.core.bill import BillVerdict
    from sync.hq.books.accounts import Accounts
    from sync.hq.books.bills import checked_book
    from sync.hq.books.fetching import fetch_bill

    with opened(state, database) as office:
        on = today_of(office) - timedelta(days=1) if day is None else a_day(day)
        accounts = Accounts.open(state, office.now_ms)
        books = accounts.books() if merchant is None else [checked_book(merchant)]
        asked = [fetch_bill(office.database, state, accounts, book, on, kind, office.now_ms) for book in books]
    rows: list[dict[str, object]] = [
        {
            "account": one.book,
            "day": one.day.isoformat(),
            "answer": one.verdict.value,
            "version": None if one.kept is None else one.kept.version,
            "code": one.code,
        }
        for one in asked
    ]
    show(rows, "fetched", as_json, ("account", "day", "answer", "version", "code"))
    if any(one.verdict not in (BillVerdict.READY, BillVerdict.NOTHING) for one in asked):
        raise typer.Exit(1)


@bill_app.command("list")
def list_bills(
    merchant: Annotated[str | None, typer.Option("--merchant", help="@platform:merchant; all without.")] = None,
    first_day: Annotated[
        str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="30 days ago when left out.")
    ] = None,
    last_day: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Today when left out.")] = None,
    missing: Annotated[bool, typer.Option("--missing", help="Only days whose bill is not here.")] = False,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List each account's days: is the bill here, which version, what the match said, which bank line paid it."""
    from sync.hq.books.bill_list import account_days

    with opened(state, database) as office, office.database.read() as connection:
        today = today_of(office)
        first = today - timedelta(days=DAYS_LISTED) if first_day is None else a_day(first_day)
        rows = account_days(connection, merchant, first, today if last_day is None else a_day(last_day), missing)
    columns = ("account", "day", "bill", "version", "source", "matched", "alarms", "refused", "fetch_code", "payout")
    show(rows, "bills", as_json, columns)


@bill_app.command("verify")
def verify(state: State = DEFAULT_STATE, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Compare every kept file with its hash, and every version with its note; ends with 1 when one was changed."""
    from sync.hq.books.bills import changed_bills

    with opened(state, database) as office, office.database.read() as connection:
        found = list(changed_bills(connection, state))
    show([{"bill": place, "code": code} for place, code in found], "changed", as_json, ("bill", "code"))
    if found:
        raise typer.Exit(1)


@fee_app.command("add")
def add_fee(
    merchant: Annotated[str, typer.Argument(help="@platform:merchant, or @platform: for each of its merchants.")],
    rate: Annotated[int, typer.Argument(min=0, max=10_000, help="In 1/100 %: 60 is 0.60 %.")],
    actor: Actor,
    password: Password,
    method: Annotated[str, typer.Option(help="Only orders of this way to pay, as the journal names it: code.")] = "",
    first_day: Annotated[str | None, typer.Option("--from", metavar="YYYY-MM-DD")] = None,
    last_day: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD")] = None,
    rounding: Annotated[Rounding, typer.Option(help="How a fee is rounded to the fen.")] = Rounding.HALF_UP,
    keeps: Annotated[bool, typer.Option("--keeps", help="The fee does not come back with a refund.")] = False,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Keep a rate that was agreed; the same account, method and first day again replaces it."""
    from agent.core.reconcile.fees import FeeContract
    from sync.hq.books.fees import agree
    from sync.hq.people.rights import Act, require

    first, last = (None if text is None else a_day(text) for text in (first_day, last_day))
    contract = FeeContract(rate * PPM_A_BASIS_POINT, "", method, first, last, rounding, gives_back=not keeps)
    with opened(state, database) as office:
        person = acting(office, actor, password)
        require(person, Act.BANK)
        with office.database.write() as connection:
            agree(connection, merchant, contract, person.name, office.now_ms())
    typer.echo(f"{merchant}: {rate / 100:.2f} %")


@fee_app.command("list")
def list_fees(state: State = DEFAULT_STATE, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """List what was agreed."""
    from sync.hq.books.fees import contracts

    with opened(state, database) as office, office.database.read() as connection:
        found = contracts(connection)
    rows = [
        {
            "account": one.book,
            "method": one.contract.method,
            "from": None if one.contract.first_day is None else one.contract.first_day.isoformat(),
            "to": None if one.contract.last_day is None else one.contract.last_day.isoformat(),
            "rate_ppm": one.contract.rate_ppm,
            "rounding": one.contract.rounding.value,
            "gives_back": one.contract.gives_back,
        }
        for one in found
    ]
    show(rows, "fees", as_json, ("account", "method", "from", "to", "rate_ppm", "rounding", "gives_back"))
