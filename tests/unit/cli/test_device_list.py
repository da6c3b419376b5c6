"""`storebox device list`: addresses that stay right, ready to paste, and who may use what."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from agent.cli import finding
from agent.settings import Settings, Till
from drivers.discovery.access import Runner
from tests.plugged import Plugged
from tests.unit.cli.conftest import Terminal


@pytest.fixture
def plugged(tmp_path: Path) -> Plugged:
    shop = Plugged(tmp_path / "plugged")
    printer = shop.usb("1-1", "04b8", "0e15", serial="E1", maker="EPSON", name="TM-T88V")
    shop.printer(printer, node="lp0", rule="printer-1", device_id=b"MFG:EPSON;MDL:TM-T88V;")
    shop.serial("ttyACM0", shop.usb("1-2", "1eab", "0c06", serial="N1", name='Say "hi" 扫码枪'))
    shop.keyboard("event0", shop.usb("1-3", "046d", "c31c"), "Keyboard")
    return shop


@pytest.fixture(autouse=True)
def stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    """The box's user is not in the group of the device files, whoever runs the tests."""
    monkeypatch.setattr(finding, "box_user", lambda: Runner("storebox", 64001, frozenset({64001})))


def rows(terminal: Terminal, plugged: Plugged) -> list[dict[str, Any]]:
    found = terminal.json("device", "list", "--dev", str(plugged.dev), "--sys", str(plugged.sys))["found"]
    assert isinstance(found, list)
    return found


def test_each_line_can_be_pasted_into_the_settings(terminal: Terminal, plugged: Plugged) -> None:
    printer, scanner, keyboard = rows(terminal, plugged)
    values = tomllib.loads(f'till = "1"\n{printer["line"]}\n{scanner["line"]}\n')
    assert values["printer"] == f"file:{plugged.dev}/storebox/printer-1" and values["profile"] == "tm-t88"
    till = Till.model_validate(values)
    assert till.scanner.startswith(f"serial:{plugged.dev}/serial/by-id/")
    assert keyboard["suggestion"] == "keyboard" and keyboard["line"] == ""


def test_who_may_not_use_a_device_is_told_what_helps(terminal: Terminal, plugged: Plugged) -> None:
    (plugged.dev / "usb/lp0").chmod(0o600)
    (plugged.dev / "ttyACM0").chmod(0o666)
    printer, scanner, _ = rows(terminal, plugged)
    assert printer["access"]["verdict"] == "no_group" and scanner["access"]["allowed"]
    assert "70-storebox.rules" in printer["access"]["remedy"]["en"]
    assert Path(printer["access"]["remedy"]["zh"].split()[1]).is_file()


def test_a_group_is_named_with_the_command_that_joins_it(plugged: Plugged) -> None:
    from drivers.discovery.access import Access, Verdict
    from drivers.discovery.found import Found, Naming

    found = Found("/dev/ttyUSB0", "serial:/dev/ttyUSB0", Naming.NODE)
    seen = Access(Verdict.NOT_IN_GROUP, "root", "dialout", "crw-rw----")
    row = finding._access_row(found, seen, finding.box_user())
    assert row["remedy"]["en"].startswith("usermod -aG dialout storebox")


def test_a_device_of_a_till_is_told_from_a_new_one(plugged: Plugged) -> None:
    tills = (Till(till="1", printer=f"file:{plugged.dev}/usb/lp0", scanner=f"serial:{plugged.dev}/ttyACM0?baud=9600"),)
    used = [finding.used_by(one, Settings(till=tills)) for one in finding.find(plugged.dev, plugged.sys)]
    assert used == ["receipt1", "scanner1", None]
    assert not any(finding.used_by(one, Settings()) for one in finding.find(plugged.dev, plugged.sys))


def test_people_read_the_same(terminal: Terminal, plugged: Plugged) -> None:
    shown = terminal.run("device", "list", "--dev", str(plugged.dev), "--sys", str(plugged.sys))
    assert f'printer = "file:{plugged.dev}/storebox/printer-1"' in shown
    assert "by its port" in shown and "by its serial number" in shown


@pytest.mark.parametrize("network", ["8.8.8.0/24", "10.0.0.0/8", "shop"])
def test_other_peoples_networks_are_left_alone(terminal: Terminal, network: str) -> None:
    terminal.run("device", "list", "--network", network, expected=1)
    assert terminal.error.startswith("discovery.")
