"""One machine for all tests of the installed box: packages put on, headquarters and devices there, the box enrolled."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nspawn.machine import BUILT, CannotBoot, Machine, what_is_missing

STATE = "/var/lib/storebox"
PYTHON = "/opt/storebox/current/bin/python"
CATALOGUE = "/opt/storebox/current/share/storebox/config/demo/catalogue.toml"
PEOPLE = (("01", "李店长", "store_manager"), ("07", "当班", "cashier"))
SETTINGS = """[store]
name = "湘味小馆"
[[till]]
till = "1"
printer = "serial:/run/shop/printer"
profile = "tm-t88"
scanner = "serial:/run/shop/scanner"
"""
DEVICES = {
    "printer": ("--paper-log", "/run/shop/paper.jsonl"),
    "scanner": (),
}


class Shop:
    """The machine as a shop: what its people do."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def counter(self, *words: str) -> dict[str, object]:
        """Do something at the counter; see guest/counter.py."""
        found: dict[str, object] = self.machine.json(PYTHON, "/opt/guest/counter.py", *words)
        return found

    def storebox(self, *words: str) -> str:
        """Run a command as a technician does, who is root."""
        return self.machine.run("storebox", *words)

    def slips(self) -> str:
        """Return all that was printed."""
        text = self.machine.run("cat", "/run/shop/paper.jsonl")
        return "\n".join(str(row.get("text", "")) for row in map(json.loads, text.splitlines()))

    def plug_devices_in(self) -> None:
        """Start the emulated devices; their lines are there when this returns."""
        self.machine.run("install", "-d", "-o", "storebox", "-g", "storebox", "/run/shop")
        for name, options in DEVICES.items():
            self.machine.run(
                *("systemd-run", "--quiet", f"--unit=sim-{name}", "--uid=storebox", "--gid=storebox", PYTHON),
                *("-c", "from agent.cli import main; main()", "sim", name, "--pty", f"/run/shop/{name}"),
                *("--control", f"/run/shop/{name}.sock", *options),
            )
        for name in DEVICES:
            self.machine.run("sh", "-c", f"until [ -S /run/shop/{name}.sock ]; do sleep 0.1; done", timeout_s=30)


def installed(machine: Machine) -> None:
    """Put both packages on, as a technician does without network."""
    for package in sorted(BUILT.glob("*.deb")):
        target = machine.root / "root" / package.name
        target.write_bytes(package.read_bytes())
        machine.run("dpkg", "--install", f"/root/{package.name}")
        target.unlink()


def enrolled(shop: Shop) -> None:
    """Register the store at headquarters, enrol, and let people in."""
    machine = shop.machine
    machine.run("storebox-hq", "store", "add", "S001")
    token = machine.json("storebox-hq", "store", "token", "S001", "--json")["token"]
    machine.run("systemctl", "stop", "storebox.service")
    shop.storebox("enrol", "--hq", "http://127.0.0.1:8090", "--token", token)
    machine.run("install", "-o", "storebox", CATALOGUE, STATE)
    for number, name, role in PEOPLE:
        machine.run("storebox", "staff", "add", number, name, "--role", role, STOREBOX_PIN="246810")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop that trades."""
    missing = what_is_missing()
    if missing is not None:
        pytest.skip(missing)
    folder: Path = tmp_path_factory.mktemp("nspawn")
    machine = Machine(folder)
    try:
        try:
            machine.boot()
        except CannotBoot as error:
            pytest.skip(f"systemd-nspawn can't boot here, as in many containers: {error}")
        installed(machine)
        made = Shop(machine)
        made.plug_devices_in()
        (machine.root / "etc/storebox/storebox.toml").write_text(SETTINGS, encoding="utf-8")
        enrolled(made)
        machine.run("systemctl", "start", "storebox.service")
        made.counter("open")
        yield made
    finally:
        machine.close()
