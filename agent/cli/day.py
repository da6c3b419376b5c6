"""`storebox day`: the store's business day, and what is unfinished in it."""

from typing import Any

import typer

from agent.cli.boxes import clock_text, journal_of
from agent.cli.output import JsonOption, StateOption, print_json, print_rows
from agent.core.money import yuan
from agent.settings import in_force

day_app = typer.Typer()

_DAY = "SELECT day, state, opened_ms, closed_ms FROM view_day ORDER BY opened_ms DESC LIMIT 1"
_SALES = "SELECT count(*), coalesce(sum(total_fen), 0) FROM view_sale WHERE day = ?"
_REFUNDS = "SELECT count(*), coalesce(sum(total_fen), 0) FROM view_refund WHERE day = ?"
_UNFINISHED = (
    ("shift", "SELECT shift, 0 FROM view_shift WHERE state = 'open' ORDER BY opened_ms"),
    ("attempt", "SELECT attempt, amount_fen FROM view_attempt WHERE state IN ('open', 'parked') ORDER BY started_ms"),
    (
        "refund",
        "SELECT out_refund_no, amount_fen FROM view_platform_refund WHERE state = 'started' ORDER BY started_ms",
    ),
    ("slip", "SELECT slip, 0 FROM spool WHERE state = 'unconfirmed' ORDER BY number"),
)


@day_app.command()
def status(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Show the last business day and everything that is unfinished, by name."""
    settings = in_force(state)
    with journal_of(settings) as connection:
        shown = _status(connection)
    if as_json:
        print_json(shown)
        return
    if shown["day"] is None:
        typer.echo("no business day was opened yet")
        return
    typer.echo(
        f"{shown['day']}: {shown['state']}, since {clock_text(shown['opened_ms'], settings)}; "
        f"sales {shown['sales']}, {yuan(shown['sales_fen'])}; "
        f"refunds {shown['refunds']}, {yuan(shown['refunds_fen'])}"
    )
    if shown["unfinished"]:
        rows = [{**row, "amount_fen": yuan(row["amount_fen"])} for row in shown["unfinished"]]
        print_rows(rows, {"what": "unfinished", "name": "number", "amount_fen": "amount"}, as_json=False)


def _status(connection: Any) -> dict[str, Any]:
    row = connection.execute(_DAY).fetchone()
    unfinished = [
        {"what": what, "name": name, "amount_fen": amount_fen}
        for what, statement in _UNFINISHED
        for name, amount_fen in connection.execute(statement)
    ]
    if row is None:
        return {"day": None, "state": None, "unfinished": unfinished}
    day = row[0]
    sales, refunds = (connection.execute(statement, (day,)).fetchone() for statement in (_SALES, _REFUNDS))
    return {
        "day": day,
        "state": row[1],
        "opened_ms": row[2],
        "closed_ms": row[3],
        "sales": sales[0],
        "sales_fen": sales[1],
        "refunds": refunds[0],
        "refunds_fen": refunds[1],
        "unfinished": unfinished,
    }
