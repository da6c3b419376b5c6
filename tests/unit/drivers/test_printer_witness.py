"""What a printer can still tell of a slip whose end nobody heard, who it says it is, and the drawer beside it."""

from __future__ import annotations

import dataclasses
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.drawer import DrawerState
from drivers.emulators.embed import lines_of, pty_printer
from drivers.emulators.paper import Cut, Pulse
from drivers.emulators.printer_station import ServedPrinter
from drivers.emulators.profiles import profile_for
from drivers.printer.charset import Charset
from drivers.printer.identity import Identity, narrowed, repertoire_of
from drivers.printer.job import PrintOutcome
from drivers.printer.profiles import PrinterProfile
from drivers.printer.status import AutomaticWatch, PrinterHealth
from drivers.printer.witness import Witness, cuts_of
from tests.unit.drivers.shop import PROFILES, Watched, slip, wait_until, watched


@contextmanager
def pair(
    tmp_path: Path, profile: PrinterProfile, emulated: str = "epson", *, patience_s: float = 0.3
) -> Iterator[tuple[ServedPrinter, Watched]]:
    link = tmp_path / "printer"
    quick = dataclasses.replace(profile, reply_timeout_s=0.3, line_s=0.01)
    with (
        pty_printer(link, profile_for(emulated)) as printer,
        watched(f"serial:{link}?baud=115200", quick, patience_s=patience_s) as shop,
    ):
        yield printer, shop


def cuts(printer: ServedPrinter) -> int:
    return sum(isinstance(mark.op, Cut) for mark in printer.printer.marks)


def late_words(shop: Watched) -> list[str]:
    return [event.detail for event in shop.events if event.code == "printer.printed_late"]


def test_the_cut_proves_a_slip_whose_end_nobody_heard(tmp_path: Path) -> None:
    with pair(tmp_path, PROFILES["tm-t88"]) as (printer, shop):
        printer.word("silence at 200")
        assert shop.device.print(slip(), "0001").outcome is PrintOutcome.UNCONFIRMED
        assert cuts(printer) == 1
        printer.word("clear")
        wait_until(lambda: late_words(shop) == ["0001"])


def test_a_slip_that_a_power_cycle_swallowed_is_never_proved(tmp_path: Path) -> None:
    with pair(tmp_path, PROFILES["tm-t88"]) as (printer, shop):
        printer.word("power off at 300")
        assert shop.device.print(slip(), "0001").outcome is PrintOutcome.UNCONFIRMED
        printer.word("power on")
        wait_until(lambda: shop.device.health().known)
        assert shop.device.print(slip(), "0002", void_predecessor=True).outcome is PrintOutcome.PRINTED
        assert late_words(shop) == []
        assert sum("作废" in line for line in lines_of(printer.printer.marks)) == 1


def test_a_slip_of_an_earlier_run_is_proved_by_the_number_that_was_written_down(tmp_path: Path) -> None:
    with pair(tmp_path, PROFILES["tm-t88"]) as (_, shop):
        wait_until(lambda: shop.device.health().known)
        before = shop.device.witness(slip())
        assert before == Witness(cuts_after=1)
        assert shop.device.print(slip(), "0001", cuts_after=before.cuts_after).outcome is PrintOutcome.PRINTED
        shop.device.doubt("0001", before.cuts_after)
        assert shop.device.witness(slip(), void_predecessor=True) == Witness(cuts_after=2, printed="0001")
        shop.device.doubt("0002", 7)
        assert shop.device.witness(slip(), void_predecessor=True) == Witness(cuts_after=3)


def test_cuts_are_counted_as_this_paper_shows_them() -> None:
    cut = {"kind": "cut"}
    document = {"blocks": [cut, {"kind": "either", "narrow": [cut, cut], "wide": []}, {"kind": "text", "text": "x"}]}
    counts = {name: cuts_of(document, PROFILES[name]) for name in ("tm-t20", "tm-t20-58", "pos58")}
    assert counts == {"tm-t20": 1, "tm-t20-58": 3, "pos58": 0}
    assert cuts_of({"blocks": "nonsense"}, PROFILES["tm-t20"]) == 0


def test_identity_is_told_whole(tmp_path: Path) -> None:
    with pair(tmp_path, PROFILES["tm-t20"]) as (_, shop):
        wait_until(lambda: shop.device.identity().font != "")
        assert shop.device.identity() == Identity("EPSON", "TM-T82III", "EMUL000001", "CHINA GB18030")
        shop.wait_for("printer.identified")


