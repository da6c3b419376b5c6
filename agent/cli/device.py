"""`storebox device`: which devices are set up, what is plugged in, and whether it works."""

from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.boxes import tell
from agent.cli.finding import DevOption, SysOption, found_rows, show_found
from agent.cli.output import JsonOption, StateOption, found_wrong, print_json, print_rows
from agent.settings import Settings, in_force

device_app = typer.Typer()


@device_app.callback()
def device() -> None:
    """Find printers and scanners, ask them who they are, try them, and watch them come and go."""


@device_app.command("list")
def list_devices(
    state: StateOption = None,
    network: Annotated[
        str, typer.Option(metavar="NETWORK", help="Also ask who takes a connection on port 9100: 192.168.1.0/24.")
    ] = "",
    dev: DevOption = Path("/dev"),
    sys: SysOption = Path("/sys"),
    as_json: JsonOption = False,
) -> None:
    """List the devices of the tills with their state, then what is plugged in, with the line for the settings.

    Networks are looked through only when they are named, at most 1024 private addresses of one.
    """
    settings = in_force(state)
    rows, found = _set_up(settings), found_rows(settings, dev, sys, network)
    if as_json:
        print_json({"rows": rows, "found": found})
        return
    print_rows(
        rows, {"till": "till", "device": "device", "name": "name", "state": "state", "url": "address"}, as_json=False
    )
    show_found(found)


@device_app.command("identify")
def identify_printer(
    url: Annotated[str, typer.Argument(metavar="URL", help="serial:/dev/… (every usual speed is tried), usb:…, tcp:…")],
    state: StateOption = None,
    dev: DevOption = Path("/dev"),
    sys: SysOption = Path("/sys"),
    as_json: JsonOption = False,
) -> None:
    """Ask an idle printer who it is and what it can do, and propose a profile.

    Takes a few seconds and prints nothing on a printer that knows the questions; others may print a few characters.
    """
    from agent.cli.examining import identify, show_identity

    row = identify(in_force(state), url, dev, sys)
    if as_json:
        print_json(row)
    else:
        show_identity(row)


@device_app.command("test")
def test_printer(
    target: Annotated[
        str, typer.Argument(metavar="TILL|NAME|URL", help="A till (1), a printer (receipt1), an address.")
    ],
    profile: Annotated[str, typer.Option(metavar="MODEL", help="A file of config/devices/, for an address.")] = "pos80",
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the self-test slip and say what the printer said, also while the box trades."""
    from agent.cli.self_testing import run_test, show_test

    result = run_test(in_force(state), target, profile)
    if as_json:
        print_json(result)
    else:
        show_test(result)
    if not result["good"]:
        found_wrong()


@device_app.command("watch")
def watch_devices(
    state: StateOption = None,
    seconds: Annotated[float, typer.Option("--for", metavar="SECONDS", min=0, help="End by itself; 0: at Ctrl-C.")] = 0,
    dev: DevOption = Path("/dev"),
    sys: SysOption = Path("/sys"),
    as_json: JsonOption = False,
) -> None:
    """Show what is plugged in and out, and how the box's devices change, as it happens.

    With --json each happening is one JSON object on a line of its own.
    """
    from agent.cli.watching import watch_and_tell

    watch_and_tell(in_force(state), dev, sys, seconds, as_json=as_json)


def _set_up(settings: Settings) -> list[dict[str, Any]]:
    from agent.daemon.named_devices import named_devices

    states = states_of(settings)
    return [
        {
            "till": one.till,
            "device": one.kind,
            "name": one.name,
            "state": states.get(one.name, "unknown"),
            "url": one.url,
        }
        for one in named_devices(settings)
    ]


def states_of(settings: Settings) -> dict[str, str]:
    """Return the state of each device by name, as the running box sees it; nothing when no box runs."""
    from agent.daemon.lock import is_running

    if not is_running(settings.state):
        return {}
    lamps = tell(settings.state, "status")["lamps"]
    return {name: state for lamp in lamps.values() for name, state in lamp.get("devices", {}).items()}
