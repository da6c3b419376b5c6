"""Printers and scanners behind real pseudo-terminals and ports."""

from __future__ import annotations

import fcntl
import os
import select
import socket
import termios
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.emulators.control import ControlSocket, Lines
from drivers.emulators.embed import lines_of, pty_printer, pty_scanner, tcp_printer
from drivers.emulators.endpoints import LinkTaken, PtyEndpoint
from drivers.emulators.printer import EmulatedPrinter
from drivers.emulators.printer_station import PrinterStation, ServedPrinter
from drivers.emulators.profiles import profile_for
from drivers.emulators.station import Wakeup
from tests.unit.emulators.helpers import EOT1, chinese, done, pid

PATIENCE_S = 5.0


class Host:
    """The program at the other end of the cable."""

    def __init__(self, link: Path) -> None:
        self.descriptor = os.open(link, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.descriptor)

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.descriptor, data) :]

    def read(self, count: int, patience_s: float = PATIENCE_S) -> bytes:
        said = b""
        until_s = time.monotonic() + patience_s
        while len(said) < count:
            ready, _, _ = select.select([self.descriptor], [], [], until_s - time.monotonic())
            if not ready:
                break
            said += os.read(self.descriptor, count - len(said))
        return said

    def close(self) -> None:
        os.close(self.descriptor)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedPrinter]:
    with pty_printer(tmp_path / "printer0", profile_for("epson", 58)) as printer:
        yield printer


def test_a_slip_through_a_pty(served: ServedPrinter) -> None:
    host = Host(Path(served.name))
    host.write(EOT1 + chinese("湘味小馆\n") + pid(b"0001"))
    assert host.read(8) == b"\x16" + done(b"0001")
    assert lines_of(served.printer.marks) == ["湘味小馆"]
    host.close()


def test_the_next_host_finds_a_clean_line(served: ServedPrinter) -> None:
    first = Host(Path(served.name))
    fcntl.ioctl(first.descriptor, termios.TIOCEXCL)
    first.write(EOT1 * 3)
    assert first.read(1) == b"\x16"
    first.close()
    served.word("state")
    served.word("state")
    second = Host(Path(served.name))
    second.write(b"\x1dIC")
    assert second.read(11) == b"_TM-T82III\0"
    assert second.read(1, 0.02) == b""
    second.close()


def test_unplugging_hangs_up_and_plugging_makes_a_new_line(served: ServedPrinter) -> None:
    link = Path(served.name)
    before = os.readlink(link)
    host = Host(link)
    assert served.word("unplug at 3") == "ok"
    host.write(b"abc")
    poller = select.poll()
    poller.register(host.descriptor, select.POLLIN)
    assert poller.poll(PATIENCE_S * 1000)[0][1] & select.POLLHUP
    assert not link.is_symlink()
    assert served.word("plug") == "ok"
    assert link.is_symlink()
    assert os.readlink(link) != before or not os.path.samestat(os.stat(link), os.fstat(host.descriptor))
    again = Host(link)
    again.write(b"d\n" + pid(b"0002"))
    assert again.read(7) == done(b"0002")
    assert lines_of(served.printer.marks) == ["abcd"]
    for descriptor in (host.descriptor, again.descriptor):
        os.close(descriptor)


def test_the_link_of_another_thing_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(LinkTaken):
        PtyEndpoint(path).open()
    assert path.read_text() == "data"


def test_leaving_removes_the_link(tmp_path: Path) -> None:
    with pty_printer(tmp_path / "printer0") as printer:
        assert Path(printer.name).exists()
    assert list(tmp_path.iterdir()) == []


def test_a_busy_printer_holds_the_line(served: ServedPrinter) -> None:
    served.word("cover open")
    host = Host(Path(served.name))
    os.set_blocking(host.descriptor, False)
    sent = 0
    for _ in range(60):
        try:
            sent += os.write(host.descriptor, b"\n" * 1024)
        except BlockingIOError:
            time.sleep(0.001)
    assert served.printer.dropped_bytes == 0
    assert served.printer.room == 0
    served.word("cover closed")
    os.set_blocking(host.descriptor, True)
    host.write(pid(b"0003"))
    assert host.read(7) == done(b"0003")
    assert len(lines_of(served.printer.marks)) == sent
    host.close()


def test_a_slow_line_takes_the_time_of_its_bytes(tmp_path: Path) -> None:
    with pty_printer(tmp_path / "printer0", baud=38400) as served:
        host = Host(Path(served.name))
        slip = b"x" * 31 + b"\n"
        job = slip * 30 + pid(b"0004")
        began_s = time.monotonic()
        host.write(job)
        assert host.read(7) == done(b"0004")
        took_s = time.monotonic() - began_s
        assert took_s >= len(job) * 10 / 38400
        assert took_s < len(job) * 10 / 38400 + 1
        host.close()


