"""A market as processes: platforms, a box, headquarters. Each may be killed; whoever holds its socket lives on.

As under systemd the listening sockets belong to the parent, so that a dead process refuses nobody: callers wait.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

READY_WITHIN_S = 60.0
END_WITHIN_S = 20.0
PLATFORMS = ("wechat", "alipay")
STOREBOX = "agent.cli:main"
STOREBOX_HQ = "sync.hq.cli:main"


class Process:
    """A program of ours that is started again as often as one likes; dies with the test."""

    def __init__(self, target: str, arguments: Sequence[str], log: Path, listener: socket.socket | None = None) -> None:
        """`target` is `module:function` of an entry point; with `listener` it serves on a socket that is ours."""
        self._command = [sys.executable, "-m", "agent.demo.child", str(os.getpid())]
        self._command += ["-" if listener is None else str(listener.fileno()), target, *arguments]
        self._listener = listener
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        self.lives = 0

    def start(self) -> str:
        """Start it, and return the line that it says once it is ready."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                pass_fds=() if self._listener is None else (self._listener.fileno(),),
            )
        self.lives += 1
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line, f"{self._command[-1]} did not begin: {self._log.read_text(errors='replace')[-3000:]}"
        return line

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it properly."""
        self._end(signal.SIGTERM)

    def close(self) -> None:
        """Let the socket go."""
        if self._listener is not None:
            self._listener.close()

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(END_WITHIN_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()


class Market:
    """The platforms, and the folder in which everything else of a test lies."""

    def __init__(self, folder: Path, hurry: int, seed: int) -> None:
        self.folder = folder
        self.hurry = hurry
        self.logs = folder / "log"
        self.logs.mkdir(parents=True)
        self.platforms = self.process(
            "platforms",
            STOREBOX,
            *("storebox", "sim", "platform", "--state", str(self.platform_state), "--port", "0"),
            *("--hurry", str(hurry), "--seed", str(seed)),
        )
        self._processes = [self.platforms]
        self.platform_url = self.platforms.start().split()[-1]

    @property
    def platform_state(self) -> Path:
        """The platforms' own folder: their books are what is believed."""
        return self.folder / "platforms"

    def process(self, name: str, target: str, *arguments: str, listener: socket.socket | None = None) -> Process:
        """Return a process of this market that is not started yet; it ends with the market."""
        made = Process(target, arguments, self.logs / f"{name}.log", listener)
        if name != "platforms":
            self._processes.append(made)
        return made

    def write_merchants(self, folder: Path) -> None:
        """Write the files of the platforms' merchants, as a box or headquarters hold them."""
        for name in PLATFORMS:
            text = (self.platform_state / "merchants" / f"{name}.json").read_text(encoding="utf-8")
            (folder / f"{name}.json").write_text(text, encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._processes):
            process.stop()
            process.close()
