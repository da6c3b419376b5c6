"""HID report descriptors and reports as devices send them, written after the HID-POS usage tables."""

from __future__ import annotations

_ITEMS = """
05 8C  09 02  A1 01
  09 12  A1 02  85 02  15 00  26 FF 00  75 08
    95 01  05 01  09 3B  81 02
    95 03  05 8C  09 FB  09 FC  09 FD  81 02
    95 38  09 FE  82 02 01
    06 66 FF  95 02  09 04  09 00  81 02
    05 8C  25 01  75 01  95 08  09 FF  81 02
  C0
  09 14  A1 02  85 04  15 00  25 01  75 01  95 08  09 00  91 02  C0
C0
"""
SCANNER = bytes.fromhex(_ITEMS)
"""Application Bar Code Scanner: scanned data in report 2, a trigger in report 4."""

SCANNER_OF_A_BLOCK = bytes.fromhex("05 8C 09 02 A1 01 09 12 15 00 26 FF 00 75 08 95 40 81 02 C0")
"""64 bytes, of which the descriptor says nothing."""

KEYBOARD = bytes.fromhex("05 01 09 06 A1 01 05 07 19 E0 29 E7 15 00 25 01 75 01 95 08 81 02 C0")


def report(text: bytes, *, continued: bool = False) -> bytes:
    """Report 2 with this text, 64 bytes."""
    return bytes([2, len(text)]) + b"]Q1" + text.ljust(56, b"\0") + b"s\0" + bytes([continued])
