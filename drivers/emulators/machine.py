"""The printer's state between commands: modes, print buffer, stored symbols, counters.

Command handlers change it; what it does to the world goes through two callables: `emit` (something
is on the paper now) and `reply` (bytes for the host, in order).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from drivers.emulators.health import Health
from drivers.emulators.linebuffer import LineBuffer, char_dots
from drivers.emulators.paper import PLAIN, Feed, Image, Line, Note, Op, Style
from drivers.emulators.profiles import Profile

DEFAULT_SPACING_DOTS = 30
MAX_NOTES_A_JOB = 64
MAX_WAITING_IDS = 64


class CutterStuck(Exception):
    """The cutter met a blockage: the command stays in the buffer until recovery."""


@dataclass(slots=True)
class SymbolStore:
    """What `GS ( k` functions 65 to 80 have set up for printing (cleared by `ESC @`)."""

    module_dots: int = 3
    level: str = "L"
    payload: bytes = b""


@dataclass(slots=True)
class BarcodeSettings:
    """`GS h`, `GS w`, `GS H`."""

    height_dots: int = 162
    module_dots: int = 3
    hri: str = "none"


@dataclass(slots=True)
class Counters:
    """Maintenance counters (`GS g`): resettable and lifetime; they survive a power cut."""

    since_reset: dict[int, int] = field(default_factory=lambda: {20: 0, 21: 0, 50: 0})
    lifetime: dict[int, int] = field(default_factory=lambda: {148: 0, 149: 0, 178: 0})

    def add(self, number: int, amount: int = 1) -> None:
        """Count both the resettable counter and its lifetime twin (number + 128)."""
        self.since_reset[number] += amount
        self.lifetime[number + 128] += amount


class Machine:
    """Everything that a command may read or change."""

    def __init__(
        self,
        profile: Profile,
        health: Health,
        emit: Callable[[Op], None],
        reply: Callable[[bytes], None],
    ) -> None:
        self.profile = profile
        self.health = health
        self.counters = Counters()
        self.unknown_bytes = 0
        self.unsupported_commands = 0
        self._emit = emit
        self.reply = reply
        self._notes_in_job = 0
        self.asb_mask = 0
        self.reset()

    def reset(self) -> None:
        """`ESC @`: every mode to its power-on value, print buffer emptied, ASB off."""
        self.line = LineBuffer(self.profile.width_dots)
        self.strips: list[Image] = []
        self.ascii_style = PLAIN
        self.kanji_style = PLAIN
        self.kanji = True
        self.code_page = 0
        self.spacing_dots = DEFAULT_SPACING_DOTS
        self.tab_stops = tuple(range(8, 80, 8))
        self.symbol = SymbolStore()
        self.barcode = BarcodeSettings()
        self.graphics: Image | None = None
        self.asb_mask = 0
        self.waiting_ids: list[bytes] = []

    def restyle(self, change: Callable[[Style], Style]) -> None:
        """Change the style of all characters, single-byte and Chinese."""
        self.ascii_style = change(self.ascii_style)
        self.kanji_style = change(self.kanji_style)

    def note(self, text: str) -> None:
        """A line in the paper log, at most 64 for a slip; counters go on counting."""
        self._notes_in_job += 1
        if self._notes_in_job < MAX_NOTES_A_JOB:
            self._emit(Note(text))
        elif self._notes_in_job == MAX_NOTES_A_JOB:
            self._emit(Note("more notes for this slip are only counted"))

    def unsupported(self, what: str) -> None:
        """A command that is known but that this printer doesn't have: no effect, noted."""
        self.unsupported_commands += 1
        self.note(f"not supported: {what}")

    def put(self, text: str, style: Style, kanji: bool, dots: int) -> None:
        """Add characters to the line, printing full lines on the way."""
        rest = self.line.fit(text, style, kanji, dots)
        while rest:
            if self.line:
                self.end_line()
            else:
                self.note(f"character {rest[0]!r} is wider than the line")
                rest = rest[1:]
            width = sum(char_dots(char, style, kanji) for char in rest)
            rest = self.line.fit(rest, style, kanji, width)

    @property
    def pending(self) -> bool:
        """Something is in the print buffer that isn't on paper yet."""
        return bool(self.line) or bool(self.strips)

    def end_line(self) -> None:
        """Print the buffer and feed one line; answers wait for it where asked to."""
        self.counters.add(20)
        has_strips = bool(self.strips)
        if has_strips:
            self._print_strips()
        if self.line or not has_strips:
            self.emit(self.line.take(self.spacing_dots))
        for process_id in self.waiting_ids:
            self.reply(process_id)
        self.waiting_ids.clear()

    def _print_strips(self) -> None:
        height = max(strip.height for strip in self.strips)
        image = _side_by_side(self.strips, height)
        left = self.line.left_of(image.width)
        feed = max(self.spacing_dots, height)
        self.emit(replace(image, left_dots=left, feed_dots=feed))
        self.strips = []

    def at_line_start(self, what: str) -> None:
        """Commands that need an empty print buffer: what is in it is printed first, and noted."""
        if self.pending:
            self.note(f"{what} in the middle of a line: the line was ended first")
            self.end_line()

    def emit(self, op: Op) -> None:
        """Put something on the paper."""
        if isinstance(op, Line) and op.spans:
            self.counters.add(21)
        self._emit(op)

    def feed(self, dots: int) -> None:
        """Move the paper."""
        if dots:
            self.emit(Feed(dots))

    def cut_done(self) -> None:
        """The slip has ended: count the cut, allow notes again."""
        self.counters.add(50)
        self._notes_in_job = 0


def _side_by_side(strips: list[Image], height: int) -> Image:
    """Join column images of one line into one picture."""
    width = sum(strip.width for strip in strips)
    padded = (width + 7) // 8
    rows = bytearray()
    for y in range(height):
        bits = 0
        for strip in strips:
            step = (strip.width + 7) // 8
            row = strip.rows[y * step : (y + 1) * step] if y < strip.height else b"\x00" * step
            bits = bits << strip.width | int.from_bytes(row, "big") >> step * 8 - strip.width
        rows += (bits << padded * 8 - width).to_bytes(padded, "big")
    return Image(width, height, bytes(rows), 0, height)
