"""What every transport promises, whatever the line: one suite, run by each of them."""

from __future__ import annotations

import os
import pty
import select
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from drivers.base import DeviceGone
from drivers.emulators.keyboard import PipeEndpoint, presses
from drivers.registry import open_transport
from drivers.transport.base import Transport
from drivers.transport.descriptor import DescriptorTransport
from drivers.transport.hid_report import scan_report
from drivers.transport.hidraw import scans
from drivers.transport.memory import memory_line
from drivers.transport.replay import ReplayTransport, Session
from drivers.transport.usb import open_usb
from drivers.transport.usb_find import usb_name
from tests.unit.drivers.hid_descriptors import SCANNER, report
from tests.usb_bus import FakePrinter, FakeUsbBus

BIG = 12_000_000
"""More than any kernel takes for a peer that reads nothing."""


class Peer(Protocol):
    """The far end of the line."""

    def send(self, data: bytes) -> None: ...

    def receive(self, count: int, timeout_s: float = 1.0) -> bytes: ...

    def unplug(self) -> None: ...


class DescriptorPeer:
    """The far end as a descriptor: a pty's master or an accepted socket."""

    def __init__(self, descriptor: int, close: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self.unplug = close

    def send(self, data: bytes) -> None:
        os.write(self._descriptor, data)

    def receive(self, count: int, timeout_s: float = 1.0) -> bytes:
        deadline_s, received = time.monotonic() + timeout_s, b""
        while len(received) < count:
            ready, _, _ = select.select([self._descriptor], [], [], max(0.0, deadline_s - time.monotonic()))
            if not ready:
                break
            received += os.read(self._descriptor, count - len(received))
        return received


Pair = tuple[Transport, Peer]


def _pty_pair(scheme: str, options: str = "") -> Iterator[Pair]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    transport = open_transport(f"{scheme}:{path}{options}", time.monotonic)
    os.close(slave)
    open_descriptors = [master]

    def unplug() -> None:
        while open_descriptors:
            os.close(open_descriptors.pop())

    yield transport, DescriptorPeer(master, unplug)
    transport.close()
    unplug()


def _tcp_pair() -> Iterator[Pair]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        transport = open_transport(f"tcp:127.0.0.1:{server.getsockname()[1]}", time.monotonic)
        connection, _ = server.accept()
        with connection:

            def unplug() -> None:
                connection.shutdown(socket.SHUT_RDWR)
                connection.close()

            yield transport, DescriptorPeer(connection.fileno(), unplug)
        transport.close()


def _memory_pair() -> Iterator[Pair]:
    transport, peer = memory_line(time.monotonic)
    yield transport, peer
    transport.close()


def _usb_pair() -> Iterator[Pair]:
    """A printer of the fake bus that has a line in memory inside."""
    inside, peer = memory_line(time.monotonic)
    transport = open_usb(usb_name("04b8:0e15", {}), time.monotonic, backend=FakeUsbBus(FakePrinter(lambda: inside)))
    yield transport, peer
    transport.close()


def _recorded_pair(folder: Path) -> Iterator[Pair]:
    """A serial line whose address asks for a recording."""
    yield from _pty_pair("serial", f"?record={folder / 'line.jsonl'}")


class KeyboardPeer:
    """A keyboard scanner at the far end of a pipe: it only speaks."""

    def __init__(self, path: Path) -> None:
        self._endpoint = PipeEndpoint(path)
        self._endpoint.open()

    def send(self, data: bytes) -> None:
        self._endpoint.write(presses(data.decode("ascii")))

    def receive(self, count: int, timeout_s: float = 1.0) -> bytes:
        return b""

    def unplug(self) -> None:
        self._endpoint.close()


class HidPosPeer:
    """A HID-POS scanner at the far end of a socket that keeps reports whole: it only speaks, in whole scans."""

    def __init__(self, far_end: socket.socket) -> None:
        self._far_end = far_end
        self.unplug = far_end.close

    def send(self, data: bytes) -> None:
        self._far_end.send(report(data, continued=True))

    def receive(self, count: int, timeout_s: float = 1.0) -> bytes:
        return b""


def _keyboard_pair(folder: Path) -> Iterator[Pair]:
    peer = KeyboardPeer(folder / "keys")
    transport = open_transport(f"events:{folder / 'keys'}", time.monotonic)
    yield transport, peer
    transport.close()
    peer.unplug()


def _hid_pos_pair() -> Iterator[Pair]:
    near_end, far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    near_end.setblocking(False)
    layout = scan_report(SCANNER)
    assert layout is not None
    source = DescriptorTransport(near_end.fileno(), "hid:/dev/hidraw0", time.monotonic, close=near_end.close)
    transport = scans(source, layout, time.monotonic)
    yield transport, HidPosPeer(far_end)
    transport.close()
    far_end.close()


def _pairs(kind: str, folder: Path) -> Iterator[Pair]:
    match kind:
        case "tcp":
            return _tcp_pair()
        case "memory":
            return _memory_pair()
        case "usb":
            return _usb_pair()
        case "recorded":
            return _recorded_pair(folder)
        case "keyboard":
            return _keyboard_pair(folder)
        case "hid_pos":
            return _hid_pos_pair()
        case _:
            return _pty_pair(kind)


@pytest.fixture(params=["serial", "file", "tcp", "memory", "usb", "recorded"])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """An open line that carries both ways, and its far end."""
    yield from _pairs(request.param, tmp_path)


@pytest.fixture(params=["serial", "file", "tcp", "memory", "usb", "recorded", "keyboard", "hid_pos"])
def any_line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """An open line and its far end, also of devices that only speak."""
    yield from _pairs(request.param, tmp_path)


@pytest.fixture(params=["serial", "file", "tcp", "memory", "usb", "recorded", "keyboard", "hid_pos", "replay"])
def quiet(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Transport]:
    """An open line whose device says nothing; nobody can speak for the device of a recording."""
    if request.param == "replay":
        yield ReplayTransport(Session("tcp:printer:9100", None, b"", ()), "replay:/recording", time.monotonic)
        return
    for transport, _ in _pairs(request.param, tmp_path):
        yield transport


def _soon() -> float:
    return time.monotonic() + 1.0


def test_bytes_go_both_ways_unchanged(line: Pair) -> None:
    transport, peer = line
    everything = bytes(range(256))
    assert transport.write(everything, _soon()) == 256
    assert peer.receive(256) == everything
    peer.send(everything)
    received = b""
    while len(received) < 256:
        received += transport.read(1.0)
    assert received == everything


def test_read_waits_no_longer_than_told_and_may_be_empty(quiet: Transport) -> None:
    transport = quiet
    began_s = time.monotonic()
    assert transport.read(0.05) == b""
    assert 0.04 <= time.monotonic() - began_s < 0.5
    assert transport.read(0) == b""


def test_read_returns_as_soon_as_there_is_something(any_line: Pair) -> None:
    transport, peer = any_line
    threading.Timer(0.05, peer.send, [b"x"]).start()
    began_s = time.monotonic()
    assert transport.read(5.0) == b"x"
    assert time.monotonic() - began_s < 1.0


def test_read_takes_no_more_than_the_limit(any_line: Pair) -> None:
    transport, peer = any_line
    peer.send(b"abcdef")
    assert transport.read(1.0, 4) == b"abcd"
    assert transport.read(1.0, 4) == b"ef"


def test_a_stalled_peer_ends_the_write_at_its_deadline_with_a_true_count(line: Pair) -> None:
    transport, peer = line
    payload = os.urandom(BIG)
    taken = transport.write(payload, time.monotonic() + 0.1)
    assert 0 < taken < BIG
    assert peer.receive(taken) == payload[:taken]
    assert peer.receive(1, 0.02) == b""


def test_a_write_goes_on_when_the_peer_does(line: Pair) -> None:
    transport, peer = line
    payload = os.urandom(100_000)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(peer.receive(len(payload), 5.0)))
    reader.start()
    assert transport.write(payload, time.monotonic() + 5.0) == len(payload)
    reader.join()
    assert received == [payload]


