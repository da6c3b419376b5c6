"""What is plugged in, by the address that stays right, and who may use it."""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path, PosixPath

import pytest

from drivers.base import DeviceError
from drivers.discovery import network
from drivers.discovery.access import READ, Runner, Verdict, access, judge, runner
from drivers.discovery.find import find_devices
from drivers.discovery.found import Found, Naming, Roots
from drivers.discovery.sysfs import links
from drivers.discovery.watch import Happening, UdevHint, changes, watch
from drivers.registry import check_url
from drivers.transport.printer_port import parse_device_id
from tests.plugged import MOUSE_KEYS, Plugged
from tests.unit.drivers.hid_descriptors import KEYBOARD, SCANNER


@pytest.fixture
def plugged(tmp_path: Path) -> Plugged:
    return Plugged(tmp_path)


def only(plugged: Plugged, *, libusb: bool = True) -> Found:
    (found,) = find_devices(plugged.roots, libusb=libusb)
    check_url(found.url.replace(str(plugged.dev), "/dev"))
    return found


def test_nothing_is_nothing(tmp_path: Path) -> None:
    assert find_devices(Roots(tmp_path / "dev", tmp_path / "sys")) == []


def test_a_serial_line_is_named_by_its_own_identity(plugged: Plugged) -> None:
    plugged.serial("ttyACM0", plugged.usb("1-1", "1eab", "0c06", serial="N123", name="Scanner"))
    found = only(plugged)
    assert (found.suggestion, found.naming) == ("scanner", Naming.IDENTITY)
    assert found.url == f"serial:{plugged.dev}/serial/by-id/usb-1eab_N123-ttyACM0"
    assert found.url == f"serial:{found.by_id}" and found.product == "Scanner"


class Pulled(PosixPath):
    """A folder whose link `gone` goes once somebody has seen its name."""

    def iterdir(self) -> Iterator[Pulled]:
        for link in list(super().iterdir()):
            yield link
            if link.name == "gone":
                link.unlink()


def test_a_cable_pulled_while_somebody_looks_is_no_fault(tmp_path: Path) -> None:
    """Set-up would not look again for half a minute, and the command that watches would end."""
    for name, node in (("gone", "ttyUSB0"), ("stays", "ttyUSB1")):
        (tmp_path / name).symlink_to(f"../../{node}")
    (tmp_path / "file").touch()
    assert links(Pulled(tmp_path)) == {"ttyUSB1": str(tmp_path / "stays")}
    assert links(tmp_path / "none") == {}


def test_a_serial_line_without_a_serial_number_is_named_by_its_port(plugged: Plugged) -> None:
    plugged.serial("ttyUSB0", plugged.usb("1-2", "1a86", "7523"))
    found = only(plugged)
    assert (found.suggestion, found.naming) == ("", Naming.PORT)
    assert found.url == f"serial:{plugged.dev}/serial/by-path/pci-usb-0:2-ttyUSB0"


def test_clones_that_share_a_serial_number_are_named_by_their_ports(plugged: Plugged) -> None:
    for port, node in (("1-1", "ttyUSB0"), ("1-2", "ttyUSB1")):
        plugged.serial(node, plugged.usb(port, "1a86", "7523", serial="0001"))
    found = find_devices(plugged.roots)
    assert {one.naming for one in found} == {Naming.PORT}
    assert len({one.url for one in found}) == 2


def test_without_udev_only_the_node_is_left(tmp_path: Path) -> None:
    bare = Plugged(tmp_path, udev=False)
    bare.serial("ttyUSB0", bare.usb("1-2", "0403", "6001", serial="A1", name="FT232R", maker="FTDI"))
    found = only(bare)
    assert (found.url, found.naming, found.title) == (f"serial:{bare.dev}/ttyUSB0", Naming.NODE, "FTDI FT232R")


def test_a_port_of_the_board_keeps_its_number_and_an_unwired_one_is_none(plugged: Plugged) -> None:
    plugged.serial("ttyAMA0")
    plugged.unwired("ttyS3")
    assert (only(plugged).url, only(plugged).naming) == (f"serial:{plugged.dev}/ttyAMA0", Naming.PORT)


EPSON_ID = b"\x00\x2bMFG:EPSON;CMD:ESC/POS;MDL:TM-T88V;CLS:PRINTER;"


def test_a_usb_printer_is_named_by_the_rules_link_then_by_libusb_then_by_its_node(plugged: Plugged) -> None:
    usb = plugged.usb("1-3", "04b8", "0e15", serial="J5 1&2", maker="EPSON", name="TM-T88V")
    plugged.printer(usb, node="lp0", device_id=EPSON_ID, rule="printer-pci-usb-0_3")
    by_rule, by_usb, by_node = (
        f"file:{plugged.dev}/storebox/printer-pci-usb-0_3",
        "usb:04b8:0e15?serial=J5%201%262",
        f"file:{plugged.dev}/usb/lp0",
    )
    found = only(plugged)
    assert (found.url, *found.alternatives) == (by_rule, by_usb, by_node)
    assert found.naming is Naming.PORT and found.device_id["MDL"] == "TM-T88V"
    (plugged.dev / "storebox/printer-pci-usb-0_3").unlink()
    found = only(plugged)
    assert (found.url, found.naming) == (by_usb, Naming.IDENTITY)
    assert found.node == f"{plugged.dev}/bus/usb/001/002"
    found = only(plugged, libusb=False)
    assert (found.url, found.naming, found.node) == (by_node, Naming.NODE, f"{plugged.dev}/usb/lp0")


