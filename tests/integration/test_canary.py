"""Secrets planted everywhere, a day of trade with faults, and then every file and every word said is looked through.

What may be found and where: a payment code's last four digits in the journal, and who paid (the platform's name for a
payer, `attempt.ended`) in the journal and in headquarters' copy of it. Nothing else, nowhere else.
"""

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sync.simulator.accounts import settings_of
from tests.integration.running import PROGRAM, TillPage, storebox, wait_for
from tests.integration.test_run import free_port
from tests.shops import demo_catalog
from tests.simulators import RunningSimulator

CATALOGUE = Path(__file__).resolve().parents[2] / "config" / "demo" / "catalogue.toml"
HQ = (sys.executable, "-c", "from sync.hq.cli import main; main()")
PHONE = "13812345678"
SKU = next(item.sku for item in demo_catalog().by_sku.values() if item.price_fen and not item.flags)
STOREHOUSE = ("journal.db", "journal.db-wal", "hq.db", "hq.db-wal")
"""The journal and headquarters' copy."""
CODES = itertools.count(1)


def code(prefix: str, suffix: str) -> str:
    """Return a payment code that no other text has in it."""
    return f"{prefix}9{next(CODES):05d}77{next(CODES):06d}{suffix}"[:18]


class Child:
    """A program of ours; all that it says goes to files."""

    def __init__(self, folder: Path, name: str, *command: str, environment: dict[str, str] | None = None) -> None:
        self._said = {stream: folder / f"{name}.{stream}" for stream in ("out", "err")}
        with self._said["out"].open("wb") as out, self._said["err"].open("wb") as err:
            whole = {**os.environ, "STOREBOX_LANGUAGE": "en", "STOREBOX_LOG_LEVEL": "debug", **(environment or {})}
            self.process = subprocess.Popen(command, stdout=out, stderr=err, env=whole)

    def url(self) -> str:
        """Return the address that the program says when it is ready."""

        def said() -> str:
            assert self.process.poll() is None, self._said["err"].read_text(encoding="utf-8")
            found = re.search(r"ready at (http://\S+)", self._said["out"].read_text(encoding="utf-8"))
            return found[1] if found else ""

        return str(wait_for(said))

    def end(self, number: int = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(20)


class Day:
    """A shop with headquarters, both platforms on the simulator, and what was planted in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = folder / "said"
        self.said.mkdir()
        self.state, self.hq_state = folder / "box", folder / "hq"
        self.simulator = RunningSimulator(folder / "platform")
        self.planted: dict[str, str] = {}
        self.payers: set[str] = set()

    def run(self, name: str, *arguments: str, program: tuple[str, ...] = PROGRAM) -> str:
        """Run a command to its end and keep what it said."""
        environment = {**os.environ, "STOREBOX_LANGUAGE": "en", "STOREBOX_PIN": "1111"}
        done = subprocess.run([*program, *arguments], capture_output=True, env=environment, timeout=60, check=False)
        (self.said / f"{name}.out").write_bytes(done.stdout)
        (self.said / f"{name}.err").write_bytes(done.stderr)
        return done.stdout.decode()

    def open(self) -> None:
        """Enrol a box, give it its merchants, and start everything."""
        state = ["--state", str(self.hq_state)]
        self.run("store", "store", "add", "S001", "--phone", PHONE, *state, program=HQ)
        token = json.loads(self.run("token", "store", "token", "S001", "--json", *state, program=HQ))
        (self.said / "token.out").unlink()  # a token is told to who asked for it, once
        self.planted["enrolment token"] = str(token["token"])
        self.hq = Child(self.said, "hq", *HQ, "serve", "--port", "0", *state)
        hq_url = self.hq.url()
        environment = {"STOREBOX_ENROL_TOKEN": str(token["token"])}
        done = storebox("enrol", "--hq", hq_url, "--state", str(self.state), "--json", environment=environment)
        assert done.returncode == 0, done.stderr
        (self.said / "enrol.out").write_text(done.stdout + done.stderr, encoding="utf-8")
        merchants = self.state / "platforms"
        merchants.mkdir()
        for name in ("wechat", "alipay"):
            values = {**settings_of(self.simulator.account(name), self.simulator.url), "read_timeout_s": "2"}
            (merchants / f"{name}.json").write_text(json.dumps(values), encoding="utf-8")
            (merchants / f"{name}.json").chmod(0o600)
            for setting in ("private_key", "api_v3_key", "api_v2_key"):
                if setting in values:
                    self.planted[f"{name} {setting}"] = [*values[setting].splitlines(), "", ""][2] or values[setting]
        (self.state / "storebox.toml").write_text(f"[web]\nport = {free_port()}\n", encoding="utf-8")
        shutil.copyfile(CATALOGUE, self.state / "catalogue.toml")
        self.run("staff", "staff", "add", "09", "Canary", "--role", "store_manager", "--state", str(self.state))
        self.box = Child(self.said, "box", *PROGRAM, "run", "--state", str(self.state))
        self.till = TillPage(self.box.url())
        self.till.log_in("09", "1111")
        self.till.post("/day/open", {})
        self.till.post("/shift/open", {"float_fen": 0})

    def sell(self, kind: str, auth_code: str) -> str:
        """Sell something and pay it by a code; returns how the attempt stands after a moment."""
        self.planted[f"{kind} code {auth_code[-2:]} {len(self.planted)}"] = auth_code
        self.till.post("/basket/lines", {"code": SKU})
        self.till.post("/basket/total", {})
        attempt = self.till.post("/basket/tenders", {"kind": kind, "auth_code": auth_code})["attempt"]
        number = attempt["attempt"] if isinstance(attempt, dict) else attempt

        def ended() -> str:
            state = str(self.till.get(f"/api/v1/attempts/{number}")["state"])
            return state if state != "open" else ""

        state = str(wait_for(ended))
        if state != "paid":
            self.till.post("/basket/cancel", {"reason": "customer"})
        return state

    def close(self) -> None:
        for child in (getattr(self, "box", None), getattr(self, "hq", None)):
            if child is not None:
                child.end(signal.SIGKILL)
        self.simulator.close()

    def findings(self) -> list[str]:
        """Return each place where something planted stands."""
        found = []
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            if path.is_relative_to(self.simulator.state) or path.parent == self.state / "platforms":
                continue
            data = path.read_bytes()
            plain = b"".join(data.split())
            found += [f"{what}: {path}" for what, text in self.planted.items() if text.encode() in plain]
            if path.name not in STOREHOUSE and "journal" not in path.name and "ledger" not in path.name:
                found += [f"payer {payer}: {path}" for payer in self.payers if payer.encode() in plain]
        return found


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    made = Day(tmp_path)
    yield made
    made.close()


CRASH = """
import logging
from agent.logs import configure
configure("debug")
try:
    raise RuntimeError("call with {words}")
except RuntimeError:
    logging.getLogger("storebox.canary").exception("crashed at {words}")
"""


@pytest.mark.slow
def test_nothing_that_was_planted_is_found(day: Day) -> None:
    day.open()
    assert day.sell("wechat", code("13", "00")) == "paid"
    assert day.sell("alipay", code("28", "00")) == "paid"
    assert day.sell("wechat", code("13", "81")) == "declined"
    for words in ("next garbage", "next forged"):
        day.simulator.control(words)
        assert day.sell("alipay", code("28", "00")) in ("paid", "declined", "closed", "reversed")
    day.simulator.control("ok")
    wait_for(lambda: day.till.get("/api/v1/state")["unsent"]["entries"] == 0)
    for name in ("wechat", "alipay"):
        trades = day.simulator.simulation.world.books(day.simulator.account(name))
        rows = trades._rows("SELECT DISTINCT payer FROM trade_order WHERE payer <> ''")
        day.payers |= {row[0].replace("-", "") for row in rows}
    state = ["--state", str(day.state)]
    for command in (
        *(["doctor", "--json"], ["doctor", "platform", "--json"], ["config", "show"], ["sync", "status", "--json"]),
        *(["ledger", "verify", "--json"], ["day", "status", "--json"], ["staff", "list", "--json"]),
        ["ledger", "export", str(day.said / "ledger.jsonl")],
    ):
        day.run("cli " + " ".join(command[:2]).replace("/", "_"), *command, *state)
    for page in ("/health", "/metrics"):
        answer = requests.get(day.till.url + page, timeout=10)
        (day.said / f"page{page.replace('/', ' ')}").write_bytes(answer.content)
    words = f"auth_code={code('13', '00')} phone {PHONE} key={day.planted['wechat api_v3_key']}"
    day.planted["code in a crash"] = re.findall(r"auth_code=(\d+)", words)[0]
    day.planted["telephone"] = PHONE
    crash = Child(day.said, "crash", sys.executable, "-c", CRASH.format(words=words.rpartition(" key")[0]))
    crash.process.wait(20)
    day.box.end(signal.SIGABRT)
    day.hq.end()
    assert (day.said / "crash.err").stat().st_size > 0 and (day.state / "journal.db").stat().st_size > 0
    hq_own = [line for line in day.findings() if not line.startswith("telephone: " + str(day.hq_state))]
    assert hq_own == []


def test_the_search_finds_what_lies_about(tmp_path: Path) -> None:
    day = Day(tmp_path)
    try:
        day.planted["key"] = "SECRETSECRET"
        (day.said / "x").write_text("a SECRET\nSECRET", encoding="utf-8")
        assert day.findings() == [f"key: {day.said / 'x'}"]
    finally:
        day.close()
