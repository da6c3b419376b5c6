"""`storebox key`: keys of third-party tills for the local API."""

from typing import Annotated

import typer

from agent.cli.boxes import clock_text, tell
from agent.cli.output import JsonOption, StateOption, print_json, print_rows
from agent.settings import in_force

key_app = typer.Typer()


@key_app.command()
def add(
    name: Annotated[str, typer.Argument(help="Which program it is for.")],
    till: Annotated[str, typer.Option(help="The till that it sells at.")] = "1",
    role: Annotated[str, typer.Option(help="cashier, shift_lead or store_manager.")] = "cashier",
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key; it is shown this once and cannot be read again."""
    made = tell(state, "key.add", name=name, till=till, role=role)
    if as_json:
        print_json(made)
        return
    typer.echo(made["key"])
    typer.echo(f"key {made['id']} for till {till}: keep it now, it is not shown again", err=True)


@key_app.command("list")
def list_keys(state: StateOption = None, as_json: JsonOption = False) -> None:
    """List the keys, without the keys themselves."""
    settings = in_force(state)
    rows = tell(state, "key.list")
    if not as_json:
        for row in rows:
            row["made"], row["revoked"] = clock_text(row["created_ms"], settings), bool(row["revoked"])
    columns = {"id": "id", "name": "name", "role": "role", "till": "till", "made": "made", "revoked": "revoked"}
    print_rows(rows, columns, as_json=as_json)


@key_app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="ID", help="As `storebox key list` shows it.")],
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a key at once."""
    revoked = tell(state, "key.revoke", id=key)
    if as_json:
        print_json(revoked)
    else:
        typer.echo(f"key {key} is revoked")
