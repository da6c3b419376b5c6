"""What stands around a box in tests, each a process of its own: headquarters, wallet, printers. And `storebox replay`.

The surroundings live on while the box is killed. Every replay gets a store of its own at one headquarters.
"""

import ctypes
import gzip
import json
import os
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from agent.replay.run import lines_of
from agent.replay.surroundings import Surroundings, program
from agent.store.connection import open_reader
from sync.hq import registry, tables
from sync.hq.office import Office

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data" / "store-367.jsonl.gz"
OWN = Path(__file__).parent / "data" / "baskets.jsonl"
"""Baskets of our own making, for whoever does not have the real ones."""
ALL_BASKETS = 4_194
_SET_PARENT_DEATH_SIGNAL = 1

needs_real_baskets = pytest.mark.skipif(
    not SHARED.exists(), reason=f"no real baskets at {SHARED}; tests/data/rebuild_baskets.py makes them again"
)


@dataclass
class Around:
    """Headquarters and wallet of a test run, and the printers that tests ask for."""

    folder: Path
    children: Surroundings
    hq_url: str
    hq_state: Path
    wallet_url: str
    office: Office
    stores: int = 0
    printers: int = 0

    @property
    def wallet_state(self) -> Path:
        """The wallet's folder, which holds the merchant's secret."""
        return self.folder / "wallet"

    def new_store(self) -> tuple[str, str]:
        """Add a store at headquarters; returns its number and an enrolment token."""
        self.stores += 1
        store = f"T{self.stores:03d}"
        with self.office.database.write() as connection:
            registry.add_store(connection, store, "", 0)
            token = registry.make_enrolment_token(connection, store, self.office.now_ms())
        return store, token

    def printer(self, *options: str) -> "PrinterProcess":
        """Start a printer on a pty."""
        self.printers += 1
        name = f"printer{self.printers}"
        link, paper, control = (self.folder / "run" / f"{name}{end}" for end in ("", ".jsonl", ".sock"))
        command = [program("storebox"), "sim", "printer", "--pty", str(link), "--paper-log", str(paper)]
        self.children.start(name, [*command, "--control", str(control), *options])
        return PrinterProcess(f"serial:{link}", paper, control)

    def entries(self, store: str) -> list[tuple[Any, ...]]:
        """Return what headquarters holds of a store: epoch, seq, at_ms, kind, body, hash."""
        known = tables.entry.c
        query = select(known.epoch, known.seq, known.at_ms, known.kind, known.body, known.hash)
        with self.office.database.read() as connection:
            return [tuple(row) for row in connection.execute(query.where(known.store == store).order_by(known.seq))]


@dataclass(frozen=True)
class PrinterProcess:
    """A printer that runs: its URL, its paper, and the socket that takes faults."""

    url: str
    paper: Path
    control: Path

    def obey(self, word: str) -> str:
        """Give it a word of `sim printer` and return its answer."""
        import socket

        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.control))
            connection.sendall(word.encode() + b"\n")
            return connection.makefile("r", encoding="utf-8").readline().strip()

    def marks(self) -> list[dict[str, Any]]:
        """Return what is on the paper, in order."""
        text = self.paper.read_text(encoding="utf-8") if self.paper.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def slips(self) -> list[list[str]]:
        """Return the paper cut into slips of text lines; what follows the last cut is the last of them."""
        slips: list[list[str]] = [[]]
        for mark in self.marks():
            if mark["kind"] == "line":
                slips[-1].append(mark["text"].strip())
            elif mark["kind"] == "cut":
                slips.append([])
        return slips


_AROUND: dict[str, Around] = {}


