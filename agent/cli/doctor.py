"""`storebox doctor`: examine this box; each finding with its evidence and what to do about it."""

from collections.abc import Sequence
from typing import Annotated

import typer

from agent.cli.findings import Finding
from agent.cli.output import JsonOption, StateOption, found_wrong, language, print_json, progress
from agent.settings import Settings

_MARKS = {"ok": "ok      ", "degraded": "degraded", "fail": "FAIL    "}
_COLOURS = {"ok": "green", "degraded": "yellow", "fail": "red"}

doctor_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@doctor_app.callback(invoke_without_command=True)
def doctor(context: typer.Context, state: StateOption = None, as_json: JsonOption = False) -> None:
    """Examine settings, key, disk, SQLite, journal, copies, clock, devices and the way to headquarters.

    Changes nothing, and may be run while the shop trades. Exit code 1 when something fails.
    """
    if context.invoked_subcommand is not None:
        return
    from agent.cli.examinations import examine
    from agent.settings import in_force

    settings = in_force(state)
    _show(settings, examine(settings), as_json=as_json)


@doctor_app.command()
def platform(
    name: Annotated[str | None, typer.Argument(help="One of the box's platforms; default: all.")] = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask each payment platform about an order that cannot exist, and explain the answer.

    Shows whether merchant, key, certificate number, clock and line are right, and whether the platform's answers can be
    believed. No money moves. Exit code 1 when something is wrong.
    """
    from agent.cli.platform_examinations import examine_platforms
    from agent.settings import in_force

    settings = in_force(state)
    with progress("platforms") as advance:
        findings = examine_platforms(settings, name, advance)
    _show(settings, findings, as_json=as_json)


def _show(settings: Settings, findings: Sequence[Finding], *, as_json: bool) -> None:
    failed = any(one.state == "fail" for one in findings)
    if as_json:
        rows = [
            {
                "name": one.name,
                "state": one.state,
                "code": one.code,
                "evidence": {"zh": one.evidence[0], "en": one.evidence[1]},
                "remedy": {"zh": one.remedy[0], "en": one.remedy[1]},
            }
            for one in findings
        ]
        print_json({"state": settings.state, "holds": not failed, "rows": rows})
    else:
        chosen, width = 0 if language() == "zh" else 1, max(12, *(len(one.name) for one in findings))
        for one in findings:
            typer.secho(_MARKS[one.state], fg=_COLOURS[one.state], bold=one.state != "ok", nl=False)
            typer.echo(f"  {one.name:<{width}} {one.evidence[chosen]}")
            if one.state != "ok" and one.remedy[chosen]:
                typer.echo(f"{'':<{width + 11}}{one.remedy[chosen]}")
    if failed:
        found_wrong()
