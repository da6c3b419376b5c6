"""`storebox bench`: what this machine does, beside what it could do at best and what a shop needs."""

from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.output import JsonOption, found_wrong, print_json, print_rows, progress

COLUMNS = {
    "name": "figure",
    "value": "value",
    "unit": "unit",
    "floor": "floor",
    "ratio": "ratio",
    "bar": "bar",
    "holds": "holds",
}
_NUMBERS = ("value", "floor", "ratio")


def bench(
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Only this figure; may be given again.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="See that everything runs; the figures mean little.")] = False,
    pull_rows: Annotated[int, typer.Option(min=1_000, help="Rows of the figure `pull`.")] = 1_000_000,
    state: Annotated[
        Path, typer.Option("--state", metavar="DIR", file_okay=False, help="Folder on the disk to be measured.")
    ] = Path("build/bench"),
    as_json: JsonOption = False,
) -> None:
    """Measure this machine: each figure beside its floor of the same run. Exit code 1 when a bar does not hold."""
    from agent.bench.plan import Plan
    from agent.bench.run import FIGURES, run

    names = [name for given in only or [] for name in given.split(",")]
    for name in names:
        if name not in FIGURES:
            raise typer.BadParameter(f"no figure {name!r}; there are {', '.join(FIGURES)}", param_hint="--only")
    plan = Plan(state.absolute(), quick, progress, pull_rows)
    measured = run(plan, names)
    rows = [row.data() for row in measured.rows]
    if as_json:
        print_json({"rows": rows})
    else:
        print_rows([_shown(row) for row in rows], COLUMNS, as_json=False)
    for note in plan.notes:
        typer.echo(f"  {note}", err=as_json)
    if not measured.holds:
        found_wrong()


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    numbers = {key: None if row[key] is None else _number(row[key]) for key in _NUMBERS}
    return {**row, **numbers, "holds": row["holds"] if row["bar"] else None}


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.4g}"
