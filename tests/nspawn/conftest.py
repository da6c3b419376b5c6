"""One machine for all tests of the installed box: packages put on, headquarters and devices there, the box enrolled."""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.integration.running import wait_for
from tests.nspawn.bundles import Bundles
from tests.nspawn.machine import BUILT, CannotBoot, Machine, first_boot, roomy_memory, what_is_missing

STATE = "/var/lib/storebox"
PYTHON = "/opt/storebox/current/bin/python"
CATALOGUE = "/opt/storebox/current/share/storebox/config/demo/catalogue.toml"
PLUGGED = "/run/shop/plugged"
PEOPLE = (("01", "李店长", "store_manager"), ("07", "当班", "cashier"))
DEVICES = {
    "printer": ("--pty", f"{PLUGGED}/dev/ttyUSB0", "--paper-log", "/run/shop/paper.jsonl"),
    "scanner": ("--pty", f"{PLUGGED}/dev/ttyACM0"),
}
DROP_IN = "storebox.service.d/devices.conf"
FIND_DEVICES_THERE = f"""[Service]
ExecStart=
ExecStart=/opt/storebox/current/bin/storebox run --dev {PLUGGED}/dev --sys {PLUGGED}/sys
"""


REPORT: list[str] = []
"""What tests measured, shown at the end of a run."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was measured."""
    for line in REPORT:
        terminalreporter.write_line(f"nspawn: {line}")


class Shop:
    """The machine as a shop: what its people do."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.installed_s = 0.0
        self.set_up_s: dict[str, float] = {}

    def counter(self, *words: str) -> dict[str, object]:
        """Do something at the counter; see guest/counter.py."""
        found: dict[str, object] = self.machine.json(PYTHON, "/opt/guest/counter.py", *words)
        return found

    def paper(self) -> list[str]:
        """Return all that was printed, line by line, codes too."""
        text = self.machine.run("sh", "-c", "cat /run/shop/paper.jsonl 2>/dev/null || true")
        marks = (json.loads(line) for line in text.splitlines())
        return [str(mark.get("text") or mark.get("data") or "") for mark in marks]

    def printed(self, text: str) -> str:
        """Wait for a line that holds a text, and return the newest."""
        return str(wait_for(lambda: [line for line in self.paper() if text in line], 30)[-1])

    def plug_devices_in(self) -> None:
        """Start the emulated devices; their lines are there when this returns."""
        self.machine.run("install", "-d", "-o", "storebox", "-g", "storebox", "/run/shop")
        self.machine.run(PYTHON, "/opt/guest/plug.py", PLUGGED)
        self.machine.run("chown", "-R", "storebox:storebox", PLUGGED)
        for name, options in DEVICES.items():
            self.machine.run(
                *("systemd-run", "--quiet", f"--unit=sim-{name}", "--uid=storebox", "--gid=storebox", PYTHON),
                *("-c", "from agent.cli import main; main()", "sim", name, *options),
                *("--control", f"/run/shop/{name}.sock"),
            )
        for name in DEVICES:
            self.machine.run("sh", "-c", f"until [ -S /run/shop/{name}.sock ]; do sleep 0.1; done", timeout_s=30)


def installed(shop: Shop) -> None:
    """Put both packages on, as a technician does without network."""
    machine = shop.machine
    for package in sorted(BUILT.glob("*.deb")):
        target = machine.root / "root" / package.name
        target.write_bytes(package.read_bytes())
        began_s = time.monotonic()
        machine.run("dpkg", "--install", f"/root/{package.name}")
        if not package.name.startswith("storebox-hq"):
            shop.installed_s = time.monotonic() - began_s
        target.unlink()


def set_up(shop: Shop) -> None:
    """The technician's three inputs: power, the enrolment code, the test slip. Nothing is typed on the box."""
    machine = shop.machine
    machine.run("storebox-hq", "store", "add", "S001")
    asked = ("store", "token", "S001", "--host", "127.0.0.1:8090", "--plain", "--json")
    code = machine.json("storebox-hq", *asked)["code"]
    machine.run("install", "-o", "storebox", CATALOGUE, STATE)
    began_s = time.monotonic()
    machine.run("systemctl", "restart", "storebox.service")
    shop.printed("等待开通")
    shop.set_up_s["invited"] = time.monotonic() - began_s
    shop.counter("scan", code)
    slip_code = wait_for(lambda: [line for line in shop.paper() if line.startswith("T1") and len(line) == 18], 30)[-1]
    shop.set_up_s["tested"] = time.monotonic() - began_s
    shop.counter("scan", slip_code)
    shop.printed("可以收银了")
    shop.set_up_s["trading"] = time.monotonic() - began_s
    # The slip is out a moment before the box answers those who have a keyboard.
    wait_for(lambda: machine.run("storebox", "staff", "list", "--json", check=False), 30)


def skip(why: str) -> NoReturn:
    """Skip what needs a booted root; why stands once more at the end of the run, alone."""
    REPORT.append(f"SKIPPED, nothing was booted: {why}")
    pytest.skip(why)


@pytest.fixture(scope="session")
def bundles(shop: Shop) -> Bundles:
    """Releases to change to; before the first upgrade the machine holds the package's only."""
    return Bundles(shop.machine)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop that trades."""
    missing = what_is_missing()
    if missing is not None:
        skip(missing)
    memory = roomy_memory()
    disk = tmp_path_factory.mktemp("nspawn")
    try:
        machine = first_boot(disk if memory is None else Path(tempfile.mkdtemp("-nspawn", dir=memory)), disk)
    except CannotBoot as error:
        skip(str(error))
    try:
        made = Shop(machine)
        installed(made)
        made.plug_devices_in()
        drop_in = machine.root / "etc/systemd/system" / DROP_IN
        drop_in.parent.mkdir()
        drop_in.write_text(FIND_DEVICES_THERE, encoding="utf-8")
        machine.run("systemctl", "daemon-reload")
        set_up(made)
        for number, name, role in PEOPLE:
            machine.run("storebox", "staff", "add", number, name, "--role", role, STOREBOX_PIN="246810")
        made.counter("open")
        yield made
    finally:
        machine.close()
