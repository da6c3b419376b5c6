"""From the key presses of a HID keyboard scanner to the bytes that a serial scanner would have sent. Pure.

Source of codes and structure: linux/input.h and linux/input-event-codes.h, the kernel's Documentation/input. The
scanner is set to the United States layout. The lamps' states are ignored: the box grabs the device, so the console
never switches Caps Lock or Num Lock for it, and what a scanner sends is meant as it was pressed.
"""

from __future__ import annotations

import struct

EVENT = struct.Struct("@llHHi")
"""`struct input_event`: seconds, microseconds, type, code, value, in this machine's sizes."""

CORRUPT = b"\x1a"
"""SUBSTITUTE (ECMA-48): stands where something was lost, and makes the whole scan unusable."""

EV_SYN, EV_KEY = 0, 1
SYN_REPORT, SYN_DROPPED = 0, 3
UP, DOWN = 0, 1
"""Values of a key event; 2 is the keyboard's own repetition, which no scanner means."""

LEFT_SHIFT, RIGHT_SHIFT = 42, 54
LEFT_CONTROL, RIGHT_CONTROL = 29, 97
_SHIFTS = frozenset({LEFT_SHIFT, RIGHT_SHIFT})
_CONTROLS = frozenset({LEFT_CONTROL, RIGHT_CONTROL})
_LOCKS = frozenset({58, 69, 70})
"""Caps Lock, Num Lock, Scroll Lock: scanners press them around a scan to suit a console that we are not."""


def _row(first_code: int, plain: str, shifted: str) -> dict[int, tuple[str, str]]:
    return {first_code + place: pair for place, pair in enumerate(zip(plain, shifted, strict=True))}


US_KEYS: dict[int, tuple[str, str]] = {
    **_row(2, "1234567890-=", "!@#$%^&*()_+"),
    **_row(15, "\tqwertyuiop[]\r", "\tQWERTYUIOP{}\r"),
    **_row(30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    **_row(43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    **_row(55, "*", "*"),
    **_row(57, " ", " "),
    **_row(71, "789-456+1230.", "789-456+1230."),
    **_row(96, "\r", "\r"),
    **_row(98, "/", "/"),
    **_row(117, "=", "="),
}
"""Key code to the character without and with Shift; Enter (both) is a carriage return, Tab is a tabulator."""


class KeyTranslator:
    """Remembers what is held down on one device. `feed` never raises, whatever comes."""

    def __init__(self) -> None:
        self._rest = b""
        self._held: set[int] = set()
        self._dropping = False

    def feed(self, data: bytes) -> bytes:
        """The characters that these events complete; an event may be split over calls.

        A key without a character, and events that the kernel had to drop, leave CORRUPT in the scan they belong to.
        """
        data = self._rest + data
        whole = len(data) - len(data) % EVENT.size
        self._rest = data[whole:]
        return b"".join(
            self._take(kind, code, value) for _, _, kind, code, value in EVENT.iter_unpack(memoryview(data)[:whole])
        )

    def _take(self, kind: int, code: int, value: int) -> bytes:
        if kind == EV_SYN:
            return self._synchronise(code)
        if kind != EV_KEY or self._dropping:
            return b""
        if code in _SHIFTS or code in _CONTROLS:
            self._hold(code, value)
            return b""
        if value != DOWN or code in _LOCKS:
            return b""
        return self._character(code)

    def _synchronise(self, code: int) -> bytes:
        if code == SYN_REPORT:
            self._dropping = False
        elif code == SYN_DROPPED:
            # The kernel's rule: what comes up to the next report is the tail of something incomplete. What is held
            # down is unknown too, so nothing is: the scan is corrupt whatever its other letters' case.
            self._dropping = True
            self._held.clear()
            return CORRUPT
        return b""

    def _hold(self, code: int, value: int) -> None:
        if value == UP:
            self._held.discard(code)
        else:
            self._held.add(code)

    def _character(self, code: int) -> bytes:
        pair = US_KEYS.get(code)
        if pair is None:
            return CORRUPT
        if self._held & _CONTROLS and pair[0] not in "\r\t":
            return _control(pair[0])
        return pair[bool(self._held & _SHIFTS)].encode("ascii")


def _control(character: str) -> bytes:
    """Control and a key is a control character: scanners send the GS of GS1 codes as Control and `]`."""
    letter = character.upper()
    return bytes((ord(letter) & 0x1F,)) if "A" <= letter <= "_" else CORRUPT
