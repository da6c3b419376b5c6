"""Headquarters in several processes on PostgreSQL: one socket, the dead are replaced, all end together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from agent.bench.postgres import Server

PROGRAM = "from sync.hq.cli import main; main()"


def children(pid: int) -> list[int]:
    """A child that a thread started stands below that thread."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(one) for one in (task / "children").read_text().split()]
    return found


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc: Linux only")
def test_a_process_that_dies_is_started_again_and_all_end_together(tmp_path: Path, postgres: Server) -> None:
    url = postgres.fresh_database()
    command = [sys.executable, "-c", PROGRAM, "serve", "--state", str(tmp_path), "--port", "0", "--processes", "2"]
    environment = {**os.environ, "STOREBOX_HQ_DATABASE": url}
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert running.stdout is not None
        address = running.stdout.readline().split()[-1]
        first = wait_for(lambda: set(children(running.pid)), 2)
        assert requests.get(f"{address}/health", timeout=10).json()["status"] == "ok"
        os.kill(min(first), signal.SIGKILL)
        second = wait_for(lambda: set(children(running.pid)) - {min(first)}, 2)
        assert requests.get(f"{address}/health", timeout=10).json()["status"] == "ok"
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
        assert not [pid for pid in first | second if alive(pid)]
    finally:
        running.kill()


def test_sqlite_has_one_writer_and_refuses_several(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, "serve", "--state", str(tmp_path), "--port", "0", "--processes", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.returncode, "hq.processes_need_server" in done.stderr) == (1, True)


def wait_for(look: Callable[[], set[int]], count: int) -> set[int]:
    """Return what a look finds as soon as it is so many."""
    deadline = time.monotonic() + 20
    while len(found := look()) != count:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
