"""Two thousand boxes with two thousand entries each come back at once; then again while everything is killed.

`make soak`; STOREBOX_SOAK=200x500 makes it smaller. What was done is said on standard error.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from agent.bench.postgres import Server
from sync.hq.load.boxes import PreparedBox
from sync.hq.load.senders import Outcome
from sync.hq.size import measured
from sync.serving import allow_connections
from tests.simulation.herd import Herd, Milestones, brought, fleet, restarted

pytestmark = pytest.mark.soak
BOXES, ENTRIES = (int(number) for number in os.environ.get("STOREBOX_SOAK", "2000x2000").split("x"))
TOTAL = BOXES * ENTRIES
MEMORY_MAX_KB = 256_000
BAD_PERCENT = 5
GIVE_UP_S = 3 * 3600


def say(line: str) -> None:
    """Tell whoever waits for the soak."""
    sys.stderr.write(f"soak: {line}\n")


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[int], object]]:
    """Show how far something is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)


@pytest.fixture(scope="module")
def boxes() -> list[PreparedBox]:
    allow_connections()
    with bar("writing histories", TOTAL) as advance:
        return fleet("L", BOXES, ENTRIES, advance=advance)


@pytest.fixture
def herd(tmp_path: Path, postgres: Server, boxes: list[PreparedBox]) -> Iterator[Herd]:
    url = postgres.fresh_database()
    made = Herd(tmp_path / "hq", url)
    made.register(boxes)
    yield made
    made.close()
    postgres.drop(url)


def checked(herd: Herd, boxes: list[PreparedBox], outcome: Outcome) -> None:
    """Everything is there, once, and hashes to what was sent; memory stayed within its bound."""
    rate = outcome.entries / outcome.took_s
    say(f"{outcome.entries} entries of {BOXES} boxes in {outcome.took_s:.0f} s: {rate:.0f} a second")
    say(f"weather: {_counts(outcome.faults)}; brought again: {_counts(outcome.refused)}")
    assert outcome.lost == []
    assert outcome.entries == TOTAL
    began_s = time.monotonic()
    assert herd.differences(boxes) == []
    say(f"every entry read again in {time.monotonic() - began_s:.0f} s: none missing, none double, every head equal")
    with herd.office.database.read() as connection:
        size = measured(connection, herd.office.now_ms())
    largest = ", ".join(f"{name} {bytes_ / TOTAL:.0f}" for name, bytes_ in list(size.tables.items())[:3])
    say(f"PostgreSQL holds {size.total_bytes / 1e9:.2f} GB, {size.bytes_an_entry:.0f} bytes an entry ({largest}, …)")
    say(f"the largest serving process had {herd.peak_kb() / 1000:.0f} MB resident")
    assert herd.peak_kb() < MEMORY_MAX_KB


def _counts(found: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(found.items()))


def test_two_thousand_boxes_come_back_at_once(herd: Herd, boxes: list[PreparedBox]) -> None:
    with bar("coming back", TOTAL) as advance:
        outcome = brought(herd, boxes, ENTRIES, BAD_PERCENT, advance, GIVE_UP_S)
    checked(herd, boxes, outcome)


def test_two_thousand_boxes_while_everything_is_killed(herd: Herd, boxes: list[PreparedBox], postgres: Server) -> None:
    def power_cut() -> None:
        say("headquarters killed, all of it")
        herd.kill()
        herd.start()

    def database() -> None:
        say("PostgreSQL killed")
        restarted(postgres)

    def one() -> None:
        say("one serving process killed")
        herd.kill_one()

    acts = (power_cut, database, one) * 3
    milestones = Milestones([(TOTAL * (place + 1) // (len(acts) + 1), act) for place, act in enumerate(acts)])
    with bar("coming back, with everything killed", TOTAL) as advance:

        def counted(count: int) -> None:
            advance(count)
            milestones.advance(count)

        outcome = brought(herd, boxes, ENTRIES, BAD_PERCENT, counted, GIVE_UP_S)
    milestones.join()
    assert milestones.done == len(acts)
    checked(herd, boxes, outcome)
