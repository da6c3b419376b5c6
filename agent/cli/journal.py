"""`storebox journal`: copy it, and what to do with a damaged one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.boxes import bar_when_long
from agent.cli.output import JsonOption, StateOption, print_json
from agent.core.errors import Broken, Refused
from agent.settings import in_force

if TYPE_CHECKING:
    from agent.store.set_aside import SetAside
    from sync.enrol import Enrolment

journal_app = typer.Typer()


@journal_app.callback()
def journal() -> None:
    """Copy the journal; set a damaged one aside."""


@journal_app.command()
def copy(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Copy the journal beside it, backup-DATE.db, and check the copy. Trade goes on; seven copies are kept.

    The box does so every night.
    """
    from agent.daemon.clock import SystemClock
    from agent.jobs import copy_journal
    from agent.store.connection import JOURNAL_FILE

    folder = in_force(state).state
    made = copy_journal(folder / JOURNAL_FILE, folder, SystemClock())
    if as_json:
        print_json({"file": made})
    else:
        typer.echo(made)


@journal_app.command("set-aside")
def set_journal_aside(
    token: Annotated[
        str | None, typer.Option(envvar="STOREBOX_ENROL_TOKEN", help="A new enrolment token, when there is an HQ.")
    ] = None,
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Begin a new epoch from the sound part of a damaged journal. The old file is kept; nothing is deleted.

    The box must not run. After a power cut the same command ends what it began.
    """
    from agent.daemon.box import enrolment_of
    from agent.daemon.lock import StateLock
    from agent.store.set_aside import finish

    settings = in_force(state)
    enrolled = enrolment_of(settings.state)
    if not sure:
        typer.confirm("The journal goes on in a new epoch, the old file is kept. Go on?", abort=True, err=True)
    with StateLock(settings.state):
        path = settings.state / "journal.db"
        done = finish(path)
        if done is None:
            enrolled = _enrolled_anew(path, enrolled, token)
            done = _set_aside(path, enrolled)
    if as_json:
        fault = done.fault
        print_json(
            {
                "epoch": enrolled.identity.epoch,
                "kept": done.kept,
                "entries": done.entries,
                "fault": None if fault is None else {"code": fault.code, "epoch": fault.epoch, "seq": fault.seq},
                "lost_tables": list(done.lost_tables),
                "source": done.source,
            }
        )
        return
    typer.echo(f"epoch {enrolled.identity.epoch} goes on from {done.entries} sound entries; the old file: {done.kept}")
    if done.source is not None:
        typer.echo(f"the file itself does not open; the entries are of its copy {done.source}", err=True)
    for table in done.lost_tables:
        typer.echo(f"not all of {table} could be read", err=True)


def _enrolled_anew(path: Path, enrolled: "Enrolment", token: str | None) -> "Enrolment":
    """Return who the box is from now on; the new epoch of a call that was broken off, if there was one."""
    from agent.store.set_aside import epoch_in

    present = epoch_in(path)
    if present == 0:
        raise Broken("store.not_enrolled")
    if present is not None and present < enrolled.identity.epoch:
        return enrolled
    _refuse_a_sound_one(path)
    if present is None and enrolled.hq_url is not None:
        raise Refused("journal.unreadable", path=path.name)
    return _next_epoch(path.parent, enrolled, token)


def _refuse_a_sound_one(path: Path) -> None:
    from agent.store import views
    from agent.store.verify import verify

    with bar_when_long("verifying") as report_progress:
        if verify(path, views, report_progress).ok:
            raise Refused("journal.nothing_wrong", path=str(path))


def _next_epoch(state: Path, enrolled: "Enrolment", token: str | None) -> "Enrolment":
    from sync.enrol import enrol, enrol_alone
    from sync.pins import pins_of
    from sync.session import HttpSession

    who = enrolled.identity
    if enrolled.hq_url is None:
        return enrol_alone(state, who.store, who.box)
    if not token:
        raise Refused("enrol.token_missing", hq=enrolled.hq_url)
    session = HttpSession(enrolled.hq_url, pins=pins_of(state))
    try:
        return enrol(session, state, token, who.store, who.box)
    finally:
        session.close()


def _set_aside(path: Path, enrolled: "Enrolment") -> "SetAside":
    from datetime import UTC, datetime

    from agent.daemon.clock import SystemClock
    from agent.store import views
    from agent.store.set_aside import set_aside

    at_ms = SystemClock().now_ms()
    return set_aside(
        path,
        views=views,
        epoch=enrolled.identity.epoch,
        at_ms=at_ms,
        day=datetime.fromtimestamp(at_ms / 1000, UTC).date(),
        public_key=enrolled.public_key,
        box=enrolled.identity,
    )
