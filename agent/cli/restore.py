"""`storebox restore`: a box in the place of a dead one; what an old disk still has; how far it has come."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.boxes import bar_when_long
from agent.cli.output import JsonOption, StateOption, print_json
from agent.core.errors import Broken, Refused, TryLater
from agent.settings import in_force

if TYPE_CHECKING:
    from agent.rescue.opened import OpenStore
    from sync.enrol import Enrolment

restore_app = typer.Typer(invoke_without_command=True)
ANSWER_WAIT_S = 600.0
LOOK_EVERY_S = 0.2

Hq = Annotated[str | None, typer.Option("--hq", metavar="URL", help="Headquarters; default: where this box reports.")]
Token = Annotated[
    str | None, typer.Option(envvar="STOREBOX_ENROL_TOKEN", help="The one-time token of headquarters' replacement.")
]


@restore_app.callback()
def restore(
    context: typer.Context,
    hq: Hq = None,
    token: Token = None,
    root: Annotated[str | None, typer.Option(help="Fingerprint of headquarters' root key; another is refused.")] = None,
    store: Annotated[str | None, typer.Option(help="Number of the store.")] = None,
    box: Annotated[str | None, typer.Option(help="Name of this box.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Bring the whole history now; else the box does it.")] = False,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a store's history back from headquarters: first what selling needs, then the rest behind the trade.

    On a blank box it enrols with the token. On a box with a journal the file is set aside under a new epoch, kept, and
    what headquarters never got of it is taken over. The same again goes on where it was cut off.
    """
    if context.invoked_subcommand is not None:
        return
    from agent.daemon.lock import StateLock
    from agent.rescue import inbox
    from agent.rescue import restore as steps
    from agent.rescue.opened import open_store, past_source
    from agent.store import views

    settings = in_force(state)
    url = hq or settings.hq.url or None
    with StateLock(settings.state):
        enrolment, kept = _enrolled(settings.state, url, token, root, store, box)
        with open_store(settings.state, enrolment) as held, past_source(settings.state, enrolment, url) as source:
            inbox.leave_what_was_set_aside(settings.state)
            steps.begin(held, source, views)
            if wait:
                with bar_when_long("history") as report_progress:
                    steps.bring_history(held, source, report_progress)
                _complete(held, settings.state)
            _show(held, enrolment, kept, as_json)


