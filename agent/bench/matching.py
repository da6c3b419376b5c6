"""Matching a bill of a million lines with as many of the journal, against others at the same work.

Each match runs in a process of its own (`agent.bench.matching_child`), so that its memory can be told. The files are
written before the clock runs; reading them, classes, totals and the list of differences are inside it. Whoever finds
anything but what was planted ends the measurement.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

from agent.bench.figures import Round, middle
from agent.bench.matching_data import Classes, write
from agent.bench.plan import Plan
from agent.bench.postgres import WITHOUT_POSTGRESQL, Server, found_programs
from agent.bench.rows import Bar, Row

LINES, QUICK_LINES = 1_000_000, 20_000
ROUNDS = 3
"""Fewer than of other figures: a round takes half a minute, the slowest of the others most of it."""
MEMORY_BAR_MB = 250
OURS = "ours"
LIBRARIES = {"DuckDB": "duckdb", "polars": "polars", "pandas": "pandas"}
BEATEN = ("polars", "pandas", "PostgreSQL")
"""Whom the match must be faster than. Bare DuckDB runs PostgreSQL's SQL with all the memory that it wants."""
_MIB = 1024 * 1024

Databases = Callable[[], str]


def measure(plan: Plan) -> list[Row]:
    """Measure lines of the bill a second, beside each other way, and the peak of memory."""
    if find_spec("duckdb") is None:
        plan.note("matching was not measured: pip install duckdb (extra hq)")
        return []
    count = plan.count(LINES, QUICK_LINES)
    with ExitStack() as stack:
        folder = stack.enter_context(plan.scratch("matching"))
        others, databases = _others(plan, stack)
        planted = write(folder, count, plan.progress)
        rounds: dict[str, list[Round]] = {name: [] for name in others}
        peaks = []
        total = min(plan.rounds, ROUNDS)
        with plan.progress("matches", total * (1 + len(others))) as advance:
            for number in range(total):
                rates = {}
                for name in _turned([OURS, *others], number):
                    took_s, peak_bytes = _matched(name, folder, number, planted, databases)
                    rates[name] = count / took_s
                    peaks.append(peak_bytes if name == OURS else 0)
                    advance()
                for name in others:
                    rounds[name].append(Round(rates[OURS], rates[name]))
    plan.judge("matching", rounds["DuckDB"], "lines/s", 1)
    return [*_rows(rounds, count, plan), Row(_MEMORY, max(peaks) / _MIB, "MB", None, Bar("value", "<", MEMORY_BAR_MB))]


_MEMORY = "matching: peak memory of the process that matches"


def _rows(rounds: dict[str, list[Round]], count: int, plan: Plan) -> list[Row]:
    rows = []
    for name, measured in rounds.items():
        # So few lines as a quick run's take less time than the beginning of a process: no bar for those.
        bar = Bar("ratio", ">=", 1) if name in BEATEN and not plan.quick else None
        of_what = "the same work in bare DuckDB" if name == "DuckDB" else f"the same work in {name}"
        rows.append(Row.of_round(f"matching {count:,} orders, against {of_what}", middle(measured), "lines/s", bar))
    return rows


def _others(plan: Plan, stack: ExitStack) -> tuple[list[str], Databases]:
    """Return with whom to compare, and what makes a database for a match; says who is missing and what to do."""
    others = []
    for name, module in LIBRARIES.items():
        if find_spec(module) is None:
            plan.note(f"matching is not compared with {name}: pip install {module} (extra bench)")
        else:
            others.append(name)
    programs = found_programs()
    if programs is None:
        plan.note(f"matching is not compared with PostgreSQL; {WITHOUT_POSTGRESQL}")
        return others, str
    server = Server(programs)
    stack.callback(server.stop)
    return [*others, "PostgreSQL"], server.fresh_database


def _turned(names: Sequence[str], number: int) -> list[str]:
    """Return the names in another order each round."""
    begins = number % len(names)
    return [*names[begins:], *names[:begins]]


def _matched(name: str, folder: Path, number: int, planted: Classes, databases: Databases) -> tuple[float, int]:
    """Let a child match; returns its seconds and the peak of its memory in bytes."""
    if name == "PostgreSQL":
        place = databases()
    else:
        spill = folder / f"{name}-{number}"
        spill.mkdir()
        place = str(spill)
    command = [sys.executable, "-m", "agent.bench.matching_child", name, str(folder), place]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-500:]}")
    said = json.loads(done.stdout)
    found = {one: tuple(values) for one, values in said["classes"].items()}
    if found != planted:
        raise RuntimeError(f"{name} found {found}, planted were {planted}")
    return said["took_s"], said["peak_bytes"]
