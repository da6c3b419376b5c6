"""Breaks text into lines of cells by the rules of Chinese typesetting. Pure.

No line begins with closing punctuation, none ends with opening punctuation, no number and no Latin word is
broken, as long as the paper is wide enough for the word at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Width = Callable[[str], int]

CLOSING = frozenset(",.;:!?)]}>%'\"，。、；：！？）］｝〉》」』】〕〗％’”…—·℃°¢‰")
OPENING = frozenset("([{<（［｛〈《「『【〔〖‘“￥$＄£")

_WORD_CHARS = "A-Za-z0-9+\\-*#@&=/_~^|\\\\`０-９À-ɏ"
_PIECE = re.compile(
    rf" +|[{_WORD_CHARS}](?:[{_WORD_CHARS}]|[.,:;!?'．，](?=[0-9A-Za-z０-９]))*|.",
    re.DOTALL,
)


def wrap(text: str, cells: int, width: Width) -> list[str]:
    """Lines of at most `cells` cells; joined and without their blanks they are the text without its blanks.

    Blanks at the beginning of the text stay (they indent), those at a line's end go. Empty text is one empty
    line. `cells` is at least 2.
    """
    lines: list[str] = []
    line = ""
    for unit in _fit(units(text), cells, width):
        if width(line) + width(unit) <= cells:
            line += unit if line or not lines else unit.lstrip(" ")
            continue
        if line.strip(" "):
            lines.append(line.rstrip(" "))
        line = unit.lstrip(" ")
    if line or not lines:
        lines.append(line.rstrip(" "))
    return lines


def units(text: str) -> list[str]:
    """What must not be broken: a word or character with the punctuation that belongs to it."""
    found: list[str] = []
    for match in _PIECE.finditer(text):
        piece = match.group()
        if piece[0] in CLOSING and found:
            if found[-1].isspace() and len(found) > 1:
                blank = found.pop()
                found[-1] += blank
            found[-1] += piece
        elif found and found[-1][-1] in OPENING and not piece.isspace():
            found[-1] += piece
        else:
            found.append(piece)
    return found


def _fit(found: list[str], cells: int, width: Width) -> Iterator[str]:
    """Break by force what is wider than a line."""
    for unit in found:
        if width(unit) <= cells:
            yield unit
        else:
            yield from _break(unit, cells, width)


def _break(unit: str, cells: int, width: Width) -> Iterator[str]:
    part = ""
    for char in unit:
        if part and width(part) + width(char) > cells:
            keep, carry = _before_closing(part) if char in CLOSING else (part, "")
            if width(carry) + width(char) > cells:
                keep, carry = part, ""
            yield keep
            part = carry
        part += char
    yield part


def _before_closing(part: str) -> tuple[str, str]:
    """Split so that the carried end, which closing punctuation will follow, begins with something else."""
    place = len(part) - 1
    while place > 0 and (part[place] in CLOSING or part[place] == " "):
        place -= 1
    return (part[:place], part[place:]) if place > 0 else (part, "")
