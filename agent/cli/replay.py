"""`storebox replay`: ring up recorded baskets at full speed, on a folder of its own."""

import json
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.output import JsonOption


def replay(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Baskets, one JSON object a line; .gz too.")
    ],
    state: Annotated[
        Path, typer.Option("--state", file_okay=False, help="Folder of the box; resumed when it has one.")
    ],
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many baskets of the file.")] = None,
    till: Annotated[str, typer.Option(help="The till that rings them up.")] = "1",
    as_json: JsonOption = False,
    printer: Annotated[str | None, typer.Option(help="A printer that runs already, by URL.")] = None,
    hq: Annotated[str | None, typer.Option(help="A headquarters that runs already, by URL.")] = None,
    hq_token: Annotated[str | None, typer.Option(help="Its enrolment token, for the first run.")] = None,
    wallet: Annotated[str | None, typer.Option(help="A simulated wallet that runs already, by URL.")] = None,
    wallet_state: Annotated[Path | None, typer.Option(help="Its state folder, for the merchant's secret.")] = None,
    no_wallet: Annotated[bool, typer.Option("--no-wallet", help="Take cash only.")] = False,
    no_drain: Annotated[bool, typer.Option("--no-drain", help="Do not wait for headquarters at the end.")] = False,
) -> None:
    """Ring up recorded baskets through the counter's own use cases, spool, printer, wallet and headquarters.

    An interrupted replay goes on where it was. The last line of --json is one object: baskets, completed, refunded,
    refused, paid_fen, slips_printed, slips_unconfirmed, journal_entries, hq_acked.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from agent.replay.run import Plan, lines_of
    from agent.replay.run import replay as run

    plan = Plan(
        file,
        state,
        limit,
        till,
        printer_url=printer,
        hq_url=hq,
        hq_token=hq_token,
        wallet_url=wallet,
        wallet_state=wallet_state,
        with_wallet=not no_wallet,
        drain=not no_drain,
    )
    total = sum(1 for _ in lines_of(file))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("baskets", total=min(total, limit or total))
        summary = run(plan, lambda done: bar.update(task, completed=done))
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False))
        return
    for name, value in summary.items():
        typer.echo(f"{name:18} {len(value) if isinstance(value, list) else value}")
    for refusal in summary["refused"]:
        typer.echo(f"  refused {refusal['basket']}: {refusal['code']}")
