"""`storebox-hq handover`: sticks of dying boxes."""

import json
from pathlib import Path
from typing import Annotated

import typer

from agent.core.errors import Refused

handover_app = typer.Typer(help="Hand-over sticks of dying boxes.", no_args_is_help=True)
_STATE = Path("/var/lib/storebox-hq")


@handover_app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="What storebox handover wrote.")],
    state: Annotated[Path, typer.Option("--state", envvar="STOREBOX_HQ_STATE", help="The state folder.")] = _STATE,
    database: Annotated[str | None, typer.Option("--database", envvar="STOREBOX_HQ_DATABASE")] = None,
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="You know where the stick comes from: its box could not sign any more.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Take a stick in. Again, nothing is new. Exit code 1 when some entries do not follow what is here."""
    from sync.hq.office import Office
    from sync.hq.rescue.handover import as_document, import_handover

    try:
        data = file.read_bytes()
    except OSError as error:
        raise Refused("handover.malformed", reason=str(error.strerror)) from error
    office = Office.open(state, database)
    try:
        taken = import_handover(office, data, unsigned=unsigned)
    finally:
        office.close()
    if as_json:
        typer.echo(json.dumps(as_document(taken), ensure_ascii=False, indent=2))
    else:
        typer.echo(f"store {taken.store}: {taken.new} entries taken in, {taken.known} were here, {taken.left} left out")
        for code in taken.codes:
            typer.echo(code, err=True)
    raise typer.Exit(1 if taken.left else 0)


@handover_app.command("late")
def late(
    store: Annotated[str, typer.Argument(help="Number of the store.")],
    state: Annotated[Path, typer.Option("--state", envvar="STOREBOX_HQ_STATE", help="The state folder.")] = _STATE,
    database: Annotated[str | None, typer.Option("--database", envvar="STOREBOX_HQ_DATABASE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """List what came late of a store: from an old disk, a second disk or a stick, after its box was replaced."""
    from sync.hq.office import Office
    from sync.hq.rescue.late import late_runs

    office = Office.open(state, database)
    try:
        with office.database.read() as connection:
            runs = late_runs(connection, store)
    finally:
        office.close()
    if as_json:
        typer.echo(json.dumps({"rows": runs}, indent=2))
        return
    for run in runs:
        typer.echo(f"epoch {run['epoch']}: #{run['first_seq']} to #{run['last_seq']}, by epoch {run['brought_by']}")
