"""A shop as processes for scenarios: `storebox run`, an emulated printer and an emulated scanner.

The box is started as systemd starts it and may be killed; printer and scanner live on.
"""

import json
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from agent.daemon.box import Box, Outside, enrol_without_headquarters
from agent.daemon.clock import SystemClock, SystemEntropy
from agent.services import staff
from agent.settings import Settings
from tests.integration.running import Running, TillPage, line_to
from tests.surroundings import PrinterProcess

CONFIG = Path(__file__).parents[2] / "config"
PEOPLE = (("01", "李店长", "store_manager"), ("03", "王领班", "shift_lead"), ("07", "当班", "cashier"))
PIN = "246810"
WITHIN_S = 15.0


def make_template(folder: Path) -> Path:
    """Make the state folder of a shop alone, with people and the demo's catalogue; each scenario gets a copy."""
    enrol_without_headquarters(folder, "S001", "B1", SystemClock())
    shutil.copyfile(CONFIG / "demo" / "catalogue.toml", folder / "catalogue.toml")
    outside = Outside(SystemClock(), SystemEntropy(), lambda kind, data: None, {})
    box = Box(Settings(state=folder), outside)
    for number, name, role in PEOPLE:
        staff.add_person(box.shop, number, name, role, PIN)
    box.writer.close()
    box.readers.close()
    return folder


class Refusal(Exception):
    """What the box answered instead of doing it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Stage:
    """One shop on its stage."""

    def __init__(self, folder: Path, template: Path, *printer_options: str) -> None:
        self.state = folder / "state"
        shutil.copytree(template, self.state)
        names = ("printer", "printer.sock", "scanner", "scanner.sock", "paper.jsonl")
        printer, printer_control, scanner, self.scanner_control, paper = (folder / name for name in names)
        self.printer = PrinterProcess(f"serial:{printer}", paper, printer_control)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (self.state / "storebox.toml").write_text(
            f'[store]\nname = "湘味小馆"\n[web]\nport = {port}\n[[till]]\ntill = "1"\n'
            f'printer = "{self.printer.url}"\nprofile = "tm-t88"\nscanner = "serial:{scanner}"\n',
            encoding="utf-8",
        )
        sim = ("sim", "printer", "--pty", str(printer), "--paper-log", str(paper), "--control", str(printer_control))
        self._devices = [
            Running(*sim, *printer_options),
            Running("sim", "scanner", "--pty", str(scanner), "--control", str(self.scanner_control)),
        ]
        self._box: Running | None = None
        self.page = TillPage("")

    def __enter__(self) -> Self:
        self.start()
        for device in self._devices:
            device.line()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._box is not None:
            self._box.end()
        for device in self._devices:
            device.end()

    def start(self) -> None:
        """Start the box; the cashier's session of before goes on."""
        self._box = Running("run", "--state", str(self.state))
        self.page.url = self._box.line().split()[-1]

    def kill(self) -> None:
        """Cut the box's power."""
        assert self._box is not None
        self._box.process.kill()
        self._box.process.wait()
        self._box.end()
        self._box = None

    def log_in(self, number: str) -> None:
        """Log somebody in at the till."""
        self.page.log_in(number, PIN)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a change; raises `Refusal` with the code of the answer."""
        try:
            answer = self.page.post(path, body)
        except AssertionError as error:
            document = json.loads(str(error))
            raise Refusal(document["error"]["code"], str(error)) from error
        if answer.get("action") == "refused":
            raise Refusal(answer["code"], json.dumps(answer, ensure_ascii=False))
        return answer

    def scan(self, text: str) -> None:
        """Have the scanner read a code."""
        assert line_to(self.scanner_control, text) == "ok"

    def look(self) -> dict[str, Any]:
        """Return the till's state."""
        return self.page.state()

    def sales(self) -> list[dict[str, Any]]:
        """Return the sales, newest first."""
        found: Any = self.page.get("/api/v1/sales")
        return list(found)

    def slips(self) -> list[list[str]]:
        """Return the slips that were cut off, in order."""
        return self.printer.slips()[:-1]


def awaited(what: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """Return what `what` gives once it is wanted; after a while whatever it is."""
    ends_s = time.monotonic() + WITHIN_S
    while True:
        try:
            found = what()
        except (requests.ConnectionError, FileNotFoundError):
            found = None
        if wanted(found) or time.monotonic() > ends_s:
            return found
        time.sleep(0.02)
