"""What the agent loads by starting: nothing that only some shops, the demo or a benchmark need."""

import signal
import sys
from pathlib import Path

import pytest

from drivers.emulators.embed import pty_printer, pty_scanner
from tests.integration.running import Running, TillPage, storebox, wait_for
from tests.integration.test_run import free_port

HEAVY = ("escpos", "PIL", "evdev", "usb", "pyudev", "numpy", "zxingcpp", "qrcode", "barcode", "duckdb", "sqlalchemy")
"""Top-level packages; hardware.md §1.2 says what some of them cost."""
GUESTS = ("drivers.emulators", "sync.hq", "sync.simulator", "agent.demo", "agent.bench", "agent.replay")
"""Our own rooms that a shop's box does without."""

TELLING = """
import os, signal, sys
told = sys.argv.pop(1)
def tell(*_):
    with open(told + ".part", "w") as file:
        file.write("\\n".join(sys.modules))
    os.replace(told + ".part", told)
signal.signal(signal.SIGUSR1, tell)
from agent.cli import main
main()
"""
"""`storebox`, which writes down what it has loaded when it gets SIGUSR1."""


@pytest.fixture
def modules(tmp_path: Path) -> set[str]:
    """What is loaded in a box that has its printer and scanner, answered a page, and does nothing."""
    state, told = tmp_path / "state", tmp_path / "modules"
    done = storebox("enrol", "--alone", "--store", "S007", "--box", "B2", "--state", str(state))
    assert done.returncode == 0, done.stderr
    devices = f'printer = "serial:{state / "printer"}"\nprofile = "tm-t88"\nscanner = "serial:{state / "scanner"}"'
    text = f'[web]\nport = {free_port()}\n[[till]]\ntill = "1"\n{devices}\n'
    (state / "storebox.toml").write_text(text, encoding="utf-8")
    with pty_printer(state / "printer"), pty_scanner(state / "scanner"):
        running = Running("run", "--state", str(state), program=(sys.executable, "-c", TELLING, str(told)))
        try:
            url = running.line().split()[-1]
            page = TillPage(url)
            wait_for(lambda: page.get("/health")["status"] == "ok")
            running.process.send_signal(signal.SIGUSR1)
            return set(wait_for(lambda: told.exists() and told.read_text().split("\n")))
        finally:
            running.end()


def test_the_agents_start_loads_nothing_that_nobody_asked_for(modules: set[str]) -> None:
    assert {"agent.daemon.run", "drivers.printer.device", "drivers.transport.serial"} <= modules, "it is the real agent"
    loaded = [name for name in sorted(modules) if name.split(".")[0] in HEAVY]
    assert not loaded, f"loaded at start: {loaded[:10]}"
    guests = [name for name in sorted(modules) for guest in GUESTS if name == guest or name.startswith(f"{guest}.")]
    assert not guests, f"loaded at start: {guests[:10]}"
