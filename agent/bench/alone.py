"""The agent by itself: how soon it answers, what memory a page costs it, what it burns when nobody does anything."""

import json
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from agent.bench.counter import PIN, Counter, opened
from agent.bench.page import Page
from agent.bench.plan import Plan
from agent.bench.process import Agent, bare_memory_bytes, bare_start_s, free_port
from agent.bench.rows import Bar, Row
from agent.bench.sale import warm_up
from agent.settings import FILE_NAME
from drivers.emulators.embed import pty_printer, pty_scanner

START_BAR = Bar("value", "<", 1.5)
MEMORY_BAR = Bar("value", "<", 110)
CPU_BAR = Bar("value", "<", 1)
STARTS, QUICK_STARTS = 7, 1
PAGE_S, QUICK_PAGE_S = 60, 1
IDLE_S, QUICK_IDLE_S = 30, 1
SETTLE_S = 2.0
MEGABYTE = 1e6


def measure(plan: Plan) -> list[Row]:
    """Measure a box with an emulated printer and scanner, whose processor time is not its own."""
    with ExitStack() as stack:
        state = stack.enter_context(plan.scratch("agent"))
        _prepare(plan, state)
        stack.enter_context(pty_printer(state / "printer"))
        stack.enter_context(pty_scanner(state / "scanner"))
        starts = _starts(plan, state)
        with Agent(state) as agent:
            return [starts, *_memory(plan, agent), _cpu(plan, agent)]


def _prepare(plan: Plan, state: Path) -> None:
    """Make a box that has traded and whose settings name its devices."""
    with opened(state) as box:
        counter = Counter(box)
        counter.log_in()
        warm_up(counter, plan.count(100, 2))
    devices = {"printer": f"serial:{state / 'printer'}", "profile": "tm-t88", "scanner": f"serial:{state / 'scanner'}"}
    lines = [f"{key} = {json.dumps(value)}" for key, value in devices.items()]
    text = "\n".join(["[web]", f"port = {free_port()}", "[[till]]", 'till = "1"', *lines, ""])
    (state / FILE_NAME).write_text(text, encoding="utf-8")


def _starts(plan: Plan, state: Path) -> Row:
    """Start it again and again, an idle interpreter in between; the first start only warms the page cache."""
    ready_s: list[float] = []
    bare_s: list[float] = []
    count = plan.count(STARTS, QUICK_STARTS)
    with plan.progress("starts", count + 1) as advance:
        for number in range(count + 1):
            bare = bare_start_s()
            with Agent(state) as agent:
                if number:
                    ready_s.append(agent.ready_s)
                    bare_s.append(bare)
            advance()
    name = f"agent: cold start to ready, median of {count}, against a bare interpreter"
    return Row(name, median(ready_s), "s", median(bare_s), START_BAR)


def _memory(plan: Plan, agent: Agent) -> list[Row]:
    for_s = plan.count(PAGE_S, QUICK_PAGE_S)
    with Page(agent.url, "01", PIN, "1"):
        _wait(plan, "a page is open", for_s)
        resident, proportional = agent.memory_bytes()
    bare_resident, bare_proportional = bare_memory_bytes()
    what = f"after {for_s} s with a page open, against a bare interpreter"
    return [
        Row(f"agent: resident memory {what}", resident / MEGABYTE, "MB", bare_resident / MEGABYTE, MEMORY_BAR),
        Row(f"agent: proportional memory {what}", proportional / MEGABYTE, "MB", bare_proportional / MEGABYTE),
    ]


def _cpu(plan: Plan, agent: Agent) -> Row:
    for_s = plan.count(IDLE_S, QUICK_IDLE_S)
    _wait(plan, "the page is closed", SETTLE_S)
    began_s, before_s = time.monotonic(), agent.cpu_s()
    _wait(plan, "idle", for_s)
    used_s, passed_s = agent.cpu_s() - before_s, time.monotonic() - began_s
    name = f"agent: processor while idle for {for_s} s, with printer and scanner"
    return Row(name, used_s / passed_s * 100, "%", bar=CPU_BAR)


def _wait(plan: Plan, what: str, for_s: float) -> None:
    tenths = round(for_s * 10)
    with plan.progress(what, tenths) as advance:
        for _ in range(tenths):
            time.sleep(0.1)
            advance()
