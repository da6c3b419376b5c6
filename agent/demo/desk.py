"""The desk as the box's pages see it: lines to the demo's parent, the printers' paper logs and pictures."""

import json
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

from agent.core.errors import Refused, TryLater
from agent.daemon.sockets import connected_unix
from agent.demo import reading
from agent.demo.folder import OFFICE_PASSWORD, OFFICE_PEOPLE, PEOPLE, PRINTERS, DemoFolder, DemoPrinter

ANSWER_WITHIN_S = 5.0
LINES_KEPT = 2000
PICTURES_SHOWN = 12
LATE_MS = 3000
SETTLED_NS = 50_000_000
"""A folder's time moves in steps of some milliseconds: two changes may share one."""
WORDS = {
    "network": ("network on", "network off"),
    "power": ("state", "power"),
    "scanner": ("scanner plug", "scanner unplug"),
    "printer": ("plug", "unplug"),
    "printer_power": ("power on", "power off"),
    "cover": ("cover closed", "cover open"),
    "cutter": ("jam off", "jam"),
    "flow": ("xoff off", "xoff"),
}
"""What turns each switch on, and off."""

_CLEAR = ("silence off", "garbage off", "late 0")
CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "paper": {"ok": ("paper ok",), "low": ("paper low",), "out": ("paper out",)},
    "drawer": {"none": ("drawer none",), "closed": ("drawer closed",), "open": ("drawer open",)},
    "answers": {
        "clear": _CLEAR,
        "silence": (*_CLEAR, "silence"),
        "garbage": (*_CLEAR, "garbage"),
        "late": (*_CLEAR, f"late {LATE_MS}"),
    },
}
"""What each choice is said by."""


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


class Pictures:
    """The newest pictures of a printer's paper: finished slips, and what hangs out of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen_ns = -1
        self._shown: list[dict[str, Any]] = []

    def newest(self) -> list[dict[str, Any]]:
        """Return `{n, version, open}` of the newest pictures, oldest first; `version` changes with what is on it."""
        try:
            changed_ns = self._folder.stat().st_mtime_ns
        except FileNotFoundError:  # nothing was printed yet
            return []
        if changed_ns != self._seen_ns:
            settled = time.time_ns() - changed_ns > SETTLED_NS
            self._shown = self._look()
            self._seen_ns = changed_ns if settled else -1
        return self._shown

    def picture(self, n: int) -> bytes | None:
        """Return a picture by its number, None when there is none."""
        for path in (self._folder / f"slip-{n:06}.png", self._folder / f"open-{n:06}.png"):
            try:
                return path.read_bytes()
            except FileNotFoundError:  # not cut yet, or never printed
                continue
        return None

    def _look(self) -> list[dict[str, Any]]:
        finished = {int(path.stem[5:]): path for path in self._folder.glob("slip-*.png")}
        hanging = {int(path.stem[5:]): path for path in self._folder.glob("open-*.png")}
        found = hanging | finished
        newest = sorted(found)[-PICTURES_SHOWN:]
        return [{"n": n, "version": _version(found[n]), "open": n not in finished} for n in newest]


def _version(path: Path) -> str:
    try:
        return str(path.stat().st_mtime_ns)
    except FileNotFoundError:  # it was cut this very moment
        return "0"


class DeskClient:
    """Implements `agent.web.desk.DeskPort` for the box of a demo."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        folder = DemoFolder(socket.parent.parent)
        self._printers = {printer.name: printer for printer in PRINTERS}
        self._logs = {printer.name: PaperLog(folder.paper(printer)) for printer in PRINTERS}
        self._pictures = {printer.name: Pictures(folder.slips(printer)) for printer in PRINTERS}

    def paper(self, place: str, after: int) -> list[dict[str, Any]]:
        """Return a paper log's lines after the given number."""
        return self._logs[self._at(place).name].after(after)

    def picture(self, place: str, n: int) -> bytes | None:
        """Return a picture of a printer's paper by its number; None when there is none."""
        return self._pictures[self._at(place).name].picture(n)

    def scan(self, place: str, text: str) -> None:
        """Let the emulated scanner read a code; refuses with `desk.refused` when its cable is out."""
        self._say(place, f"scan {' '.join(text.splitlines())}")

    def phones(self) -> list[dict[str, Any]]:
        """Return the customers who have telephones, `{customer, name, name_en, page}`."""
        found: list[dict[str, Any]] = json.loads(self._say("", "phones"))
        return found

    def show_phone(self, place: str, customer: str, platform: str) -> None:
        """Hold a customer's fresh payment code before the scanner; refuses with `desk.refused` without one."""
        self._say(place, f"phone {customer} {platform}")

    def show_proof(self, place: str, address: str) -> None:
        """Hold the proof that a customer's phone shows at an address before the scanner; `desk.refused` without one."""
        self._say(place, f"proof {address}")

    def next_morning(self) -> None:
        """Let the shop close and the next morning come, in the background; refuses while one is under way."""
        self._say("", "morning")

    def plant(self, what: str) -> dict[str, Any]:
        """Let tomorrow's bill differ, by a `refund` in the portal or a `payment` to a printed code; `desk.refused`."""
        planted: dict[str, Any] = json.loads(self._say("", f"plant {what}"))
        return planted

    def read(self, data: bytes) -> str:
        """Return the code in a picture; refusals are those of `reading.read_code`."""
        return reading.read_code(data)

    def switch(self, place: str, name: str, on: bool) -> None:
        """Turn a switch on or off; `power` off kills this very process."""
        self._say(place, WORDS[name][0 if on else 1])

    def choose(self, place: str, name: str, to: str) -> None:
        """Choose a condition of the printer, or of the drawer at it."""
        for word in CHOICES[name][to]:
            self._say(place, word)

    def state(self, place: str) -> dict[str, Any]:
        """Return each switch, the papers, and who may log in, with PINs."""
        found: dict[str, Any] = json.loads(self._say(place, "state"))
        people = [{"staff": one.staff, "name": one.name, "role": one.role, "pin": one.pin} for one in PEOPLE]
        places = [_as_data(printer) for printer in PRINTERS]
        papers = {name: pictures.newest() for name, pictures in self._pictures.items()}
        shown = {name: value for name, value in found.items() if name != "detail"}
        office = {"office": [{"name": name, "password": OFFICE_PASSWORD} for name, _, _ in OFFICE_PEOPLE]}
        return {**shown, **office, "people": people, "places": places, "papers": papers, "reads": reading.can_read()}

    def _at(self, place: str) -> DemoPrinter:
        printer = self._printers.get(place or PRINTERS[0].name)
        if printer is None:
            raise Refused("request.not_found")
        return printer

    def _say(self, place: str, line: str) -> str:
        line = f"{self._at(place).name} {line}"
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


def _as_data(printer: DemoPrinter) -> dict[str, Any]:
    return {
        "place": printer.name,
        "name": printer.label,
        "name_en": printer.label_en,
        "width_mm": printer.width_mm,
        "till": printer.till,
    }
