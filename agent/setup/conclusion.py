"""The end of setup: tills bound, the report kept and sent."""

import logging
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from agent.core.errors import StoreboxError
from agent.core.ports import Clock
from agent.setup.bindings import save_bindings
from agent.setup.devices import SetupDevices
from agent.setup.proving import Proving
from agent.setup.reporting import save_report, send_kept_report, unsent_report
from sync.enrol import Enrolment

_log = logging.getLogger("storebox.setup")


def write(state: Path, enrolment: Enrolment, proving: Proving, devices: SetupDevices, clock: Clock) -> dict[str, Any]:
    """Write the tills' devices and the report, and return the report."""
    save_bindings(state, proving.bindings(devices.printers, devices.scanners))
    bound = proving.bound
    report: dict[str, Any] = {
        "at_ms": clock.now_ms(),
        "epoch": enrolment.identity.epoch,
        "printers": [
            {
                "till": one.till,
                "url": one.url,
                "profile": one.profile,
                "title": one.title,
                "maker": one.device.identity().maker,
                "model": one.device.identity().model,
                "serial": one.device.identity().serial,
                "font": one.device.identity().font,
            }
            for one in devices.printers
        ],
        "scanners": [{"name": one.name, "url": one.url, "title": one.title} for one in devices.scanners],
        "tills": {till: {"printer": one.slip.printer.url, "scanner": one.scanner.url} for till, one in bound.items()},
        "print_ms": {till: one.slip.print_ms for till, one in bound.items()},
        "scan_ms": {till: one.scan_ms for till, one in bound.items()},
        "versions": {
            "storebox": version("storebox"),
            "python": platform.python_version(),
            "kernel": platform.release(),
        },
        "alphabet": proving.alphabet,
    }
    save_report(state, report)
    return report


def sent(state: Path) -> bool:
    """Try to send the report now, and tell whether headquarters has it; else it is sent behind the trading box."""
    try:
        send_kept_report(state)
    except StoreboxError as error:
        _log.warning("the report waits: %s", error)
    return unsent_report(state) is None
