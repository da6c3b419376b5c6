"""`storebox setup`: setup mode for those who have a keyboard. The same codes as a scanner reads."""

from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.output import JsonOption, StateOption, print_json, print_rows
from agent.core.errors import Refused, TryLater

setup_app = typer.Typer()


@setup_app.callback()
def setup() -> None:
    """See and steer the setup of a box that has no store yet, while `storebox run` waits in setup mode."""


@setup_app.command("status")
def show_status(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Say where setup stands, and which printers and scanners were found."""
    _show(asked(state, "setup.status"), as_json)


@setup_app.command("invite")
def print_invitation(state: StateOption = None, as_json: JsonOption = False) -> None:
    """Print the invitation again, or the test slips; ends a rest, as the command on the invitation does."""
    from agent.core.codes import command_code
    from agent.core.recognition import SetupCommand

    _show(asked(state, "setup.code", text=command_code(SetupCommand.INVITE)), as_json)


@setup_app.command("network")
def join_network(
    code: Annotated[str, typer.Option(help="The text of a network code: WIFI:… or N1….")],
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Join a network by the text of its code; how far the box comes is printed layer by layer."""
    from agent.core.network_codes import read_network_code

    read_network_code(code)
    _show(asked(state, "setup.code", text=code), as_json)


@setup_app.command("apply", hidden=True)
def apply_requests(state: StateOption = None) -> None:
    """Do what the box asks root for: join a network, set the clock. What storebox-network.service runs."""
    from agent.settings import in_force
    from agent.setup.network import System, serve_requests

    typer.echo(", ".join(serve_requests(in_force(state).state, System())) or "nothing to do")


@setup_app.command("stick")
def take_stick(
    source: Annotated[Path, typer.Argument(help="A stick's partition such as /dev/sdb1, or a folder.")],
    state: StateOption = None,
) -> None:
    """Give a box in setup mode the offline packets of a stick. What storebox-stick@.service runs when one comes."""
    from agent.settings import in_force
    from agent.setup.stick import carry_in
    from agent.upgrade.stick import read_only

    with read_only(source) as folder:
        carried = carry_in(folder, in_force(state).state)
    typer.echo(f"{carried.packets} packets, {carried.records} files of another box, for a box in setup mode")


def asked(state: Any, verb: str, **values: str) -> dict[str, Any]:
    """Have the box in setup mode run a verb; refuses `setup.not_in_setup` when there is none."""
    from agent.daemon.control import ask
    from agent.daemon.lock import is_running
    from agent.settings import in_force

    folder = in_force(state).state
    if not is_running(folder):
        raise Refused("setup.not_in_setup")
    try:
        answer: dict[str, Any] = ask(folder, verb, values)
    except OSError as error:
        raise TryLater("control.no_answer", state=str(folder)) from error
    except Refused as refusal:
        if refusal.code == "control.unknown_verb":
            raise Refused("setup.not_in_setup") from refusal
        raise
    return answer


def _show(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(facts)
        return
    store = f", store {facts['store']}" if facts["store"] else ""
    typer.echo(f"{facts['state']}: box {facts['box']}{store}")
    rows = [{"device": "printer", **one} for one in facts["printers"]]
    rows += [{"device": "scanner", "till": None, "state": "ready", **one} for one in facts["scanners"]]
    rows += [
        {"device": "unusable", "till": None, "state": code, "title": device, "url": device}
        for device, code in facts["unusable"].items()
    ]
    print_rows(
        rows,
        {"device": "device", "till": "till", "title": "name", "state": "state", "url": "address"},
        as_json=False,
    )
