"""From the scan of the cash card to the first byte of the receipt at the printer, through the whole box."""

import threading
import time
from contextlib import ExitStack

from agent.bench.counter import Counter, opened
from agent.bench.disk import DiskFloor
from agent.bench.figures import percentile
from agent.bench.plan import Plan
from agent.bench.relay import Relay
from agent.bench.rows import Bar, Row
from agent.bench.sale import MILLI, WARM_UP, warm_up
from agent.bench.taps import TappedPrinter
from agent.core.codes import command_code
from agent.core.recognition import Command
from agent.daemon.box import Box
from agent.settings import Till
from drivers.emulators.embed import pty_scanner
from drivers.emulators.station import Served

BAR = Bar("value", "<", 50)
SALES, QUICK_SALES = 500, 5
LOG_BYTES = 80_000
"""About what the commit of such a sale writes to the log; `sale` measures it."""
DEVICES_TIMEOUT_S = 10.0
SLIP_TIMEOUT_S = 30.0
_LOOK_S = 0.001


def measure(plan: Plan) -> list[Row]:
    """Measure 500 sales paid by the command card."""
    with ExitStack() as stack:
        state = stack.enter_context(plan.scratch("scan"))
        printer = stack.enter_context(TappedPrinter(state / "printer"))
        scanner = stack.enter_context(pty_scanner(state / "scanner"))
        till = Till(printer=f"serial:{state / 'printer'}", profile="tm-t88", scanner=f"serial:{state / 'scanner'}")
        box = stack.enter_context(opened(state, (till,)))
        counter = Counter(box)
        warm_up(counter, plan.count(WARM_UP, 5))
        counter.log_in()
        stack.callback(box.devices.stop)
        box.devices.start()
        _wait_for_devices(box)
        relay = stack.enter_context(Relay(stack.enter_context(DiskFloor(state, LOG_BYTES))))
        took_s, floors_s = _sales(plan, box, counter, scanner, printer, relay)
    return [
        _row("p50", took_s, floors_s, 50),
        _row("p95", took_s, floors_s, 95, BAR),
        _row("worst", took_s, floors_s, 100),
    ]


def _row(what: str, took_s: list[float], floors_s: list[float], percent: float, bar: Bar | None = None) -> Row:
    name = f"scan of the cash card to the receipt's first byte, {len(took_s)} sales, {what}"
    return Row(name, percentile(took_s, percent) * MILLI, "ms", percentile(floors_s, percent) * MILLI, bar)


def _sales(
    plan: Plan, box: Box, counter: Counter, scanner: Served, printer: TappedPrinter, relay: Relay
) -> tuple[list[float], list[float]]:
    card = command_code(Command.CASH)
    took_s: list[float] = []
    floors_s: list[float] = []
    count = plan.count(SALES, QUICK_SALES)
    with plan.progress("scans", count) as advance:
        for _ in range(count):
            counter.prepare()
            floors_s.append(relay.seconds())
            printer.reset()
            began_s = time.monotonic()
            scanner.word(card)
            took_s.append(printer.onto_line.body_at_s() - began_s)
            _wait_for_slips(box)
            advance()
    return took_s, floors_s


def _wait_for_devices(box: Box) -> None:
    """Wait until printer and scanner are ready; raises TimeoutError when they never are."""
    pause, until_s = threading.Event(), time.monotonic() + DEVICES_TIMEOUT_S
    while any(lamp["state"] != "ok" for lamp in box.devices.lamps().values()):
        if time.monotonic() > until_s:
            raise TimeoutError("printer or scanner never became ready")
        pause.wait(_LOOK_S)


def _wait_for_slips(box: Box) -> None:
    """Wait until nothing is on its way to paper."""
    pause, until_s = threading.Event(), time.monotonic() + SLIP_TIMEOUT_S
    waiting = "SELECT count(*) FROM spool WHERE state = 'queued' OR state = 'sending'"
    while box.shop.read().execute(waiting).fetchone()[0]:
        if time.monotonic() > until_s:
            raise TimeoutError("a slip never came out")
        pause.wait(_LOOK_S)
