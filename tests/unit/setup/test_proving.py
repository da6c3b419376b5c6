"""Which device a line is, and which scanner belongs to which printer."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from agent.core.codes import CHARACTER_PROBE
from agent.core.errors import Refused
from agent.settings import shipped
from agent.setup.examining import AsPrinter, AsScanner, judged, tried
from agent.setup.proving import Proving
from drivers.base import DeviceError, DeviceGone
from drivers.discovery.examine import Examination
from drivers.discovery.found import Found, Naming, UsbFacts
from drivers.printer.identity import Identity
from drivers.printer.profiles import load_profiles

PROFILES = load_profiles(shipped("devices"))
ANSWERS = Examination(answers=True, identity=Identity("EPSON", "TM-T88V"))


class Ticking:
    """A clock that a test moves, and chance that counts."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._drawn = 0

    def now_ms(self) -> int:
        return 0

    def monotonic_s(self) -> float:
        return self.now_s

    def random_bytes(self, count: int) -> bytes:
        self._drawn += 1
        return self._drawn.to_bytes(count, "big")


def device(name: str, till: str = "1") -> Any:
    """Return what stands for a printer or scanner here: a name and an address."""
    return SimpleNamespace(
        name=name, till=till, title=name, url=f"serial:/dev/{name}", profile="pos80", model="", chinese=""
    )


def line(suggestion: str = "", url: str = "serial:/dev/ttyUSB0", vendor: str = "") -> Found:
    return Found("/dev/ttyUSB0", url, Naming.PORT, suggestion, usb=UsbFacts(vendor_id=vendor))


def answering_at(*urls: str) -> Callable[[str], Examination]:
    return lambda url: ANSWERS if url in urls else Examination()


def test_a_line_that_answers_is_a_printer_at_its_speed() -> None:
    assert judged(line(), PROFILES, answering_at("serial:/dev/ttyUSB0?baud=19200")) == AsPrinter(
        "serial:/dev/ttyUSB0?baud=19200", "tm-t88"
    )


def test_a_silent_line_is_a_scanner_unless_it_is_surely_a_printer() -> None:
    assert judged(line(), PROFILES, answering_at()) == AsScanner("serial:/dev/ttyUSB0")
    assert judged(line("printer"), PROFILES, answering_at()) == AsPrinter("serial:/dev/ttyUSB0", "write-only")


def test_a_scanner_is_asked_nothing() -> None:
    def asked(url: str) -> Examination:
        raise AssertionError(url)

    assert judged(line("scanner", vendor="1eab"), PROFILES, asked) == AsScanner("serial:/dev/ttyUSB0", "newland")
    assert judged(line("keyboard", "hid:/dev/input/by-id/k"), PROFILES, asked) == AsScanner("hid:/dev/input/by-id/k")


def test_a_line_that_cannot_be_opened_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tried(line("", "serial:/nowhere/at/all"), PROFILES)
    assert isinstance(gone, DeviceError)
    assert isinstance(gone, DeviceGone)


def test_a_slip_binds_the_scanner_that_read_it() -> None:
    clock = Ticking()
    proving, printer, scanner = Proving(clock, clock), device("p1"), device("s1")
    slip = proving.slip_for(printer)
    clock.now_s = 3.5
    bound, again = proving.scanned(slip.nonce, scanner)
    assert (bound.scanner, bound.scan_ms, again) == (scanner, 3500, False)
    assert proving.scanned(slip.nonce, scanner) == (bound, True)
    assert proving.waiting() == []
    assert [(one.till, one.printer, one.scanner) for one in proving.bindings([printer], [scanner])] == [
        ("1", "serial:/dev/p1", "serial:/dev/s1")
    ]


def test_only_the_newest_slip_counts() -> None:
    clock = Ticking()
    proving, printer = Proving(clock, clock), device("p1")
    old, new = proving.slip_for(printer), proving.slip_for(printer)
    with pytest.raises(Refused, match=r"setup\.other_slip"):
        proving.scanned(old.nonce, device("s1"))
    proving.scanned(new.nonce, device("s1"))


def test_a_scanner_has_one_till() -> None:
    clock = Ticking()
    proving, scanner = Proving(clock, clock), device("s1")
    first, second = proving.slip_for(device("p1")), proving.slip_for(device("p2", "2"))
    proving.scanned(first.nonce, scanner)
    with pytest.raises(Refused, match=r"setup\.scanner_taken") as refusal:
        proving.scanned(second.nonce, scanner)
    assert refusal.value.values == {"till": "1"}
    assert proving.waiting() == ["2"]


def test_another_scanner_may_take_a_till_over() -> None:
    clock = Ticking()
    proving = Proving(clock, clock)
    slip = proving.slip_for(device("p1"))
    proving.scanned(slip.nonce, device("s1"))
    other = device("s2")
    bound, again = proving.scanned(slip.nonce, other)
    assert (bound.scanner, again) == (other, False)


def test_without_a_proof_the_first_devices_are_used() -> None:
    clock = Ticking()
    proving = Proving(clock, clock)
    assert proving.bindings([], []) == []
    (only,) = proving.bindings([device("p1")], [device("s1"), device("s2")])
    assert (only.printer, only.scanner) == ("serial:/dev/p1", "serial:/dev/s1")
    (scanner_only,) = proving.bindings([], [device("s1")])
    assert (scanner_only.printer, scanner_only.scanner) == ("", "serial:/dev/s1")


def test_the_character_probe_says_what_a_scanner_brings_whole() -> None:
    clock = Ticking()
    proving = Proving(clock, clock)
    assert not proving.probed("6901234567892")
    assert proving.alphabet == "base32"
    assert proving.probed(CHARACTER_PROBE.swapcase())
    assert proving.alphabet == "caps"
    assert proving.probed(CHARACTER_PROBE)
    assert proving.alphabet == "mixed"
