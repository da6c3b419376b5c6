"""`storebox shift`: the shifts of the tills."""

from typing import Annotated, Any

import typer

from agent.cli.boxes import clock_text, journal_of
from agent.cli.output import JsonOption, StateOption, print_rows
from agent.core.money import yuan
from agent.settings import Settings, in_force

shift_app = typer.Typer()

_SHIFTS = """SELECT s.shift, s.till, s.day, s.staff, s.state, s.opened_ms, s.closed_ms, s.float_fen,
 (SELECT count(*) FROM view_sale WHERE view_sale.shift = s.shift),
 (SELECT coalesce(sum(total_fen), 0) FROM view_sale WHERE view_sale.shift = s.shift),
 (SELECT coalesce(sum(total_fen), 0) FROM view_refund WHERE view_refund.shift = s.shift)
 FROM view_shift s WHERE (?1 OR s.state = 'open') AND (?2 IS NULL OR s.till = ?2)
 ORDER BY s.opened_ms DESC LIMIT ?3"""
_NAMES = (
    "shift",
    "till",
    "day",
    "staff",
    "state",
    "opened_ms",
    "closed_ms",
    "float_fen",
    "sales",
    "sales_fen",
    "refunds_fen",
)


@shift_app.command()
def status(
    every: Annotated[bool, typer.Option("--all", help="Closed ones too, newest first.")] = False,
    till: Annotated[str | None, typer.Option(help="Only of this till.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the open shifts. What should be in a drawer is not shown: it is counted blind."""
    settings = in_force(state)
    with journal_of(settings) as connection:
        found = connection.execute(_SHIFTS, (every, till, limit)).fetchall()
    rows = [dict(zip(_NAMES, row, strict=True)) for row in found]
    if not as_json:
        rows = [_readable(row, settings) for row in rows]
    columns = {name: name.removesuffix("_fen") for name in ("shift", "till", "staff", "state")}
    columns |= {
        "opened": "opened",
        "closed": "closed",
        "sales": "sales",
        "sales_fen": "sold",
        "refunds_fen": "refunded",
    }
    print_rows(rows, columns, as_json=as_json)


def _readable(row: dict[str, Any], settings: Settings) -> dict[str, Any]:
    return {
        **row,
        "opened": clock_text(row["opened_ms"], settings),
        "closed": clock_text(row["closed_ms"], settings),
        "sales_fen": yuan(row["sales_fen"]),
        "refunds_fen": yuan(row["refunds_fen"]),
    }
