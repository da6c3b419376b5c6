"""`storebox-hq group`: groups of stores, for pulls and balances."""

from typing import Annotated

import typer

from sync.hq.books.options import DEFAULT_STATE, AsJson, DatabaseUrl, State, opened, show

group_app = typer.Typer(help="Groups of stores.", no_args_is_help=True)
Stores = Annotated[list[str], typer.Argument(metavar="STORE...")]


@group_app.command("add")
def add(group: str, stores: Stores, state: State = DEFAULT_STATE, database: DatabaseUrl = None) -> None:
    """Put stores into a group; a group begins with its first store."""
    from sync.hq.groups import add_to_group, stores_of_group

    with opened(state, database) as office, office.database.write() as connection:
        add_to_group(connection, group, stores)
        count = len(stores_of_group(connection, group))
    typer.echo(f"{group}: {count} stores")


@group_app.command("remove")
def remove(group: str, stores: Stores, state: State = DEFAULT_STATE, database: DatabaseUrl = None) -> None:
    """Take stores out of a group; a group ends with its last store."""
    from sync.hq.groups import groups, remove_from_group

    with opened(state, database) as office, office.database.write() as connection:
        remove_from_group(connection, group, stores)
        count = len(groups(connection).get(group, ()))
    typer.echo(f"{group}: {count} stores")


@group_app.command("list")
def list_groups(state: State = DEFAULT_STATE, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """List the groups with their stores."""
    from sync.hq.groups import groups

    with opened(state, database) as office, office.database.read() as connection:
        found = groups(connection)
    rows = [{"group": group, "stores": stores} for group, stores in found.items()]
    show(rows, "groups", as_json, ("group", "stores"))