def test_wake_ends_a_waiting_read(quiet: Transport) -> None:
    transport = quiet
    threading.Timer(0.05, transport.wake).start()
    began_s = time.monotonic()
    assert transport.read(5.0) == b""
    assert time.monotonic() - began_s < 1.0


def test_wake_before_the_read_ends_it_too_but_only_once(quiet: Transport) -> None:
    transport = quiet
    transport.wake()
    began_s = time.monotonic()
    assert transport.read(5.0) == b""
    assert time.monotonic() - began_s < 1.0
    assert transport.read(0.05) == b""
    assert time.monotonic() - began_s >= 0.04


def test_wake_ends_a_stalled_write(line: Pair) -> None:
    transport, _ = line
    threading.Timer(0.1, transport.wake).start()
    began_s = time.monotonic()
    assert 0 < transport.write(bytes(BIG), time.monotonic() + 5.0) < BIG
    assert time.monotonic() - began_s < 2.0


def test_an_unplugged_line_is_gone_for_read_and_write(line: Pair) -> None:
    transport, peer = line
    peer.unplug()
    with pytest.raises(DeviceGone):
        transport.read(1.0)
    with pytest.raises(DeviceGone):
        for _ in range(100):
            transport.write(b"x" * 100, _soon())
            time.sleep(0.001)


