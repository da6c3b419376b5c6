"""A box under a small service manager, with releases to change to, a customer who buys, and a hand that kills."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import requests

from agent.store import views
from agent.store.connection import open_reader
from agent.store.verify import verify
from agent.upgrade import intake, pending
from agent.upgrade.guard import __file__ as guard_file
from agent.upgrade.place import Place
from tests import supervised
from tests.integration.running import Running, TillPage, storebox, wait_for
from tests.releases import Publisher, installed, make_tree

OLD = "1.0.0"
TRADES_WITHIN_S = 20.0
ENDS_WITHIN_S = 90.0
GATE_S, PROBATION_S, START_S = 8.0, 3.0, 10.0
"""The gate is that of a box that starts quickly, and ends before the supervisor gives a start up, as on a real one."""


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Template:
    """A box that was enrolled, opened its shop and got a key for another till; made once and copied."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.publisher = Publisher(folder / "publisher")
        self.state = folder / "state"
        port = free_port()
        done = storebox("enrol", "--alone", "--store", "S001", "--box", "B1", "--state", str(self.state))
        assert done.returncode == 0, done.stderr
        (self.state / "storebox.toml").write_text(f"[web]\nport = {port}\n", encoding="utf-8")
        running = Running("run", "--state", str(self.state))
        try:
            url = running.line().split()[-1]
            named = ("--state", str(self.state))
            person = ("staff", "add", "01", "李店长", "--role", "store_manager", *named)
            assert storebox(*person, environment={"STOREBOX_PIN": "1111"}).returncode == 0
            page = TillPage(url)
            page.log_in("01", "1111")
            page.post("/day/open", {})
            page.post("/shift/open", {"float_fen": 0})
            self.key = storebox("key", "add", "erp", *named).stdout.strip()
        finally:
            running.end()

    def bundle(self, behaviour: str, version: str = "1.1.0", sequence: int = 2, **facts: Any) -> Path:
        """Return the signed bundle of a release that behaves so, made once; newer releases change the schema."""
        target = self.folder / f"{version}-{behaviour.replace(':', '-')}-{len(facts)}-{sequence}.bundle"
        if not target.exists():
            tree = make_tree(self.folder / f"tree-{target.stem}", version, behaviour, newer=True)
            self.publisher.bundle(tree, target, version, sequence, **facts)
        return target


