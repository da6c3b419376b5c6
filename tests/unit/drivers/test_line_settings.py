"""What a serial line and a network line are set to: flow control, exclusive use, sign of a cut cable."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import socket
import termios
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.base import DeviceError, DeviceGone
from drivers.registry import open_transport
from drivers.transport.descriptor import DescriptorTransport, describe_error, open_error
from drivers.transport.serial import open_serial
from drivers.transport.tcp import open_tcp

XOFF, XON = b"\x13", b"\x11"


@pytest.fixture
def ends() -> Iterator[tuple[int, str]]:
    """A pty: the device's end, and the path of ours."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    os.close(slave)
    yield master, path
    os.close(master)


@pytest.mark.parametrize(
    ("options", "rtscts", "xonxoff"),
    [
        ("", False, False),
        ("&rtscts=1", True, False),
        ("&xonxoff=1", False, True),
        ("&rtscts=0&xonxoff=0", False, False),
    ],
)
def test_flow_control_is_what_the_address_says(
    ends: tuple[int, str], options: str, rtscts: bool, xonxoff: bool
) -> None:
    line = open_transport(f"serial:{ends[1]}?baud=19200{options}", time.monotonic)
    assert isinstance(line, DescriptorTransport)
    iflag, _, cflag, lflag, _, ospeed, _ = termios.tcgetattr(line.fileno())
    assert bool(cflag & termios.CRTSCTS) is rtscts
    assert bool(iflag & termios.IXON) is xonxoff
    assert ospeed == termios.B19200 and cflag & termios.CS8 and not lflag & (termios.ICANON | termios.ECHO)
    line.close()


def taken_of_one_byte(line: DescriptorTransport) -> int:
    return line.write(b".", time.monotonic() + 0.02)


def test_a_printer_that_says_stop_is_obeyed_until_it_says_go(ends: tuple[int, str]) -> None:
    master, path = ends
    line = open_serial(path, time.monotonic, xonxoff=True)
    assert taken_of_one_byte(line) == 1
    os.write(master, XOFF)
    until_s = time.monotonic() + 3
    while taken_of_one_byte(line):  # the kernel hands the byte over in a thread of its own
        assert time.monotonic() < until_s
    os.write(master, XON)
    assert line.write(b"!", time.monotonic() + 3) == 1
    line.close()


def test_a_line_is_for_one_program(ends: tuple[int, str]) -> None:
    line = open_serial(ends[1], time.monotonic)
    other = os.open(ends[1], os.O_RDWR | os.O_NOCTTY)
    with pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)
    line.close()
    again = open_serial(ends[1], time.monotonic)
    again.close()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOENT, "x"), "device.absent"),
        (OSError(errno.ENODEV, "x"), "device.absent"),
        (OSError(errno.EACCES, "x"), "device.denied"),
        (OSError(errno.EBUSY, "x"), "device.busy"),
        (termios.error(errno.EIO, "Input/output error"), "device.open_failed"),
        (ValueError("x"), "device.open_failed"),
    ],
)
def test_every_error_of_opening_is_of_one_family(error: Exception, code: str) -> None:
    made = open_error("serial:/dev/x", error)
    assert made.code == code and isinstance(made, DeviceError)
    assert isinstance(made, DeviceGone) is (code == "device.absent")


def test_termios_keeps_its_number_elsewhere() -> None:
    assert describe_error(termios.error(errno.EIO, "Input/output error")).startswith("EIO ")


def test_what_is_no_tty_cannot_be_opened_as_one(tmp_path: Path) -> None:
    plain = tmp_path / "no tty"
    plain.touch()
    with pytest.raises(DeviceError) as caught:
        open_serial(str(plain), time.monotonic)
    assert caught.value.code == "device.open_failed" and "Inappropriate ioctl" in caught.value.detail


def test_a_network_line_notices_a_cut_cable_within_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = open_tcp("127.0.0.1", server.getsockname()[1], time.monotonic)
        with socket.socket(fileno=os.dup(line.fileno())) as ours:
            told = {
                name: ours.getsockopt(level, getattr(socket, name))
                for level, name in (
                    (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT"),
                    (socket.IPPROTO_TCP, "TCP_NODELAY"),
                    (socket.SOL_SOCKET, "SO_KEEPALIVE"),
                    (socket.IPPROTO_TCP, "TCP_KEEPIDLE"),
                    (socket.IPPROTO_TCP, "TCP_KEEPINTVL"),
                    (socket.IPPROTO_TCP, "TCP_KEEPCNT"),
                )
            }
        line.close()
    assert 0 < told["TCP_USER_TIMEOUT"] <= 5000 and told["TCP_NODELAY"] and told["SO_KEEPALIVE"]
    assert told["TCP_KEEPIDLE"] + told["TCP_KEEPINTVL"] * told["TCP_KEEPCNT"] <= 20


def test_who_answers_nothing_is_given_up_soon() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        address = server.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for connection in waiting:  # a full queue: the kernel drops who comes next without a word
            connection.setblocking(False)
            connection.connect_ex(address)
        began_s = time.monotonic()
        with pytest.raises(DeviceGone) as caught:
            open_tcp("127.0.0.1", address[1], time.monotonic)
        assert caught.value.code == "device.absent" and 1 <= time.monotonic() - began_s < 3
        for connection in waiting:
            connection.close()
