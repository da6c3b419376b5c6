"""From the last byte of a scan on the scanner's line to its event, through the scanner's driver."""

import os
import select
import threading
import time
import tty
from contextlib import ExitStack
from pathlib import Path

from agent.bench.figures import percentile
from agent.bench.plan import Plan
from agent.bench.rows import Bar, Row
from agent.bench.sale import MILLI
from drivers.base import DeviceEvent, DeviceState
from drivers.scanner.device import Scan, ScannerDevice

BAR = Bar("value", "<", 5)
CODE = b"6901234567892"
LAST = b"\r"
SCANS, QUICK_SCANS = 500, 5
READY_WITHIN_S = 10.0
EVENT_WITHIN_S = 5.0


def measure(plan: Plan) -> list[Row]:
    """Measure 500 scans; the floor is a bare thread that waits for the same byte on a pseudo-terminal."""
    with plan.scratch("event") as folder, _Line(folder / "scanner") as line, _Bare() as bare:
        took_s: list[float] = []
        floors_s: list[float] = []
        count = plan.count(SCANS, QUICK_SCANS)
        with plan.progress("scans", count) as advance:
            for number in range(count):
                floors_s.append(bare.seconds())
                took_s.append(line.seconds(b"%d" % number + CODE))
                advance()
    return [_row(what, took_s, floors_s, percent) for what, percent in (("p50", 50), ("p95", 95), ("worst", 100))]


def _row(what: str, took_s: list[float], floors_s: list[float], percent: float) -> Row:
    name = f"scan: last byte to the event, {len(took_s)} scans, {what}"
    bar = BAR if what == "p95" else None
    return Row(name, percentile(took_s, percent) * MILLI, "ms", percentile(floors_s, percent) * MILLI, bar)


class _Line:
    """A scanner's driver on a pseudo-terminal whose other end is ours."""

    def __init__(self, link: Path) -> None:
        self._stack = ExitStack()
        self._ready, self._seen = threading.Event(), threading.Event()
        self._at_s = 0.0
        self._text = ""
        self._end = -1
        self._link = link

    def __enter__(self) -> "_Line":
        self._end, other = os.openpty()
        for descriptor in (self._end, other):
            self._stack.callback(os.close, descriptor)
        tty.setraw(other)
        self._link.symlink_to(os.ttyname(other))
        device = ScannerDevice("bench", f"serial:{self._link}", self._on_scan, self._on_event)
        self._stack.callback(device.stop)
        device.start()
        if not self._ready.wait(READY_WITHIN_S):
            raise TimeoutError("the scanner never became ready")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def seconds(self, code: bytes) -> float:
        """Send a scan but for its last byte, let the driver take it, then time the last byte."""
        self._seen.clear()
        os.write(self._end, code)
        time.sleep(0.002)
        began_s = time.monotonic()
        os.write(self._end, LAST)
        if not self._seen.wait(EVENT_WITHIN_S) or self._text != code.decode():
            raise RuntimeError(f"the scan became {self._text!r}")
        return self._at_s - began_s

    def _on_scan(self, scan: Scan) -> None:
        self._at_s, self._text = time.monotonic(), scan.text
        self._seen.set()

    def _on_event(self, event: DeviceEvent) -> None:
        if event.state is DeviceState.READY:
            self._ready.set()


class _Bare:
    """A thread that waits for one byte on a pseudo-terminal and says when it came."""

    def __init__(self) -> None:
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        self._seen, self._closing = threading.Event(), threading.Event()
        self._at_s = 0.0
        self._thread = threading.Thread(target=self._listen, name="bare-line", daemon=True)

    def __enter__(self) -> "_Bare":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        os.write(self._near, LAST)
        self._thread.join(EVENT_WITHIN_S)
        os.close(self._near)
        os.close(self._far)

    def seconds(self) -> float:
        """Send the byte and return how long it took until the thread had it."""
        self._seen.clear()
        began_s = time.monotonic()
        os.write(self._near, LAST)
        if not self._seen.wait(EVENT_WITHIN_S):
            raise TimeoutError("no byte came")
        return self._at_s - began_s

    def _listen(self) -> None:
        while not self._closing.is_set():
            select.select([self._far], [], [])
            os.read(self._far, 64)
            self._at_s = time.monotonic()
            self._seen.set()
