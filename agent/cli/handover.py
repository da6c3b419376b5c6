"""`storebox handover FOLDER`: the unsent journal on a stick, also when nothing else of the box works."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.output import JsonOption, StateOption, print_json
from agent.settings import in_force


def handover(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="The stick's folder.")],
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what headquarters has not acknowledged into one file. Needs neither a box that runs nor a network.

    Reads only: from the live journal, from a read-only or a dying disk, around pages that can be read no more.
    """
    from agent.daemon.clock import SystemClock
    from agent.rescue.handover import hand_over

    done = hand_over(in_force(state).state, folder, SystemClock().now_ms())
    if as_json:
        print_json(
            {
                "file": done.file,
                "runs": list(done.runs),
                "missing": done.missing,
                "sealed": done.sealed,
                "signed": done.signed,
            }
        )
        return
    for run in done.runs:
        typer.echo(f"epoch {run['epoch']}: {run['entries']} entries from #{run['first_seq']}")
    if done.missing:
        typer.echo(f"{done.missing} entries could not be read any more", err=True)
    if not done.sealed:
        typer.echo("not sealed: this box knows no key of headquarters for it; keep the stick safe", err=True)
    if not done.signed:
        typer.echo("not signed: the box's key can't be read; headquarters checks the chain alone", err=True)
    typer.echo(f"{done.file}: take it to headquarters (storebox-hq handover import), or plug it into the new box later")
