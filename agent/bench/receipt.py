"""What a receipt weighs on the line and how long its bytes take to make, beside what python-escpos sends for it."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from agent.bench.documents import (
    WITHOUT_FOREIGNER,
    drawing_codes,
    foreign_bytes,
    foreign_printers,
    receipt,
    without_codes,
)
from agent.bench.figures import percentile
from agent.bench.plan import Plan
from agent.bench.rows import Bar, Row
from agent.bench.sale import MILLI
from agent.settings import shipped
from drivers.printer.encoder import encode
from drivers.printer.profiles import PrinterProfile, load_profile

ENCODER_BAR = Bar("value", "<", 2)
LINES = 10
SAMPLES, QUICK_SAMPLES = 400, 5

Encode = Callable[[], bytes]


def measure(plan: Plan) -> list[Row]:
    """Measure the receipt of a sale of ten lines on 80 mm: as text, with the printer's own QR code, and with dots."""
    document = receipt(plan, LINES)
    profile = load_profile(shipped("devices/tm-t88.toml"))
    kinds = {
        "text alone": (without_codes(document), profile),
        "native QR": (document, profile),
        "QR as dots": (document, drawing_codes(profile)),
    }
    printers = foreign_printers()
    if printers is None:
        plan.note(WITHOUT_FOREIGNER)
    rows: list[Row] = []
    for kind, (slip, model) in kinds.items():
        rows.append(_size(kind, slip, model, printers))
    for kind in ("native QR", "QR as dots"):
        rows.append(_speed(plan, kind, *kinds[kind], printers))
    return rows


def _size(kind: str, document: Mapping[str, Any], profile: PrinterProfile, printers: Any) -> Row:
    theirs = None if printers is None else len(foreign_bytes(printers, document, profile))
    name = f"receipt of {LINES} lines, {kind}: bytes, against python-escpos"
    return Row(name, len(encode(document, profile)), "B", theirs)


def _speed(plan: Plan, kind: str, document: Mapping[str, Any], profile: PrinterProfile, printers: Any) -> Row:
    """Return the encoder's time in the 95th percentile; ours and theirs in turn."""
    count = plan.count(SAMPLES, QUICK_SAMPLES)
    ours_s: list[float] = []
    theirs_s: list[float] = []
    with plan.progress("receipts", count) as advance:
        for _ in range(count):
            ours_s.append(_seconds(lambda: encode(document, profile)))
            if printers is not None:
                theirs_s.append(_seconds(lambda: foreign_bytes(printers, document, profile)))
            advance()
    name = f"receipt of {LINES} lines, {kind}: encoder, {count} times, p95, against python-escpos"
    floor = percentile(theirs_s, 95) * MILLI if theirs_s else None
    return Row(name, percentile(ours_s, 95) * MILLI, "ms", floor, ENCODER_BAR)


def _seconds(make: Encode) -> float:
    began_s = time.perf_counter()
    make()
    return time.perf_counter() - began_s
