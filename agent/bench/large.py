"""A journal of a million entries: real sales with their slips, views, spool and answers, kept for later runs."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from inspect import getsource
from pathlib import Path
from typing import Any

from agent.bench.counter import Counter, opened, prepare_state
from agent.bench.plan import Plan
from agent.core.ids import calling_number, sale_number
from agent.daemon.box import JOURNAL, Box
from agent.daemon.clock import SystemClock
from agent.replay.clock import BasketClock
from agent.replay.counter import denominations
from agent.services import days, shifts
from agent.services.reports import drawer_sums
from agent.services.trade import Trade, open_shift, trading
from agent.store import views
from agent.store.answers import keep_answer
from agent.store.connection import open_reader
from agent.store.migrations import STEPS
from agent.store.schema import FIRST_TABLES
from agent.store.unit import Unit
from agent.store.views import evolution

SALES_A_DAY = 2_000
ENTRIES_A_SALE = 3
BATCH = 200
MAX_LINES = 10
GROWN_MAX = 1.5
DAY_MS = 24 * 3_600_000
_COMPLETE = "complete"
_FORM = 1
"""Counted up when this module writes other sales than before."""
_SPOOL = (
    "INSERT INTO spool(slip, printer, sale, kind, state, document, copy, queued_ms, changed_ms)"
    " VALUES(?, ?, ?, 'receipt', 'printed', ?, 0, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A sale that the counter really made: what all sales like it leave behind."""

    sale: str
    completed: dict[str, Any]
    queued: dict[str, Any]
    document: str
    answer: dict[str, Any]
    printer: str


def large_state(plan: Plan, entries: int) -> Path:
    """Return the state folder of a journal of so many entries; makes it when there is none of this schema.

    Every run trades a little in it; one that has grown far beyond its size is made anew.
    """
    state = plan.folder / f"journal-{entries}-{_schema_key()}"
    if not (state / _COMPLETE).exists() or _held(state) > entries * GROWN_MAX:
        for old in plan.folder.glob(f"journal-{entries}-*"):
            shutil.rmtree(old)
        _build(plan, state, entries)
        (state / _COMPLETE).touch()
    size = (state / JOURNAL).stat().st_size
    plan.note(f"the large journal has {_held(state):,} entries, its file {size / 1e6:,.0f} MB")
    return state


def _held(state: Path) -> int:
    """Return how many entries a journal has."""
    connection = open_reader(state / JOURNAL)
    try:
        return int(connection.execute("SELECT max(seq) FROM journal").fetchone()[0])
    finally:
        connection.close()


def _schema_key() -> str:
    """Return a digest of everything that decides what stands in the file."""
    names = [name for name, _ in STEPS]
    text = "\n".join((str(_FORM), *FIRST_TABLES, *names, *views.SCHEMA, getsource(evolution)))
    return sha256(text.encode()).hexdigest()[:12]


def _build(plan: Plan, state: Path, entries: int) -> None:
    day_count = -(-entries // (SALES_A_DAY * ENTRIES_A_SALE))
    start_ms = SystemClock().now_ms() - (day_count + 1) * DAY_MS
    clock = BasketClock(start_ms)
    prepare_state(state, clock)
    with opened(state, clock=clock) as box, plan.progress("the large journal, once", entries) as advance:
        counter = Counter(box)
        done = 0
        found: list[Pattern] = []
        for day in range(day_count):
            clock.set(start_ms + day * DAY_MS)
            counter.open()
            wanted = min(SALES_A_DAY, -(-(entries - done) // ENTRIES_A_SALE))
            found = found or patterns(box)
            done += sell(box, counter, found, wanted, advance)
            _close(counter)


def patterns(box: Box) -> list[Pattern]:
    """Sell one basket of each size and return what that left."""
    return [_pattern(box, lines) for lines in range(1, MAX_LINES + 1)]


def _pattern(box: Box, lines: int) -> Pattern:
    counter = Counter(box, lines=lines)
    counter.prepare()
    sale = counter.pay()
    connection = box.shop.read()
    kinds = dict(connection.execute("SELECT kind, body FROM (SELECT * FROM journal ORDER BY seq DESC LIMIT 2)"))
    document, printer = connection.execute("SELECT document, printer FROM spool WHERE sale = ?", (sale,)).fetchone()
    (answer,) = connection.execute("SELECT answer FROM answer ORDER BY at_ms DESC, seq DESC LIMIT 1").fetchone()
    counter.file_slips()
    completed, queued = (json.loads(kinds[kind]) for kind in ("sale.completed", "slip.queued"))
    return Pattern(sale, completed, queued, document, json.loads(answer), printer)


def sell(box: Box, counter: Counter, patterns: list[Pattern], count: int, advance: Callable[..., Any]) -> int:
    """Write so many sales like the patterns, a few hundred a commit; returns how many entries that made."""
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))

        def batch(unit: Unit, numbers: range = numbers) -> None:
            trade = trading(unit.connection, counter.actor)
            for number in numbers:
                _again(box, unit, trade, patterns[number % len(patterns)])

        box.writer.run(batch)
        advance(len(numbers) * ENTRIES_A_SALE)
    return count * ENTRIES_A_SALE


def _again(box: Box, unit: Unit, trade: Trade, pattern: Pattern) -> None:
    """Write a sale like the pattern: its entries with their views, its row in the spool, its stored answer."""
    identity = unit.identity
    sale = sale_number(identity.store, identity.epoch, unit.counter("sale"))
    calling = calling_number(unit.counter(f"calling {trade.day}"))
    slip = f"{sale}-P0"
    where = trade.fields()
    unit.append_event("sale.completed", {**pattern.completed, **where, "sale": sale, "calling": calling})
    unit.append_event("slip.queued", {**pattern.queued, **where, "slip": slip, "subject": sale})
    unit.append_event("slip.printed", {"slip": slip, "verified": True})
    document = pattern.document.replace(pattern.sale, sale)
    unit.connection.execute(_SPOOL, (slip, pattern.printer, sale, document, unit.now_ms, unit.now_ms))
    key = box.shop.entropy.random_bytes(16).hex()
    completed = {**pattern.answer["completed"], "sale": sale, "calling": calling, "slip": slip}
    keep_answer(unit.connection, key, "", {**pattern.answer, "completed": completed}, unit.now_ms, unit.last_seq)


def _close(counter: Counter) -> None:
    """Count the drawer, close shift and day, and take their slips as printed."""
    shop, actor = counter.shop, counter.actor
    shift = open_shift(shop.read(), actor.till)
    if shift is not None:
        expected_fen = drawer_sums(shop.read(), shift["shift"]).expected_fen
        shifts.close_shift(shop, actor, denominations(expected_fen))
    days.close_the_day(shop, actor)
    counter.file_slips()