def test_unplugging_ends_a_waiting_read(any_line: Pair) -> None:
    transport, peer = any_line
    threading.Timer(0.05, peer.unplug).start()
    began_s = time.monotonic()
    with pytest.raises(DeviceGone):
        transport.read(5.0)
    assert time.monotonic() - began_s < 1.0


def test_close_is_quick_final_and_harmless_twice(quiet: Transport) -> None:
    transport = quiet
    transport.write(b"x" * 1000, _soon())
    began_s = time.monotonic()
    transport.close()
    transport.close()
    transport.wake()
    assert time.monotonic() - began_s < 0.5
    with pytest.raises(DeviceGone):
        transport.read(0.1)
    with pytest.raises(DeviceGone):
        transport.write(b"x", _soon())


def test_what_only_speaks_takes_no_bytes_and_does_not_wait(tmp_path: Path) -> None:
    for pairs in (_keyboard_pair(tmp_path), _hid_pos_pair()):
        transport, _ = next(pairs)
        began_s = time.monotonic()
        assert transport.write(b"x" * 100, _soon()) == 0
        assert time.monotonic() - began_s < 0.5
        transport.close()
        transport.close()
        transport.wake()
        with pytest.raises(DeviceGone):
            transport.read(0.1)
        pairs.close()  # type: ignore[attr-defined]


def test_describe_names_the_line(quiet: Transport) -> None:
    assert quiet.describe().split(":")[0] in ("serial", "file", "tcp", "memory", "usb", "events", "hid", "replay")


def test_serial_lines_know_their_rate() -> None:
    pairs = _pty_pair("serial")
    transport, _ = next(pairs)
    assert transport.bytes_per_s == 960
    pairs.close()  # type: ignore[attr-defined]


def test_a_plain_file_collects_bytes_and_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "paper"
    path.write_bytes(b"a")
    transport = open_transport(f"file:{path}", time.monotonic)
    assert transport.write(b"bc", _soon()) == 2
    assert transport.read(0.01) == b""
    transport.close()
    assert path.read_bytes() == b"abc"


def test_a_second_opener_of_a_serial_line_is_told_busy() -> None:
    from drivers.base import DeviceError

    pairs = _pty_pair("serial")
    transport, _ = next(pairs)
    path = transport.describe().split(":")[1].split("?")[0]
    with pytest.raises(DeviceError) as caught:
        open_transport(f"serial:{path}", time.monotonic)
    assert caught.value.code == "device.busy"
    pairs.close()  # type: ignore[attr-defined]


def test_a_serial_path_that_leads_elsewhere_is_gone(tmp_path: Path) -> None:
    first, second = pty.openpty(), pty.openpty()
    link = tmp_path / "printer"
    link.symlink_to(os.ttyname(first[1]))
    transport = open_transport(f"serial:{link}", time.monotonic)
    assert transport.read(0.01) == b""
    link.unlink()
    link.symlink_to(os.ttyname(second[1]))
    with pytest.raises(DeviceGone):
        transport.read(0.01)
    transport.close()
    for descriptor in (*first, *second):
        os.close(descriptor)


@pytest.mark.parametrize(
    "url", ["serial:/dev/serial/by-id/none", "file:/dev/usb/lp77", "tcp:127.0.0.1:1", "replay:/none"]
)
def test_what_is_not_there_is_absent(url: str) -> None:
    with pytest.raises(DeviceGone) as caught:
        open_transport(url, time.monotonic)
    assert caught.value.code == "device.absent"
