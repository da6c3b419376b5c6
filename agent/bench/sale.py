"""A durable sale and a bare append, against writing and flushing as many bytes of log."""

import time
from collections.abc import Callable
from contextlib import ExitStack

from agent.bench.counter import LINES, Counter, opened
from agent.bench.disk import DiskFloor
from agent.bench.figures import Round, middle, percentile
from agent.bench.plan import Plan
from agent.bench.rows import Bar, Row
from agent.bench.wal import bytes_of_commit
from agent.daemon.box import JOURNAL

SALE_BAR = Bar("ratio", "<=", 5)
APPEND_BAR = Bar("ratio", "<=", 3)
WARM_UP = 500
"""Sales before measuring: the log has grown to its full size and is used again, as in every shop after a day."""
MILLI = 1_000.0


def seconds(act: Callable[[], object]) -> float:
    """Return how long an act takes."""
    began_s = time.perf_counter()
    act()
    return time.perf_counter() - began_s


def warm_up(counter: Counter, sales: int) -> None:
    """Sell until log and caches are as in daily use."""
    counter.open()
    for _ in range(sales):
        counter.prepare()
        counter.pay()
        counter.file_slips()


def alternated(first: Callable[[], float], second: Callable[[], float], turn: int) -> tuple[float, float]:
    """Take a sample of each, in an order that changes with every turn, so that neither always follows the other."""
    if turn % 2:
        later = second()
        return first(), later
    return first(), second()


class _Samples:
    """Samples of one act and of its floor, round after round."""

    def __init__(self, act: Callable[[], object], floor: DiskFloor) -> None:
        self._act = act
        self._floor = floor
        self._values: list[float] = []
        self._floors: list[float] = []
        self.rounds: list[Round] = []

    def take(self, turn: int) -> None:
        floor_s, value_s = alternated(self._floor.seconds, lambda: seconds(self._act), turn)
        self._floors.append(floor_s)
        self._values.append(value_s)

    def end_round(self) -> None:
        self.rounds.append(Round(percentile(self._values, 50), percentile(self._floors, 50)))
        self._values, self._floors = [], []


def measure(plan: Plan) -> list[Row]:
    """Measure both on a journal of a few thousand entries."""
    with ExitStack() as stack:
        state = stack.enter_context(plan.scratch("sale"))
        counter = Counter(stack.enter_context(opened(state)))
        warm_up(counter, plan.count(WARM_UP, 20))
        probes = plan.count(41, 3)

        def prepare() -> None:
            counter.file_slips()
            counter.prepare()

        sale_bytes = bytes_of_commit(state / JOURNAL, prepare, counter.pay, probes)
        append_bytes = bytes_of_commit(state / JOURNAL, _nothing, counter.append, probes)
        sale = _Samples(counter.pay, stack.enter_context(DiskFloor(state, sale_bytes)))
        append = _Samples(counter.append, stack.enter_context(DiskFloor(state, append_bytes)))
        _take_rounds(plan, prepare, (sale, append))
    plan.judge("the durable sale", sale.rounds, "ms", MILLI)
    plan.note(f"a sale of {LINES} lines writes {sale_bytes:,} bytes of log, a bare append {append_bytes:,}")
    return [
        Row.of_round(f"sale: {LINES} lines, durable, p50", middle(sale.rounds), "ms", SALE_BAR, MILLI),
        Row.of_round("append: one bare entry, durable, p50", middle(append.rounds), "ms", APPEND_BAR, MILLI),
    ]


def _take_rounds(plan: Plan, prepare: Callable[[], None], both: tuple[_Samples, _Samples]) -> None:
    count = plan.count(200, 10)
    with plan.progress("sales and appends", plan.rounds * count) as advance:
        for _ in range(plan.rounds):
            for turn in range(count):
                prepare()
                for samples in both:
                    samples.take(turn)
                advance()
            for samples in both:
                samples.end_round()


def _nothing() -> None:
    """There is nothing to prepare."""
