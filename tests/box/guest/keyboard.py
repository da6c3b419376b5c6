"""Keys of a United States keyboard as USB HID reports: pure."""

from __future__ import annotations

import string
from collections.abc import Iterator

REPORT_BYTES = 8
REPORT_DESCRIPTOR = bytes.fromhex(
    "05010906a101050719e029e71500250175019508810295017508810395057501"
    "050819012905910295017503910395067508150025650507190029658100c0"
)
"""The boot keyboard of HID 1.11, appendix B.1: modifiers, a reserved byte, six keys."""

_LEFT_SHIFT = 0x02
_RELEASED = bytes(REPORT_BYTES)


def _row(characters: str, first_usage: int, modifier: int) -> dict[str, tuple[int, int]]:
    return {character: (modifier, first_usage + place) for place, character in enumerate(characters)}


# HID Usage Tables 1.12, chapter 10: keyboard page.
_KEYS: dict[str, tuple[int, int]] = {
    **_row(string.ascii_lowercase, 0x04, 0),
    **_row(string.ascii_uppercase, 0x04, _LEFT_SHIFT),
    **_row("1234567890\r", 0x1E, 0),
    **_row("!@#$%^&*()", 0x1E, _LEFT_SHIFT),
    **_row("\t -=[]\\", 0x2B, 0),
    **_row("_+{}|", 0x2D, _LEFT_SHIFT),
    **_row(";'`,./", 0x33, 0),
    **_row(':"~<>?', 0x33, _LEFT_SHIFT),
}


def reports(text: str) -> Iterator[bytes]:
    """Press and release of each key. Raises KeyError for a character that the keyboard does not have."""
    for character in text:
        modifier, usage = _KEYS[character]
        yield bytes((modifier, 0, usage, 0, 0, 0, 0, 0))
        yield _RELEASED
