"""`storebox-hq ledger`: the double entry of stores and headquarters, added up."""

import json
from typing import Annotated

import typer

from sync.hq.books.options import DEFAULT_STATE, AsJson, DatabaseUrl, State, a_day, opened, show

ledger_app = typer.Typer(help="The double entry, added up.", no_args_is_help=True)


@ledger_app.command("balance")
def balance(
    store: Annotated[str | None, typer.Option(help="One store; all when left out.")] = None,
    group: Annotated[str | None, typer.Option(help="The stores of a group (storebox-hq group).")] = None,
    last_day: Annotated[
        str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="The last day that counts.")
    ] = None,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the trial balance of each store and of all together (*); exit code 1 when a day does not balance.

    Trade is from the boxes' entries; payouts, fees, deposits, settled differences and bank lines from the books.
    """
    from sync.hq.groups import chosen_stores, is_chain
    from sync.hq.trial_balance import document, trial_balance

    last = None if last_day is None else a_day(last_day).isoformat()
    with opened(state, database) as office, office.database.read() as connection:
        stores = chosen_stores(connection, store, group, None)
        whole = is_chain(store, group, None)
        found = trial_balance(connection, state, stores, last, whole, office.now_ms())
        told = document(connection, found, stores)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        show(told["balance"], "balance", False, ("store", "account", "debit_fen", "credit_fen"))  # type: ignore[arg-type]
        for (where, day), amount_fen in found.unbalanced.items():
            typer.echo(f"{where} {day} does not balance: {amount_fen} fen", err=True)
        if found.incomplete:
            typer.echo(f"{found.incomplete} entries can't be read; their money is missing", err=True)
    if found.unbalanced:
        raise typer.Exit(1)
