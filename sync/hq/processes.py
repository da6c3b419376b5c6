"""Several serving processes on one listening socket, for headquarters of a chain: the parent only watches.

A process that ends by itself is started again, after a wait that grows when it ends at once. Rates and backlogs are
counted in each process, so a box may be served that many times faster than its limit says.
"""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence

WAIT_MAX_S = 30.0
SOUND_AFTER_S = 10.0
ENDS_WITHIN_S = 15.0


class Processes:
    """Runs `count` processes of one command, each with the listening socket as `--fd`."""

    def __init__(
        self, listener: socket.socket, command: Sequence[str], environment: Mapping[str, str], count: int
    ) -> None:
        self._listener = listener
        self._environment = environment
        self._command = [*command, "--fd", str(listener.fileno())]
        self._count = count
        self._ended = threading.Event()
        self._announced = threading.Event()

    def run(self) -> None:
        """Run until SIGINT or SIGTERM, then end all."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)
        watchers = [threading.Thread(target=self._watch) for _ in range(self._count)]
        for watcher in watchers:
            watcher.start()
        for watcher in watchers:
            watcher.join()

    def _end(self, _number: int, _frame: object) -> None:
        self._ended.set()

    def _watch(self) -> None:
        wait_s = 0.0
        while not self._ended.wait(wait_s):
            began_s = time.monotonic()
            self._run_one()
            lived_s = time.monotonic() - began_s
            wait_s = 0.0 if lived_s > SOUND_AFTER_S else min(WAIT_MAX_S, max(0.5, wait_s * 2))

    def _run_one(self) -> None:
        process = subprocess.Popen(
            self._command,
            env=dict(self._environment),
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[self._listener.fileno()],
            start_new_session=True,
        )
        ready = threading.Thread(target=self._announce, args=(process,), daemon=True)
        ready.start()
        while process.poll() is None:
            if self._ended.wait(0.2):
                self._stop(process)
                return
        if not self._ended.is_set():
            sys.stderr.write(f"storebox-hq: a serving process ended with {process.returncode}, starting it again\n")

    def _announce(self, process: "subprocess.Popen[str]") -> None:
        """Pass the first line on that says where; later ones say the same."""
        for line in process.stdout or ():
            if not self._announced.is_set():
                self._announced.set()
                sys.stdout.write(line)
                sys.stdout.flush()

    def _stop(self, process: "subprocess.Popen[str]") -> None:
        process.terminate()
        try:
            process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
