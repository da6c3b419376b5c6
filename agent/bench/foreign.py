"""The same bytes at 9600 through our driver and through python-escpos' own `Serial` class, on the same printer."""

import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from agent.bench.documents import WITHOUT_FOREIGNER, foreign_printers, receipt
from agent.bench.plan import Plan
from agent.bench.rows import Bar, Row
from agent.bench.sale import MILLI
from agent.bench.slip import PrinterLine, shortened
from agent.bench.taps import TappedPrinter
from agent.settings import shipped
from drivers.printer.job import print_job, process_id
from drivers.printer.profiles import PrinterProfile, load_profile

BAUD = 9600
BAR_MS = 30
SLIPS, QUICK_SLIPS = 9, 2


def measure(plan: Plan) -> list[Row]:
    """Measure a receipt of 400 bytes: when its last byte is through the line, and when the call comes back."""
    printers = foreign_printers()
    if printers is None:
        plan.note(WITHOUT_FOREIGNER)
        return []
    profile = load_profile(shipped("devices/tm-t88.toml"))
    document = shortened(receipt(plan, 1), profile)
    count = plan.count(SLIPS, QUICK_SLIPS)
    with plan.scratch("foreign") as folder, plan.progress("slips", 2 * count) as advance:
        ours = _ours(folder / "ours", profile, document, count, advance)
        theirs = _theirs(folder / "theirs", printers, profile, document, count, advance)
    return _rows(ours, theirs)


Times = list[tuple[float, float]]
"""For each slip: from the call to the last byte being through the line, and from there to the call's return."""


def _rows(ours: Times, theirs: Times) -> list[Row]:
    our_s, their_s = (median(through for through, _ in times) for times in (ours, theirs))
    after = "after the last byte"
    late = Row(
        f"slip at {BAUD}: from the call to the last byte through the line, against python-escpos' Serial",
        our_s * MILLI,
        "ms",
        their_s * MILLI,
        Bar("value", "<=", their_s * MILLI + BAR_MS),
    )
    return [
        late,
        Row(f"slip at {BAUD}: our call returns with the printer's word, {after}", _returns(ours), "ms"),
        Row(f"slip at {BAUD}: python-escpos' call returns without one, {after}", _returns(theirs), "ms"),
    ]


def _returns(times: Times) -> float:
    return median(after for _, after in times) * MILLI


def _ours(link: Path, profile: PrinterProfile, document: Mapping[str, Any], count: int, advance: Any) -> Times:
    times: Times = []
    with PrinterLine(link, profile, "epson", BAUD) as line:
        for number in range(count):
            began_s = time.monotonic()
            line.slip(document, number + 1)
            returned_s = time.monotonic()
            through_s = line.printer.through_line.body_at_s(line.size_bytes - 1)
            times.append((through_s - began_s, returned_s - through_s))
            advance()
    return times


def _theirs(
    link: Path, printers: Any, profile: PrinterProfile, document: Mapping[str, Any], count: int, advance: Any
) -> Times:
    """Let python-escpos send our very bytes, on a line of its own that is open already, as ours is."""
    times: Times = []
    with TappedPrinter(link, "epson", BAUD) as tapped:
        foreign = printers.Serial(devfile=str(link), baudrate=BAUD, timeout=1)
        foreign.open()
        try:
            for number in range(count):
                data = print_job(document, profile, process_id(number + 1), void_predecessor=False).data
                tapped.reset()
                began_s = time.monotonic()
                foreign._raw(data)
                returned_s = time.monotonic()
                through_s = tapped.through_line.body_at_s(len(data) - 1)
                times.append((through_s - began_s, returned_s - through_s))
                advance()
        finally:
            foreign.close()
    return times
