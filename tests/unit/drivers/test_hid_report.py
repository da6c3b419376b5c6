"""HID-POS reports: fields by the device's descriptor, continuation, and lengths that cannot be true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.transport.hid_report import UNDESCRIBED, ScanReport, scan_report, text_of
from drivers.transport.keys import CORRUPT
from tests.unit.drivers.hid_descriptors import KEYBOARD, SCANNER, SCANNER_OF_A_BLOCK, report

USUAL = ScanReport(report_id=2, length_at=1, data_at=5, data_bytes=56, continued_at=63)


def test_the_descriptor_says_where_the_fields_are() -> None:
    assert scan_report(SCANNER) == USUAL


def test_a_device_without_described_fields_sends_the_length_first() -> None:
    assert scan_report(SCANNER_OF_A_BLOCK) == UNDESCRIBED


@pytest.mark.parametrize("descriptor", [KEYBOARD, b"", SCANNER[:2], b"\xfe"])
def test_anything_else_is_no_scanner(descriptor: bytes) -> None:
    assert scan_report(descriptor) is None


@given(st.binary(max_size=300))
def test_a_broken_descriptor_never_raises(descriptor: bytes) -> None:
    scan_report(descriptor)
    scan_report(SCANNER[:60] + descriptor)


@given(st.binary(max_size=80), st.sampled_from([USUAL, UNDESCRIBED]))
def test_a_broken_report_never_raises(data: bytes, layout: ScanReport) -> None:
    text_of(data, layout)


def test_a_scan_in_one_report() -> None:
    assert text_of(report(b"6901234567892"), USUAL) == b"6901234567892\r"


def test_a_long_scan_goes_on_in_the_next_report() -> None:
    assert text_of(report(b"x" * 56, continued=True), USUAL) == b"x" * 56
    assert text_of(report(b"tail"), USUAL) == b"tail\r"


def test_bytes_beyond_the_length_are_not_read() -> None:
    stale = bytearray(report(b"12"))
    stale[7:12] = b"stale"
    assert text_of(bytes(stale), USUAL) == b"12\r"


def test_other_reports_are_not_scans() -> None:
    assert text_of(b"\x04" + report(b"12")[1:], USUAL) == b""


@pytest.mark.parametrize("cut", [1, 5, 20, 63])
def test_a_cut_report_is_corrupt(cut: int) -> None:
    assert CORRUPT in text_of(report(b"x" * 40)[:cut], USUAL)


def test_a_length_beyond_the_field_is_corrupt() -> None:
    too_long = bytearray(report(b"12"))
    too_long[1] = 57
    assert text_of(bytes(too_long), USUAL) == CORRUPT + b"\r"


def test_without_a_flag_a_full_block_goes_on() -> None:
    assert text_of(bytes([63]) + b"y" * 63, UNDESCRIBED) == b"y" * 63
    assert text_of(bytes([2]) + b"ab" + bytes(61), UNDESCRIBED) == b"ab\r"
