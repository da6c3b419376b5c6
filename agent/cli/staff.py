"""`storebox staff`: who works here: names, roles, PINs."""

from typing import Annotated

import typer

from agent.cli.boxes import tell
from agent.cli.output import JsonOption, StateOption, print_json, print_rows

staff_app = typer.Typer()

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The number that the person logs in with.")]


@staff_app.command()
def add(
    number: Number,
    name: Annotated[str, typer.Argument(help="As it stands on slips.")],
    role: Annotated[
        str,
        typer.Option(
            help="cashier, shift_lead, store_manager, hq (agrees to what exceeds the manager), technician or auditor."
        ),
    ] = "cashier",
    pin: Annotated[
        str,
        typer.Option(
            prompt="PIN", hide_input=True, confirmation_prompt=True, envvar="STOREBOX_PIN", help="4 to 8 digits."
        ),
    ] = "",
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make or change an account. The PIN is asked for, unless it is given."""
    saved = tell(state, "staff.add", staff=number, name=name, role=role, pin=pin)
    if as_json:
        print_json(saved)
    else:
        typer.echo(f"{saved['staff']} {saved['name']} ({saved['role']}) may log in")


@staff_app.command("list")
def list_people(state: StateOption = None, as_json: JsonOption = False) -> None:
    """List who may log in."""
    rows = tell(state, "staff.list")
    print_rows(rows, {"staff": "number", "name": "name", "role": "role"}, as_json=as_json)


@staff_app.command()
def disable(number: Number, state: StateOption = None, as_json: JsonOption = False) -> None:
    """Take a person's right to log in, and end the person's sessions."""
    disabled = tell(state, "staff.disable", staff=number)
    if as_json:
        print_json(disabled)
    else:
        typer.echo(f"{number} may not log in any more")