@restore_app.command("status")
def status(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Tell how far the history has come back. Exit code 1 while something is missing."""
    from agent.cli.boxes import journal_of
    from agent.rescue.restore import how_far_in

    settings = in_force(state)
    with journal_of(settings) as connection:
        far = how_far_in(connection)
    if as_json:
        print_json({"complete": far.complete, "here": far.here, "promised": far.promised})
    elif far.complete:
        typer.echo("the history is whole")
    else:
        typer.echo(f"{far.here:,} of {far.promised:,} entries are back; the rest follows behind the trade")
    raise typer.Exit(0 if far.complete else 1)


@restore_app.command("import")
def import_old(
    source: Annotated[Path, typer.Argument(help="A disk, a state folder, a journal.db, or a warm copy.")],
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take over what headquarters never got of a dead box: once, marked late. The source is only read."""
    from agent.daemon.lock import is_running
    from agent.rescue.sources import files_of

    settings = in_force(state)
    files = files_of(source)
    running = is_running(settings.state)
    answers = [(_asked if running else _done_here)(settings.state, file) for file in files]
    if as_json:
        print_json({"files": [{"file": str(file), **answer} for file, answer in zip(files, answers, strict=True)]})
    else:
        for file, answer in zip(files, answers, strict=True):
            _say(file, answer)
    refused = [answer for answer in answers if "code" in answer]
    if len(refused) == len(answers) and refused:
        raise Refused(refused[0]["code"], **refused[0]["values"])


def _asked(state: Path, file: Path) -> dict[str, Any]:
    """Have the running box take a file over, and wait for its answer."""
    from agent.rescue import inbox

    name = inbox.leave(state, file)
    until_s = time.monotonic() + ANSWER_WAIT_S
    with bar_when_long("the box takes it over"):
        while (answer := inbox.answer_of(state, name)) is None:
            if time.monotonic() > until_s:
                raise TryLater("late.still_waiting", order=name)
            time.sleep(LOOK_EVERY_S)
    return dict(answer)


def _done_here(state: Path, file: Path) -> dict[str, Any]:
    from agent.daemon.box import enrolment_of
    from agent.daemon.lock import StateLock
    from agent.rescue.opened import open_store

    enrolment = enrolment_of(state)
    with StateLock(state), open_store(state, enrolment) as held:
        return _imported(held, state, file)


def _imported(held: "OpenStore", state: Path, file: Path) -> dict[str, Any]:
    """Take one file over; a file that is refused is answered so, and hinders no other."""
    from agent.rescue.worker import import_disk

    try:
        return import_disk(held, state, file) or {}
    except (Refused, Broken) as error:
        return {"code": error.code, "values": dict(error.values)}


def _say(file: Path, answer: dict[str, Any]) -> None:
    if "code" in answer:
        from agent.cli.output import print_error
        from agent.core.errors import StoreboxError

        typer.echo(f"{file}:", err=True)
        print_error(StoreboxError(answer["code"], **answer["values"]))
        return
    yuan = answer["amount_fen"] / 100
    typer.echo(f"{file}: {answer['entries']} entries taken over, sales and refunds of {yuan:.2f} yuan in them")
    for run in answer["epochs"]:
        last = run["first_seq"] + run["entries"] - 1
        typer.echo(f"  epoch {run['epoch']}: #{run['first_seq']} to #{last}, {run['unsealed']} of them not sealed")
    for left in answer["left"]:
        typer.echo(f"  epoch {left['epoch']}: what follows #{left['after']} does not hold ({left['code']})", err=True)


def _enrolled(
    state: Path, url: str | None, token: str | None, root: str | None, store: str | None, box: str | None
) -> "tuple[Enrolment, Path | None]":
    """Return who the box is now, and the file that was set aside for it, if any."""
    from agent.daemon.box import JOURNAL, begin_journal
    from agent.daemon.clock import SystemClock
    from agent.store.set_aside import epoch_in, finish
    from sync.enrol import load_enrolment

    path, known = state / JOURNAL, load_enrolment(state)
    finish(path)
    present = epoch_in(path) if path.exists() else None
    unreadable = path.exists() and present is None
    if known is None:
        if not (url and token and store):
            raise Refused("restore.needs_token")
        known = _enrol(state, url, token, store, box or "B1", root)
    elif token and (unreadable or present == known.identity.epoch):
        who = known.identity
        if (store, box) not in ((None, None), (who.store, None), (who.store, who.box)):
            raise Refused("enrol.already", store=who.store, box=who.box, epoch=who.epoch)
        known = _enrol(state, url or known.hq_url or "", token, who.store, who.box, root)
    elif unreadable:
        raise Refused("restore.needs_token")
    if unreadable or (present and present < known.identity.epoch):
        return known, _set_aside(path, known)
    begin_journal(state, known, SystemClock())
    return known, None


def _enrol(state: Path, url: str, token: str, store: str, box: str, root: str | None) -> "Enrolment":
    from agent.cli.enrol import enrolled_at

    return enrolled_at(state, url, token, store, box, root)


def _set_aside(path: Path, enrolment: "Enrolment") -> Path:
    """Keep the present file under another name; settings of the store go on, history comes from headquarters."""
    from datetime import UTC, datetime

    from agent.daemon.clock import SystemClock
    from agent.store import views
    from agent.store.set_aside import set_aside

    at_ms = SystemClock().now_ms()
    return set_aside(
        path,
        views=views,
        epoch=enrolment.identity.epoch,
        at_ms=at_ms,
        day=datetime.fromtimestamp(at_ms / 1000, UTC).date(),
        public_key=enrolment.public_key,
        restored=enrolment.previous or {},
        box=enrolment.identity,
    ).kept


def _complete(held: "OpenStore", state: Path) -> None:
    from agent.rescue import inbox
    from agent.rescue import restore as steps
    from agent.store import views

    with bar_when_long("views") as report_progress:
        steps.complete_views(held, state / steps.SHADOW_FILE, views, report_progress)
    for order in inbox.waiting(state):
        inbox.done(state, order, _imported(held, state, order.source))


def _show(held: "OpenStore", enrolment: "Enrolment", kept: Path | None, as_json: bool) -> None:
    from agent.rescue.restore import how_far
    from agent.store.set_aside import epoch_in

    far = how_far(held)
    who = enrolment.identity
    if as_json:
        place = {"store": who.store, "box": who.box, "epoch": who.epoch, "kept": kept}
        print_json({**place, "complete": far.complete, "here": far.here, "promised": far.promised})
        return
    typer.echo(f"store {who.store}, box {who.box}, epoch {who.epoch}: selling is possible")
    if kept is not None:
        taken = kept if epoch_in(kept) is not None else "its newest copy, since it does not open"
        typer.echo(f"the old journal is kept: {kept}; what headquarters never got is taken over from {taken}")
    if not far.complete:
        typer.echo(f"{far.promised - far.here:,} entries of history follow behind the trade: storebox restore status")
    typer.echo("not restored: baskets that were being rung up, and PINs of staff (storebox staff add)")
