"""USB printers through libusb: which device, which end-points, whose interface, and how it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from usb.backend import libusb1

from drivers.base import DeviceError, DeviceGone, DeviceState
from drivers.emulators.embed import lines_of, pty_printer
from drivers.emulators.profiles import profile_for
from drivers.printer.device import PrinterDevice
from drivers.printer.job import PrintOutcome
from drivers.registry import open_transport
from drivers.transport import usb_find
from drivers.transport.base import Monotonic, Transport
from drivers.transport.memory import MemoryPeer, memory_line
from drivers.transport.usb import UsbTransport, open_usb
from drivers.transport.usb_find import load_backend, usb_name
from tests.unit.drivers.shop import PROFILES
from tests.usb_bus import FakePrinter, FakeUsbBus

ADDRESS = "04b8:0e15"


def make(**facts: Any) -> tuple[FakePrinter, MemoryPeer]:
    inside, peer = memory_line(time.monotonic)
    return FakePrinter(lambda: inside, **facts), peer


def opened(*printers: FakePrinter, **options: str) -> UsbTransport:
    return open_usb(usb_name(ADDRESS, options), time.monotonic, backend=FakeUsbBus(*printers))


def refused(*printers: FakePrinter, **options: str) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        opened(*printers, **options)
    return caught.value


def eventually(holds: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 3
    while not holds():
        assert time.monotonic() < until_s
        time.sleep(0.005)


def test_the_setting_that_talks_is_chosen_and_its_endpoints_found() -> None:
    printer, peer = make()
    transport = opened(printer)
    assert printer.calls == ["claim", "setting 1"]
    assert transport.write(b"hello", time.monotonic() + 1) == 5
    assert peer.receive(5) == b"hello"
    transport.close()


def test_a_printer_that_cannot_talk_is_written_to_and_noticed_when_it_goes() -> None:
    printer, _ = make(talks=False)
    transport = opened(printer)
    assert transport.write(b"hello", time.monotonic() + 1) == 5
    assert transport.read(0.01) == b""
    printer.plugged = False
    with pytest.raises(DeviceGone):
        transport.read(5)
    transport.close()


def test_the_kernels_driver_is_put_aside_and_given_back() -> None:
    printer, _ = make(kernel_driver=True)
    transport = opened(printer)
    assert printer.calls[:2] == ["detach", "claim"] and not printer.kernel_driver
    transport.close()
    eventually(lambda: printer.kernel_driver)
    assert printer.calls[-2:] == ["release", "attach"]


def test_no_kernel_driver_is_attached_where_none_was() -> None:
    printer, _ = make()
    transport = opened(printer)
    transport.close()
    eventually(lambda: "release" in printer.calls)
    assert "attach" not in printer.calls and "detach" not in printer.calls


def test_a_driver_put_aside_for_an_interface_that_is_busy_gets_it_back() -> None:
    printer, _ = make(kernel_driver=True, busy=True)
    assert refused(printer).code == "device.busy"
    assert printer.kernel_driver


def test_only_an_unconfigured_device_is_configured() -> None:
    printer, _ = make(configured=False)
    opened(printer).close()
    assert printer.calls[0] == "set configuration"


def test_twins_are_told_apart_by_serial_number_or_by_port() -> None:
    first, _ = make(serial="A", ports=(1, 1))
    second, peer = make(serial="B", ports=(1, 4))
    twins = refused(first, second)
    assert twins.code == "device.ambiguous"
    assert "port=1-1.1" in twins.detail and "port=1-1.4" in twins.detail
    for options in ({"serial": "B"}, {"port": "1-1.4"}):
        transport = opened(first, second, **options)
        transport.write(b"x", time.monotonic() + 1)
        assert peer.receive(1) == b"x"
        transport.close()
    assert not first.calls


@pytest.mark.parametrize("options", [{}, {"serial": "C"}, {"port": "2-1"}])
def test_a_device_that_is_not_there_is_absent(options: dict[str, str]) -> None:
    printer, _ = make(plugged=bool(options))
    assert refused(printer, **options).code == "device.absent"


@pytest.mark.parametrize("options", [{}, {"serial": "POS0001"}])
def test_a_device_that_may_not_be_opened_is_denied(options: dict[str, str]) -> None:
    printer, _ = make(denied=True)
    assert refused(printer, **options).code == "device.denied"


def test_what_is_no_printer_is_not_written_to() -> None:
    printer, _ = make(interface_class=3)
    assert refused(printer).code == "device.no_printer_port"
    assert "claim" not in printer.calls


def test_without_libusb_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libusb1, "get_backend", lambda find_library: None)
    with pytest.raises(DeviceError) as caught:
        load_backend()
    assert caught.value.code == "device.no_libusb"


def test_a_library_that_is_missing_is_no_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb_find, "LIBUSB", "libusb-that-nobody-has.so.0")
    monkeypatch.setattr(libusb1, "_lib_object", None)
    assert not usb_find.has_libusb()
    with pytest.raises(DeviceError) as caught:
        load_backend()
    assert caught.value.code == "device.no_libusb"


def test_port_and_device_id_are_read_without_the_printers_language() -> None:
    printer, _ = make(port_status=0x20)
    transport = opened(printer)
    status = transport.port_status()
    assert status is not None and status.paper_empty and status.error and not status.selected
    assert transport.device_id()["MDL"] == "TM-T88V"
    printer.device_id = b""
    assert transport.device_id() == {}
    printer.plugged = False
    with pytest.raises(DeviceGone):
        transport.port_status()
    transport.close()


def test_a_printer_that_nobody_listens_to_does_not_fill_the_memory() -> None:
    printer, peer = make()
    transport = opened(printer)
    for _ in range(100):
        peer.send(b"\x16" * 4096)
    eventually(lambda: len(transport._heard) == 64 * 1024)
    transport.close()


def test_closing_returns_at_once_while_a_transfer_is_stuck() -> None:
    printer, _ = make()
    transport = opened(printer)
    writer = threading.Thread(target=transport.write, args=(bytes(100_000), time.monotonic() + 0.5))
    writer.start()
    began_s = time.monotonic()
    transport.close()
    assert time.monotonic() - began_s < 0.4
    writer.join()
    eventually(lambda: "release" in printer.calls)


@pytest.fixture
def emulated(tmp_path: Path) -> Iterator[tuple[FakePrinter, FakeUsbBus, list[Any]]]:
    """The emulated Epson inside a device of the bus."""
    marks: list[Any] = []
    with pty_printer(tmp_path / "inside", profile_for("epson"), on_mark=marks.append):
        printer = FakePrinter(lambda: open_transport(f"serial:{tmp_path / 'inside'}", time.monotonic))
        yield printer, FakeUsbBus(printer), marks


def test_a_receipt_comes_out_of_a_usb_printer_also_after_a_replug(
    emulated: tuple[FakePrinter, FakeUsbBus, list[Any]],
) -> None:
    printer, bus, marks = emulated

    def open_line(url: str, monotonic: Monotonic) -> Transport:
        return open_usb(usb_name(url.removeprefix("usb:"), {}), monotonic, backend=bus)

    device = PrinterDevice(
        "receipt1", "usb:04b8:0e15", PROFILES["tm-t88"], lambda event: None, open_transport=open_line
    )
    device.start()
    try:
        for number, text in enumerate(("first", "second")):
            eventually(lambda: device.health().known)
            result = device.print({"blocks": [{"kind": "text", "text": text}, {"kind": "cut"}]}, f"000{number}")
            assert result.outcome is PrintOutcome.PRINTED, result
            printer.plugged = False
            eventually(lambda: device.state is DeviceState.LOST)
            printer.plugged = True
    finally:
        device.stop()
    assert [line.strip() for line in lines_of(marks)] == ["first", "second"]