def test_printing_lines_takes_its_time(tmp_path: Path) -> None:
    with pty_printer(tmp_path / "printer0", line_ms=10) as served:
        host = Host(Path(served.name))
        began_s = time.monotonic()
        host.write(b"x\n" * 20 + pid(b"0005"))
        assert host.read(7) == done(b"0005")
        assert time.monotonic() - began_s >= 0.2
        host.close()


def test_a_printer_on_a_port() -> None:
    with tcp_printer() as served:
        address, port = served.name.split(":")
        with socket.create_connection((address, int(port)), PATIENCE_S) as host:
            host.sendall(b"x\n" + pid(b"0006"))
            assert host.recv(7, socket.MSG_WAITALL) == done(b"0006")
            assert served.word("unplug") == "ok"
            assert host.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address, int(port)), PATIENCE_S)
        served.word("plug")
        with socket.create_connection((address, int(port)), PATIENCE_S) as host:
            host.sendall(EOT1)
            assert host.recv(1) == b"\x16"


def test_words_through_the_control_socket(tmp_path: Path) -> None:
    printer = EmulatedPrinter(profile_for("epson"))
    station = PrinterStation(printer, PtyEndpoint(tmp_path / "printer0"))
    station.sources.append(ControlSocket(tmp_path / "control", station.obey))
    station.open()
    thread = threading.Thread(target=station.run)
    thread.start()
    with socket.socket(socket.AF_UNIX) as desk:
        desk.settimeout(PATIENCE_S)
        desk.connect(str(tmp_path / "control"))
        with desk.makefile("rw", encoding="utf-8") as talk:
            said = []
            for word in ("paper out", "dance", "state"):
                talk.write(word + "\n")
                talk.flush()
                said.append(talk.readline().strip())
    station.stop()
    thread.join(PATIENCE_S)
    assert said[0] == "ok"
    assert said[1].startswith("refused: unknown word 'dance'")
    assert '"paper": "out"' in said[2]
    assert list(tmp_path.iterdir()) == []


def test_lines_are_cut_out_of_any_chunks() -> None:
    lines = Lines()
    assert lines.push(b"pap") == []
    assert lines.push(b"er out\r\nclear\nxo") == ["paper out", "clear"]
    assert lines.end() == ["xo"]
    assert lines.push(b"y" * 9000) == ["y" * 9000]


def test_scans_are_sent_byte_for_byte_with_their_suffix(tmp_path: Path) -> None:
    with pty_scanner(tmp_path / "scanner0") as served:
        host = Host(Path(served.name))
        for line in ("6901234567892", "unplug", "!!plug", "会员码1"):
            assert served.word(line) == "ok"
        expected = "6901234567892\runplug\r!plug\r会员码1\r".encode()
        assert host.read(len(expected)) == expected
        host.close()


def test_a_scan_while_unplugged_is_lost(tmp_path: Path) -> None:
    with pty_scanner(tmp_path / "scanner0", suffix="CRLF") as served:
        assert served.word("!unplug") == "ok"
        assert served.word("lost") == "refused: unplugged, the scan is lost"
        assert served.word("!plug") == "ok"
        host = Host(Path(served.name))
        served.word("seen")
        assert host.read(6) == b"seen\r\n"
        assert served.word("!dance").startswith("refused: unknown word '!dance'")
        host.close()


def test_plugging_in_where_something_else_stands_is_refused(tmp_path: Path) -> None:
    with pty_printer(tmp_path / "p0") as printer, pty_scanner(tmp_path / "s0") as scanner:
        for served, unplug, plug in ((printer, "unplug", "plug"), (scanner, "!unplug", "!plug")):
            path = Path(served.name)
            assert served.word(unplug) == "ok"
            path.write_text("data")
            assert served.word(plug).startswith("refused: cannot plug in")
            path.unlink()
            assert served.word(plug) == "ok"
            assert path.is_symlink()


def test_a_wakeup_that_is_closed_rings_into_nobody_else_s_descriptor() -> None:
    wakeup = Wakeup()
    wakeup.close()
    read_end, write_end = os.pipe()
    try:
        wakeup.ring()
        wakeup.close()
        os.set_blocking(read_end, False)
        with pytest.raises(BlockingIOError):
            os.read(read_end, 1)
    finally:
        os.close(read_end)
        os.close(write_end)
