"""`storebox why`: the story of a number, from the journal, in order."""

from typing import Annotated, Any

import typer

from agent.cli.boxes import clock_text, journal_of
from agent.cli.output import JsonOption, StateOption, language, print_json, print_rows
from agent.core.errors import Refused
from agent.settings import in_force


def why(
    number: Annotated[str, typer.Argument(help="Of a sale, refund, payment, slip, transaction, or a reference.")],
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell everything that happened to a sale, refund, payment or slip, in order."""
    from agent.cli.stories import told
    from agent.cli.tracing import trace

    settings = in_force(state)
    wanted = number.strip()
    with journal_of(settings) as connection:
        found = trace(connection, wanted)
    if not found:
        raise Refused("why.unknown_number", number=wanted[:60])
    chinese = language() == "zh"
    rows: list[dict[str, Any]] = [
        {
            "at_ms": one.at_ms,
            "epoch": one.epoch,
            "seq": one.seq,
            "kind": one.kind,
            "story": told(one.kind, one.body, chinese=chinese),
        }
        for one in found
    ]
    if as_json:
        bodies = [{**row, "body": one.body} for row, one in zip(rows, found, strict=True)]
        print_json({"number": wanted, "rows": bodies})
        return
    for row in rows:
        row["at"] = clock_text(row["at_ms"], settings)
        row["entry"] = f"{row['epoch']}#{row['seq']}"
    print_rows(rows, {"at": "time", "entry": "entry", "story": "story"}, as_json=False)
