"""Reads scans out of HID-POS reports: where each field stands is what the device's own descriptor says. Pure.

Sources: USB HID 1.11, 6.2.2 (descriptor items); HID Point of Sale Usage Tables 1.02, page 0x8C (Scanned Data Report:
Decoded Data 0xFE, Decode Data Continued 0xFF) and Generic Desktop 0x3B (Byte Count). Makers' manuals (Honeywell,
Newland, Access-IS) draw the report that nearly all of them send: id 2, length, three bytes of AIM identifier, 56 of
data, two of the maker's, flags. A descriptor that names no fields (Symbol, 05e0:0600) means 64 bytes, length first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from drivers.transport.keys import CORRUPT

SCANNER_PAGES = frozenset({0x8C, 0xFF8C})
"""Bar Code Scanner, and the page under which Honeywell shows the same report beside another interface."""

SCAN_END = b"\r"
"""What a serial scanner would have sent after the last report of a scan."""

DESCRIPTOR_BYTES_MAX = 4096
_BYTE_COUNT = (0x01, 0x3B)
_DECODED_DATA = (0x8C, 0xFE)
_CONTINUED = (0x8C, 0xFF)
_LONG_ITEM = 0xFE
_MAIN, _GLOBAL, _LOCAL = 0, 1, 2
_INPUT, _COLLECTION = 8, 10
_USAGE_PAGE, _REPORT_SIZE, _REPORT_ID, _REPORT_COUNT, _PUSH, _POP = 0, 7, 8, 9, 10, 11
_USAGE, _USAGE_MINIMUM = 0, 1


@dataclass(frozen=True, slots=True)
class ScanReport:
    """Where a scan stands in a report; offsets count from the report's first byte, its id included."""

    report_id: int | None
    length_at: int
    data_at: int
    data_bytes: int
    continued_at: int | None
    """The byte whose lowest bit says that the scan goes on; None: a full report is followed by another."""


UNDESCRIBED = ScanReport(report_id=None, length_at=0, data_at=1, data_bytes=63, continued_at=None)


@dataclass(slots=True)
class _Globals:
    page: int = 0
    size_bits: int = 0
    count: int = 0
    report_id: int | None = None


@dataclass(slots=True)
class _Reading:
    """What has been read of a descriptor so far."""

    pages: set[int] = field(default_factory=set)
    bits: dict[int | None, int] = field(default_factory=dict)
    """How long the input report of each id is so far."""
    places: dict[tuple[int, int], tuple[int | None, int, int]] = field(default_factory=dict)
    """First field of each usage: its report, where it begins in bits, and how many bits it has."""


def scan_report(descriptor: bytes) -> ScanReport | None:
    """Where scans stand in this device's reports, None when it is no scanner. Never raises."""
    reading = _read(descriptor[:DESCRIPTOR_BYTES_MAX])
    if not reading.pages & SCANNER_PAGES:
        return None
    data, count = reading.places.get(_DECODED_DATA), reading.places.get(_BYTE_COUNT)
    if data is None or count is None or data[0] != count[0] or data[1] % 8 or count[1] % 8 or data[2] < 8:
        return UNDESCRIBED
    flag = reading.places.get(_CONTINUED)
    continued_at = flag[1] // 8 if flag is not None and flag[0] == data[0] and flag[1] % 8 == 0 else None
    return ScanReport(data[0], count[1] // 8, data[1] // 8, data[2] // 8, continued_at)


def text_of(report: bytes, layout: ScanReport) -> bytes:
    """The characters of one report as read whole, with SCAN_END when the scan ends in it.

    Nothing for a report of another id. CORRUPT stands where the length cannot be true or the report is cut short.
    """
    if layout.report_id is not None and report[:1] != bytes((layout.report_id,)):
        return b""
    end = layout.data_at + layout.data_bytes
    if len(report) <= layout.length_at:
        return CORRUPT + SCAN_END
    length = report[layout.length_at]
    if length > layout.data_bytes or len(report) < layout.data_at + length:
        return CORRUPT + SCAN_END
    text = report[layout.data_at : min(end, layout.data_at + length)]
    if layout.continued_at is None:
        return text if length == layout.data_bytes else text + SCAN_END
    if len(report) <= layout.continued_at:
        return text + CORRUPT + SCAN_END
    return text if report[layout.continued_at] & 1 else text + SCAN_END


def _items(descriptor: bytes) -> Iterator[tuple[int, int, int]]:
    """Type, tag and value of each short item; stops where the descriptor is cut short."""
    at = 0
    while at < len(descriptor):
        prefix = descriptor[at]
        if prefix == _LONG_ITEM:
            at += 3 + (descriptor[at + 1] if at + 1 < len(descriptor) else 0)
            continue
        size = (0, 1, 2, 4)[prefix & 3]
        value = descriptor[at + 1 : at + 1 + size]
        if len(value) < size:
            return
        yield prefix >> 2 & 3, prefix >> 4, int.from_bytes(value, "little")
        at += 1 + size


def _read(descriptor: bytes) -> _Reading:
    reading, now, kept = _Reading(), _Globals(), list[_Globals]()
    usages: list[tuple[int, int]] = []
    for kind, tag, value in _items(descriptor):
        if kind == _GLOBAL:
            now = _global(now, kept, tag, value)
        elif kind == _LOCAL and tag in (_USAGE, _USAGE_MINIMUM):
            usages.append((value >> 16, value & 0xFFFF) if value > 0xFFFF else (now.page, value))
        elif kind == _MAIN:
            if tag == _COLLECTION:
                reading.pages |= {page for page, _ in usages}
            elif tag == _INPUT:
                _place(reading, now, usages)
            usages = []
    return reading


def _global(now: _Globals, kept: list[_Globals], tag: int, value: int) -> _Globals:
    if tag == _PUSH:
        kept.append(_copy(now))
    elif tag == _POP and kept:
        return kept.pop()
    elif tag == _USAGE_PAGE:
        now.page = value
    elif tag == _REPORT_SIZE:
        now.size_bits = value
    elif tag == _REPORT_COUNT:
        now.count = value
    elif tag == _REPORT_ID:
        now.report_id = value
    return now


def _copy(now: _Globals) -> _Globals:
    return _Globals(now.page, now.size_bits, now.count, now.report_id)


def _place(reading: _Reading, now: _Globals, usages: list[tuple[int, int]]) -> None:
    """Give each usage of an input item its field; the last usage has all fields that are left over."""
    begin = reading.bits.get(now.report_id, 0 if now.report_id is None else 8)
    for place, usage in enumerate(usages):
        fields = now.count - place if place == len(usages) - 1 else 1
        if fields > 0:
            where = (now.report_id, begin + place * now.size_bits, fields * now.size_bits)
            reading.places.setdefault(usage, where)
    reading.bits[now.report_id] = begin + now.count * now.size_bits
