"""The print buffer: one line of text in the making, with wrapping, alignment and tab stops."""

from __future__ import annotations

from drivers.emulators.paper import CELL_DOTS, Align, Line, Span, Style

KANJI_DOTS = 24
SMALL_DOTS = 9
TEXT_HEIGHT_DOTS = 24


def char_dots(char: str, style: Style, kanji: bool) -> int:
    """Width on the paper of one character of a style."""
    if kanji and char > "\x7f":
        return KANJI_DOTS * style.wide
    return (SMALL_DOTS if style.small else CELL_DOTS) * style.wide


class LineBuffer:
    """Characters waiting for the line to end. Knows widths, never prints."""

    def __init__(self, width_dots: int) -> None:
        self.left_dots = 0
        self.width_dots = width_dots
        self.align: Align = "left"
        self._spans: list[Span] = []
        self._used = 0
        self._extent = 0

    def __bool__(self) -> bool:
        return bool(self._spans)

    @property
    def used_dots(self) -> int:
        """Where the next character goes, from the left margin."""
        return self._used

    def fit(self, text: str, style: Style, kanji: bool, dots: int) -> str:
        """Take what fits of `text` (`dots` wide in all); the rest is returned."""
        room = self.width_dots - self._used
        if dots <= room:
            self._append(text, style, kanji, dots)
            return ""
        taken = 0
        for index, char in enumerate(text):
            width = char_dots(char, style, kanji)
            if taken + width > room:
                self._append(text[:index], style, kanji, taken)
                return text[index:]
            taken += width
        self._append(text, style, kanji, taken)
        return ""

    def skip_to(self, dots: int, style: Style) -> bool:
        """Move to `dots` (`ESC $`, HT), also back over what stands there; False when that is off the line."""
        if not 0 <= dots < self.width_dots:
            return False
        if dots != self._used:
            self._spans.append(Span("", style, False, dots - self._used))
            self._move(dots)
        return True

    def _move(self, dots: int) -> None:
        self._used = dots
        self._extent = max(self._extent, dots)

    def _append(self, text: str, style: Style, kanji: bool, dots: int) -> None:
        if not text:
            return
        self._move(self._used + dots)
        if self._spans:
            last = self._spans[-1]
            if last.text and last.style == style and last.kanji == kanji:
                self._spans[-1] = Span(last.text + text, style, kanji, last.dots + dots)
                return
        self._spans.append(Span(text, style, kanji, dots))

    def left_of(self, width_dots: int) -> int:
        """Where something of this width begins under the present alignment."""
        slack = max(0, self.width_dots - width_dots)
        return self.left_dots + {"left": 0, "center": slack // 2, "right": slack}[self.align]

    def take(self, spacing_dots: int) -> Line:
        """End the line: what was collected, and the feed that its tallest character needs."""
        tall = max((span.style.tall for span in self._spans), default=1)
        feed = max(spacing_dots, tall * TEXT_HEIGHT_DOTS) if self._spans else spacing_dots
        left = self.left_of(self._extent)
        line = Line(tuple(self._spans), self.align, left, self.width_dots, feed)
        self._spans = []
        self._used = self._extent = 0
        return line
