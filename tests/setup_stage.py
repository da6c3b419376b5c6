"""A blank box as processes: emulated printers and scanners that discovery finds, headquarters, `storebox run`."""

import json
import os
import shutil
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from sync.enrol import enrol
from sync.hq import registry
from sync.hq.commissioning.codes import enrolment_text
from sync.hq.commissioning.offline_packets import make_packet
from sync.hq.commissioning.reports import SelfTestReport, newest_report
from sync.hq.commissioning.tokens import make_token
from sync.hq.office import Office
from sync.session import HttpSession
from tests.integration.running import WITHIN_S, Running, line_to, wait_for
from tests.plugged import Plugged

HQ = (sys.executable, "-c", "from sync.hq.cli import app; app()")


class Bench:
    """What stands on the counter: printers at ttyUSBn, scanners at ttyACMn, both found by discovery."""

    def __init__(self, folder: Path, tills: int = 1, language: str = "zh-CN", png: Path | None = None) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.state.mkdir(parents=True)
        (self.state / "storebox.toml").write_text(f'language = "{language}"\n[web]\nport = 1\n', encoding="utf-8")
        self.plugged = Plugged(folder / "plugged")
        self.plugged.network("enp1s0", "52:54:00:7a:2c:01")
        self._devices: list[Running] = []
        self.box: Running | None = None
        self.url = ""
        for number in range(tills):
            self._plug(number, png if number == 0 else None)

    def __enter__(self) -> Self:
        for device in self._devices:
            device.line()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.box is not None:
            self.box.end()
        for device in self._devices:
            device.end()

    def start(self, port: int) -> None:
        """Power on: `storebox run` on whatever is in the state folder."""
        text = (self.state / "storebox.toml").read_text(encoding="utf-8")
        head, _, _ = text.partition("[web]")
        (self.state / "storebox.toml").write_text(f"{head}[web]\nport = {port}\n", encoding="utf-8")
        environment = {**os.environ, "STOREBOX_LANGUAGE": "en"}
        place = ("--dev", str(self.plugged.dev), "--sys", str(self.plugged.sys))
        self.box = Running("run", "--state", str(self.state), *place, env=environment)
        said = self.box.line()
        self.url = said.split()[-1]

    def cut_power(self) -> None:
        """Kill the box as a power cut does."""
        assert self.box is not None
        self.box.process.kill()
        self.box.end()
        self.box = None

    def scan(self, text: str, till: int = 0) -> None:
        """Read a code with a till's scanner."""
        assert line_to(self.folder / f"scanner{till}.sock", text) == "ok"

    def word(self, text: str, till: int = 0) -> str:
        """Say a word to a till's printer."""
        return line_to(self.folder / f"printer{till}.sock", text)

    def facts(self) -> dict[str, Any]:
        """Return what the setup page knows."""
        session = requests.Session()
        session.trust_env = False
        facts: dict[str, Any] = session.get(f"{self.url}/setup.json", timeout=WITHIN_S).json()
        return facts

    def marks(self, till: int = 0) -> list[dict[str, Any]]:
        """Return what came out of a till's printer."""
        path = self.folder / f"paper{till}.jsonl"
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def slips(self, till: int = 0) -> list[str]:
        """Return the slips that were cut off, each as its lines and the texts of its codes."""
        slips, lines = [], []
        for mark in self.marks(till):
            if mark["kind"] == "cut":
                slips.append("\n".join(lines))
                lines = []
            elif mark["kind"] in ("line", "qr"):
                lines.append(str(mark.get("text") or mark.get("data") or ""))
        return slips

    def slip_with(self, text: str, till: int = 0, after: int = 0) -> str:
        """Wait for a slip that holds a text, the `after`-th or later one, and return it."""
        found = wait_for(lambda: [slip for slip in self.slips(till)[after:] if text in slip])
        return str(found[-1])

    def test_code(self, till: int = 0) -> str:
        """Wait for a test slip and return the newest one's code."""
        return str(wait_for(lambda: self.test_codes(till))[-1])

    def test_codes(self, till: int = 0) -> list[str]:
        """Return the codes of all test slips that were cut off, oldest first."""
        codes = [line for slip in self.slips(till) for line in slip.splitlines()]
        return [line for line in codes if line.startswith("T1") and len(line) == 18]

    def _plug(self, number: int, png: Path | None) -> None:
        printer = self.plugged.usb(f"1-{number + 1}", "04b8", "0202", serial=f"P{number}", name="TM", maker="EPSON")
        scanner = self.plugged.usb(f"2-{number + 1}", "1eab", "0003", serial=f"S{number}", name="EM20", maker="Newland")
        self.plugged.serial(f"ttyUSB{number}", printer)
        self.plugged.serial(f"ttyACM{number}", scanner)
        for node in (f"ttyUSB{number}", f"ttyACM{number}"):
            (self.plugged.dev / node).unlink()
        paper = ("--paper-log", str(self.folder / f"paper{number}.jsonl"), *(("--png", str(png)) if png else ()))
        place = (
            "--pty",
            str(self.plugged.dev / f"ttyUSB{number}"),
            "--control",
            str(self.folder / f"printer{number}.sock"),
        )
        self._devices.append(Running("sim", "printer", *place, *paper))
        place = (
            "--pty",
            str(self.plugged.dev / f"ttyACM{number}"),
            "--control",
            str(self.folder / f"scanner{number}.sock"),
        )
        self._devices.append(Running("sim", "scanner", *place))


