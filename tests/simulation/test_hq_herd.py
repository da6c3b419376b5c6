"""Every box of a chain comes back at once to a headquarters on PostgreSQL: nothing missing, nothing double."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.bench.postgres import Server
from agent.core.chain import Identity
from sync.hq.load.boxes import SimulatedBox
from sync.hq.load.comparison import differences, register
from sync.hq.load.senders import Outcome, Senders
from sync.hq.load.weather import Weather
from sync.hq.office import Office
from sync.serving import listening
from tests.unit.sync.fakes import AT_MS, new_key

PROGRAM = "from sync.hq.cli import main; main()"
MEMORY_MAX_KB = 400_000


class Herd:
    """Headquarters in two processes, and boxes that it knows."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._database_url = url
        self._listener = listening("127.0.0.1", 0)
        self._listener.set_inheritable(True)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.office = Office.open(folder, url)
        self.processes: list[subprocess.Popen[str]] = []
        self.boxes: list[SimulatedBox] = []

    def start(self) -> None:
        """Start headquarters; its socket was open all the time."""
        number = self._listener.fileno()
        command = [sys.executable, "-c", PROGRAM, "serve", "--state", str(self._folder), "--fd", str(number)]
        environment = {**os.environ, "STOREBOX_HQ_DATABASE": self._database_url}
        self.processes = [
            subprocess.Popen(command, pass_fds=[number], env=environment, stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        for process in self.processes:
            assert process.stdout is not None
            assert process.stdout.readline()

    def kill(self) -> None:
        """Take headquarters' power away."""
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait(10)

    def make(self, count: int) -> None:
        """Make boxes and have headquarters know them."""
        for number in range(count):
            key = new_key()
            self.boxes.append(SimulatedBox(Identity(f"L{number:05d}", "B1", 1), key.public_key, key))
        with self.office.database.write() as connection:
            register(connection, self.boxes, AT_MS)

    def peak_kb(self) -> int:
        """Return the most memory that a serving process ever had."""
        found = []
        for process in self.processes:
            status = Path(f"/proc/{process.pid}/status").read_text()
            found.append(int(status.partition("VmHWM:")[2].split()[0]))
        return max(found)

    def differences(self) -> list[str]:
        """Compare what is held with what was sent."""
        with self.office.database.read() as connection:
            return differences(connection, self.boxes)

    def close(self) -> None:
        """End everything."""
        self.kill()
        self.office.close()
        self._listener.close()


@pytest.fixture
def herd(tmp_path: Path, postgres: Server) -> Iterator[Herd]:
    made = Herd(tmp_path / "hq", postgres.fresh_database())
    made.start()
    yield made
    made.close()


def brought(herd: Herd, entries: int, bad_percent: int) -> Outcome:
    senders = Senders(herd.url, herd.boxes, entries, concurrency=8, weather=Weather(bad_percent, 0.3), give_up_s=900)
    outcome = senders.run()
    assert outcome.lost == []
    return outcome


def test_two_hundred_boxes_come_back_at_once(herd: Herd) -> None:
    herd.make(200)
    outcome = brought(herd, 500, bad_percent=10)
    assert outcome.entries == 100_000
    assert {"connection.cut", "connection.left", "connection.slow"} <= set(outcome.refused)
    assert herd.differences() == []
    assert herd.peak_kb() < MEMORY_MAX_KB


def in_the_middle(herd: Herd, postgres: Server, count: int, waits_s: float) -> list[str]:
    """Kill headquarters, then PostgreSQL, while the boxes send; returns what was done."""
    done = []
    for number in range(count):
        time.sleep(waits_s)
        if number % 2:
            postgres.crash()
            postgres.start()
            done.append("database")
        else:
            herd.kill()
            herd.start()
            done.append("headquarters")
    return done


def trouble(herd: Herd, postgres: Server, boxes: int, entries: int, times: int, waits_s: float) -> None:
    herd.make(boxes)
    done: list[str] = []
    troubles = threading.Thread(target=lambda: done.extend(in_the_middle(herd, postgres, times, waits_s)))
    troubles.start()
    brought(herd, entries, bad_percent=5)
    troubles.join()
    assert done == ["headquarters", "database"] * (times // 2)
    assert herd.differences() == []


def test_headquarters_is_killed_and_its_database_restarted_in_the_middle(herd: Herd, postgres: Server) -> None:
    trouble(herd, postgres, boxes=60, entries=500, times=2, waits_s=0.4)


@pytest.mark.soak
def test_two_thousand_boxes_with_two_thousand_entries(herd: Herd) -> None:
    herd.make(2_000)
    assert brought(herd, 2_000, bad_percent=5).entries == 4_000_000
    assert herd.differences() == []
    assert herd.peak_kb() < MEMORY_MAX_KB


@pytest.mark.soak
def test_two_thousand_boxes_and_everything_fails_in_the_middle(herd: Herd, postgres: Server) -> None:
    trouble(herd, postgres, boxes=2_000, entries=2_000, times=10, waits_s=10)