def test_a_usb_printer_that_no_driver_holds_is_found_too(plugged: Plugged) -> None:
    plugged.printer(plugged.usb("1-3.4", "0416", "5011"))
    assert (only(plugged, libusb=False).url, only(plugged).naming) == ("usb:0416:5011?port=1-3.4", Naming.PORT)


def test_twin_printers_are_named_by_their_ports(plugged: Plugged) -> None:
    for port in ("1-1", "1-2"):
        plugged.printer(plugged.usb(port, "0416", "5011", serial="000"))
    assert [one.url for one in find_devices(plugged.roots)] == ["usb:0416:5011?port=1-1", "usb:0416:5011?port=1-2"]


def test_a_printer_that_is_a_web_server_is_no_receipt_printer(plugged: Plugged) -> None:
    plugged.printer(plugged.usb("1-1", "03f0", "1111"), protocol="04")
    assert find_devices(plugged.roots) == []


def test_scanners_that_are_keyboards_are_told_from_keyboards_and_mice(plugged: Plugged) -> None:
    scanner = plugged.usb("1-1", "0c2e", "0b61", serial="H1")
    plugged.keyboard("event10", scanner, "Honeywell Imager")
    plugged.keyboard("event9", plugged.usb("1-2", "046d", "c31c", serial="L1"), "Logitech Keyboard")
    plugged.keyboard("event2", plugged.usb("1-3", "046d", "c077"), "Logitech Mouse", MOUSE_KEYS)
    first, second = find_devices(plugged.roots)
    assert (first.suggestion, first.title, first.naming) == ("scanner", "Honeywell Imager", Naming.IDENTITY)
    assert first.url == f"hid:{plugged.dev}/input/by-id/usb-0c2e_H1-event10"
    assert second.suggestion == "keyboard"


def test_hid_pos_scanners_are_told_by_their_descriptor(plugged: Plugged) -> None:
    plugged.hidraw("hidraw0", plugged.usb("1-1", "1eab", "0010"), "Newland HID-POS", SCANNER)
    plugged.hidraw("hidraw1", plugged.usb("1-2", "046d", "c31c"), "Logitech", KEYBOARD)
    found = only(plugged)
    assert (found.url, found.title, found.suggestion) == (f"hid:{plugged.dev}/hidraw0", "Newland HID-POS", "scanner")
    by_rule = plugged.dev / "storebox/hidraw-pci-usb-0_1"
    by_rule.parent.mkdir()
    by_rule.symlink_to(plugged.dev / "hidraw0")
    assert (only(plugged).url, only(plugged).naming) == (f"hid:{by_rule}", Naming.PORT)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (EPSON_ID, {"MFG": "EPSON", "CMD": "ESC/POS", "MDL": "TM-T88V", "CLS": "PRINTER"}),
        (b"MANUFACTURER:X;MODEL: Y ;junk;:z;mdl:second\n", {"MFG": "X", "MDL": "Y"}),
        (b"", {}),
        (b"\x00", {}),
        (b"\xff\xfe:\x00", {"\ufffd\ufffd": ""}),
    ],
)
def test_device_ids_are_read_whatever_their_writing(data: bytes, expected: dict[str, str]) -> None:
    assert parse_device_id(data) == expected


NOBODY = Runner("storebox", 990, frozenset({990, 20}))


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "who", "expected"),
    [
        (0o660, 0, 20, NOBODY, Verdict.ALLOWED),
        (0o660, 0, 7, NOBODY, Verdict.NOT_IN_GROUP),
        (0o666, 0, 0, NOBODY, Verdict.ALLOWED),
        (0o600, 0, 7, NOBODY, Verdict.NO_GROUP),
        (0o660, 0, 0, NOBODY, Verdict.NO_GROUP),
        (0o600, 990, 0, NOBODY, Verdict.ALLOWED),
        (0o066, 990, 20, NOBODY, Verdict.NO_GROUP),  # the owner's bits come first, as in the kernel
        (0o640, 0, 20, NOBODY, Verdict.NO_GROUP),
        (0o000, 0, 0, Runner("root", 0, frozenset()), Verdict.ALLOWED),
    ],
)
def test_permissions_are_judged_as_the_kernel_does(
    mode: int, uid: int, gid: int, who: Runner, expected: Verdict
) -> None:
    assert judge(mode, uid, gid, who) is expected


