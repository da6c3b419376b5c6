"""receiptio drives our emulated printer over TCP: a foreign driver has to say the right word about it."""

import socket
import time
from collections.abc import Callable, Iterator

import pytest

from drivers.emulators.embed import lines_of, tcp_printer
from drivers.emulators.paper import Cut, Note
from drivers.emulators.printer_station import ServedPrinter
from drivers.emulators.profiles import profile_for
from tests.interop.conftest import Run

PORT = 9100
"""receiptio knows no other."""
FREE_WITHIN_S = 20
STAR_PROBE = b"\x1b\x06\x01"
"""What receiptio asks a printer whose language it doesn't know; nothing to an ESC/POS printer."""

Printers = Callable[..., ServedPrinter]


@pytest.fixture
def printers() -> Iterator[Printers]:
    """Makes the printer at the port."""
    deadline_s = time.monotonic() + FREE_WITHIN_S
    while True:
        try:
            socket.create_server(("127.0.0.1", PORT)).close()
            break
        except OSError as error:
            if time.monotonic() > deadline_s:
                pytest.skip(f"port {PORT} of this machine is taken ({error}), and receiptio knows no other")
            time.sleep(0.5)
    yield lambda profile, line_ms=0: tcp_printer(PORT, profile_for(profile), line_ms=line_ms)


@pytest.mark.parametrize("profile", ["epson", "clone"])
def test_a_receipt_is_a_success_and_stands_on_the_paper(receiptio: Run, printers: Printers, profile: str) -> None:
    with printers(profile) as served:
        done = receiptio("-d", "127.0.0.1", "-p", "epson", "-l", "zh-hans")
        assert (done.stderr.strip(), done.returncode) == (b"success", 0)
        printer = served.printer
        assert (printer.unknown_bytes, printer.unsupported_commands) == (0, 0)
        lines = [line.split() for line in lines_of(printer.marks) if line.strip()]
        assert lines == [
            ["花园便利店"],
            ["可乐", "2", "7.00"],
            ["雪碧,大瓶", "1", "8.50"],
            ["─" * 48],
            ["合计", "15.50"],
            ["谢谢惠顾", "，。￥"],
        ]
        assert sum(isinstance(mark.op, Cut) for mark in printer.marks) == 1
        assert not [mark.op.text for mark in printer.marks if isinstance(mark.op, Note)]


def test_it_finds_out_by_itself_what_printer_that_is(receiptio: Run, printers: Printers) -> None:
    with printers("epson") as served:
        done = receiptio("-d", "127.0.0.1", "-l", "zh-hans")
        assert done.stderr.strip() == b"success"
        assert served.printer.unknown_bytes == len(STAR_PROBE)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("paper out", "paperempty"),
        ("cover open", "coveropen"),
        ("jam", "error"),
        ("paper out at 200", "paperempty"),
        ("cover open at 300", "coveropen"),
        ("unplug", "disconnect"),
        ("silence at 200", "timeout"),
    ],
)
def test_what_is_wrong_is_said_by_its_word(receiptio: Run, printers: Printers, word: str, said: str) -> None:
    with printers("epson") as served:
        served.word(word)
        done = receiptio("-d", "127.0.0.1", "-p", "epson", "-l", "zh-hans", "-t", "2")
        assert done.stderr.decode().strip() == said
        assert word == "silence at 200" or not any(isinstance(mark.op, Cut) for mark in served.printer.marks)


def test_near_the_end_of_the_paper_is_still_a_success(receiptio: Run, printers: Printers) -> None:
    with printers("epson") as served:
        served.word("paper low")
        done = receiptio("-d", "127.0.0.1", "-p", "epson", "-l", "zh-hans")
        assert done.stderr.strip() == b"success"


def test_printing_takes_its_time_and_success_comes_after_it(receiptio: Run, printers: Printers) -> None:
    with printers("epson", line_ms=40) as served:
        began_s = time.monotonic()
        done = receiptio("-d", "127.0.0.1", "-p", "epson", "-l", "zh-hans")
        assert done.stderr.strip() == b"success"
        assert time.monotonic() - began_s > 0.04 * len(lines_of(served.printer.marks))
        assert isinstance(served.printer.marks[-1].op, Cut)


@pytest.mark.parametrize(("word", "said"), [("drawer open", "draweropen"), ("drawer closed", "drawerclosed")])
def test_the_drawers_switch_is_read(receiptio: Run, printers: Printers, word: str, said: str) -> None:
    """Its `drawer` is one whose switch pulls the pin down when open, as ours does by default."""
    with printers("epson") as served:
        served.word(word)
        assert receiptio("-d", "127.0.0.1", "-p", "epson", "-q", "drawer", source="").stderr.decode().strip() == said
