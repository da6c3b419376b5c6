"""The printer device against the emulated printer: what it claims about paper must be what is on paper."""

from __future__ import annotations

import dataclasses
import os
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.base import DeviceState
from drivers.emulators.embed import lines_of, pty_printer, tcp_printer
from drivers.emulators.paper import Cut, Pulse
from drivers.emulators.printer_station import ServedPrinter
from drivers.emulators.profiles import profile_for
from drivers.printer.device import PrinterDevice
from drivers.printer.job import PrintOutcome
from drivers.printer.runner import WINDOW_BYTES
from drivers.registry import open_transport
from drivers.transport.base import Monotonic, Transport
from tests.unit.drivers.shop import PROFILES, Watched, slip, wait_until, watched


@contextmanager
def pair(
    tmp_path: Path,
    profile: str = "tm-t88",
    emulated: str = "epson",
    *,
    baud: int | None = None,
    patience_s: float = 1.0,
) -> Iterator[tuple[ServedPrinter, Watched]]:
    link = tmp_path / "printer"
    url = f"serial:{link}?baud={baud or 115200}"
    with (
        pty_printer(link, profile_for(emulated), baud=baud) as printer,
        watched(
            url, dataclasses.replace(PROFILES[profile], reply_timeout_s=0.3, line_s=0.01), patience_s=patience_s
        ) as shop,
    ):
        yield printer, shop


def cuts(printer: ServedPrinter) -> int:
    return sum(isinstance(mark.op, Cut) for mark in printer.printer.marks)


def times_on_paper(printer: ServedPrinter, text: str) -> int:
    return sum(text in line for line in lines_of(printer.printer.marks))


@pytest.mark.parametrize(
    ("profile", "emulated", "outcome"),
    [
        ("tm-t88", "epson", PrintOutcome.PRINTED),
        ("pos80", "clone", PrintOutcome.PRINTED),
        ("pos58", "clone", PrintOutcome.PRINTED),
        ("write-only", "write-only", PrintOutcome.PRINTED_UNVERIFIED),
    ],
)
def test_prints_with_every_profile(tmp_path: Path, profile: str, emulated: str, outcome: PrintOutcome) -> None:
    with pair(tmp_path, profile, emulated) as (printer, shop):
        result = shop.device.print(slip(), "0001")
        assert result.outcome is outcome
        assert result.bytes_written > 100
        wait_until(lambda: times_on_paper(printer, "购物凭证") == 1)
        assert printer.printer.unknown_bytes == 0
        assert shop.device.state is DeviceState.READY


def test_prints_over_tcp() -> None:
    with tcp_printer() as printer, watched(f"tcp:{printer.name}", PROFILES["tm-t88"]) as shop:
        assert shop.device.print(slip(), "0001").outcome is PrintOutcome.PRINTED
        assert cuts(printer) == 1
        wait_until(lambda: shop.device.identity().title == "EPSON TM-T82III")


class Faulty:
    """A line that takes a flush and ten bytes of a job; then something happens that nobody foresaw."""

    bytes_per_s = None

    def __init__(self) -> None:
        self._writes = 0
        self._woken = threading.Event()

    def write(self, data: bytes, deadline_s: float) -> int:
        self._writes += 1
        if self._writes == 3:
            raise ZeroDivisionError
        return len(data) if self._writes == 1 else 10

    def read(self, timeout_s: float, limit: int = 4096) -> bytes:
        self._woken.wait(timeout_s)
        self._woken.clear()
        return b""

    def wake(self) -> None:
        self._woken.set()

    def close(self) -> None:
        self._woken.set()

    def describe(self) -> str:
        return "faulty"


def test_a_fault_of_ours_in_the_middle_of_a_slip_does_not_print_it_twice() -> None:
    """Called not started, it would be sent again whole, and nobody would call it a copy."""
    ready = threading.Event()
    device = PrinterDevice(
        "r", "faulty:", PROFILES["write-only"], lambda event: ready.set(), open_transport=lambda *_: Faulty()
    )
    device.start()
    assert ready.wait(5)
    result = device.print(slip(), "0001")
    device.stop()
    assert (result.outcome, result.code, result.bytes_written) == (PrintOutcome.UNCONFIRMED, "printer.fault", 10)