def test_reading_alone_needs_less() -> None:
    assert judge(0o640, 0, 20, NOBODY, READ) is Verdict.ALLOWED


def test_access_names_owner_group_and_mode(tmp_path: Path) -> None:
    node = tmp_path / "lp0"
    node.touch(0o640)
    seen = access(str(node), NOBODY)
    assert (seen.owner, seen.mode) == (runner().name, "-rw-r-----") and seen.group
    assert access(str(tmp_path / "none"), NOBODY).verdict is Verdict.MISSING
    assert runner().uid == os.geteuid() and stat.S_ISREG(node.stat().st_mode)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("192.168.1.0/33", "discovery.bad_network"),
        ("shop", "discovery.bad_network"),
        ("::1/128", "discovery.bad_network"),
        ("8.8.8.0/24", "discovery.network_not_local"),
        ("0.0.0.0/0", "discovery.network_not_local"),
        ("10.0.0.0/8", "discovery.network_too_large"),
    ],
)
def test_only_small_private_networks_are_looked_through(text: str, code: str) -> None:
    with pytest.raises(DeviceError) as caught:
        network.network_of(text)
    assert caught.value.code == code


def test_an_address_stands_for_its_network() -> None:
    assert len(network.hosts_of(network.network_of("192.168.1.50/24"))) == 254
    assert network.hosts_of(network.network_of("192.168.1.50")) == ["192.168.1.50"]


@pytest.fixture
def printer_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.2", 0)) as server:
        yield server.getsockname()[1]


def test_who_takes_a_connection_is_found_and_the_rest_counted(printer_port: int) -> None:
    hosts, done = network.hosts_of(network.network_of("127.0.0.0/25")), []
    began_s = time.monotonic()
    found = list(network.listening(hosts, time.monotonic, done.append, port=printer_port))
    assert found == ["127.0.0.2"] and sum(done) == len(hosts)
    assert time.monotonic() - began_s < 3


def test_a_network_printer_has_the_address_that_the_kernel_learned(tmp_path: Path) -> None:
    arp = tmp_path / "arp"
    arp.write_text(
        "IP address       HW type     Flags       HW address            Mask     Device\n"
        "192.168.1.50     0x1         0x2         00:26:ab:01:02:03     *        eth0\n"
        "192.168.1.51     0x1         0x0         00:00:00:00:00:00     *        eth0\n"
    )
    assert network.printer_at("192.168.1.50", arp).mac == "00:26:ab:01:02:03"
    assert network.printer_at("192.168.1.51", arp).mac == ""
    found = network.printer_at("192.168.1.52", tmp_path / "none")
    assert (found.url, found.node) == ("tcp:192.168.1.52:9100", "")


class Nudge:
    """A hint that a test gives by doing something between two looks."""

    def __init__(self, *acts: object) -> None:
        self._acts = iter(acts)

    def wait(self, timeout_s: float) -> bool:
        act = next(self._acts)
        if callable(act):
            act()
        return True


def test_what_comes_and_goes_is_told_once(plugged: Plugged) -> None:
    usb = plugged.usb("1-1", "1eab", "0c06", serial="N1", name="Scanner")
    plugged.serial("ttyACM0", usb)
    second = plugged.usb("1-2", "04b8", "0202", serial="E1")
    nudge = Nudge(lambda: plugged.serial("ttyACM1", second), lambda: plugged.unplug("ttyACM0"), None)
    looks = watch(lambda: find_devices(plugged.roots), nudge)
    told = [[(one.happening, Path(one.found.device).name) for one in next(looks)] for _ in range(4)]
    assert told == [
        [(Happening.PLUGGED, "ttyACM0")],
        [(Happening.PLUGGED, "ttyACM1")],
        [(Happening.UNPLUGGED, "ttyACM0")],
        [],
    ]


def test_a_swap_under_the_same_node_and_a_late_link_are_told_apart(plugged: Plugged, tmp_path: Path) -> None:
    plugged.serial("ttyUSB0", plugged.usb("1-1", "0403", "6001", serial="A"))
    before = only(plugged)
    other = Plugged(tmp_path / "other")
    other.serial("ttyUSB0", other.usb("1-1", "0403", "6001", serial="B"))
    swapped = only(other)
    late = Found(before.device, f"serial:{before.device}", Naming.NODE, usb=before.usb)
    moved = Found(before.device, swapped.url, swapped.naming, usb=swapped.usb)
    assert [one.happening for one in changes([late], [before])] == [Happening.RENAMED]
    assert [one.happening for one in changes([before], [moved])] == [Happening.UNPLUGGED, Happening.PLUGGED]


def test_without_events_a_hint_is_a_pause() -> None:
    paused: list[float] = []
    hint = UdevHint(paused.append)
    hint._monitor = None  # as where neither pyudev nor the kernel's events are
    assert not hint.usable and not hint.wait(1.5) and paused == [1.5]