def test_a_printer_with_less_chinese_than_its_profile_gets_only_what_it_has(tmp_path: Path) -> None:
    promising = dataclasses.replace(PROFILES["pos80"], charset=Charset("gb18030"))
    with pair(tmp_path, promising, "clone") as (printer, shop):
        wait_until(lambda: shop.device.identity().font != "")
        document = {"blocks": [{"kind": "text", "text": "朱镕记㐂"}, {"kind": "cut"}]}
        assert shop.device.print(document, "0001").outcome is PrintOutcome.PRINTED
        assert "朱□记□" in lines_of(printer.printer.marks)


@pytest.mark.parametrize(
    ("font", "has"),
    [
        ("CHINA GB2312", "gb2312"),
        ("CHINA GB18030", "gb18030"),
        ("TAIWAN BIG-5", "none"),
        ("KANJI JAPANESE", "none"),
        ("", None),
        ("ANK", None),
    ],
)
def test_a_font_is_known_by_its_name(font: str, has: str | None) -> None:
    assert repertoire_of(font) == has


def test_a_printer_never_gets_more_than_its_profile() -> None:
    profile = PROFILES["pos58"]
    assert narrowed(profile, Identity(font="CHINA GB18030")) is profile
    assert narrowed(profile, Identity(font="CHINA GB2312")).charset.repertoire == "gb2312"
    latin = dataclasses.replace(profile, charset=Charset("none"))
    assert narrowed(latin, Identity(font="CHINA GB18030")) is latin


def test_the_drawer_opens_while_a_slip_waits_for_paper(tmp_path: Path) -> None:
    with pair(tmp_path, PROFILES["tm-t88"]) as (printer, shop):
        printer.word("paper out at 200")
        printing = shop.printing(slip(), "0001")
        shop.wait_for("printer.paper_out")
        result = shop.device.kick(pin=5, timeout_s=1.0)
        assert (result.outcome, result.code) == (PrintOutcome.PRINTED_UNVERIFIED, "drawer.pulsed")
        wait_until(lambda: any(isinstance(mark.op, Pulse) for mark in printer.printer.marks))
        pulse = next(mark.op for mark in printer.printer.marks if isinstance(mark.op, Pulse))
        assert (pulse.pin, pulse.real_time) == (5, True)
        assert not printing.done()
        printer.word("clear")
        assert printing.result(5).outcome is PrintOutcome.PRINTED
        assert shop.device.drawer() is not DrawerState.UNKNOWN


def test_an_error_of_the_line_tells_its_last_bytes(tmp_path: Path) -> None:
    with pair(tmp_path, PROFILES["tm-t88"]) as (printer, shop):
        printer.word("unplug")
        shop.wait_for("printer.lost")
        lost = next(event for event in shop.events if event.code == "printer.lost")
        assert re.search(r">\d+B [0-9a-f]+", lost.detail)
        assert re.search(r"<\d+B [0-9a-f]+", lost.detail)


@pytest.mark.parametrize("profile", sorted(name for name, one in PROFILES.items() if one.status))
def test_a_printer_that_takes_everything_and_says_nothing_never_printed(profile: str) -> None:
    """Neither at the start, nor when it falls silent after its first answers."""
    for answers_once in (False, True):
        with _sink(answers_once) as address:
            quick = dataclasses.replace(PROFILES[profile], reply_timeout_s=0.2, line_s=0.001, identify=False)
            with watched(f"tcp:{address}", quick, patience_s=0.1, ask_every_s=0.05) as shop:
                began_s = time.monotonic()
                result = shop.device.print(slip(300), "0001")
                assert result.outcome in (PrintOutcome.NOT_STARTED, PrintOutcome.UNCONFIRMED)
                assert time.monotonic() - began_s < 10
        assert time.monotonic() - began_s < 12


@contextmanager
def _sink(answers_once: bool) -> Iterator[str]:
    """A host that reads for ever; it answers the first two status requests when told to."""
    server = socket.create_server(("127.0.0.1", 0))

    def drain() -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            left = 2 if answers_once else 0
            with peer:
                while data := _received(peer):
                    if b"\x10\x04\x01" in data and left:
                        left -= 1
                        peer.sendall(b"\x12" * 4)

    threading.Thread(target=drain, daemon=True).start()
    try:
        yield "{}:{}".format(*server.getsockname())
    finally:
        server.close()


def _received(peer: socket.socket) -> bytes:
    try:
        return peer.recv(65536)
    except OSError:
        return b""


def test_reports_that_ceased_are_noticed_when_asked_twice() -> None:
    well, open_ = PrinterHealth(known=True), PrinterHealth(known=True, cover_open=True)
    watch = AutomaticWatch()
    watch.asked(open_)
    watch.asked(well)
    assert not watch.vanished, "it never reported by itself"
    watch.told(well)
    watch.asked(open_)
    watch.told(open_)
    watch.asked(open_)
    assert not watch.vanished, "the report was only under way"
    watch.asked(well)
    watch.asked(well)
    assert watch.vanished
    watch.restart()
    assert not watch.vanished
