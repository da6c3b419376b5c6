"""Addresses and profiles: what people write."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from drivers.base import DeviceError
from drivers.printer.profiles import load_profile, profile_from
from drivers.registry import check_url, open_transport
from tests.unit.drivers.shop import PROFILES


@pytest.mark.parametrize(
    ("url", "code", "hint"),
    [
        ("serail:/dev/ttyS0", "device.url_scheme", "'serial'"),
        ("lp0", "device.url_scheme", "known: serial, tcp, file"),
        ("serial:/dev/ttyS0?buad=9600", "device.url_option", "'baud'"),
        ("tcp:printer:9100?baud=9600", "device.url_option", "known: record"),
        ("tcp:printer:9100?record=line.jsonl", "device.url_value", "absolute"),
        ("usb:4b8:0e15", "device.url_value", "four hexadecimal digits"),
        ("usb:04b8:0e15?port=12", "device.url_value", "1-1.2"),
        ("usb:04b8:0e15?seral=1", "device.url_option", "'serial'"),
        ("replay:/line.jsonl?session=0", "device.url_value", "from 1"),
        ("replay:/line.jsonl?pace=fast", "device.url_value", "0 or 1"),
        ("serial:/dev/ttyS0?baud=9601", "device.url_value", "9600"),
        ("serial:/dev/ttyS0?rtscts=yes", "device.url_value", "0 or 1"),
        ("serial:ttyS0", "device.url_value", "absolute"),
        ("serial:", "device.url_value", "empty"),
        ("tcp:printer", "device.url_value", "host:port"),
        ("tcp:printer:99999", "device.url_value", "host:port"),
        ("tcp:192.168.1..50:9100", "device.url_value", "two points"),
        (f"tcp:{'printer' * 10}:9100", "device.url_value", "63"),
        ("file:/dev/usb/lp\0", "device.url_value", "NUL"),
    ],
)
def test_a_wrong_address_says_what_is_wrong(url: str, code: str, hint: str) -> None:
    with pytest.raises(DeviceError) as caught:
        open_transport(url, time.monotonic)
    assert caught.value.code == code
    assert hint in caught.value.detail


@pytest.mark.parametrize(
    "url",
    [
        "serial:/dev/ttyS0?baud=115200&rtscts=1&xonxoff=0",
        "tcp:192.168.1.50:9100",
        "tcp:[::1]:9100",
        "file:/dev/usb/lp0",
        "file:/dev/usb/lp0?record=/tmp/line.jsonl",
        "usb:04b8:0e15",
        "usb:04B8:0E15?serial=POS 0001&port=1-1.2",
        "replay:/tmp/line.jsonl?session=2&pace=0",
    ],
)
def test_right_addresses_pass(url: str) -> None:
    check_url(url)


def test_profiles_have_the_papers_cells() -> None:
    assert {name: profile.cells for name, profile in PROFILES.items()} == {
        "label58": 32, "pos58": 32, "pos80": 48, "star": 48, "tm-t20": 48, "tm-t20-58": 35, "tm-t88": 42,
        "write-only": 32,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "code", "hint"),
    [
        ({"dot": 384}, "profile.unknown_key", "dots"),
        ({"dots": "384"}, "profile.bad_value", "int"),
        ({"dots": 10}, "profile.bad_value", "192"),
        ({"chinese": "big5"}, "profile.bad_value", "gb18030"),
        ({"code_pages": {"cp999x": 3}}, "profile.bad_value", "cp999x"),
        ({"code_pages": {"cp437": 300}}, "profile.bad_value", "255"),
        ({"fence": True}, "profile.bad_value", "DLE EOT"),
    ],
)
def test_a_wrong_profile_says_what_is_wrong(values: dict[str, object], code: str, hint: str) -> None:
    with pytest.raises(DeviceError) as caught:
        profile_from("mine", values)
    assert caught.value.code == code
    assert hint in caught.value.detail


def test_a_profile_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("dots =")
    for name in ("broken", "missing"):
        with pytest.raises(DeviceError, match="unreadable"):
            load_profile(tmp_path / f"{name}.toml")
