"""The technician's page, word for word: every command that it shows is typed into the installed box."""

import json
import re
import time
from pathlib import Path

import pytest

from tests.integration.running import wait_for
from tests.nspawn.conftest import STATE, Shop
from tests.nspawn.machine import BUILT, TREE

pytestmark = [pytest.mark.nspawn, pytest.mark.slow]

PAGES = ("technician.md", "technician.zh-CN.md")
DRILL = "storebox drill"
RECORD = f"{STATE}/setup/drill.json"
FAULTS = (("paper", "printer", "paper out", "paper ok"), ("scanner", "scanner", "!unplug", "!plug"))
TELL = """
import socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect(sys.argv[1])
line.sendall(sys.argv[2].encode() + b"\\n")
print(line.makefile().readline().strip())
"""


def commands(page: str) -> list[str]:
    """Return what stands in the page's blocks of commands, line by line."""
    text = (TREE / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_both_pages_show_the_same_commands() -> None:
    chinese, english = (commands(page) for page in reversed(PAGES))
    assert chinese == english and DRILL in english


def test_each_command_of_the_page_is_done_as_it_stands(shop: Shop) -> None:
    machine = shop.machine
    stick = machine.root / "root" / "stick"
    stick.mkdir()
    for package in BUILT.glob("*.deb"):
        if not package.name.startswith("storebox-hq"):
            (stick / package.name).write_bytes(package.read_bytes())
    for command in commands(PAGES[0]):
        if command != DRILL:
            said = machine.run("sh", "-c", f"cd /root/stick && {command}")
            assert said.strip(), f"{command} says nothing"


def test_the_drill_of_the_page_is_walked(shop: Shop) -> None:
    """Each thing that it asks for is done: the line, the power, the paper, the scanner."""
    machine = shop.machine
    machine.run("rm", "-f", RECORD)
    begin_drill(shop)
    until(shop, "wan", "asked")
    machine.run("systemctl", "stop", "storebox-hq.service")
    until(shop, "wan", "broken")
    machine.run("systemctl", "start", "storebox-hq.service")
    until(shop, "power", "asked")
    machine.cut_power()
    machine.boot()
    shop.plug_devices_in()
    wait_for(lambda: machine.facts("storebox.service", "ActiveState") == {"ActiveState": "active"}, 60)
    begin_drill(shop)
    for step, device, fault, mended in FAULTS:
        until(shop, step, "asked")
        tell(shop, device, fault)
        until(shop, step, "broken")
        tell(shop, device, mended)
    wait_for(lambda: record(shop).get("done"), 90)
    found = {one["step"]: (one["state"], one["code"]) for one in record(shop)["steps"]}
    assert {state for state, _ in found.values()} <= {"passed", "left_out"}, found
    assert record(shop)["passed"], found


def begin_drill(shop: Shop) -> None:
    shop.machine.run("systemd-run", "--quiet", "--collect", f"--unit=drill-{time.monotonic_ns()}", "sh", "-c", DRILL)


def record(shop: Shop) -> dict[str, object]:
    path = Path(shop.machine.root, RECORD.lstrip("/"))
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def until(shop: Shop, step: str, state: str) -> None:
    """Wait until a step of the drill has come to a state."""

    def there() -> bool:
        steps = record(shop).get("steps")
        return isinstance(steps, list) and any((one["step"], one["state"]) == (step, state) for one in steps)

    wait_for(there, 90)


def tell(shop: Shop, device: str, words: str) -> None:
    """Do something to an emulated device."""
    said = shop.machine.run("/usr/bin/python3", "-c", TELL, f"/run/shop/{device}.sock", words)
    assert said.strip() == "ok", said
