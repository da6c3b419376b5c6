"""`storebox upgrade`: take a signed release from a stick or from headquarters, see where it stands, go back."""

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.output import JsonOption, StateOption, found_wrong, print_error, print_json, print_rows
from agent.core.errors import Refused
from agent.upgrade.place import ROOT, Place

if TYPE_CHECKING:
    from agent.settings import Settings
    from agent.upgrade.pending import Pending

upgrade_app = typer.Typer()

RootOption = Annotated[
    Path, typer.Option("--root", envvar="STOREBOX_ROOT", hidden=True, help="Where the releases are installed.")
]
ABSENT_S = 90.0
"""A box that was not there for so long does not start by itself: perhaps the new release does."""
Seconds = Annotated[float | None, typer.Option(hidden=True, min=0)]


def _place(root: Path, state: Path | None) -> tuple[Place, "Settings"]:
    from agent.settings import in_force

    settings = in_force(state)
    return Place(root, settings.state), settings


def _now_ms() -> int:
    from agent.daemon.clock import SystemClock

    return SystemClock().now_ms()


@upgrade_app.command("import")
def import_bundle(
    source: Annotated[Path, typer.Argument(help="A .bundle file, a mounted stick, or its partition: /dev/sdb1.")],
    hurry: Annotated[bool, typer.Option("--now", help="Do not wait for a quiet moment.")] = False,
    root: RootOption = ROOT,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a bundle in. The box rehearses and switches by itself afterwards; nothing is started from the stick."""
    from agent.upgrade import intake
    from agent.upgrade.permits import permits_of
    from agent.upgrade.stick import read_only

    place, _ = _place(root, state)
    os.umask(0o022)
    with read_only(source) as folder:
        found = intake.bundle_on(folder)
        pending = intake.taken(place, found, _now_ms(), by_hand=True, hurry=hurry, permits=permits_of(place.state))
    if as_json:
        print_json({"version": pending.to, "sequence": pending.sequence})
        return
    typer.echo(f"{pending.to} (number {pending.sequence}) is taken in; storebox upgrade status tells how it goes")


@upgrade_app.command()
def status(root: RootOption = ROOT, state: StateOption = None, as_json: JsonOption = False) -> None:
    """Show what runs, what is under way, and how the last upgrades ended."""
    from agent.core.errors import StoreboxError
    from agent.core.sentences import sentence_for
    from agent.upgrade import pending as papers

    place, settings = _place(root, state)
    try:
        pending = papers.load(place)
        installed = place.installed()
        running: dict[str, Any] = {"version": installed.version, "sequence": installed.sequence}
    except StoreboxError as error:
        print_error(error)
        found_wrong()
    waits = _disturbed(settings, None) if pending is not None and pending.state == "waiting" else None
    rows = papers.history(place)[-10:]
    under_way = None if pending is None else {"to": pending.to, "state": pending.state.value, "waits_for": waits}
    if as_json:
        print_json({"running": running, "pending": under_way, "rows": rows})
        return
    typer.echo(f"runs: {running['version']} (number {running['sequence']})")
    if pending is not None:
        why = f": {sentence_for(waits).en_title}" if waits else ""
        typer.echo(f"under way: {pending.to}, {pending.state.value}{why}")
    for row in rows:
        row["reason"] = sentence_for(row["reason"]).en_title if row.get("reason") else None
    print_rows(rows, {"at_ms": "at", "from": "from", "to": "to", "end": "end", "reason": "reason"}, as_json=False)


@upgrade_app.command()
def now(root: RootOption = ROOT, state: StateOption = None) -> None:
    """Do not wait for a quiet moment. A sale in hand is saved; tills wait for some seconds."""
    from dataclasses import replace

    from agent.upgrade import pending as papers

    place, _ = _place(root, state)
    place.make_folders()
    with papers.alone(place, papers.BY_HAND_S):
        pending = papers.load(place)
        if pending is None:
            raise Refused("upgrade.nothing_pending")
        papers.save(place, replace(pending, hurry=True))
    typer.echo(f"{pending.to} comes now")


@upgrade_app.command()
def later(root: RootOption = ROOT, state: StateOption = None) -> None:
    """Put a waiting upgrade off by half an hour; twice at most."""
    from agent.upgrade.carrying import put_off

    place, _ = _place(root, state)
    until_ms = put_off(place, _now_ms())
    typer.echo(f"put off by {(until_ms - _now_ms()) // 60_000 + 1} minutes")


@upgrade_app.command("return")
def go_back(root: RootOption = ROOT, state: StateOption = None) -> None:
    """Go back to the release that ran before. Sales stay: the old release reads the journal as it is."""
    from agent.upgrade.carrying import begin_return

    place, _ = _place(root, state)
    os.umask(0o022)
    pending = begin_return(place, _now_ms())
    typer.echo(f"going back from {pending.back} to {pending.to}")


@upgrade_app.command("carry-out", hidden=True)
def carry_out(
    root: RootOption = ROOT,
    state: StateOption = None,
    supervisor: Annotated[str, typer.Option(envvar="STOREBOX_SUPERVISOR", hidden=True)] = "",
    gate_s: Seconds = None,
    probation_s: Seconds = None,
    every_s: Seconds = None,
    deaf_s: Seconds = None,
    quiet_s: Seconds = None,
    reserve_mb: Annotated[int | None, typer.Option(hidden=True, min=0)] = None,
    wait_s: Seconds = None,
    as_json: JsonOption = False,
) -> None:
    """Take every step that can be taken; what storebox-upgrade.service runs, by the release known to be good."""
    import time

    from agent import logs
    from agent.upgrade.carrying import Carrying, take_what_is_asked

    logs.configure()
    place, settings = _place(root, state)
    os.umask(0o022)
    world = _world(place, settings, supervisor, (gate_s, probation_s, every_s, deaf_s), quiet_s, reserve_mb)
    take_what_is_asked(place, world)
    carrying = Carrying(place, world)
    pending = carrying.run()
    while wait_s is not None and pending is not None and carrying.waits_for is not None:
        time.sleep(wait_s)  # for a quiet moment, which only the counter knows
        pending = carrying.run()
    _show_end(pending, carrying.waits_for, as_json)


def _show_end(pending: "Pending | None", waits_for: str | None, as_json: bool) -> None:
    if as_json:
        ended = None if pending is None else {"to": pending.to, "state": pending.state.value, "reason": pending.reason}
        print_json({"pending": ended, "waits_for": waits_for})
    elif pending is None:
        typer.echo("nothing is pending")
    else:
        typer.echo(f"{pending.to}: {pending.state.value} {waits_for or pending.reason}".rstrip())


def _world(
    place: Place,
    settings: "Settings",
    supervisor: str,
    times_s: tuple[float | None, ...],
    quiet_s: float | None,
    reserve_mb: int | None,
) -> Any:
    import time
    from dataclasses import fields

    from agent.upgrade.carrying import World
    from agent.upgrade.permits import permits_of
    from agent.upgrade.trial import CommandSupervisor, Limits, Systemd, Trial, answering_version
    from agent.upgrade.unpack import RESERVE_BYTES

    # Limits are gate, probation, every, deaf, in this order.
    named = zip(fields(Limits), times_s, strict=True)
    given = {field.name: value for field, value in named if value is not None}
    keeper = CommandSupervisor(shlex.split(supervisor)) if supervisor else Systemd()
    port = settings.web.port
    trial = Trial(keeper, lambda: answering_version(port), Limits(**given), time.monotonic, time.sleep)
    reserve_bytes = RESERVE_BYTES if reserve_mb is None else reserve_mb * 1_000_000
    seen_s = time.monotonic()

    def disturbed() -> str | None:
        nonlocal seen_s
        now_s = time.monotonic()
        code = _disturbed(settings, quiet_s, now_s - seen_s)
        seen_s = now_s if _runs(settings) else seen_s
        return code

    return World(_now_ms, trial, disturbed, permits_of(place.state), reserve_bytes)


def _runs(settings: "Settings") -> bool:
    from agent.daemon.lock import is_running

    return is_running(settings.state)


def _disturbed(settings: "Settings", quiet_s: float | None, absent_s: float = 0.0) -> str | None:
    """Ask the box that runs what goes on at its counter; one that was away for long is disturbed by nothing.

    One that is away for a moment is being started, after a power cut or by its supervisor, and may have sales in hand.
    """
    from agent.core.upgrade import QUIET_AFTER_SALE_MS, Trade, disturbed
    from agent.daemon.control import ask

    if not _runs(settings):
        return "upgrade.waits_for_box" if absent_s < ABSENT_S else None
    try:
        trade = Trade(**ask(settings.state, "trade", {}))
    except (OSError, TypeError, ValueError):
        return "upgrade.waits_for_box"
    return disturbed(trade, _now_ms(), QUIET_AFTER_SALE_MS if quiet_s is None else int(quiet_s * 1000))


@upgrade_app.command(hidden=True)
def rehearse(copy: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], as_json: JsonOption = False) -> None:
    """Open a copy of a journal as a start would, verify it and print its figures; the release before asks for it."""
    from agent.store import views
    from agent.upgrade.rehearsal import rehearse as rehearse_on

    found = rehearse_on(copy, views)
    if as_json:
        print_json(found)
    else:
        print_rows(
            [{"what": key, "value": value} for key, value in found.items()],
            {"what": "what", "value": "value"},
            as_json=False,
        )


@upgrade_app.command(hidden=True)
def prepare(root: RootOption = ROOT, state: StateOption = None) -> None:
    """Make root's folder with the boot guard in it; what the package runs when it is installed."""
    from agent.upgrade.carrying import put_guard

    place, _ = _place(root, state)
    os.umask(0o022)
    place.make_folders()
    put_guard(place)


@upgrade_app.command(hidden=True)
def guard(root: RootOption = ROOT) -> None:
    """Do what the boot guard does; a box runs it from its own file, before the agent."""
    from agent.upgrade.guard import boot

    typer.echo(boot(root))


@upgrade_app.command(hidden=True)
def fetch(root: RootOption = ROOT, state: StateOption = None, as_json: JsonOption = False) -> None:
    """Ask headquarters which release this box should have, and fetch it; what storebox-fetch.service runs."""
    from agent.upgrade.fetching import fetch_release

    place, settings = _place(root, state)
    told = fetch_release(place, settings.hq.url or None)
    if as_json:
        print_json({"outcome": told})
    else:
        typer.echo(told)
