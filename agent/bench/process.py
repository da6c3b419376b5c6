"""`storebox run` as a child of the benchmark, and what the kernel says about it."""

import os
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from agent.demo.child import die_with
from agent.replay.surroundings import program

END_TIMEOUT_S = 15.0
FOREIGN = ("STOREBOX_CONFIG", "STOREBOX_STATE", "STATE_DIRECTORY", "LISTEN_FDS", "NOTIFY_SOCKET", "WATCHDOG_USEC")
"""Variables of a unit or a shop's machine, which a benchmark's box must not follow."""
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_KIB = 1024


class Agent:
    """One start of a box; `ready_s` is the time from its start until it says that it answers."""

    def __init__(self, state: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        began_s = time.monotonic()
        self._child = subprocess.Popen(
            [program("storebox"), "run", "--state", str(state)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
            preexec_fn=partial(die_with, os.getpid()),
        )
        line = (self._child.stdout.readline() if self._child.stdout else "").strip()
        self.ready_s = time.monotonic() - began_s
        self.url = line.rpartition(" ")[2]
        if not self.url.startswith("http"):
            self._end()
            raise RuntimeError(f"storebox run did not start: {line!r}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def memory_bytes(self) -> tuple[int, int]:
        """Return resident and proportional memory."""
        return memory_bytes(self._child.pid)

    def cpu_s(self) -> float:
        """Return the processor time that it has used."""
        fields = Path(f"/proc/{self._child.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    def _end(self) -> None:
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


def memory_bytes(process: int) -> tuple[int, int]:
    """Return resident and proportional memory of a process."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    sizes = {line.split(":")[0]: int(line.split()[1]) * _KIB for line in text.splitlines()[1:]}
    return sizes["Rss"], sizes["Pss"]


def bare_start_s() -> float:
    """Return how long this machine needs to start and end an interpreter that does nothing."""
    began_s = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.monotonic() - began_s


def bare_memory_bytes() -> tuple[int, int]:
    """Return the memory of an interpreter that only waits."""
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with child:
        if child.stdout is not None:
            child.stdout.readline()
        return memory_bytes(child.pid)


def free_port() -> int:
    """Return a port of this machine that nobody listens at just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