def test_no_paper_means_not_started(tmp_path: Path) -> None:
    with pair(tmp_path) as (printer, shop):
        printer.word("paper out")
        shop.wait_for("printer.paper_out")
        assert shop.device.state is DeviceState.DEGRADED
        result = shop.device.print(slip(), "0001")
        assert (result.outcome, result.code, result.bytes_written) == (
            PrintOutcome.NOT_STARTED,
            "printer.paper_out",
            0,
        )
        printer.word("paper ok")
        shop.wait_for("printer.ready", 2)
        assert shop.device.print(slip(), "0002").outcome is PrintOutcome.PRINTED
        assert times_on_paper(printer, "购物凭证") == 1


@pytest.mark.parametrize(
    ("profile", "word"),
    [("tm-t88", "paper out"), ("tm-t88", "cover open"), ("pos80", "paper out"), ("pos58", "cover open")],
)
def test_a_blocked_job_waits_for_people_and_is_never_resent(tmp_path: Path, profile: str, word: str) -> None:
    emulated = "epson" if profile == "tm-t88" else "clone"
    with pair(tmp_path, profile, emulated, patience_s=0.3) as (printer, shop):
        printer.word(f"{word} at 200")
        printing = shop.printing(slip(), "0001")
        shop.wait_for("printer." + word.replace(" ", "_"))
        time.sleep(0.4)
        assert not printing.done()
        printer.word("clear")
        assert printing.result(5).outcome is PrintOutcome.PRINTED
        assert times_on_paper(printer, "购物凭证") == 1
        assert times_on_paper(printer, "小炒黄牛肉3") == 1


def test_a_cable_pulled_in_the_middle_is_unconfirmed(tmp_path: Path) -> None:
    with pair(tmp_path, baud=115200) as (printer, shop):
        printer.word("unplug at 150")
        result = shop.device.print(slip(20), "0001")
        assert (result.outcome, result.code) == (PrintOutcome.UNCONFIRMED, "printer.lost")
        assert result.bytes_written > 0
        assert "B " in result.detail
        shop.wait_for("printer.lost")
        assert shop.device.print(slip(), "0002").outcome is PrintOutcome.NOT_STARTED
        printer.word("plug")
        plugged_s = time.monotonic()
        shop.wait_for("printer.ready", 2)
        assert time.monotonic() - plugged_s < 1.2
        assert shop.device.print(slip(), "0003").outcome is PrintOutcome.PRINTED


def test_power_off_in_the_middle_is_unconfirmed(tmp_path: Path) -> None:
    with pair(tmp_path, baud=115200, patience_s=0.3) as (printer, shop):
        printer.word("power off at 300")
        result = shop.device.print(slip(5), "0001")
        assert (result.outcome, result.code) == (PrintOutcome.UNCONFIRMED, "printer.silent")


def test_a_printer_switched_off_while_it_waits_for_paper_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with pair(tmp_path, patience_s=0.3) as (printer, shop):
        printer.word("paper out at 200")
        printing = shop.printing(slip(), "0001")
        shop.wait_for("printer.paper_out")
        printer.word("power off")
        result = printing.result(5)
        assert (result.outcome, result.code) == (PrintOutcome.UNCONFIRMED, "printer.silent")


def test_power_off_and_on_in_the_middle_is_unconfirmed(tmp_path: Path) -> None:
    with pair(tmp_path, baud=115200, patience_s=0.3) as (printer, shop):
        printer.word("power off at 300")
        printer.word("power on at 310")
        result = shop.device.print(slip(5), "0001")
        assert result.outcome in (PrintOutcome.UNCONFIRMED, PrintOutcome.PRINTED)
        if result.outcome is PrintOutcome.PRINTED:
            assert times_on_paper(printer, "购物凭证") == 1


@pytest.mark.parametrize(("profile", "emulated"), [("tm-t88", "epson"), ("pos80", "clone")])
def test_bytes_lost_on_the_way_are_noticed(tmp_path: Path, profile: str, emulated: str) -> None:
    """A printer that was switched off and on goes on in the middle of a slip, and answers its last mark."""
    link = tmp_path / "printer"

    def open_losing(url: str, monotonic: Monotonic) -> Transport:
        transport = open_transport(url, monotonic)
        write = transport.write

        def lose(data: bytes, deadline_s: float) -> int:
            if len(data) < 900:
                return write(data, deadline_s)
            write(data[:300] + data[700:], deadline_s)
            return len(data)

        transport.write = lose  # type: ignore[method-assign]
        return transport

    with pty_printer(link, profile_for(emulated)):
        quick = dataclasses.replace(PROFILES[profile], reply_timeout_s=0.3, line_s=0.0)
        device = PrinterDevice(
            "p", f"serial:{link}?baud=115200", quick, lambda event: None, open_transport=open_losing, patience_s=0.3
        )
        device.start()
        wait_until(lambda: device.state is DeviceState.READY)
        result = device.print(slip(20), "0001")
        device.stop()
    assert (result.outcome, result.code) == (PrintOutcome.UNCONFIRMED, "printer.unconfirmed")