class UpgradedBox:
    """One box of a template: release 1.0.0 in force, everything killable."""

    def __init__(
        self, template: Template, folder: Path, quiet_s: float | None = None, state: Path | None = None
    ) -> None:
        self.template = template
        folder.mkdir(parents=True)
        self.place = Place(folder / "opt", state or folder / "state")
        shutil.copytree(template.state, self.place.state)
        shutil.rmtree(self.place.state / "run", ignore_errors=True)
        self.port = free_port()
        (self.place.state / "storebox.toml").write_text(f"[web]\nport = {self.port}\n", encoding="utf-8")
        tree = make_tree(folder / "tree", OLD, release_keys=template.publisher.key_list)
        installed(self.place.root, tree, OLD, 1)
        self.place.make_folders()
        shutil.copy(guard_file, self.place.own / "guard.py")
        # An address of a unix socket holds 107 bytes, and pytest's folders are deep.
        self.control = f"/tmp/storebox-{os.getpid()}-{id(self):x}.sock"
        command = f"{sys.executable} -I {supervised.__file__} {self.control}"
        times = {"gate-s": GATE_S, "probation-s": PROBATION_S, "every-s": 0.25, "deaf-s": 1.5, "reserve-mb": 1}
        options = [part for name, value in times.items() for part in (f"--{name}", str(value))]
        if quiet_s is not None:
            options += ["--quiet-s", str(quiet_s)]
        told = {
            "root": str(self.place.root),
            "state": str(self.place.state),
            "control": self.control,
            "port": self.port,
            "start_s": START_S,
            "carry_out": [*options, "--supervisor", command],
        }
        self.paper = folder / "manager.json"
        self.paper.write_text(json.dumps(told), encoding="utf-8")
        self.manager: subprocess.Popen[bytes] | None = None
        self.customer = Customer(self)

    def switch_on(self) -> None:
        """Start the manager, as power does."""
        with (self.place.state / "manager.log").open("ab") as log:
            self.manager = subprocess.Popen(
                [sys.executable, str(Path(supervised.__file__)), str(self.paper)], stdout=log, stderr=log
            )

    def kill(self, what: str) -> None:
        """`kill -9` of a part; the manager's death is a power cut, and power comes back at once."""
        if what == "power":
            assert self.manager is not None
            self.manager.kill()
            self.manager.wait()
            self._await_silence()
            self.switch_on()
            return
        try:
            os.kill(int((self.place.state / f"{what}.pid").read_text()), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return  # it does not run at this moment

    def end(self) -> None:
        """Leave no process behind."""
        self.customer.stop()
        if self.manager is not None:
            self.manager.kill()
            self.manager.wait()
            self._await_silence()
        for path in (self.control, f"{self.control}.notify"):
            Path(path).unlink(missing_ok=True)

    def _await_silence(self) -> None:
        """Wait until the kernel has killed what the manager started."""
        for name in ("agent", "upgrade"):
            try:
                number = int((self.place.state / f"{name}.pid").read_text())
            except (FileNotFoundError, ValueError):
                continue
            wait_for(lambda number=number: not _lives(number, str(self.place.root)))

    def take(self, bundle: Path, *, hurry: bool = True) -> None:
        """Bring a bundle as a technician does."""
        intake.taken(self.place, bundle, time.time_ns() // 1_000_000, by_hand=True, hurry=hurry, reserve_bytes=0)

    def await_end(self) -> dict[str, Any]:
        """Wait until nothing is pending and return the last line of the history."""
        wait_for(lambda: pending.load(self.place) is None, ENDS_WITHIN_S)
        return pending.history(self.place)[-1]

    def version_answering(self) -> str | None:
        """Return the version that a good answer of `/health` names."""
        try:
            answer = _session().get(f"http://127.0.0.1:{self.port}/health", timeout=2)
        except requests.RequestException:
            return None
        return str(answer.json()["version"]) if answer.status_code == 200 else None

    def logs(self) -> str:
        """Return what was said, for a failure."""
        found = []
        for name in ("manager", "upgrade", "agent"):
            path = self.place.state / f"{name}.log"
            if path.exists():
                found.append(f"--- {name}\n{path.read_text(errors='replace')[-3000:]}")
        return "\n".join(found)

    def check_good(self, *versions: str) -> str:
        """Assert one good release in force, sales within 20 s, and that no acknowledged sale is missing."""
        running = wait_for(self.version_answering, TRADES_WITHIN_S)
        assert running in versions, f"{running} runs\n{self.logs()}"
        assert self.place.running() == running, self.logs()
        assert pending.load(self.place) is None
        before = self.customer.count()
        wait_for(lambda: self.customer.count() > before, TRADES_WITHIN_S)
        self.customer.stop()
        assert self.customer.fault is None, self.customer.fault
        connection = open_reader(self.place.state / "journal.db")
        try:
            known = {row[0] for row in connection.execute("SELECT reference FROM view_sale")}
        finally:
            connection.close()
        lost = set(self.customer.acknowledged) - known
        assert not lost, f"lost {sorted(lost)}\n{self.logs()}"
        checked = storebox("ledger", "verify", "--state", str(self.place.state))
        if running == OLD:
            report = verify(self.place.state / "journal.db", views)
            assert report.ok, report
            assert checked.returncode == 0, checked.stderr
        return str(running)


class Customer:
    """Buys all the time, by the API of another till; knows which sales were acknowledged and how long it waited."""

    def __init__(self, box: UpgradedBox) -> None:
        self._box = box
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._buy, name="customer", daemon=True)
        self.acknowledged: list[str] = []
        self.longest_s = 0.0
        self.fault: str | None = None
        """A refusal that nothing explains: it ends the buying, and the test."""

    def start(self) -> None:
        """Begin to buy."""
        self._thread.start()

    def count(self) -> int:
        """Return how many sales were acknowledged."""
        return len(self.acknowledged)

    def stop(self) -> None:
        """End after the sale in hand."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _buy(self) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            began_s = time.monotonic()
            while not self._ended.is_set() and not self._sell(f"T-{number}"):
                self._ended.wait(0.05)
            if self.fault is not None:
                return
            self.longest_s = max(self.longest_s, time.monotonic() - began_s)
            self._ended.wait(0.1)

    def _sell(self, reference: str) -> bool:
        """Sell once; the same number and key again after a lost answer."""
        body = {
            "reference": reference,
            "lines": [{"sku": "G1", "name": "馒头", "quantity": 1, "list_fen": 150}],
            "tenders": [{"kind": "cash", "amount_fen": 150}],
        }
        headers = {
            "Authorization": f"Bearer {self._box.template.key}",
            "Idempotency-Key": f"key-{reference}",
            "Connection": "close",
        }
        try:
            answer = _session().post(
                f"http://127.0.0.1:{self._box.port}/api/v1/sales", json=body, headers=headers, timeout=3
            )
        except requests.RequestException:
            return False
        if answer.status_code == 200:
            self.acknowledged.append(reference)
            return True
        if answer.status_code < 500 and answer.status_code != 429:
            self.fault = answer.text
            return True
        return False


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def _lives(number: int, naming: str) -> bool:
    try:
        command = Path(f"/proc/{number}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return False
    return naming in command
