"""What stands around the counter in a replay, each a process of its own: headquarters, printer, wallet."""

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from agent.core.errors import Broken

_SET_PARENT_DEATH_SIGNAL = 1
READY_TIMEOUT_S = 30.0


def _die_with_parent() -> None:
    """In the child: end when the parent ends, however it ends (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def program(name: str) -> str:
    """Return the path of one of our console scripts in this environment."""
    return str(Path(sys.executable).parent / name)


class Surroundings:
    """Child processes that end with this one; `with` ends them in the reverse order."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._children: list[subprocess.Popen[str]] = []
        (state / "run").mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> "Surroundings":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in reversed(self._children):
            child.send_signal(signal.SIGTERM)
        for child in reversed(self._children):
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def start(self, name: str, command: Sequence[str]) -> str:
        """Start a process and return the first line that it says, once it is ready."""
        log = (self._state / "run" / f"{name}.log").open("ab")
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            preexec_fn=_die_with_parent,
        )
        log.close()
        self._children.append(child)
        line = (child.stdout.readline() if child.stdout else "").strip()
        if not line:
            raise Broken("replay.surroundings", name=name, log=str(self._state / "run" / f"{name}.log"))
        return line

    def headquarters(self) -> tuple[str, Path]:
        """Start headquarters in `STATE/hq` on a free port; returns its URL and state folder."""
        folder = self._state / "hq"
        folder.mkdir(parents=True, exist_ok=True)
        line = self.start("hq", [program("storebox-hq"), "serve", "--state", str(folder), "--port", "0"])
        return line.split()[-1], folder

    def printer(self) -> str:
        """Start an unpaced printer on a pty that takes the words of `sim printer` at `STATE/run/printer.sock`.

        Returns its URL.
        """
        run = self._state / "run"
        link = run / "printer"
        command = [program("storebox"), "sim", "printer", "--pty", str(link)]
        command += ["--paper-log", str(self._state / "paper.jsonl"), "--control", str(run / "printer.sock")]
        self.start("printer", command)
        return f"serial:{link}"

    def wallet(self) -> str:
        """Start the simulated wallet on a free port; returns its URL."""
        folder = self._state / "wallet"
        folder.mkdir(parents=True, exist_ok=True)
        options = ["--state", str(folder), "--port", "0", "--wallet-only"]
        line = self.start("wallet", [program("storebox"), "sim", "platform", *options])
        return line.split()[-1]


def enrolment_token(hq_state: Path, store: str) -> str:
    """Register a store at a local headquarters and return a one-time enrolment token."""
    base = [program("storebox-hq"), "store"]
    environment = {**os.environ}
    known = subprocess.run(
        [*base, "list", "--state", str(hq_state), "--json"], capture_output=True, text=True, check=True, env=environment
    )
    mode = ["--replace", "--reason", "replayed again"]
    if f'"{store}"' not in known.stdout:
        subprocess.run([*base, "add", store, "--state", str(hq_state)], check=True, capture_output=True)
        mode = []
    done = subprocess.run(
        [*base, "token", store, *mode, "--state", str(hq_state), "--json"], capture_output=True, text=True, check=True
    )
    return str(json.loads(done.stdout)["token"])
