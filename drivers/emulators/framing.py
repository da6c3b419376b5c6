"""Where one ESC/POS command ends and the next begins, by the lengths in the command reference.

Pure: looks at bytes, remembers nothing. A command that is known here may still have no effect on
this printer; one that is not known here is an unknown byte sequence and is reported as such.
"""

from __future__ import annotations

from collections.abc import Callable

NEED_MORE = 0
"""Returned instead of a length when the bytes so far do not decide it."""

MAX_DATA_BYTES = 4 << 20
"""No raster or stored block is longer; a header that announces more is not a command."""

MAX_LIST_BYTES = 255
"""No zero-terminated list or bar code is longer."""

Buffer = bytes | bytearray
Measure = Callable[[Buffer, int], int]

_SINGLE = b"\x00\x09\x0a\x0c\x0d\x18"

_ESC_LENGTHS = {
    2: b"2@imvuSL<",
    3: b" !%-=?EGJKMRTVadert{3U",
    4: b"$\\",
    5: b"p",
    10: b"W",
}
_FS_LENGTHS = {2: b"&.", 3: b"!-CW", 4: b"Sp?"}
_GS_LENGTHS = {2: b":", 3: b"!/BHITabfhrw", 4: b"$LPW\\", 5: b"^z"}


def _table() -> dict[bytes, int]:
    groups = ((0x1B, _ESC_LENGTHS), (0x1C, _FS_LENGTHS), (0x1D, _GS_LENGTHS))
    table = {
        bytes((lead, second)): length
        for lead, lengths in groups
        for length, seconds in lengths.items()
        for second in seconds
    }
    table[b"\x1bc"] = 4  # ESC c 0, 1, 3, 4, 5 n
    return table


FIXED = _table()


def _word(buffer: Buffer, at: int) -> int:
    return buffer[at] | buffer[at + 1] << 8


def _bounded(length: int) -> int:
    return length if length <= MAX_DATA_BYTES else -2


def _bit_image(buffer: Buffer, at: int) -> int:
    """ESC * m nL nH d…: columns of 8 or 24 dots."""
    if len(buffer) - at < 5:
        return NEED_MORE
    mode = buffer[at + 2]
    if mode not in (0, 1, 32, 33):
        return -3
    return 5 + _word(buffer, at + 3) * (3 if mode >= 32 else 1)


def _tab_stops(buffer: Buffer, at: int) -> int:
    """ESC D n1…nk NUL, at most 32."""
    end = buffer.find(b"\x00", at + 2, at + 2 + 33)
    if end >= 0:
        return end + 1 - at
    return -2 if len(buffer) - at >= 2 + 33 else NEED_MORE


def _user_characters(buffer: Buffer, at: int) -> int:
    """ESC & y c1 c2 [x d…]…: each character has its own width."""
    if len(buffer) - at < 5:
        return NEED_MORE
    height, first, last = buffer[at + 2 : at + 5]
    if height not in (2, 3) or not 32 <= first <= last <= 126:
        return -2
    end = at + 5
    for _ in range(last - first + 1):
        if end >= len(buffer):
            return NEED_MORE
        end += 1 + buffer[end] * height
    return end - at


def _block(buffer: Buffer, at: int) -> int:
    """GS ( X pL pH … and FS ( X pL pH …: the length follows the letter."""
    return 5 + _word(buffer, at + 3) if len(buffer) - at >= 5 else NEED_MORE


def _large_graphics(buffer: Buffer, at: int) -> int:
    """GS 8 L p1 p2 p3 p4 …: the same with four bytes of length."""
    if len(buffer) - at < 7:
        return NEED_MORE
    if buffer[at + 2] != ord("L"):
        return -3
    return _bounded(7 + (_word(buffer, at + 3) | _word(buffer, at + 5) << 16))


def _raster(buffer: Buffer, at: int) -> int:
    """GS v 0 m xL xH yL yH d…: x bytes a row, y rows."""
    have = len(buffer) - at
    if have > 2 and buffer[at + 2] not in b"\x000":
        return -3
    if have > 3 and buffer[at + 3] & ~0x33:
        return -4
    if have < 8:
        return NEED_MORE
    return _bounded(8 + _word(buffer, at + 4) * _word(buffer, at + 6))


def _barcode(buffer: Buffer, at: int) -> int:
    """GS k m d… NUL (m 0 to 6) and GS k m n d… (m 65 to 79)."""
    if len(buffer) - at < 4:
        return NEED_MORE
    kind = buffer[at + 2]
    if kind <= 6:
        end = buffer.find(b"\x00", at + 3, at + 3 + MAX_LIST_BYTES)
        if end >= 0:
            return end + 1 - at
        return -3 if len(buffer) - at >= 3 + MAX_LIST_BYTES else NEED_MORE
    return 4 + buffer[at + 3] if 65 <= kind <= 79 else -3


def _cut(buffer: Buffer, at: int) -> int:
    """GS V m and GS V m n."""
    if len(buffer) - at < 3:
        return NEED_MORE
    if buffer[at + 2] in (0, 1, 48, 49):
        return 3
    return 4 if buffer[at + 2] in (65, 66, 97, 98, 103, 104) else -3


def _counter(buffer: Buffer, at: int) -> int:
    """GS g 0 m nL nH and GS g 2 m nL nH."""
    if len(buffer) - at < 3:
        return NEED_MORE
    return 6 if buffer[at + 2] in b"02" else -3


def _download_image(buffer: Buffer, at: int) -> int:
    """GS * x y d…: x times y times 8 bytes."""
    if len(buffer) - at < 4:
        return NEED_MORE
    return 4 + buffer[at + 2] * buffer[at + 3] * 8


def _user_kanji(buffer: Buffer, at: int) -> int:
    """FS 2 c1 c2 d1…d72: one 24x24 character."""
    return 76


def _real_time(buffer: Buffer, at: int) -> int:
    """DLE …: already obeyed on arrival; skipped here."""
    second = buffer[at + 1]
    if second in (0x04, 0x05):
        return 3
    if second != 0x14:
        return -2
    if len(buffer) - at < 3:
        return NEED_MORE
    return {0x01: 5, 0x02: 5, 0x08: 10}.get(buffer[at + 2], -3)


_VARIABLE: dict[bytes, Measure] = {
    b"\x1b*": _bit_image,
    b"\x1bD": _tab_stops,
    b"\x1b&": _user_characters,
    b"\x1b(": _block,
    b"\x1d(": _block,
    b"\x1c(": _block,
    b"\x1d8": _large_graphics,
    b"\x1dv": _raster,
    b"\x1dk": _barcode,
    b"\x1dV": _cut,
    b"\x1dg": _counter,
    b"\x1d*": _download_image,
    b"\x1c2": _user_kanji,
    b"\x10\x04": _real_time,
    b"\x10\x05": _real_time,
    b"\x10\x14": _real_time,
}


def measure(buffer: Buffer, at: int) -> int:
    """Length of the command at `at` in all (it may reach beyond the buffer).

    NEED_MORE when undecided; minus n when the n bytes here are no command. The answer depends on
    the bytes only, never on how many happen to have arrived.
    """
    lead = buffer[at]
    if lead in _SINGLE:
        return 1
    if lead not in b"\x10\x1b\x1c\x1d":
        return -1
    if len(buffer) - at < 2:
        return NEED_MORE
    prefix = bytes(buffer[at : at + 2])
    length = FIXED.get(prefix)
    if length is not None:
        return length
    variable = _VARIABLE.get(prefix)
    return variable(buffer, at) if variable else -2
