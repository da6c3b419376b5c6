"""Dots as `GS v 0` bands that no printer can mistake for a command. Pure.

A printer looks for real-time commands in every byte it receives, also inside pictures (Epson ESC/POS reference,
DLE EOT, DLE ENQ, DLE DC4): an unlucky row could ask for status, or clear the buffer.
"""

from __future__ import annotations

MAX_BAND_BYTES = 4096
"""The most that one command takes, so that a line cut off within it can be flushed by as many NULs."""

MAX_BAND_ROWS = 1023
"""Keeps the high byte of a band's height below 4: no height and no end of a command's head can begin or be a real-time
command (`10 04`, `10 05`: 1040 and 1296 rows; 4096 rows end their head with `10`)."""

_DLE = 0x10
_REAL_TIME = frozenset({0x04, 0x05, 0x14})
_HARMLESS_BIT = 0x02
_DOUBLE_BOTH = 3


def raster(width: int, height: int, rows: bytes, *, doubled: bool = False) -> bytes:
    """Print packed rows; one dot is turned wherever they would have contained a real-time command.

    `doubled` prints each dot as two by two, which takes a quarter of the bytes. `width` is that of a picture that
    passed `document.image`, so a row has 512 bytes at most.
    """
    row_bytes = (width + 7) // 8
    band_rows = min(max(1, MAX_BAND_BYTES // row_bytes), MAX_BAND_ROWS)
    output = bytearray()
    for top in range(0, height, band_rows):
        count = min(band_rows, height - top)
        band = rows[top * row_bytes : (top + count) * row_bytes]
        output += (
            b"\x1dv0"
            + bytes((_DOUBLE_BOTH if doubled else 0,))
            + row_bytes.to_bytes(2, "little")
            + count.to_bytes(2, "little")
        )
        output += without_real_time(band)
    return bytes(output)


def without_real_time(data: bytes) -> bytes:
    """The same bytes, with one bit turned after each DLE that would begin a real-time command."""
    if not has_real_time(data):
        return data
    changed = bytearray(data)
    for place in range(1, len(changed)):
        if changed[place - 1] == _DLE and changed[place] in _REAL_TIME:
            changed[place] ^= _HARMLESS_BIT
    return bytes(changed)


def has_real_time(data: bytes) -> bool:
    """Whether a printer could see DLE EOT, DLE ENQ or DLE DC4 in these bytes."""
    return any(bytes((_DLE, second)) in data for second in _REAL_TIME)


def scale_down(width: int, height: int, rows: bytes, dots: int) -> tuple[int, int, bytes]:
    """Shrink a picture that is wider than the paper, keeping its proportions; others come back as they are."""
    if width <= dots:
        return width, height, rows
    row_bytes = (width + 7) // 8
    new_height = max(1, height * dots // width)
    columns = [column * width // dots for column in range(dots)]
    packed = bytearray()
    for line in range(new_height):
        top = line * height // new_height * row_bytes
        row = rows[top : top + row_bytes]
        bits = "".join("1" if row[column // 8] & (0x80 >> column % 8) else "0" for column in columns)
        packed += int(bits + "0" * (-dots % 8), 2).to_bytes((dots + 7) // 8)
    return dots, new_height, bytes(packed)
