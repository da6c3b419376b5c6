"""A headquarters in several processes on PostgreSQL, and the boxes of a chain that all come back to it at once."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.bench.postgres import Server
from agent.core.chain import Identity
from sync.hq.load.boxes import PreparedBox, SimulatedBox
from sync.hq.load.comparison import broken_chains, differences, register
from sync.hq.load.senders import Outcome, Senders
from sync.hq.load.weather import Weather
from sync.hq.office import Office
from sync.serving import listening
from sync.wire import ENTRIES_MAX
from tests.unit.sync.fakes import AT_MS, new_key

PROGRAM = "from sync.hq.cli import main; main()"
PROCESSES = 2
SLOW_S = 0.5
STARTS_WITHIN_S = 60


class Herd:
    """Headquarters as a chain runs it; its socket stays open while it is dead, as systemd's does."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self._folder = folder
        self._database_url = database_url
        self._listener = listening("127.0.0.1", 0)
        self._listener.set_inheritable(True)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.office = Office.open(folder, database_url)
        self._peak_kb = 0
        self._log = (folder / "hq.log").open("a")
        self.start()

    def start(self) -> None:
        """Start headquarters; returns when it answers."""
        number = str(self._listener.fileno())
        command = [sys.executable, "-c", PROGRAM, "serve", "--state", str(self._folder), "--fd", number]
        self._parent = subprocess.Popen(
            [*command, "--processes", str(PROCESSES)],
            pass_fds=[int(number)],
            env={**os.environ, "STOREBOX_HQ_DATABASE": self._database_url},
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self._parent.stdout is not None
        assert self._parent.stdout.readline(), (self._folder / "hq.log").read_text()[-2000:]

    def kill(self) -> None:
        """Take headquarters' power away: the parent first, so that it starts nothing again."""
        self.peak_kb()
        serving = self._serving()
        for pid in (self._parent.pid, *serving):
            os.kill(pid, signal.SIGKILL)
        self._parent.wait(10)
        for pid in serving:
            _wait_for(lambda pid=pid: not Path(f"/proc/{pid}").exists())  # type: ignore[misc]

    def kill_one(self) -> None:
        """Kill one serving process; returns when the parent has started another."""
        self.peak_kb()
        victim = self._serving()[0]
        os.kill(victim, signal.SIGKILL)
        _wait_for(lambda: victim not in (now := self._serving()) and len(now) == PROCESSES)

    def peak_kb(self) -> int:
        """Return the most memory that any serving process ever had resident, those that were killed too."""
        for pid in self._serving():
            status = Path(f"/proc/{pid}/status").read_text()
            self._peak_kb = max(self._peak_kb, int(status.partition("VmHWM:")[2].split()[0]))
        return self._peak_kb

    def register(self, boxes: Sequence[PreparedBox]) -> None:
        """Make boxes known, each with nothing sent."""
        for box in boxes:
            box.rewind()
        with self.office.database.write() as connection:
            register(connection, boxes, AT_MS)

    def differences(self, boxes: Sequence[PreparedBox], read_every: int = 1) -> list[str]:
        """Compare what is held with what was sent, and read the entries of every so many-th box again."""
        with self.office.database.read() as connection:
            return differences(connection, boxes) + broken_chains(connection, boxes[::read_every])

    def close(self) -> None:
        """End everything."""
        self.kill()
        self.office.close()
        self._listener.close()
        self._log.close()

    def _serving(self) -> list[int]:
        """Return the serving processes; a child that a thread started stands below that thread."""
        found: list[int] = []
        for task in Path(f"/proc/{self._parent.pid}/task").iterdir():
            found += [int(one) for one in (task / "children").read_text().split()]
        return found


class Milestones:
    """Does things when so many entries are acknowledged, in a thread beside the senders."""

    def __init__(self, acts: Sequence[tuple[int, Callable[[], object]]]) -> None:
        self._acts = acts
        self._reached = threading.Condition()
        self._count = 0
        self.done = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def advance(self, count: int) -> None:
        """Count acknowledged entries."""
        with self._reached:
            self._count += count
            self._reached.notify_all()

    def join(self) -> None:
        """Wait for the act that is under way; what was not reached is not done."""
        self._thread.join(STARTS_WITHIN_S)

    def _run(self) -> None:
        for at_count, act in self._acts:
            with self._reached:
                self._reached.wait_for(lambda at_count=at_count: self._count >= at_count)  # type: ignore[misc]
            act()
            self.done += 1


def fleet(
    prefix: str,
    count: int,
    entries: int,
    upload_entries: int = ENTRIES_MAX,
    advance: Callable[[int], object] = lambda _count: None,
) -> list[PreparedBox]:
    """Return boxes whose uploads are made."""
    boxes = []
    for number in range(count):
        key = new_key()
        box = SimulatedBox(Identity(f"{prefix}{number:05d}", "B1", 1), key.public_key, key)
        boxes.append(PreparedBox(box, entries, upload_entries))
        advance(entries)
    return boxes


def brought(
    herd: Herd, boxes: Sequence[PreparedBox], entries: int, bad: int, advance: Callable[[int], object], give_up_s: float
) -> Outcome:
    """Let all boxes send at once, in bad weather; every one of their receipts covers exactly what it sent."""
    weather = Weather(bad, SLOW_S)
    return Senders(herd.url, boxes, entries, weather=weather, give_up_s=give_up_s, advance=advance).run()


def restarted(postgres: Server) -> None:
    """Cut the database's power and start it again."""
    postgres.crash()
    postgres.start()


def _wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
