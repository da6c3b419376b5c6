"""A small service manager, as far as a box needs one: what systemd does with our units, in one process that can die.

It holds the listening socket, starts the agent with `NOTIFY_SOCKET` and the socket passed on, waits for `READY=1` as
long as it may take (else kills it), starts whatever dies again, runs the guard before everything when it begins, and
the upgrade program while something is pending or asked for. Its end is a power cut: the kernel kills its children.
`python -m tests.supervised PLACE.json` runs it; `python PATH/supervised.py SOCKET WORD` asks it, and WORD is `restart`,
`replace` (killed, not stopped), `starts` or `start-ms`.
"""

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

RESTART_S = 0.2
STOP_S = 3.0
UPGRADE_EVERY_S = 0.3


def ask(address: str, verb: str) -> str:
    """Send one word to a manager and return what it answers."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        line.connect(address)
        line.sendall(verb.encode())
        return line.recv(200).decode()


class Manager:
    """One box's services."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.root, self.state = Path(told["root"]), Path(told["state"])
        self.told = told
        self.started = 0
        self.agent: subprocess.Popen[bytes] | None = None
        self.ready_by_s: float | None = None
        self.started_at_s = 0.0
        self.start_ms = ""
        self.start_after_s = 0.0
        self.upgrade: subprocess.Popen[bytes] | None = None
        self.upgrade_after_s = 0.0
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", told["port"]))
        self.socket.listen(64)
        Path(told["control"]).unlink(missing_ok=True)
        self.control = socket.socket(socket.AF_UNIX)
        self.control.bind(told["control"])
        self.control.listen(8)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify_name = f"{told['control']}.notify"
        Path(self.notify_name).unlink(missing_ok=True)
        self.notify.bind(self.notify_name)
        self.notify.setblocking(False)

    def run(self) -> None:
        """Begin like a machine that was switched on, and go on until killed."""
        guard = self.root / "upgrade" / "guard.py"
        if guard.exists():
            subprocess.run([sys.executable, "-I", str(guard), str(self.root), "boot"], check=True)
        while True:
            now_s = time.monotonic()
            self._keep_agent(now_s)
            self._keep_upgrade(now_s)
            found, _, _ = select.select([self.control, self.notify], [], [], 0.03)
            if self.notify in found and b"READY=1" in self.notify.recv(4096):
                self.ready_by_s = None
                self.start_ms = str(int((time.monotonic() - self.started_at_s) * 1000))
            if self.control in found:
                self._answer()

    def _keep_agent(self, now_s: float) -> None:
        if self.agent is not None and self.agent.poll() is not None:
            self.agent, self.start_after_s = None, now_s + RESTART_S
        if self.agent is not None and self.ready_by_s is not None and now_s > self.ready_by_s:
            self.agent.kill()
        if self.agent is None and now_s >= self.start_after_s:
            self._start_agent()

    def _start_agent(self) -> None:
        program = Path(os.path.realpath(self.root / "current")) / "bin" / "storebox"
        environment = {
            **os.environ,
            "NOTIFY_SOCKET": self.notify_name,
            "LISTEN_FDS": "1",
            "STOREBOX_STATE": str(self.state),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        listener = self.socket.fileno()

        def child() -> None:
            _die_with_parent()
            os.dup2(listener, 3)

        log = (self.state / "agent.log").open("ab")
        self.started += 1
        self.started_at_s, self.start_ms = time.monotonic(), ""
        self.ready_by_s = self.started_at_s + float(self.told["start_s"])
        self.agent = subprocess.Popen(
            [str(program), "run"], env=environment, preexec_fn=child, pass_fds=(3,) if listener != 3 else (listener,),
            stdout=log, stderr=log,
        )  # fmt: skip
        log.close()
        (self.state / "agent.pid").write_text(str(self.agent.pid))

    def _keep_upgrade(self, now_s: float) -> None:
        if self.upgrade is not None and self.upgrade.poll() is not None:
            self.upgrade, self.upgrade_after_s = None, now_s + UPGRADE_EVERY_S
        wanted = (self.root / "upgrade" / "pending.json").exists() or (self.state / "upgrade/request.json").exists()
        if self.upgrade is None and wanted and now_s >= self.upgrade_after_s:
            command = [sys.executable, "-I", str(self.root / "upgrade" / "guard.py"), str(self.root), "carry-out"]
            environment = {**os.environ, "STOREBOX_STATE": str(self.state), "PYTHONDONTWRITEBYTECODE": "1"}
            with (self.state / "upgrade.log").open("ab") as log:
                self.upgrade = subprocess.Popen(
                    [*command, *self.told["carry_out"]], env=environment, preexec_fn=_die_with_parent,
                    stdout=log, stderr=log,
                )  # fmt: skip
            (self.state / "upgrade.pid").write_text(str(self.upgrade.pid))

    def _answer(self) -> None:
        line, _ = self.control.accept()
        with line:
            verb = line.recv(200).decode()
            if verb in ("restart", "replace") and self.agent is not None:
                self._stop_agent(by_force=verb == "replace")
            line.sendall((self.start_ms if verb == "start-ms" else f"{os.getpid()}-{self.started}").encode())

    def _stop_agent(self, *, by_force: bool) -> None:
        assert self.agent is not None
        self.agent.kill() if by_force else self.agent.terminate()
        try:
            self.agent.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.agent.kill()
            self.agent.wait()
        self.agent, self.start_after_s = None, 0.0
        self._start_agent()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        sys.stdout.write(ask(sys.argv[1], sys.argv[2]))
    else:
        Manager(json.loads(Path(sys.argv[1]).read_text())).run()
