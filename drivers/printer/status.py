"""What a printer says: tells its replies apart and reads their bits. Pure.

Patterns and bits are those of the Epson ESC/POS reference (DLE EOT, GS a, GS r, GS ( H, "transmission status
identification"). No reply contains 0x11 or 0x13, so flow control may be stripped anywhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

REAL_TIME_STATUS = (1, 2, 3, 4)
STATUS_REQUEST = b"".join(bytes((0x10, 0x04, number)) for number in REAL_TIME_STATUS)
"""DLE EOT 1 to 4 in one write; answered in this order."""

MAX_BLOCK_BYTES = 256

_FLOW_CONTROL = frozenset({0x11, 0x13})
_BLOCK_HEADERS = frozenset({0x35, 0x37, 0x3B, 0x3D, 0x5F})
_PROCESS_HEADER, _PROCESS_KIND = 0x37, 0x22
_AUTOMATIC_BYTES = 4


@dataclass(frozen=True, slots=True)
class RealTime:
    """The answer to DLE EOT `number`."""

    number: int
    value: int


@dataclass(frozen=True, slots=True)
class Automatic:
    """Four bytes that the printer sent because something changed."""

    status: bytes


@dataclass(frozen=True, slots=True)
class InOrder:
    """The answer to GS r: everything before it has been processed."""

    value: int


@dataclass(frozen=True, slots=True)
class ProcessDone:
    """The answer to GS ( H: the data before this process ID is on paper."""

    process_id: str


@dataclass(frozen=True, slots=True)
class Block:
    """Any other block, such as maker and model."""

    header: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Stray:
    """A byte that answers nothing."""

    value: int


Reply = RealTime | Automatic | InOrder | ProcessDone | Block | Stray


class Demultiplexer:
    """Cuts what a printer sends into replies, however the bytes arrive."""

    def __init__(self) -> None:
        self._expected: deque[int] = deque(maxlen=64)
        self._partial = bytearray()

    @property
    def awaits_status(self) -> bool:
        """Whether answers to DLE EOT are outstanding."""
        return bool(self._expected)

    def expect_status(self) -> None:
        """Say that STATUS_REQUEST has been sent."""
        self._expected.extend(REAL_TIME_STATUS)

    def forget(self) -> None:
        """Give up answers outstanding and a reply half received."""
        self._expected.clear()
        self._partial.clear()

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that these bytes complete, in order."""
        replies: list[Reply] = []
        for value in data:
            if value not in _FLOW_CONTROL:
                replies.extend(self._take(value))
        return replies

    def _take(self, value: int) -> Iterator[Reply]:
        if not self._partial:
            yield from self._first(value)
        elif self._partial[0] in _BLOCK_HEADERS:
            yield from self._in_block(value)
        else:
            yield from self._in_automatic(value)

    def _first(self, value: int) -> Iterator[Reply]:
        if value in _BLOCK_HEADERS or value & 0x93 == 0x10:
            self._partial.append(value)
        elif value & 0x93 == 0x12 and self._expected:
            yield RealTime(self._expected.popleft(), value)
        elif value & 0x90 == 0 and _is_paper_answer(value):
            yield InOrder(value)
        else:
            yield Stray(value)

    def _in_block(self, value: int) -> Iterator[Reply]:
        if value == 0:
            yield _block(bytes(self._partial))
            self._partial.clear()
        elif 0x20 <= value < 0x7F and len(self._partial) < MAX_BLOCK_BYTES:
            self._partial.append(value)
        else:
            yield from self._give_up(value)

    def _in_automatic(self, value: int) -> Iterator[Reply]:
        if value & 0x90:
            yield from self._give_up(value)
            return
        self._partial.append(value)
        if len(self._partial) == _AUTOMATIC_BYTES:
            yield Automatic(bytes(self._partial))
            self._partial.clear()

    def _give_up(self, value: int) -> Iterator[Reply]:
        """What began as a longer reply was none: its bytes are strays, this one begins anew."""
        strays = [Stray(stray) for stray in self._partial]
        self._partial.clear()
        yield from strays
        yield from self._first(value)


def _block(data: bytes) -> Reply:
    if data[:2] == bytes((_PROCESS_HEADER, _PROCESS_KIND)):
        return ProcessDone(data[2:].decode("ascii"))
    return Block(data[0], data[1:])


def _is_paper_answer(value: int) -> bool:
    """Both sensors have two bits each that are on or off together; noise mostly differs."""
    return value & 0x03 in (0x00, 0x03) and value & 0x0C in (0x00, 0x0C)


@dataclass(frozen=True, slots=True)
class PrinterHealth:
    """What a printer last said about itself; everything false and `known` false before it said anything."""

    known: bool = False
    offline: bool = False
    cover_open: bool = False
    paper_out: bool = False
    paper_low: bool = False
    cutter_jammed: bool = False
    mechanical: bool = False
    overheated: bool = False
    broken: bool = False
    feeding: bool = False
    waiting: bool = False
    drawer_pin_high: bool | None = None

    @property
    def blocked(self) -> str | None:
        """The code of what keeps it from printing, None when nothing does."""
        reasons = (
            (not self.known, "printer.silent"),
            (self.broken, "printer.broken"),
            (self.cutter_jammed, "printer.cutter_jammed"),
            (self.mechanical, "printer.mechanical"),
            (self.cover_open, "printer.cover_open"),
            (self.paper_out, "printer.paper_out"),
            (self.overheated, "printer.overheated"),
            (self.feeding, "printer.feeding"),
            (self.waiting, "printer.waiting"),
            (self.offline, "printer.offline"),
        )
        return next((code for applies, code in reasons if applies), None)

    @property
    def code(self) -> str:
        """The one code to show: what blocks it, else `printer.paper_low`, else `printer.ready`."""
        return self.blocked or ("printer.paper_low" if self.paper_low else "printer.ready")


UNKNOWN = PrinterHealth()


def health_from_real_time(values: Mapping[int, int]) -> PrinterHealth:
    """Read the answers to DLE EOT 1 to 4 by number."""
    printer, cause, error, paper = (values[number] for number in REAL_TIME_STATUS)
    return PrinterHealth(
        known=True,
        offline=bool(printer & 0x08),
        waiting=bool(printer & 0x20),
        drawer_pin_high=bool(printer & 0x04),
        cover_open=bool(cause & 0x04),
        feeding=bool(cause & 0x08),
        paper_out=bool(cause & 0x20 or paper & 0x60),
        paper_low=bool(paper & 0x0C),
        mechanical=bool(error & 0x04),
        cutter_jammed=bool(error & 0x08),
        broken=bool(error & 0x20),
        overheated=bool(error & 0x40),
    )


def health_from_automatic(status: bytes) -> PrinterHealth:
    """Read the four bytes of an automatic status."""
    printer, error, paper, _ = status
    return PrinterHealth(
        known=True,
        offline=bool(printer & 0x08),
        drawer_pin_high=bool(printer & 0x04),
        cover_open=bool(printer & 0x20),
        feeding=bool(printer & 0x40),
        waiting=bool(error & 0x01),
        mechanical=bool(error & 0x04),
        cutter_jammed=bool(error & 0x08),
        broken=bool(error & 0x20),
        overheated=bool(error & 0x40),
        paper_low=bool(paper & 0x03),
        paper_out=bool(paper & 0x0C),
    )


class AutomaticWatch:
    """Notices that a printer which reports changes by itself (GS a) has ceased to: power-cycle and ESC @ end it.

    Its sensors then differ from its last report. Once may be a report still under way; twice in a row is not.
    """

    def __init__(self) -> None:
        self.vanished = False
        self._told: PrinterHealth | None = None
        self._differed = False

    def restart(self) -> None:
        """The printer is told to report (again)."""
        self.vanished = self._differed = False
        self._told = None

    def told(self, health: PrinterHealth) -> None:
        """It has reported by itself."""
        self.restart()
        self._told = health

    def asked(self, health: PrinterHealth) -> None:
        """It has answered when asked."""
        differs = self._told is not None and _sensors(health) != _sensors(self._told)
        self.vanished = self.vanished or (differs and self._differed)
        self._differed = differs


def _sensors(health: PrinterHealth) -> tuple[bool, ...]:
    """What both ways of asking show, of what GS a 0F watches."""
    return health.cover_open, health.paper_out, health.cutter_jammed, health.broken
