"""QR codes: how large they come out, and their dots. Pure.

The size is computed without drawing the symbol, because a printer that draws codes itself needs nothing else and
the library takes tens of milliseconds to load and to draw.
"""

from __future__ import annotations

import re
from functools import lru_cache

QUIET_MODULES = 4
"""ISO/IEC 18004 asks for a border of four modules."""

_MAX_MODULE_DOTS = 16

# Data bits of versions 1 to 40 (ISO/IEC 18004, table 7).
_CAPACITY_BITS = {
    "L": (
        152, 272, 440, 640, 864, 1088, 1248, 1552, 1856, 2192, 2592, 2960, 3424, 3688, 4184, 4712, 5176, 5768, 6360,
        6888, 7456, 8048, 8752, 9392, 10208, 10960, 11744, 12248, 13048, 13880, 14744, 15640, 16568, 17528, 18448,
        19472, 20528, 21616, 22496, 23648,
    ),
    "M": (
        128, 224, 352, 512, 688, 864, 992, 1232, 1456, 1728, 2032, 2320, 2672, 2920, 3320, 3624, 4056, 4504, 5016,
        5352, 5712, 6256, 6880, 7312, 8000, 8496, 9024, 9544, 10136, 10984, 11640, 12328, 13048, 13800, 14496, 15312,
        15936, 16816, 17728, 18672,
    ),
    "Q": (
        104, 176, 272, 384, 496, 608, 704, 880, 1056, 1232, 1440, 1648, 1952, 2088, 2360, 2600, 2936, 3176, 3560,
        3880, 4096, 4544, 4912, 5312, 5744, 6032, 6464, 6968, 7288, 7880, 8264, 8920, 9368, 9848, 10288, 10832, 11408,
        12016, 12656, 13328,
    ),
    "H": (
        72, 128, 208, 288, 368, 480, 528, 688, 800, 976, 1120, 1264, 1440, 1576, 1784, 2024, 2264, 2504, 2728, 3080,
        3248, 3536, 3712, 4112, 4304, 4768, 5024, 5288, 5608, 5960, 6344, 6760, 7208, 7688, 7888, 8432, 8768, 9136,
        9776, 10208,
    ),
}  # fmt: skip

_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+")
_MODE_BITS = 4


def version(data: str, level: str) -> int | None:
    """The smallest version that holds the data in one mode; None when none does."""
    for number, capacity in enumerate(_CAPACITY_BITS[level], start=1):
        if _MODE_BITS + _payload_bits(data, number) <= capacity:
            return number
    return None


def module_dots(version_number: int, wished_dots: int, paper_dots: int) -> int:
    """Dots a module takes so that the symbol comes next to the wished width and its border stays on the paper.

    Zero when not even one dot a module fits.
    """
    modules = 17 + 4 * version_number
    widest = paper_dots // (modules + 2 * QUIET_MODULES)
    return min(max(1, round(wished_dots / modules)), widest, _MAX_MODULE_DOTS)


@lru_cache(maxsize=16)
def rows(data: str, level: str, dots: int) -> tuple[int, int, bytes]:
    """Width, height and packed rows of the symbol with its border, `dots` a module."""
    import segno

    symbol = segno.make(data.encode("utf-8"), error=level, boost_error=False, micro=False)
    size = 0
    packed = bytearray()
    for modules in symbol.matrix_iter(scale=1, border=QUIET_MODULES):
        bits = "".join(("1" if module else "0") * dots for module in modules)
        size = len(bits)
        row = int(bits + "0" * (-size % 8), 2).to_bytes((size + 7) // 8)
        packed += row * dots
    return size, size, bytes(packed)


def _payload_bits(data: str, number: int) -> int:
    """Character count and data bits in the tightest mode (ISO/IEC 18004, table 3 and 7.4)."""
    group = 0 if number < 10 else 1 if number < 27 else 2
    count = len(data)
    if data.isascii() and data.isdigit():
        return (10, 12, 14)[group] + 10 * (count // 3) + (0, 4, 7)[count % 3]
    if _ALPHANUMERIC.fullmatch(data):
        return (9, 11, 13)[group] + 11 * (count // 2) + 6 * (count % 2)
    return (8, 16, 16)[group] + 8 * len(data.encode("utf-8"))
