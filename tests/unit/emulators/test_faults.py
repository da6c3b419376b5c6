"""Faults by words: paper, cover, cutter, power, cable, silence, noise, delay, flow control."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.emulators.printer import EmulatedPrinter
from drivers.emulators.profiles import profile_for, with_buffer
from drivers.emulators.words import UnknownWord, parse
from tests.unit.emulators.helpers import (
    ASB_ON,
    CUT,
    EOT1,
    EOT4,
    HandClock,
    done,
    lines,
    logged,
    make,
    notes,
    pid,
)


def test_paper_end_keeps_the_buffer_and_resumes_by_itself() -> None:
    printer = make()
    printer.feed(b"first\n")
    printer.command("paper out at 4")
    printer.feed(b"second\nthird\n" + CUT)
    assert lines(printer) == ["first"]
    printer.command("paper ok")
    assert lines(printer) == ["first", "second", "third"]
    assert len(logged(printer.marks, "cut")) == 1


def test_the_line_being_printed_is_finished_at_paper_end() -> None:
    clock = HandClock()
    printer = make(clock=clock, line_ms=25)
    printer.feed(b"one\n" + pid(b"0001") + b"two\n")
    printer.command("paper out")
    clock.now_s += 1
    assert printer.tick() == b""
    assert lines(printer) == ["one"]
    assert printer.command("paper ok") == done(b"0001")
    assert lines(printer) == ["one", "two"]


def test_line_time_does_not_drift() -> None:
    clock = HandClock()
    printer = make(clock=clock, line_ms=25)
    printer.feed(b"x\n" * 100)
    for _ in range(20):
        clock.now_s += 0.1234
        printer.tick()
    assert len(lines(printer)) == 1 + int(20 * 0.1234 / 0.025)
    assert printer.next_due_s == pytest.approx(1000 + 0.025 * len(lines(printer)))


def test_power_cut_loses_both_buffers() -> None:
    printer = make()
    printer.command("power off at 9")
    assert printer.feed(b"kept\nlost text\n" + EOT1) == b""
    assert lines(printer) == ["kept"]
    printer.command("power on")
    assert printer.feed(b"again\n" + EOT1) == b"\x16"
    assert lines(printer) == ["kept", "again"]


def test_power_cut_loses_the_buffer_kept_for_paper() -> None:
    printer = make()
    printer.feed(ASB_ON)
    printer.command("paper out")
    printer.feed(b"gone\n")
    for word in ("power off", "power on", "paper ok"):
        assert printer.command(word) in (b"", b"\x18\x00\x0f\x0f")
    assert lines(printer) == []


def test_unplugging_stops_the_stream_and_not_the_printer() -> None:
    printer = make()
    printer.command("cover open")
    printer.command("unplug at 6")
    printer.feed(b"abcde\nfgh\n")
    assert not printer.plugged
    assert printer.room == 0
    printer.command("cover closed")
    assert lines(printer) == ["abcde"]
    printer.command("plug")
    printer.feed(b"xyz\n")
    assert lines(printer) == ["abcde", "xyz"]


def test_a_jam_shows_at_the_cut_and_the_cut_is_made_up_for() -> None:
    printer = make()
    printer.command("jam")
    assert printer.feed(b"a\n" + pid(b"...B") + CUT + pid(b"...C")) == done(b"...B")
    assert printer.feed(b"\x10\x05\x01" + EOT1) == b"\x1e"
    printer.command("cover open")
    assert printer.command("cover closed") == done(b"...C")
    assert len(logged(printer.marks, "cut")) == 1


def test_a_jam_taken_out_by_hand_makes_up_for_the_cut_too() -> None:
    printer = make()
    printer.command("jam")
    printer.feed(CUT + pid(b"...C"))
    assert printer.describe()["cutter_error"] is True
    assert printer.command("jam off") == done(b"...C")
    assert printer.describe()["cutter_blocked"] is printer.describe()["cutter_error"] is False


@pytest.mark.parametrize(
    ("fault", "cure", "key"),
    [
        ("silence", "silence off", "silent"),
        ("garbage", "garbage off", "garbled"),
        ("xoff", "xoff off", "stuck"),
        ("jam", "jam off", "cutter_blocked"),
    ],
)
def test_each_fault_is_cured_by_itself(fault: str, cure: str, key: str) -> None:
    printer = make()
    printer.command("paper low")
    printer.command(fault)
    assert printer.describe()[key] is True
    printer.command(cure)
    assert printer.describe()[key] is False
    assert printer.describe()["paper"] == "low", "other faults stay"
    assert printer.feed(EOT1) == b"\x16"


def test_a_cure_without_its_fault_says_nothing() -> None:
    printer = make(flow="xonxoff")
    for word in ("xoff off", "jam off", "silence off", "garbage off", "late 0"):
        assert printer.command(word) == b""


def test_recovery_with_clearing_drops_the_cut() -> None:
    printer = make()
    printer.command("jam")
    printer.feed(CUT + b"waiting\n")
    assert printer.feed(b"\x10\x05\x02" + EOT1) == b"\x16"
    assert logged(printer.marks, "cut") == [] and lines(printer) == []


def test_silence_prints_and_says_nothing() -> None:
    printer = make()
    printer.command("silence")
    assert printer.feed(EOT1 + b"x\n" + pid(b"0001")) == b""
    assert lines(printer) == ["x"]
    printer.command("clear")
    assert printer.feed(EOT1) == b"\x16"


def test_garbage_has_the_length_of_the_truth_and_is_the_same_each_time() -> None:
    said = []
    for _ in range(2):
        printer = make()
        printer.command("garbage")
        said.append(printer.feed(pid(b"0001") * 3))
    assert said[0] == said[1] != done(b"0001") * 3
    assert len(said[0]) == 21


def test_late_answers_come_in_order_when_due() -> None:
    clock = HandClock()
    printer = make(clock=clock)
    printer.command("late 200")
    assert printer.feed(EOT1) == b""
    assert printer.next_due_s == pytest.approx(1000.2)
    clock.now_s = 1000.1
    assert printer.command("clear") == b""
    assert printer.feed(EOT4) == b""
    clock.now_s = 1000.2
    assert printer.tick() == b"\x16\x12"


def test_xoff_stops_the_printer_until_cleared() -> None:
    printer = make()
    assert printer.command("xoff") == b"\x13"
    assert printer.feed(b"x\n" + pid(b"0001")) == b""
    assert printer.command("clear") == b"\x11" + done(b"0001")


def test_the_small_buffer_has_its_own_thresholds() -> None:
    small = with_buffer(profile_for("epson", 58, "xonxoff"), 45)
    printer = EmulatedPrinter(small, HandClock(), lambda: 7)
    printer.command("cover open")
    assert printer.feed(b"x" * 28) == b""
    assert printer.feed(b"x") == b"\x13"
    printer.feed(b"y" * 20)
    assert printer.dropped_bytes == 4
    assert printer.command("cover closed") == b"\x11"


def test_a_held_line_gives_room_again_only_after_a_gap() -> None:
    printer = make(flow="hold")
    printer.command("cover open")
    printer.feed(b"x" * 3967)
    assert printer.room == 129
    printer.feed(b"x")
    assert printer.room == 0
    printer.command("cover closed")
    assert printer.room == 4096


def test_xon_and_xoff_at_the_thresholds() -> None:
    printer = make(flow="xonxoff")
    printer.command("cover open")
    assert printer.feed(b"\n" * 3967) == b""
    assert printer.feed(b"\n") == b"\x13"
    assert printer.command("cover closed") == b"\x11"


def test_bytes_beyond_the_buffer_are_lost_and_counted() -> None:
    printer = make(flow="drop")
    printer.command("cover open")
    assert printer.feed(b"\n" * 5000 + EOT1) == b"\x1e"
    assert printer.dropped_bytes == 5000 + 3 - 4096
    printer.command("cover closed")
    printer.feed(b"end\n")
    assert len(lines(printer)) == 4096 + 1
    assert notes(printer)[-1] == "receive buffer was full: 907 bytes lost"


def test_a_raster_larger_than_the_buffer_is_taken() -> None:
    printer = make(flow="drop")
    printer.feed(b"\x1dv0\x00\x30\x00\xe8\x03" + b"\x55" * 48000 + b"after\n")
    assert logged(printer.marks, "image")[0]["height"] == 1000
    assert lines(printer) == ["after"] and printer.dropped_bytes == 0


def test_a_drawer_with_a_switch_opens_when_kicked() -> None:
    printer = make()
    printer.command("drawer closed")
    assert printer.feed(EOT1 + b"\x1bp\x00\x19\xfa" + EOT1) == b"\x16\x12"
    assert printer.describe()["drawer"] == "open"
    printer.command("drawer none")
    assert printer.feed(b"\x1bp\x00\x19\xfa" + EOT1) == b"\x16"
    assert printer.describe()["drawer"] == "none"


def test_a_drawer_wired_the_other_way_lets_the_pin_go_high() -> None:
    wired = replace(profile_for("epson", 58), drawer_open_is_high=True)
    printer = EmulatedPrinter(wired, HandClock(), lambda: 7)
    for word, answer in (("drawer none", b"\x16"), ("drawer closed", b"\x12"), ("drawer open", b"\x16")):
        printer.command(word)
        assert printer.feed(EOT1) == answer, word


@pytest.mark.parametrize(
    "line",
    [
        "",
        "paper",
        "paper wet",
        "late",
        "late -1",
        "late x",
        "unplug at",
        "unplug at x",
        "on",
        "state at 3",
        "jam on",
        "unplug off",
    ],
)
def test_unknown_words_are_refused_by_name(line: str) -> None:
    with pytest.raises(UnknownWord):
        parse(line)


def test_words_at_the_same_byte_are_obeyed_in_order() -> None:
    printer = make()
    printer.command("power off at 3")
    printer.command("power on at 3")
    printer.feed(b"abcdef\n")
    assert printer.powered
    assert lines(printer) == ["def"]


def test_status_said_on_enabling_is_not_said_again_after_power_came_back() -> None:
    printer = make()
    for word in ("paper low", "power off", "paper ok", "power on"):
        printer.command(word)
    assert printer.feed(ASB_ON + b"x\n") == b"\x14\x00\x00\x0f"


def test_words_stand_in_the_paper_log() -> None:
    printer = make()
    for word in ("late 200", "paper low", "clear"):
        printer.command(word)
    assert notes(printer) == ["late 200", "paper low", "clear"]
