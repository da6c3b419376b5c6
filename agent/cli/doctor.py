"""`storebox doctor`: examine this box; each finding with its evidence and what to do about it."""

import typer

from agent.cli.output import JsonOption, StateOption, found_wrong, language, print_json

_MARKS = {"ok": "ok      ", "degraded": "degraded", "fail": "FAIL    "}
_COLOURS = {"ok": "green", "degraded": "yellow", "fail": "red"}


def doctor(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Examine settings, key, disk, SQLite, journal, copies, clock, devices and the way to headquarters.

    Changes nothing, and may be run while the shop trades. Exit code 1 when something fails.
    """
    from agent.cli.examinations import examine
    from agent.settings import in_force

    settings = in_force(state)
    findings = examine(settings)
    failed = any(one.state == "fail" for one in findings)
    if as_json:
        rows = [
            {
                "name": one.name,
                "state": one.state,
                "evidence": {"zh": one.evidence[0], "en": one.evidence[1]},
                "remedy": {"zh": one.remedy[0], "en": one.remedy[1]},
            }
            for one in findings
        ]
        print_json({"state": settings.state, "holds": not failed, "rows": rows})
    else:
        chosen = 0 if language() == "zh" else 1
        for one in findings:
            typer.secho(_MARKS[one.state], fg=_COLOURS[one.state], bold=one.state != "ok", nl=False)
            typer.echo(f"  {one.name:<12} {one.evidence[chosen]}")
            if one.state != "ok" and one.remedy[chosen]:
                typer.echo(f"{'':<24}{one.remedy[chosen]}")
    if failed:
        found_wrong()
