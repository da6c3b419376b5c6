"""A printer is asked who it is; what it does not say is doubted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.base import DeviceGone
from drivers.discovery.examine import Examination, examine
from drivers.discovery.proposal import Doubt, profiles_of_model, propose
from drivers.emulators.embed import lines_of, pty_printer
from drivers.emulators.profiles import profile_for
from drivers.emulators.station import Served
from drivers.printer.identity import Identity
from drivers.printer.status import PrinterHealth
from drivers.registry import open_transport
from drivers.transport.memory import memory_line
from drivers.transport.usb import open_usb
from drivers.transport.usb_find import usb_name
from tests.unit.drivers.shop import PROFILES
from tests.usb_bus import FakePrinter, FakeUsbBus


@pytest.fixture(params=["epson", "clone", "write-only"])
def printer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Served, Path, list[object]]]:
    marks: list[object] = []
    link = tmp_path / "printer"
    with pty_printer(link, profile_for(request.param), on_mark=marks.append) as served:
        yield request.param, served, link, marks


def asked(link: Path) -> Examination:
    line = open_transport(f"serial:{link}?baud=115200", time.monotonic)
    try:
        return examine(line, time.monotonic)
    finally:
        line.close()


def test_a_printer_tells_what_it_can_and_prints_nothing(printer: tuple[str, Served, Path, list[object]]) -> None:
    kind, _, link, marks = printer
    began_s = time.monotonic()
    seen = asked(link)
    assert time.monotonic() - began_s < 6
    assert not lines_of(marks)  # type: ignore[arg-type]
    if kind == "write-only":
        assert seen == Examination() and seen.trace
        return
    assert seen.answers and seen.health.blocked is None and seen.fence and seen.automatic_status and seen.counters
    assert seen.process_ids is (kind == "epson")
    expected = {"epson": ("EPSON TM-T82III", "CHINA GB18030"), "clone": ("POS-PRINTER POS80", "CHINA GB2312")}[kind]
    assert (seen.identity.title, seen.identity.font) == expected and seen.firmware


def test_a_printer_without_paper_is_not_asked_for_what_it_cannot_do_now(tmp_path: Path) -> None:
    with pty_printer(tmp_path / "printer", profile_for("epson")) as served:
        served.word("paper out")
        seen = asked(tmp_path / "printer")
    assert seen.answers and seen.health.blocked == "printer.paper_out"
    assert (seen.process_ids, seen.fence, seen.counters) == (None, None, None)
    assert propose(seen, PROFILES).doubts[0] is Doubt.BLOCKED


def test_the_port_of_a_silent_usb_printer_is_asked_too() -> None:
    inside, _ = memory_line(time.monotonic)
    bus = FakeUsbBus(FakePrinter(lambda: inside, port_status=0x30))
    line = open_usb(usb_name("04b8:0e15", {}), time.monotonic, backend=bus)
    seen = examine(line, time.monotonic)
    line.close()
    assert not seen.answers and seen.port is not None and seen.port.paper_empty and seen.port.error


def test_a_printer_that_goes_away_meanwhile_is_gone() -> None:
    line, peer = memory_line(time.monotonic)
    peer.unplug()
    with pytest.raises(DeviceGone):
        examine(line, time.monotonic)


TM_T88 = Examination(
    answers=True,
    health=PrinterHealth(known=True),
    identity=Identity("EPSON", "TM-T88VI", "X1", "CHINA GB18030"),
    process_ids=True,
    fence=True,
    automatic_status=True,
    counters=True,
)
CLONE = replace(
    TM_T88, identity=Identity("POS-PRINTER", "XP-58IIH", "", "CHINA GB2312"), process_ids=False, counters=False
)


def test_a_known_model_that_shows_what_its_profile_says_is_beyond_doubt() -> None:
    assert propose(TM_T88, PROFILES) == propose(TM_T88, PROFILES, "something else")
    assert (propose(TM_T88, PROFILES).profile, propose(TM_T88, PROFILES).doubts) == ("tm-t88", ())


def test_a_known_model_that_shows_otherwise_is_doubted_by_name() -> None:
    old = replace(TM_T88, process_ids=False, identity=replace(TM_T88.identity, font=""))
    assert propose(old, PROFILES).doubts == (Doubt.PROCESS_IDS, Doubt.CHARSET)


def test_a_model_without_a_profile_gets_one_of_its_kind_with_the_doubts() -> None:
    narrow = propose(CLONE, PROFILES)
    assert narrow.profile == "pos58" and Doubt.WIDTH not in narrow.doubts
    assert {Doubt.MODEL, Doubt.CUTTER, Doubt.NATIVE_QR} <= set(narrow.doubts)
    nameless = propose(replace(CLONE, identity=Identity()), PROFILES)
    assert nameless.profile == "pos80" and {Doubt.WIDTH, Doubt.CHARSET} <= set(nameless.doubts)


def test_silence_is_no_answer() -> None:
    assert propose(Examination(), PROFILES).profile == "write-only"
    assert propose(Examination(), PROFILES).doubts[0] is Doubt.SILENT
    known = propose(Examination(), PROFILES, "TM-T20III")
    assert (known.profile, known.doubts) == ("tm-t20", (Doubt.SILENT, Doubt.WIDTH))


@pytest.mark.parametrize(
    ("model", "profiles"),
    [
        ("TM-T88V", ["tm-t88"]),
        ("tm-t20II", ["tm-t20", "tm-t20-58"]),
        ("POS80", ["pos80"]),
        ("TM-L90", []),
        ("", []),
        ("T88", []),
    ],
)
def test_models_are_known_by_the_words_of_the_profiles_titles(model: str, profiles: list[str]) -> None:
    assert profiles_of_model(model, PROFILES) == profiles
