"""Sixteen tills at one box: how many sales a second, and how long the unluckiest customer waits."""

import threading
import time
from collections.abc import Sequence

from agent.bench.counter import Counter, opened
from agent.bench.figures import Round, middle
from agent.bench.plan import Plan
from agent.bench.rows import Row
from agent.bench.sale import MILLI, WARM_UP, seconds, warm_up
from agent.settings import MAX_TILLS, Till


def measure(plan: Plan) -> list[Row]:
    """Measure sales a second of all tills and the worst wait; the floor is one till alone, in turn."""
    tills = tuple(Till(till=str(number)) for number in range(1, MAX_TILLS + 1))
    rates: list[Round] = []
    waits: list[Round] = []
    for_s = 2.0 if not plan.quick else 0.2
    with plan.scratch("tills") as state, opened(state, tills) as box:
        counters = [Counter(box, till.till) for till in tills]
        for counter in counters:
            counter.open()
        warm_up(counters[0], plan.count(WARM_UP, 20))
        with plan.progress(f"{len(tills)} tills", plan.rounds) as advance:
            for _ in range(plan.rounds):
                alone, together = _sell(counters[:1], for_s), _sell(counters, for_s)
                counters[0].file_slips()
                rates.append(Round(len(together) / for_s, len(alone) / for_s))
                waits.append(Round(max(together), max(alone)))
                advance()
    plan.judge("sales a second", rates, "/s", 1)
    worst = max(waits, key=lambda one: one.value)
    return [
        Row.of_round(f"{len(tills)} tills: sales a second, against one till", middle(rates), "/s"),
        Row.of_round(f"{len(tills)} tills: worst wait for a payment, against one till", worst, "ms", scale=MILLI),
    ]


def _sell(counters: Sequence[Counter], for_s: float) -> list[float]:
    """Ring up and pay at every till for so long; returns the wait of each payment."""
    waits_s: list[float] = []
    until_s = time.monotonic() + for_s

    def trade(counter: Counter) -> None:
        while time.monotonic() < until_s:
            counter.prepare()
            waits_s.append(seconds(counter.pay))

    threads = [threading.Thread(target=trade, args=(counter,)) for counter in counters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waits_s
