"""`storebox spare`: a box for the drawer, which takes a dead one's place by two scans."""

from typing import Annotated

import typer

from agent.cli.output import JsonOption, StateOption, print_json
from agent.core.errors import Refused

spare_app = typer.Typer()


@spare_app.callback()
def spare() -> None:
    """Prepare a box that belongs to no store yet, and see what it was prepared for."""


@spare_app.command("prepare")
def prepare_spare(
    hq: Annotated[str | None, typer.Option("--hq", metavar="URL", help="Headquarters; default: the settings'.")] = None,
    root: Annotated[
        str | None, typer.Option(help="Fingerprint of its root key, from headquarters' page; default: the settings'.")
    ] = None,
    stores: Annotated[str, typer.Option(help="S001,S002: the only ones that it may serve; without it any.")] = "",
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have this blank box trust a headquarters, and follow no other from now on. The same again changes it.

    The box may run: it waits in setup mode. Unplug it when this is done, seal it, and write on it what was printed.
    """
    from agent.daemon.clock import SystemClock, SystemEntropy
    from agent.settings import in_force
    from agent.setup.destination import Destination
    from agent.setup.spare import prepare
    from sync.introduction import NONCE_BYTES

    settings = in_force(state)
    url, fingerprint = hq or settings.hq.url, (root or settings.hq.root).lower() or None
    if not url:
        raise Refused("setup.headquarters_unknown")
    destination = Destination(url, "", "", fingerprint)
    chosen = [one.strip() for one in stores.split(",") if one.strip()]
    nonce = SystemEntropy().random_bytes(NONCE_BYTES)
    found = prepare(settings, destination, nonce, SystemClock().now_ms(), chosen)
    if fingerprint is None and not as_json:
        typer.echo("compare the fingerprint with headquarters' page: it was not known before", err=True)
    _show(found.hq_url, found.fingerprint, found.stores, as_json)


@spare_app.command("status")
def spare_status(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Say what this box was prepared for. Exit code 1 when it is no spare, or no more."""
    from agent.settings import in_force
    from agent.setup.spare import load_spare
    from sync.enrol import load_enrolment

    folder = in_force(state).state
    found, enrolment = load_spare(folder), load_enrolment(folder)
    if enrolment is not None:
        raise Refused("spare.has_store", store=enrolment.identity.store)
    if found is None:
        typer.echo("not prepared: it follows whatever headquarters' code it reads first", err=True)
        raise typer.Exit(1)
    _show(found.hq_url, found.fingerprint, found.stores, as_json)


def _show(hq_url: str, fingerprint: str, stores: tuple[str, ...], as_json: bool) -> None:
    from importlib.metadata import version

    if as_json:
        shown = {"hq_url": hq_url, "root": fingerprint, "stores": list(stores), "version": version("storebox")}
        print_json(shown)
        return
    typer.echo(f"SPARE of {hq_url}")
    typer.echo(f"root key {fingerprint}")
    typer.echo(f"stores {', '.join(stores) or 'any'}")
    typer.echo(f"storebox {version('storebox')}")
