"""`storebox-hq person`: who may log in at headquarters' pages."""

import json
from pathlib import Path
from typing import Annotated

import typer

person_app = typer.Typer(help="Persons who log in.", no_args_is_help=True)
State = Annotated[Path, typer.Option("--state", envvar="STOREBOX_HQ_STATE", help="Headquarters' state folder.")]
DatabaseUrl = Annotated[
    str | None, typer.Option("--database", envvar="STOREBOX_HQ_DATABASE", help="An SQLAlchemy URL.")
]
DEFAULT_STATE = Path("/var/lib/storebox-hq")


@person_app.command("add")
def add(
    name: str,
    role: Annotated[str, typer.Option(help="accountant, lead_accountant, fleet or auditor.")],
    store: Annotated[list[str] | None, typer.Option(help="A store in the person's scope; all when left out.")] = None,
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
) -> None:
    """Add a person; prints a password for the first time, to be changed at the first login."""
    from sync.hq.office import Office
    from sync.hq.people.accounts import add_person

    office = Office.open(state, database)
    try:
        with office.database.write() as connection:
            typer.echo(add_person(connection, name, role, store or None, office.now_ms()))
    finally:
        office.close()


@person_app.command("list")
def list_people(
    state: State = DEFAULT_STATE,
    database: DatabaseUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """List persons, roles and scopes."""
    from sync.hq.office import Office
    from sync.hq.people.accounts import people

    office = Office.open(state, database)
    try:
        with office.database.read() as connection:
            found = people(connection)
    finally:
        office.close()
    if as_json:
        typer.echo(json.dumps({"people": found}, ensure_ascii=False))
        return
    for one in found:
        stores = one["stores"]
        scope = ", ".join(stores) if isinstance(stores, list) else "all stores"
        typer.echo(f"{one['name']}\t{one['role']}\t{scope}{'  disabled' if one['disabled'] else ''}")


@person_app.command("reset")
def reset(name: str, state: State = DEFAULT_STATE, database: DatabaseUrl = None) -> None:
    """Print a new password for the first time; the person's sessions end."""
    from sync.hq.office import Office
    from sync.hq.people.accounts import reset_password

    office = Office.open(state, database)
    try:
        with office.database.write() as connection:
            typer.echo(reset_password(connection, name))
    finally:
        office.close()


@person_app.command("disable")
def disable(name: str, state: State = DEFAULT_STATE, database: DatabaseUrl = None) -> None:
    """Take a person's right to log in."""
    from sync.hq.office import Office
    from sync.hq.people.accounts import disable_person

    office = Office.open(state, database)
    try:
        with office.database.write() as connection:
            disable_person(connection, name, office.now_ms())
    finally:
        office.close()
    typer.echo(f"{name} may not log in any more")
