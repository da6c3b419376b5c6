"""`storebox doctor`: examine this box; each finding with its evidence and what to do about it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.output import JsonOption, StateOption, found_wrong, language, print_json, print_rows, progress
from agent.diagnosis.examine import PARTS, examine

if TYPE_CHECKING:
    from agent.diagnosis.finding import Finding
    from agent.diagnosis.site import Known, Site
    from agent.settings import Settings

_MARKS = {"ok": "ok      ", "degraded": "degraded", "fail": "FAIL    "}
_COLOURS = {"ok": "green", "degraded": "yellow", "fail": "red"}

doctor_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

PrintOption = Annotated[
    str | None,
    typer.Option(
        "--print",
        metavar="TILL",
        help="Also print what is not well, as a slip on this till's printer.",
        show_default=False,
    ),
]
FormOption = Annotated[
    bool, typer.Option("--form", help="Print the list for the firewall form instead: whom this box has to reach.")
]
MoreArgument = Annotated[list[str] | None, typer.Argument(metavar="[PART]…", help="Further parts.")]


@doctor_app.callback(invoke_without_command=True)
def doctor(
    context: typer.Context, state: StateOption = None, on: PrintOption = None, as_json: JsonOption = False
) -> None:
    """Examine power, disk, clock, devices, network, headquarters, journal and releases.

    Changes nothing, and may be run while the shop trades. Exit code 1 when something fails.
    """
    if context.invoked_subcommand is None:
        _examine(state, (), on, as_json=as_json)


def _command(part: str) -> Callable[..., None]:
    """Return the command that examines a part, and further ones that are named behind it."""

    def command(
        more: MoreArgument = None, state: StateOption = None, on: PrintOption = None, as_json: JsonOption = False
    ) -> None:
        _examine(state, (part, *(more or ())), on, as_json=as_json)

    return command


def network(
    more: MoreArgument = None,
    state: StateOption = None,
    on: PrintOption = None,
    form: FormOption = False,
    as_json: JsonOption = False,
) -> None:
    """Look at the line, layer by layer: link, address, gateway, names, connection, certificate, log-in page."""
    if form:
        _show_form(site_of_box(state), as_json=as_json)
    else:
        _examine(state, ("network", *(more or ())), on, as_json=as_json)


def platform(
    name: Annotated[str | None, typer.Argument(help="One of the box's platforms; default: all.")] = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask each payment platform about an order that cannot exist, and explain the answer.

    Shows whether merchant, key, certificate number, clock and line are right, and whether the platform's answers can be
    believed. No money moves. Exit code 1 when something is wrong.
    """
    from agent.diagnosis.platforms import examine_platforms

    site = site_of_box(state)
    with progress("platforms") as advance:
        findings = examine_platforms(site.settings, name, advance)
    _show(site, findings, as_json=as_json)


for _part, _about in PARTS.items():
    doctor_app.command(name=_part, help=f"Look at {_about[1]}.")(network if _part == "network" else _command(_part))
doctor_app.command()(platform)


def site_of_box(state: Path | None) -> "Site":
    """Return the box of a state folder as it is examined: asked by its socket when it runs."""
    from agent.diagnosis.site import site_of

    return site_of(state, _known)


def _known(settings: "Settings") -> "Known | None":
    """Return how the running box is asked for its devices, None when none runs."""
    from agent.cli.boxes import tell
    from agent.daemon.lock import is_running

    try:
        if not is_running(settings.state):
            return None
    except OSError:
        return None  # a lock that cannot be opened is told of with the state folder

    def known() -> Sequence[Mapping[str, Any]]:
        rows: Sequence[Mapping[str, Any]] = tell(settings.state, "device.known")
        return rows

    return known


def _examine(state: Path | None, parts: Sequence[str], on: str | None, *, as_json: bool) -> None:
    report(site_of_box(state), parts, on, as_json=as_json)


def report(site: "Site", parts: Sequence[str], on: str | None, *, as_json: bool) -> None:
    """Examine a box and show what was found, also on paper at till `on`; leaves with exit code 1 when something fails.

    Refuses a part that there is not (`doctor.unknown_part`).
    """
    with progress("doctor", len(parts) or len(PARTS)) as advance:
        findings = examine(site, parts, advance)
    if on is not None:
        _print_slip(site, on, findings)
    _show(site, findings, as_json=as_json)


def _show(site: "Site", findings: Sequence["Finding"], *, as_json: bool) -> None:
    failed = any(one.state == "fail" for one in findings)
    if as_json:
        print_json({"state": site.settings.state, "holds": not failed, "rows": [one.as_row() for one in findings]})
    else:
        _show_text(findings)
    if failed:
        found_wrong()


def _show_text(findings: Sequence["Finding"]) -> None:
    chosen, width = 0 if language() == "zh" else 1, max(12, *(len(one.name) for one in findings))
    for one in findings:
        typer.secho(_MARKS[one.state], fg=_COLOURS[one.state], bold=one.state != "ok", nl=False)
        if one.state == "ok":
            typer.echo(f"  {one.name:<{width}} {one.evidence[chosen]}")
            continue
        typer.echo(f"  {one.name:<{width}} {one.sentence[chosen]}  [{one.help_code} {one.code}]")
        typer.echo(f"{'':<{width + 11}}{one.evidence[chosen]}")
        typer.echo(f"{'':<{width + 11}}{one.remedy[chosen]}")


def _show_form(site: "Site", *, as_json: bool) -> None:
    from agent.diagnosis.targets import form

    chosen = language()
    columns = {"host": "host", "port": "port", "protocol": "protocol", chosen: "purpose" if chosen == "en" else "用途"}
    print_rows(form(site), columns, as_json=as_json)


def _print_slip(site: "Site", till: str, findings: Sequence["Finding"]) -> None:
    """Print what is not well: by the running box through its spool, else on the till's own line."""
    from agent.diagnosis.slip import complaints_of

    complaints = complaints_of(findings, site.settings.language)
    if site.runs:
        from agent.cli.boxes import tell

        told = json.dumps([asdict(one) for one in complaints])
        tell(site.settings.state, "doctor.print", till=till, looked_at=str(len(findings)), complaints=told)
        return
    from agent.cli.self_testing import print_alone

    print_alone(site.settings, till, len(findings), complaints)
