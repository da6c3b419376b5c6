"""The desk as the box's pages see it: one line to the demo's parent a command, and the printer's paper log."""

import json
import threading
from collections import deque
from pathlib import Path
from typing import Any

from agent.core.errors import Refused, TryLater
from agent.daemon.sockets import connected_unix
from agent.demo.folder import PEOPLE, TILLS, DemoFolder

ANSWER_WITHIN_S = 5.0
LINES_KEPT = 2000
WORDS = {
    "network": ("network on", "network off"),
    "paper": ("paper ok", "paper out"),
    "printer": ("printer plug", "printer unplug"),
    "scanner": ("scanner plug", "scanner unplug"),
    "power": ("state", "power"),
}
"""What turns each switch on, and off."""


class PaperLog:
    """Reads a paper log as it grows; the newest lines with their numbers, from 1."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._read_bytes = 0
        self._count = 0
        self._lines: deque[dict[str, Any]] = deque(maxlen=LINES_KEPT)

    def after(self, number: int) -> list[dict[str, Any]]:
        """Return the lines after a number, `{n, at_ms, job, kind, …}`."""
        with self._lock:
            self._follow()
            return [line for line in self._lines if line["n"] > number]

    def _follow(self) -> None:
        try:
            with self._path.open("rb") as file:
                file.seek(self._read_bytes)
                data = file.read()
        except FileNotFoundError:  # nothing was printed yet
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._read_bytes += len(whole)
        for line in whole.splitlines():
            self._count += 1
            self._lines.append({"n": self._count, **json.loads(line)})


class DeskClient:
    """Implements `agent.web.desk.DeskPort` for the box of a demo; the desk stands at the first till."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        folder = DemoFolder(socket.parent.parent)
        self._log = PaperLog(folder.paper(TILLS[0].till))
        self._slips = folder.slips(TILLS[0].till)

    def paper(self, after: int) -> list[dict[str, Any]]:
        """Return the paper log's lines after the given number."""
        return self._log.after(after)

    def slip_png(self, n: int) -> bytes | None:
        """Return the picture of the last slip but `n`, 0 being the last; None when there is none."""
        pictures = sorted(self._slips.glob("slip-*.png"), reverse=True)
        return pictures[n].read_bytes() if 0 <= n < len(pictures) else None

    def scan(self, text: str) -> None:
        """Let the emulated scanner read a code; refuses with `desk.refused` when its cable is out."""
        self._say(f"scan {' '.join(text.splitlines())}")

    def switch(self, name: str, on: bool) -> None:
        """Turn a switch on or off; `power` off kills this very process."""
        self._say(WORDS[name][0 if on else 1])

    def state(self) -> dict[str, Any]:
        """Return `{switch: on}` for each switch, and who may log in, with PINs."""
        found: dict[str, Any] = json.loads(self._say("state"))
        people = [{"staff": one.staff, "name": one.name, "role": one.role, "pin": one.pin} for one in PEOPLE]
        return {**{name: found[name] for name in WORDS}, "people": people}

    def _say(self, line: str) -> str:
        try:
            with connected_unix(self._socket, ANSWER_WITHIN_S) as connection:
                connection.sendall(f"{line}\n".encode())
                with connection.makefile("r", encoding="utf-8") as answers:
                    answer = answers.readline().strip()
        except OSError as error:
            raise TryLater("desk.gone") from error
        if answer.startswith("refused"):
            raise Refused("desk.refused", reason=answer.partition(":")[2].strip()[:120])
        return answer