@pytest.mark.parametrize(("profile", "emulated"), [("tm-t88", "epson"), ("pos80", "clone")])
def test_no_more_is_on_its_way_than_a_printer_has_room_for(tmp_path: Path, profile: str, emulated: str) -> None:
    with pair(tmp_path, profile, emulated, patience_s=0.2) as (printer, shop):
        printer.word("silence at 300")
        result = shop.device.print(slip(200), "0001")
        assert result.outcome is PrintOutcome.UNCONFIRMED
        assert result.bytes_written <= WINDOW_BYTES + 300
        printer.word("clear")
        shop.wait_for("printer.ready", 2)
        assert shop.device.print(slip(200), "0002").outcome is PrintOutcome.PRINTED
        assert printer.printer.dropped_bytes == 0


def test_silence_is_not_readiness(tmp_path: Path) -> None:
    with pair(tmp_path) as (printer, shop):
        printer.word("silence")
        result = shop.device.print(slip(), "0001")
        assert (result.outcome, result.code) == (PrintOutcome.NOT_STARTED, "printer.silent")
        assert shop.device.state is DeviceState.DEGRADED
        printer.word("clear")
        shop.wait_for("printer.ready", 2)


def test_garbage_is_never_a_printed_slip(tmp_path: Path) -> None:
    with pair(tmp_path, "pos80", "clone", patience_s=0.3) as (printer, shop):
        printer.word("garbage")
        for number in range(2):
            result = shop.device.print(slip(), f"000{number}")
            if result.outcome is PrintOutcome.PRINTED:
                assert times_on_paper(printer, "购物凭证") == number + 1


def test_late_answers_are_waited_for(tmp_path: Path) -> None:
    with pair(tmp_path) as (printer, shop):
        printer.word("late 150")
        assert shop.device.print(slip(), "0001").outcome is PrintOutcome.PRINTED
        assert cuts(printer) == 1


def test_a_cutter_jam_waits_for_people(tmp_path: Path) -> None:
    with pair(tmp_path) as (printer, shop):
        printer.word("jam")
        printing = shop.printing(slip(), "0001")
        shop.wait_for("printer.cutter_jammed")
        shop.device.stop()
        result = printing.result(2)
        assert (result.outcome, result.code) == (PrintOutcome.PRINTED, "printer.cut_unconfirmed")
        assert times_on_paper(printer, "购物凭证") == 1


def test_a_stalled_line_is_unconfirmed(tmp_path: Path) -> None:
    with pair(tmp_path, patience_s=0.2) as (printer, shop):
        printer.word("xoff at 100")
        result = shop.device.print(slip(), "0001")
        assert result.outcome is PrintOutcome.UNCONFIRMED
        assert result.code == "printer.unconfirmed"


def test_a_late_fence_does_not_confirm_the_next_job(tmp_path: Path) -> None:
    link = tmp_path / "printer"
    with (
        pty_printer(link, profile_for("clone")) as printer,
        watched(
            f"serial:{link}?baud=115200", dataclasses.replace(PROFILES["pos80"], line_s=0.01), patience_s=0.3
        ) as shop,
    ):
        printer.word("silence at 100")
        first = shop.device.print(slip(), "0001")
        assert first.outcome is PrintOutcome.UNCONFIRMED
        printer.word("clear")
        shop.wait_for("printer.ready", 2)
        assert shop.device.print(slip(), "0002").outcome is PrintOutcome.PRINTED
        assert times_on_paper(printer, "购物凭证") == 2


def test_stop_ends_a_print_at_once(tmp_path: Path) -> None:
    with pair(tmp_path) as (printer, shop):
        printer.word("paper out at 200")
        printing = shop.printing(slip(), "0001")
        shop.wait_for("printer.paper_out")
        began_s = time.monotonic()
        shop.device.stop()
        result = printing.result(1)
        assert time.monotonic() - began_s < 0.5
        assert (result.outcome, result.code) == (PrintOutcome.UNCONFIRMED, "printer.stopped")
        assert shop.device.state is DeviceState.ABSENT


