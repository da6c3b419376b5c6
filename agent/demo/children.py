"""The demo's child processes: started in a group of their own, logged to a file, ended without a trace."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.core.errors import Broken

END_WITHIN_S = 6.0
LOG_TAIL_BYTES = 2000
_LEADING_ELSEWHERE = frozenset({"STOREBOX_STATE", "STOREBOX_CONFIG", "STATE_DIRECTORY", "STOREBOX_HQ_STATE"})


def _environment() -> dict[str, str]:
    """Return the environment without what would lead a child to another state or settings file."""
    return {name: value for name, value in os.environ.items() if name not in _LEADING_ELSEWHERE}


class Child:
    """One program. `start` again after it ended gives a new process of the same kind."""

    def __init__(
        self,
        name: str,
        target: str,
        arguments: Sequence[str],
        logs: Path,
        *,
        socket_fd: int | None = None,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`target` is `module:function` of an entry point; `arguments` begin with the program's name."""
        self.name = name
        self.log = logs / f"{name}.log"
        self._target = target
        self._arguments = arguments
        self._socket_fd = socket_fd
        self._folder = folder
        self._environment = dict(environment or {})
        self._process: asyncio.subprocess.Process | None = None
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._reader: asyncio.Task[None] | None = None

    @property
    def runs(self) -> bool:
        """Tell whether the process lives."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the process; its standard output can be read by `line`, the rest goes to its log."""
        fd = self._socket_fd
        command = ["-m", "agent.demo.child", str(os.getpid()), "-" if fd is None else str(fd), self._target]
        self._lines = asyncio.Queue()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *command,
                *self._arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                pass_fds=() if fd is None else (fd,),
                cwd=self._folder,
                env={**_environment(), **self._environment},
                process_group=0,
            )
        self._reader = asyncio.create_task(self._read(self._process))

    async def line(self) -> str:
        """Return its next line of standard output; raises `Broken("demo.child_died")` when it ends without one."""
        text = await self._lines.get()
        if text is None:
            raise Broken("demo.child_died", name=self.name, log=str(self.log), said=self.last_words())
        return text

    async def ended(self) -> int:
        """Wait for its end and return its exit code; below 0 it is the signal that killed it."""
        return 0 if self._process is None else await self._process.wait()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._send(signal.SIGKILL)

    async def stop(self) -> None:
        """End it: asked first, then made to."""
        if self._process is None:
            return
        self._send(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), END_WITHIN_S)
        except TimeoutError:
            self.kill()
            await self._process.wait()
        if self._reader is not None:
            await self._reader

    def last_words(self) -> str:
        """Return the end of its log."""
        try:
            data = self.log.read_bytes()
        except OSError:
            return ""
        return data[-LOG_TAIL_BYTES:].decode("utf-8", "replace").strip()

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        output = process.stdout
        while output is not None and (line := await output.readline()):
            self._lines.put_nowait(line.decode("utf-8", "replace").rstrip("\n"))
        self._lines.put_nowait(None)
