"""`storebox why`: the story of a number, from the journal, in order."""

from typing import Annotated, Any

import typer

from agent.cli.boxes import clock_text, journal_of
from agent.cli.output import JsonOption, StateOption, language, print_json, print_rows
from agent.core.errors import Refused
from agent.settings import in_force


def why(
    number: Annotated[
        str, typer.Argument(help="Of a sale, refund, payment, slip, transaction, a reference, or a printer's name.")
    ],
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell everything that happened to a sale, refund, payment or slip, or to a printer's last slips, in order.

    With the milliseconds since the step before, and when headquarters' receipt of the last one came.
    """
    from agent.cli.device_story import acknowledged, of_device
    from agent.cli.stories import told
    from agent.cli.tracing import trace

    settings = in_force(state)
    wanted = number.strip()
    with journal_of(settings) as connection:
        found = trace(connection, wanted) or of_device(connection, wanted)
        if not found:
            raise Refused("why.unknown_number", number=wanted[:60])
        known_ms = acknowledged(connection, found[-1])
    chinese = language() == "zh"
    rows: list[dict[str, Any]] = [
        {
            "at_ms": one.at_ms,
            "epoch": one.epoch,
            "seq": one.seq,
            "kind": one.kind,
            "gap_ms": None if before is None else one.at_ms - before.at_ms,
            "story": told(one.kind, one.body, chinese=chinese),
        }
        for before, one in zip([None, *found], found, strict=False)
    ]
    if as_json:
        bodies = [{**row, "body": one.body} for row, one in zip(rows, found, strict=True)]
        print_json({"number": wanted, "rows": bodies, "acknowledged_ms": known_ms})
        return
    for row in rows:
        row["at"] = clock_text(row["at_ms"], settings)
        row["entry"] = f"{row['epoch']}#{row['seq']}"
    print_rows(rows, {"at": "time", "gap_ms": "+ms", "entry": "entry", "story": "story"}, as_json=False)
    if known_ms is None:
        typer.echo("总部还没有确认收到。" if chinese else "Headquarters have not acknowledged it.")
    else:
        at, late_ms = clock_text(known_ms, settings), known_ms - found[-1].at_ms
        typer.echo(
            f"总部 {at} 确认收到(+{late_ms} ms)" if chinese else f"headquarters have it since {at} (+{late_ms} ms)"
        )