@pytest.mark.parametrize(
    ("language", "said"), [("zh-CN", "上张小票没打完,作废"), ("en", "SLIP ABOVE NOT FINISHED: VOID")]
)
def test_the_predecessor_is_closed_by_a_line_and_a_cut(tmp_path: Path, language: str, said: str) -> None:
    with pair(tmp_path) as (printer, shop):
        result = shop.device.print({**slip(), "language": language}, "0001", void_predecessor=True)
        assert result.outcome is PrintOutcome.PRINTED
        lines = lines_of(printer.printer.marks)
        assert lines[0].strip() == said
        assert cuts(printer) == 2


def test_kick_is_a_job_of_its_own(tmp_path: Path) -> None:
    with pair(tmp_path, "pos80", "clone") as (printer, shop):
        assert shop.device.kick().outcome is PrintOutcome.PRINTED
        pulses = [mark.op for mark in printer.printer.marks if isinstance(mark.op, Pulse)]
        assert len(pulses) == 1


def test_a_kick_does_not_wait_for_people(tmp_path: Path) -> None:
    with pair(tmp_path, "pos80", "clone") as (printer, shop):
        printer.word("paper out at 200")
        printing = shop.printing(slip(), "0001")
        shop.wait_for("printer.paper_out")
        result = shop.device.kick(timeout_s=0.05)
        assert (result.outcome, result.code) == (PrintOutcome.NOT_STARTED, "printer.busy")
        printer.word("clear")
        assert printing.result(3).outcome is PrintOutcome.PRINTED
        assert not any(isinstance(mark.op, Pulse) for mark in printer.printer.marks)


def test_a_process_id_that_comes_too_late_is_told(tmp_path: Path) -> None:
    with pair(tmp_path, patience_s=0.1) as (printer, shop):
        printer.word("late 600 at 200")
        assert shop.device.print(slip(), "0001").outcome is PrintOutcome.UNCONFIRMED
        wait_until(lambda: ("printer.printed_late", "0001") in [(event.code, event.detail) for event in shop.events])


def test_a_bad_document_is_refused_by_code(tmp_path: Path) -> None:
    with pair(tmp_path) as (_, shop):
        result = shop.device.print({"blocks": [{"kind": "poem"}]}, "0001")
        assert (result.outcome, result.code) == (PrintOutcome.NOT_STARTED, "document.unknown_block")


def test_an_absent_printer_is_refused_and_found_when_it_comes(tmp_path: Path) -> None:
    link = tmp_path / "printer"
    with watched(f"serial:{link}", PROFILES["tm-t88"], connect=False) as shop:
        shop.wait_for("printer.absent")
        assert shop.device.print(slip(), "0001").code == "printer.absent"
        with pty_printer(link):
            shop.wait_for("printer.ready")


def test_drawer_changes_are_told(tmp_path: Path) -> None:
    with pair(tmp_path) as (printer, shop):
        printer.word("drawer open")
        wait_until(lambda: "drawer.open" in shop.codes)
        printer.word("drawer closed")
        wait_until(lambda: "drawer.closed" in shop.codes)


def test_the_body_follows_the_call_at_once(tmp_path: Path) -> None:
    link = tmp_path / "printer"
    writes: list[tuple[float, int]] = []

    def open_noting_writes(url: str, monotonic: Monotonic) -> Transport:
        transport = open_transport(url, monotonic)
        write = transport.write

        def note(data: bytes, deadline_s: float) -> int:
            writes.append((time.monotonic(), len(data)))
            return write(data, deadline_s)

        transport.write = note  # type: ignore[method-assign]
        return transport

    with pty_printer(link):
        device = PrinterDevice(
            "p", f"serial:{link}", PROFILES["tm-t88"], lambda event: None, open_transport=open_noting_writes
        )
        device.start()
        wait_until(lambda: device.state is DeviceState.READY)
        took_s = []
        for number in range(20):
            writes.clear()
            called_s = time.monotonic()
            assert device.print(slip(), f"1{number:03}").outcome is PrintOutcome.PRINTED
            took_s.append(next(at_s for at_s, count in writes if count > 100) - called_s)
        device.stop()
    assert statistics.median(took_s) < 0.01
    assert [count for _, count in writes if count > 100] == [max(count for _, count in writes)]


def test_idle_costs_next_to_nothing(tmp_path: Path) -> None:
    link = tmp_path / "printer"
    with pty_printer(link), watched(f"serial:{link}", PROFILES["tm-t88"], ask_every_s=2.0):
        before = sum(os.times()[:2])
        time.sleep(0.5)
        assert sum(os.times()[:2]) - before < 0.05
