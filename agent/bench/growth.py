"""The same sale and the same append on a journal of a million entries, sample by sample beside a small one."""

from collections.abc import Callable
from contextlib import ExitStack

from agent.bench.counter import Counter, opened
from agent.bench.figures import Round, middle, percentile
from agent.bench.large import large_state
from agent.bench.plan import Plan
from agent.bench.rows import Bar, Row
from agent.bench.sale import MILLI, WARM_UP, alternated, seconds, warm_up
from agent.daemon.lock import StateLock

BAR = Bar("ratio", "<=", 1.5)
ENTRIES, QUICK_ENTRIES = 1_000_000, 3_000
Act = Callable[[Counter], object]


def measure(plan: Plan) -> list[Row]:
    """Measure how much slower a large journal is; the floor is the small one."""
    entries = plan.count(ENTRIES, QUICK_ENTRIES)
    sales: list[Round] = []
    appends: list[Round] = []
    with ExitStack() as stack:
        large_folder = large_state(plan, entries)
        stack.enter_context(StateLock(large_folder))
        large = Counter(stack.enter_context(opened(large_folder)))
        small = Counter(stack.enter_context(opened(stack.enter_context(plan.scratch("small")))))
        for counter in (large, small):
            warm_up(counter, plan.count(WARM_UP, 20))
        samples = plan.count(200, 10)
        with plan.progress(f"{entries:,} entries", plan.rounds * samples * 2) as advance:
            for _ in range(plan.rounds):
                sales.append(_round(large, small, Counter.pay, samples, advance))
                appends.append(_round(large, small, Counter.append, samples, advance))
    plan.judge("the growth", sales, "ms", MILLI)
    return [
        Row.of_round(f"sale with {entries:,} entries, against a small journal, p50", middle(sales), "ms", BAR, MILLI),
        Row.of_round(
            f"append with {entries:,} entries, against a small journal, p50", middle(appends), "ms", BAR, MILLI
        ),
    ]


def _round(large: Counter, small: Counter, act: Act, samples: int, advance: Callable[..., object]) -> Round:
    large_s: list[float] = []
    small_s: list[float] = []
    for turn in range(samples):
        if act is Counter.pay:
            for counter in (large, small):
                counter.file_slips()
                counter.prepare()
        in_large, in_small = alternated(lambda: seconds(lambda: act(large)), lambda: seconds(lambda: act(small)), turn)
        large_s.append(in_large)
        small_s.append(in_small)
        advance()
    return Round(percentile(large_s, 50), percentile(small_s, 50))
