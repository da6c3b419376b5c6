"""A payment by code from the scan to the committed sale, without the time that the platform itself takes.

Box and platform speak over loopback, signed as in life; the simulator stands in this process, so what is measured
holds its processor time for parsing and sending as well. Each payment is paired with the time that the platform's own
handlers took for it, and connections are counted: a new one for each call would show.
"""

import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent.bench.counter import Counter, opened
from agent.bench.figures import Round
from agent.bench.plan import Plan
from agent.bench.rows import Bar, Row
from agent.daemon.clock import SystemEntropy
from agent.services import payments
from sync.platforms.base import open_platform
from sync.serving import listening, url_of
from sync.simulator.accounts import settings_of
from sync.simulator.serve import Simulation

BAR = Bar("value", "<", 15)
PAYMENTS, QUICK_PAYMENTS = 40, 3
NAMES = {"wechat": ("WeChat Pay", "13"), "alipay": ("Alipay", "28")}
CONNECTIONS_MAX = 4
"""A merchant's session keeps so many; calls one after the other need one or two."""
MILLI = 1000
READY_WITHIN_S = 10.0

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Any, Send], Awaitable[None]]


class Watched:
    """An application whose own time is added up, and whose callers' connections are counted."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self.took_s = 0.0
        self.connections: set[Any] = set()

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        """Pass a request on."""
        began_s = time.perf_counter()
        self.connections.add(scope.get("client"))
        await self._app(scope, receive, send)
        self.took_s += time.perf_counter() - began_s


def measure(plan: Plan) -> list[Row]:
    """Measure both platforms; raises RuntimeError when a payment does not end as paid."""
    rows = []
    with (
        plan.scratch("codepay") as folder,
        _simulated(folder / "platform") as (simulation, watched, url),
        opened(folder / "box") as box,
    ):
        counter = Counter(box)
        counter.open()
        for name, (title, prefix) in NAMES.items():
            settings = settings_of(simulation.world.accounts.named(name), url)
            box.shop.platforms = {name: open_platform(name, settings, SystemEntropy())}
            watched.connections.clear()
            rounds = _rounds(plan, counter, watched, name, prefix)
            whole = sorted(rounds, key=lambda one: one.value - one.floor)[len(rounds) // 2]
            added = f"{title}: a payment by code, scan to committed sale, added to the platform's own time"
            rows.append(Row(added, (whole.value - whole.floor) * MILLI, "ms", whole.floor * MILLI, BAR))
            if len(watched.connections) > CONNECTIONS_MAX:
                raise RuntimeError(f"{len(watched.connections)} connections to {title}: they are not kept open")
    return rows


def _rounds(plan: Plan, counter: Counter, watched: Watched, name: str, prefix: str) -> list[Round]:
    rounds, count = [], plan.count(PAYMENTS, QUICK_PAYMENTS)
    with plan.progress(f"payments by {name}", plan.rounds) as advance:
        for number in range(plan.rounds):
            pairs = [_paid(counter, watched, name, f"{prefix}{number:06d}{place:08d}00") for place in range(count)]
            whole_s, own_s = sorted(pairs, key=lambda pair: pair[0] - pair[1])[count // 2]
            rounds.append(Round(whole_s, own_s))
            advance()
    return rounds


def _paid(counter: Counter, watched: Watched, name: str, code: str) -> tuple[float, float]:
    """Return what one payment took from the scan to the commit, and what of it the platform's handlers took."""
    counter.file_slips()
    counter.prepare()
    own_s, began_s = watched.took_s, time.perf_counter()
    started, submit = payments.start_code_payment(counter.shop, counter.actor, name, code)
    submit()
    took_s = time.perf_counter() - began_s
    if payments.attempt(counter.shop, started["attempt"])["state"] != "paid":
        raise RuntimeError("a payment by code was not paid")
    return took_s, watched.took_s - own_s


@contextmanager
def _simulated(folder: Path) -> Iterator[tuple[Simulation, Watched, str]]:
    simulation, listener = Simulation(folder, lambda _: None), listening("127.0.0.1", 0)
    server, url = simulation.server, url_of(listener)
    watched = Watched(server.config.app)  # type: ignore[arg-type]
    server.config.app = watched
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="platform", daemon=True)
    thread.start()
    try:
        ends_at_s = time.monotonic() + READY_WITHIN_S
        while not server.started and time.monotonic() < ends_at_s:
            time.sleep(0.002)
        yield simulation, watched, url
    finally:
        server.should_exit = True
        thread.join(READY_WITHIN_S)
        simulation.close()
