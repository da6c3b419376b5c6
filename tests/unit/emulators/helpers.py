"""A printer on a clock that tests turn by hand, and the bytes to feed it."""

from __future__ import annotations

from typing import Any

from drivers.emulators.paper import Line as PaperLine
from drivers.emulators.paper import Mark, Note, as_fields, line_text
from drivers.emulators.printer import EmulatedPrinter
from drivers.emulators.profiles import Flow, profile_for

CUT = b"\x1dV\x42\x00"
EOT1, EOT2, EOT3, EOT4 = (bytes((0x10, 0x04, n)) for n in (1, 2, 3, 4))
ASB_ON = b"\x1da\x0f"
ASB_CLEAN = b"\x14\x00\x00\x0f"


class HandClock:
    """Monotonic seconds that move when told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def make(
    profile: str = "epson",
    width_mm: int = 58,
    flow: Flow | None = None,
    clock: HandClock | None = None,
    line_ms: float = 0,
) -> EmulatedPrinter:
    return EmulatedPrinter(profile_for(profile, width_mm, flow), clock or HandClock(), lambda: 7, line_ms=line_ms)


def chinese(text: str) -> bytes:
    return text.encode("gb18030")


def pid(name: bytes) -> bytes:
    return b"\x1d(H\x06\x0000" + name


def done(name: bytes) -> bytes:
    return b"\x37\x22" + name + b"\x00"


def qr(payload: bytes, module_dots: int = 4, level: bytes = b"1") -> bytes:
    size = (len(payload) + 3).to_bytes(2, "little")
    return (
        b"\x1d(k\x04\x001A2\x00"
        + b"\x1d(k\x03\x001C"
        + bytes((module_dots,))
        + b"\x1d(k\x03\x001E"
        + level
        + b"\x1d(k"
        + size
        + b"1P0"
        + payload
        + b"\x1d(k\x03\x001Q0"
    )


def raster(rows: list[bytes], mode: int = 0) -> bytes:
    head = bytes((mode, len(rows[0]), 0)) + len(rows).to_bytes(2, "little")
    return b"\x1dv0" + head + b"".join(rows)


def lines(printer: EmulatedPrinter) -> list[str]:
    return [line_text(mark.op) for mark in printer.marks if isinstance(mark.op, PaperLine)]


def notes(printer: EmulatedPrinter) -> list[str]:
    return [mark.op.text for mark in printer.marks if isinstance(mark.op, Note)]


def logged(marks: list[Mark], kind: str) -> list[dict[str, Any]]:
    every = [fields for mark in marks if (fields := as_fields(mark)) is not None]
    return [fields for fields in every if fields["kind"] == kind]
