"""Real processes for tests: started, spoken to over HTTP and sockets, and surely gone afterwards."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

WITHIN_S = 20.0
PROGRAM = (sys.executable, "-c", "from agent.cli import main; main()")


def wait_for(what: Callable[[], Any], within_s: float = WITHIN_S) -> Any:
    """Return the first true value of `what`; fails when there is none in time."""
    ends_at_s = time.monotonic() + within_s
    while time.monotonic() < ends_at_s:
        value = what()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {within_s} s")


def storebox(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `storebox` to its end."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "STOREBOX_LANGUAGE": "en", **(environment or {})},
        timeout=60,
        check=False,
    )


class Running:
    """`storebox …` as a child; standard output is read line by line."""

    def __init__(self, *arguments: str, program: tuple[str, ...] = PROGRAM, **settings: Any) -> None:
        self.process = subprocess.Popen(
            [*program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **settings
        )

    def line(self) -> str:
        """Return the next line; fails with what was said on standard error when it ended instead."""
        assert self.process.stdout is not None and self.process.stderr is not None
        text = self.process.stdout.readline()
        if not text:
            raise AssertionError(f"ended {self.process.wait()}: {self.process.stderr.read()}")
        return text.strip()

    def end(self, number: int = signal.SIGTERM, within_s: float = WITHIN_S) -> int:
        """Send a signal, wait for the end and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(within_s)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            for stream in (self.process.stdout, self.process.stderr):
                assert stream is not None
                stream.close()


def processes_naming(text: str) -> list[int]:
    """Return the numbers of living processes whose command line holds a text, our own left out."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if text in command and int(path.parent.name) != os.getpid():
            found.append(int(path.parent.name))
    return found


def line_to(path: Path, text: str) -> str:
    """Send a line to a unix socket and return the line that it answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(WITHIN_S)
        connection.connect(str(path))
        connection.sendall(f"{text}\n".encode())
        return connection.makefile(encoding="utf-8").readline().strip()


class TillPage:
    """A cashier's page: session cookie, CSRF token, idempotency keys."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._csrf = ""
        self._session = requests.Session()
        self._session.trust_env = False

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a change and return its answer; fails on an error."""
        headers = {
            "Origin": self.url,
            "X-Storebox-CSRF": self._csrf,
            "Idempotency-Key": os.urandom(8).hex(),
            "Connection": "close",
        }
        answer = self._session.post(f"{self.url}/api/v1{path}", json=body, headers=headers, timeout=WITHIN_S)
        assert answer.ok, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def log_in(self, staff: str, pin: str, till: str = "1") -> None:
        """Begin a session."""
        self._csrf = self.post("/session", {"staff": staff, "pin": pin, "till": till})["csrf"]

    def get(self, path: str) -> dict[str, Any]:
        """Return what is at a path."""
        answer = self._session.get(self.url + path, headers={"Connection": "close"}, timeout=WITHIN_S)
        assert answer.ok, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def state(self) -> dict[str, Any]:
        """Return the till's state."""
        return self.get("/api/v1/state")
