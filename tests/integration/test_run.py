"""The box as systemd starts it: sockets, readiness, signs of life, signals, refusals."""

import os
import shutil
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.integration.running import Running, TillPage, line_to, storebox, wait_for

MEMORY_MAX_KB = 110_000


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop without headquarters, on a port that was free a moment ago."""
    folder = tmp_path_factory.mktemp("box")
    done = storebox("enrol", "--alone", "--store", "S007", "--box", "B2", "--state", str(folder))
    assert done.returncode == 0, done.stderr
    (folder / "storebox.toml").write_text(f"[web]\nport = {free_port()}\n", encoding="utf-8")
    return folder


@pytest.fixture
def box(enrolled: Path) -> Iterator[Running]:
    running = Running("run", "--state", str(enrolled))
    yield running
    running.end(signal.SIGKILL)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def resident_kb(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def healthy(url: str) -> bool:
    session = requests.Session()
    session.trust_env = False
    return session.get(f"{url}/health", timeout=10).json()["status"] == "ok"


def url_said_by(running: Running) -> str:
    said = running.line()
    assert said.startswith("storebox ready at http://127.0.0.1:")
    return said.split()[-1]


def test_a_journal_without_an_enrolment_is_damage_and_no_blank_box(enrolled: Path, tmp_path: Path) -> None:
    lost = tmp_path / "lost"
    shutil.copytree(enrolled, lost)
    (lost / "keys" / "enrolment.json").unlink()
    (lost / "journal.db").touch()
    done = storebox("run", "--state", str(lost))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("box.not_enrolled")
    assert "storebox enrol" in done.stderr
    assert not (lost / "setup").exists()


def test_it_serves_until_sigterm_and_tells_who_may_ask(box: Running, enrolled: Path) -> None:
    assert healthy(url_said_by(box))
    control = enrolled / "run" / "agent.sock"
    assert stat.S_IMODE(control.stat().st_mode) == 0o600
    assert '"error"' in line_to(control, '{"verb": "nonsense", "values": {}}')
    assert '"error"' in line_to(control, "no json")
    second = storebox("run", "--state", str(enrolled))
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr.startswith("store.in_use")
    assert box.end(signal.SIGTERM) == 0
    assert not control.exists()


def test_an_address_that_is_taken_is_refused(enrolled: Path) -> None:
    port = int((enrolled / "storebox.toml").read_text(encoding="utf-8").split("=")[1])
    with socket.create_server(("127.0.0.1", port)):
        done = storebox("run", "--state", str(enrolled))
    assert done.returncode == 1
    assert done.stderr.startswith("web.address_taken")


def test_a_socket_of_the_service_manager_is_served_with_signs_of_life(enrolled: Path) -> None:
    """Connections made before the box runs wait in the socket; a killed box leaves it open."""
    name = f"\0storebox-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, socket.create_server(("127.0.0.1", 0)) as passed:
        manager.bind(name)
        manager.settimeout(20)
        url = f"http://127.0.0.1:{passed.getsockname()[1]}"
        environment = {**os.environ, "NOTIFY_SOCKET": f"@{name[1:]}", "WATCHDOG_USEC": "200000"}
        child = (sys.executable, "-m", "agent.demo.child", str(os.getpid()), str(passed.fileno()), "agent.cli:main")
        arguments = ("storebox", "run", "--state", str(enrolled))
        running = Running(*arguments, program=child, pass_fds=(passed.fileno(),), env=environment)
        try:
            assert healthy(url)
            told = [manager.recv(4096) for _ in range(3)]
            assert told[0].startswith(b"READY=1\n")
            assert told[1:] == [b"WATCHDOG=1", b"WATCHDOG=1"]
            assert running.end(signal.SIGINT) == 0
            assert any(b"STOPPING=1" in manager.recv(4096) for _ in range(20))
        finally:
            running.end(signal.SIGKILL)


def test_a_killed_box_leaves_its_folder_to_the_next(box: Running, enrolled: Path) -> None:
    url_said_by(box)
    box.end(signal.SIGKILL)
    again = Running("run", "--state", str(enrolled))
    try:
        assert wait_for(lambda: healthy(url_said_by(again)))
    finally:
        assert again.end(signal.SIGINT) == 0


def test_the_command_line_goes_through_the_box_that_runs(box: Running, enrolled: Path) -> None:
    """Nothing opens a second writer, and what PINs need of memory goes back."""
    url = url_said_by(box)
    state = ("--state", str(enrolled))
    added = storebox(
        "staff", "add", "01", "李店长", "--role", "store_manager", *state, environment={"STOREBOX_PIN": "1111"}
    )
    assert added.returncode == 0, added.stderr
    page = TillPage(url)
    for _ in range(6):
        page.log_in("01", "1111")
    assert resident_kb(box.process.pid) < MEMORY_MAX_KB
    key = storebox("key", "add", "erp", *state).stdout.strip()
    asked = requests.get(f"{url}/api/v1/state", headers={"Authorization": f"Bearer {key}"}, timeout=10)
    assert asked.json()["name"] == "erp"
    assert storebox("ledger", "verify", *state).returncode == 0
    assert storebox("sync", "now", *state).stderr.startswith("sync.no_headquarters")
    refused = storebox("ledger", "rebuild", *state)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("store.in_use")
    assert box.end() == 0