class Headquarters:
    """`storebox-hq serve` with stores, and the codes that its page would show."""

    def __init__(self, folder: Path, *stores: str) -> None:
        self.folder = folder
        office = Office.open(folder)
        with office.database.write() as connection:
            for store in stores:
                registry.add_store(connection, store, f"{store} shop", office.now_ms())
        self.fingerprint = office.keys.fingerprint
        office.close()
        self._process: Running | None = None
        self.port = 0

    def at(self, port: int) -> Self:
        """Have it serve at a port that boxes were told of before."""
        self.port = port
        return self

    def __enter__(self) -> Self:
        self._process = Running("serve", "--state", str(self.folder), "--port", str(self.port), program=HQ)
        self.port = int(self._process.line().rstrip("/").rpartition(":")[2])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.end()

    def code(self, store: str, port: int | None = None, life_ms: int = 900_000) -> str:
        """Return the text of a new enrolment code; `port` is where it leads instead, as through a bad line."""
        office = Office.open(self.folder)
        try:
            with office.database.write() as connection:
                made = make_token(connection, store, "console", office.now_ms(), life_ms=life_ms)
            return enrolment_text(made, self.fingerprint, f"127.0.0.1:{port or self.port}", plain=True)
        finally:
            office.close()

    def packet_for_spare(self, store: str, file: Path, dead: Path) -> str:
        """Enrol a box that dies and write the packet of the one in its place; returns the packet's code."""
        office = Office.open(self.folder)
        session = HttpSession(f"http://127.0.0.1:{self.port}")
        try:
            with office.database.write() as connection:
                token = make_token(connection, store, "console", office.now_ms()).token
            enrol(session, dead, token, store, "B1")
            with office.database.write() as connection:
                made = make_packet(
                    connection,
                    office.keys,
                    store,
                    "console",
                    office.now_ms(),
                    hq_url=session.base_url,
                    box="B2",
                    reason="water",
                )
            file.write_bytes(made.data)
            return made.code
        finally:
            session.close()
            office.close()

    def report(self, store: str) -> SelfTestReport | None:
        """Return the newest self-test that the store's first box reported."""
        office = Office.open(self.folder)
        try:
            with office.database.read() as connection:
                return newest_report(connection, store, 1)
        finally:
            office.close()

    def epochs(self, store: str) -> list[str]:
        """Return the boxes that a store had, by epoch."""
        office = Office.open(self.folder)
        try:
            with office.database.read() as connection:
                found = [registry.find_epoch(connection, store, number) for number in range(1, 10)]
            return [one.identity.box for one in found if one is not None]
        finally:
            office.close()


def copy_catalogue(state: Path) -> None:
    """Give a box something to sell."""
    shutil.copyfile(Path(__file__).parents[1] / "config" / "demo" / "catalogue.toml", state / "catalogue.toml")
