"""The floor of the way from scan to paper: a byte through two pseudo-terminals, one flush of the disk in between."""

import os
import threading
import time
import tty
from types import TracebackType
from typing import Self

from agent.bench.disk import DiskFloor

SCAN = b"X1CASH\r"


class Relay:
    """A thread that reads one pty, writes and flushes what a sale would, and answers on another pty: nothing else."""

    def __init__(self, disk: DiskFloor) -> None:
        self._disk = disk
        self._scanner, self._heard = os.openpty()
        self._paper, self._said = os.openpty()
        for descriptor in (self._heard, self._said):
            tty.setraw(descriptor)
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._scanner)  # hangs up, which ends the thread
        self._thread.join(5)
        for descriptor in (self._heard, self._said, self._paper):
            os.close(descriptor)

    def seconds(self) -> float:
        """Send one scan through; return how long the first byte took."""
        began_s = time.monotonic()
        os.write(self._scanner, SCAN)
        os.read(self._paper, 64)
        return time.monotonic() - began_s

    def _run(self) -> None:
        while self._hears():
            self._disk.write()
            os.write(self._said, b"\x1b@")

    def _hears(self) -> bool:
        try:
            return bool(os.read(self._heard, 64))
        except OSError:
            return False
