"""A receipt on a serial line, against the time that its bytes need at that speed."""

import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from agent.bench import documents
from agent.bench.plan import Plan
from agent.bench.rows import Bar, Row
from agent.bench.taps import TappedPrinter
from agent.settings import shipped
from drivers.base import DeviceEvent
from drivers.printer.device import PrinterDevice
from drivers.printer.job import PrintOutcome, print_job, process_id
from drivers.printer.profiles import PrinterProfile, load_profile
from drivers.transport.serial import BITS_PER_BYTE

SLIP_BYTES_MIN = 400
READY_TIMEOUT_S = 10.0
BODY_BARS = {9600: Bar("ratio", ">=", 0.97), 115200: Bar("ratio", ">=", 0.90)}
WHOLE_BARS = {9600: Bar("ratio", ">=", 0.93), 115200: Bar("ratio", ">=", 0.80)}
PRINTERS = (("tm-t88", "epson", "process IDs"), ("pos80", "clone", "fence"))
"""Our profile, the emulated model, and by what it tells that it is done."""


@dataclass(frozen=True, slots=True)
class _Slip:
    """How fast one slip went, in bytes a second."""

    body: float
    whole: float


def measure(plan: Plan) -> list[Row]:
    """Measure a short receipt at both speeds, on a printer with process IDs and on one that only knows the fence."""
    receipt = documents.receipt(plan, 1)
    rows: list[Row] = []
    per_round = {9600: plan.count(2, 1), 115200: plan.count(10, 2)}
    slips = sum(per_round.values()) * plan.rounds * len(PRINTERS)
    with plan.progress("slips", slips) as advance, plan.scratch("slip") as folder:
        for ours, theirs, word in PRINTERS:
            profile = load_profile(shipped(f"devices/{ours}.toml"))
            document = shortened(receipt, profile)
            for baud, count in per_round.items():
                with PrinterLine(folder / "printer", profile, theirs, baud) as line:
                    found = []
                    for number in range(count * plan.rounds):
                        found.append(line.slip(document, number + 1))
                        advance()
                rows += _rows(found, baud, word)
            plan.note(f"the slip of the printer with {word} has {line.size_bytes} bytes")
    return rows


def _rows(slips: list[_Slip], baud: int, word: str) -> list[Row]:
    rate = baud / BITS_PER_BYTE
    body, whole = median(slip.body for slip in slips), median(slip.whole for slip in slips)
    return [
        Row(f"slip at {baud}, {word}: body, against the line rate", body, "B/s", rate, BODY_BARS[baud]),
        Row(f"slip at {baud}, {word}: whole with status, against the line rate", whole, "B/s", rate, WHOLE_BARS[baud]),
    ]


def shortened(receipt: Mapping[str, Any], profile: PrinterProfile) -> Mapping[str, Any]:
    """Return the shortest beginning of a receipt that has 400 bytes with its cut: a longer slip is easier."""
    for count in range(1, len(receipt["blocks"]) + 1):
        slip = {**receipt, "blocks": [*receipt["blocks"][:count], {"kind": "cut"}]}
        if len(print_job(slip, profile, process_id(1), void_predecessor=False).data) >= SLIP_BYTES_MIN:
            break
    return slip


class PrinterLine:
    """A printer driver on the tapped line of an emulated printer."""

    def __init__(self, link: Path, profile: PrinterProfile, model: str, baud: int) -> None:
        self.size_bytes = 0
        self.printer = TappedPrinter(link, model, baud)
        url = f"serial:{link}?baud={baud}"
        self._device = PrinterDevice("bench", url, profile, _ignore)
        self._stack = ExitStack()

    def __enter__(self) -> "PrinterLine":
        self._stack.enter_context(self.printer)
        self._stack.callback(self._device.stop)
        self._device.start()
        self._wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def slip(self, document: Mapping[str, Any], number: int) -> _Slip:
        """Print once. Body: from its first byte going onto the line to its last being through."""
        self.printer.reset()
        began_s = time.monotonic()
        result = self._device.print(document, process_id(number))
        whole_s = time.monotonic() - began_s
        self.size_bytes = result.bytes_written
        if result.outcome is not PrintOutcome.PRINTED or self.size_bytes < SLIP_BYTES_MIN:
            raise RuntimeError(f"slip of {self.size_bytes} bytes ended {result.outcome}: {result.code}")
        begun_s = self.printer.onto_line.body_at_s()
        through_s = self.printer.through_line.body_at_s(self.size_bytes - 1)
        return _Slip(self.size_bytes / (through_s - begun_s), self.size_bytes / whole_s)

    def _wait_until_ready(self) -> None:
        pause, until_s = threading.Event(), time.monotonic() + READY_TIMEOUT_S
        while not self._device.health().known:
            if time.monotonic() > until_s:
                raise TimeoutError("the printer never became ready")
            pause.wait(0.01)
        pause.wait(0.1)  # what it is asked about itself first


def _ignore(event: DeviceEvent) -> None:
    """Nobody watches this printer."""
