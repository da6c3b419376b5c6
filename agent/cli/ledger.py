"""`storebox ledger`: verify, rebuild and export what happened."""

import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.boxes import bar_when_long, clock_text, journal_of, tell
from agent.cli.output import JsonOption, StateOption, found_wrong, print_error, print_json
from agent.core.errors import Broken, TryLater
from agent.settings import Settings, in_force

if TYPE_CHECKING:
    from agent.store.faults import Fault, Report

ledger_app = typer.Typer()


class Form(StrEnum):
    """In which form an export is written."""

    jsonl = "jsonl"
    csv = "csv"


@ledger_app.command()
def verify(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="A copy of a journal; default: this box's own.")
    ] = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check chain, seals, what headquarters acknowledged, and views against a rebuild; name the first bad entry.

    A running box goes on trading meanwhile.
    """
    from agent.daemon.clock import SystemClock
    from agent.jobs import keep_verification
    from agent.store import views
    from agent.store.connection import JOURNAL_FILE
    from agent.store.verify import verify as verified

    settings = in_force(state)
    path = file or settings.state / JOURNAL_FILE
    with bar_when_long("verifying") as report_progress:
        report = verified(path, views, report_progress)
    if file is None:
        keep_verification(settings.state, report, SystemClock().now_ms())
        _tell_the_box(settings)
    if as_json:
        print_json({"file": path, "holds": report.ok, **asdict(report)})
    else:
        _print_report(report, settings)
    if not report.ok:
        found_wrong()


def _tell_the_box(settings: Settings) -> None:
    """Have a running box show what was found; one that does not answer finds it at its next start."""
    from agent.daemon.lock import is_running

    if is_running(settings.state):
        try:
            tell(settings.state, "ledger.verified")
        except TryLater as error:
            print_error(error)


def _print_report(report: "Report", settings: Settings) -> None:
    if report.fault is not None:
        print_error(_broken(report.fault))
        typer.echo(f"first bad: {_place(report.fault)}")
    if report.last is not None:
        last = report.last
        typer.echo(f"{report.entries} entries, {report.seals} seals; sound up to epoch {last.epoch} #{last.seq}")
    if report.unsealed_since is not None:
        since = report.unsealed_since
        typer.echo(f"not sealed yet: from epoch {since.epoch} #{since.seq}, {clock_text(since.at_ms, settings)}")
    if report.ok:
        typer.echo(f"head {report.head}\nverified: nothing is wrong")


def _broken(fault: "Fault") -> Broken:
    return Broken(fault.code, **{name: value for name, value in asdict(fault).items() if name != "code"})


def _place(fault: "Fault") -> str:
    if fault.table is not None:
        return f"{fault.table}, row {fault.row}" if fault.row is not None else fault.table
    return "the file itself" if fault.seq is None else f"epoch {fault.epoch} #{fault.seq}"


@ledger_app.command()
def rebuild(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Compute every view anew from the journal. The box must not run."""
    from agent.daemon.lock import StateLock
    from agent.store import views
    from agent.store.connection import JOURNAL_FILE
    from agent.store.rebuild import rebuild as rebuilt

    settings = in_force(state)
    path = settings.state / JOURNAL_FILE
    if not path.exists():
        raise Broken("store.missing", path=str(path))
    with StateLock(settings.state), bar_when_long("rebuilding") as report_progress:
        entries = rebuilt(path, views, report_progress)
    if as_json:
        print_json({"entries": entries})
    else:
        typer.echo(f"views rebuilt from {entries} entries")


@ledger_app.command()
def export(
    form: Annotated[
        Form, typer.Option("--format", help="jsonl holds every byte that is hashed; csv is for tables.")
    ] = Form.jsonl,
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="A file; standard output when left out.")] = None,
    day: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Only entries of this business day.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only entries of this kind, such as sale.completed.")] = None,
    state: StateOption = None,
) -> None:
    """Write the journal out, oldest first, earlier epochs included."""
    from agent.cli.exporting import export_entries

    with journal_of(in_force(state)) as connection, bar_when_long("exporting") as report_progress:
        if output is None:
            export_entries(connection, sys.stdout, form.value, day, kind, report_progress)
            return
        waiting = output.with_name(f"{output.name}.part")
        with waiting.open("w", encoding="utf-8-sig" if form is Form.csv else "utf-8", newline="") as file:
            count = export_entries(connection, file, form.value, day, kind, report_progress)
        waiting.replace(output)
    typer.echo(f"{count} entries in {output}", err=True)
