"""From a scanner's bytes to scans: whole, once, in order, however the bytes arrive. Pure.

Times are arguments. A scan ends with a terminator; a scanner set to send none ends it by a pause. Which of the two
it is shows by itself: after the first terminator a pause no longer ends a scan, so that a slow line cannot split
one in two.
"""

from __future__ import annotations

from dataclasses import dataclass

ANY_TERMINATOR = b"\r\n\x03"
MAX_FRAME_BYTES = 8192
"""The largest QR code holds 7,089 digits (ISO/IEC 18004); longer is noise or a jammed line."""

_SHORTEST_GAP_S = 0.05
_GAP_CHARACTERS = 30
_STALE_S = 1.0
_START_OF_TEXT = 0x02
_TAB = b"\t"
_ALLOWED_CONTROLS = frozenset({0x09, 0x1D})
"""TAB stands in texts, GS between the fields of GS1 codes."""


@dataclass(frozen=True, slots=True)
class FramingPolicy:
    """How one scanner is set up."""

    prefix: bytes = b""
    """What it sends before each scan; a scan without it is corrupt."""
    terminators: bytes = ANY_TERMINATOR
    """Single bytes, each of which ends a scan; several in a row end one."""
    gap_s: float = _SHORTEST_GAP_S
    repeat_window_s: float = 1.0
    """The same text again within this time is counted as a repeat."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One scan. `repeats` counts how often the same text came just before; `corrupt` text is for the log only."""

    text: str
    at_s: float
    repeats: int = 0
    corrupt: bool = False


def gap_s_at(bytes_per_s: float | None) -> float:
    """The pause that ends a scan on a line of this rate: 30 characters' time, not less than 50 ms."""
    return max(_SHORTEST_GAP_S, _GAP_CHARACTERS / bytes_per_s) if bytes_per_s else _SHORTEST_GAP_S


class Framer:
    """Collects bytes of one scanner. `overflows` counts scans that were too long and were dropped."""

    def __init__(self, policy: FramingPolicy) -> None:
        self._policy = policy
        self._partial = bytearray()
        self._overflowing = False
        self._seen_terminator = False
        self._last_byte_s = 0.0
        self._last: Frame | None = None
        self.overflows = 0

    def feed(self, data: bytes, now_s: float) -> list[Frame]:
        """The scans that these bytes complete; call `idle` first when time has passed."""
        frames: list[Frame] = []
        for value in data:
            if value in self._policy.terminators:
                self._seen_terminator = True
                frames += self._end(now_s)
            elif len(self._partial) >= MAX_FRAME_BYTES:
                self._overflow()
            elif not self._overflowing:
                self._partial.append(value)
        if data:
            self._last_byte_s = now_s
        return frames

    def idle(self, now_s: float) -> list[Frame]:
        """The scan that a pause up to now has ended, if any."""
        due_s = self.due_s()
        if due_s is None or now_s < due_s:
            return []
        return self._end(now_s, corrupt=self._seen_terminator)

    def due_s(self) -> float | None:
        """When `idle` should be called, None while nothing waits."""
        if not self._partial and not self._overflowing:
            return None
        return self._last_byte_s + (_STALE_S if self._seen_terminator else self._policy.gap_s)

    def disconnect(self) -> None:
        """Drop what is half received: its end will never come."""
        self._partial.clear()
        self._overflowing = False

    def _overflow(self) -> None:
        self._partial.clear()
        self._overflowing = True
        self.overflows += 1

    def _end(self, now_s: float, *, corrupt: bool = False) -> list[Frame]:
        data = bytes(self._partial)
        self._partial.clear()
        if self._overflowing:
            self._overflowing = False
            return []
        if data[:1] == bytes((_START_OF_TEXT,)):
            data = data[1:]
        # A tabulator may stand inside a text; at the end it is a suffix that somebody set.
        data = data.rstrip(_TAB)
        if not data:
            return []
        text, broken = self._decode(data)
        return [self._counted(Frame(text, now_s, corrupt=corrupt or broken))]

    def _decode(self, data: bytes) -> tuple[str, bool]:
        """The text, and whether it cannot be what was printed on the code."""
        prefix = self._policy.prefix
        broken = not data.startswith(prefix)
        data = data.removeprefix(prefix)
        broken = broken or not data or any(_is_control(value) for value in data)
        text = _try_decode(data, "utf-8")
        if text is None or _looks_misread(text):
            text = _try_decode(data, "gb18030") or text
        if text is None:
            return data.decode("ascii", "backslashreplace"), True
        return text, broken

    def _counted(self, frame: Frame) -> Frame:
        last = self._last
        if (
            last is not None
            and not frame.corrupt
            and (last.text, last.corrupt) == (frame.text, False)
            and frame.at_s - last.at_s <= self._policy.repeat_window_s
        ):
            frame = Frame(frame.text, frame.at_s, last.repeats + 1)
        self._last = frame
        return frame


def _try_decode(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _looks_misread(text: str) -> bool:
    """Short Chinese texts in GBK can be valid UTF-8 and read as Cyrillic or Arabic; Chinese in UTF-8 never is."""
    highest = max(text, default="")
    return "\u0370" <= highest <= "\u07ff"


def _is_control(value: int) -> bool:
    return (value < 0x20 or value == 0x7F) and value not in _ALLOWED_CONTROLS
