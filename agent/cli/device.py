"""`storebox device`: which devices are set up, and what is plugged in."""

from typing import Any

import typer

from agent.cli.boxes import tell
from agent.cli.output import JsonOption, StateOption, print_json, print_rows
from agent.settings import Settings, in_force

device_app = typer.Typer()


@device_app.callback()
def device() -> None:
    """Show printers and scanners."""


@device_app.command("list")
def list_devices(state: StateOption = None, as_json: JsonOption = False) -> None:
    """List the devices of the tills with their state, then what is plugged in and could be one."""
    settings = in_force(state)
    rows, found = _set_up(settings), _plugged_in()
    if as_json:
        print_json({"rows": rows, "found": found})
        return
    print_rows(rows, {"till": "till", "device": "device", "state": "state", "url": "address"}, as_json=False)
    if found:
        typer.echo()
        print_rows(found, {"suggestion": "probably", "product": "product", "url": "address"}, as_json=False)


def _set_up(settings: Settings) -> list[dict[str, Any]]:
    states = states_of(settings)
    rows = []
    for till in settings.tills:
        for kind, name, url in (
            ("printer", f"receipt{till.till}", till.printer),
            ("scanner", f"scanner{till.till}", till.scanner),
        ):
            if url:
                rows.append({"till": till.till, "device": kind, "state": states.get(name, "unknown"), "url": url})
    return rows


def states_of(settings: Settings) -> dict[str, str]:
    """Return the state of each device by name, as the running box sees it; nothing when no box runs."""
    from agent.daemon.lock import is_running

    if not is_running(settings.state):
        return {}
    lamps = tell(settings.state, "status")["lamps"]
    return {name: state for kind in ("printer", "scanner") for name, state in lamps[kind].get("devices", {}).items()}


def _plugged_in() -> list[dict[str, Any]]:
    from drivers.discovery import serial_candidates, usb_printers

    lines = [
        {
            "suggestion": one.suggestion or "unknown",
            "product": f"{one.manufacturer} {one.product}".strip() or one.device,
            "url": f"serial:{one.url_path}",
        }
        for one in serial_candidates()
    ]
    return lines + [{"suggestion": "printer", "product": path, "url": f"file:{path}"} for path in usb_printers()]