@pytest.fixture(scope="session")
def around(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Around:
    """Headquarters and wallet as processes, once for all tests of a run."""
    if "one" not in _AROUND:
        folder = tmp_path_factory.mktemp("around")
        children = Surroundings(folder)
        hq_url, hq_state = children.headquarters()
        made = Around(folder, children, hq_url, hq_state, children.wallet(), Office.open(hq_state))

        def end() -> None:
            _AROUND.clear()
            made.office.close()
            children.__exit__(None, None, None)

        request.config.add_cleanup(end)
        _AROUND["one"] = made
    return _AROUND["one"]


@dataclass
class Replay:
    """A replay of one file into one state folder, as often as it is started."""

    around: Around
    state: Path
    file: Path
    store: str
    token: str
    printer: PrinterProcess
    hq_url: str
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self, *options: str) -> "subprocess.Popen[str]":
        """Start the process."""
        command = [program("storebox"), "replay", str(self.file), "--state", str(self.state), "--json"]
        command += ["--printer", self.printer.url, "--hq", self.hq_url, "--hq-token", self.token]
        command += ["--wallet", self.around.wallet_url, "--wallet-state", str(self.around.wallet_state)]
        return subprocess.Popen(
            [*command, *self.options, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **self.environment},
            preexec_fn=_die_with_parent,
        )

    def finish(self, *options: str, timeout_s: float = 120) -> dict[str, Any]:
        """Run it to its end and return its summary."""
        return summary_of(self.start(*options), timeout_s)

    @property
    def journal(self) -> Path:
        """The box's journal."""
        return self.state / "journal.db"

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read from the box's journal."""
        connection = open_reader(self.journal)
        try:
            return [tuple(row) for row in connection.execute(sql, values)]
        finally:
            connection.close()

    def one(self, sql: str, *values: Any) -> Any:
        """Return the first cell of a query."""
        return self.query(sql, *values)[0][0]


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def summary_of(process: "subprocess.Popen[str]", timeout_s: float = 120) -> dict[str, Any]:
    """Wait for a replay and return its summary; fails with what it said on standard error."""
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        pytest.fail(f"not finished after {timeout_s} s: {err[-2000:]}")
    assert process.returncode == 0, err[-3000:]
    found: dict[str, Any] = json.loads(out)
    return found


def baskets_of(file: Path, limit: int | None = None) -> list[dict[str, Any]]:
    """Return the baskets of a file as they stand there."""
    found = [json.loads(line) for line in lines_of(file)]
    return found[:limit]


def some_baskets(count: int) -> list[dict[str, Any]]:
    """Return so many baskets: real ones where we have them, else our own, repeated under new numbers."""
    found = baskets_of(SHARED if SHARED.exists() else OWN, count)
    round_number = 0
    own = list(found)
    while len(found) < count:
        round_number += 1
        last = found[-1]["at"]
        found += [{**one, "basket": f"{one['basket']}R{round_number}", "at": max(one["at"], last)} for one in own]
    return found[:count]


def write_baskets(path: Path, baskets: Iterable[Mapping[str, Any] | str], store: str | None = None) -> Path:
    """Write a file of baskets, all of one store when given; texts are written as they are."""
    lines = [
        one if isinstance(one, str) else json.dumps({**one, "store": store or one["store"]}, ensure_ascii=False)
        for one in baskets
    ]
    data = ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")
    path.write_bytes(gzip.compress(data, 1) if path.suffix == ".gz" else data)
    return path


def new_replay(
    around: Around,
    folder: Path,
    baskets: Iterable[Mapping[str, Any] | str],
    *,
    hq_url: str | None = None,
    printer_options: tuple[str, ...] = (),
) -> Replay:
    """Return a replay of some baskets with a store and a printer of its own; `hq_url` names a way to headquarters."""
    store, token = around.new_store()
    file = write_baskets(folder / "baskets.jsonl", baskets, store)
    return Replay(around, folder / "box", file, store, token, around.printer(*printer_options), hq_url or around.hq_url)


def running(process: "subprocess.Popen[str]") -> bool:
    """Tell whether a process still runs."""
    return process.poll() is None


def money_of(baskets: Iterable[Mapping[str, Any]]) -> int:
    """Return what the recorded baskets paid in all."""
    return sum(int(one["paid"]) for one in baskets)


def same_entries(replay: Replay) -> Iterator[str]:
    """Yield every difference between the journals of box and headquarters; none is what a test wants."""
    here = [(1, *row) for row in replay.query("SELECT seq, at_ms, kind, body, lower(hex(hash)) FROM journal")]
    there = [(1, *row[1:]) for row in replay.around.entries(replay.store)]
    if len(here) != len(there):
        yield f"box has {len(here)} entries, headquarters {len(there)}"
    yield from (f"entry {a[1]} differs" for a, b in zip(here, there, strict=False) if a != b)
