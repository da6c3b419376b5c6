"""What the printer says: real-time status, ASB, fences, process ids, identity, counters."""

from __future__ import annotations

import pytest

from tests.unit.emulators.helpers import (
    ASB_CLEAN,
    ASB_ON,
    CUT,
    EOT1,
    EOT2,
    EOT3,
    EOT4,
    done,
    lines,
    logged,
    make,
    pid,
    raster,
)


def test_real_time_status_of_a_healthy_printer() -> None:
    assert make().feed(EOT1 + EOT2 + EOT3 + EOT4) == b"\x16\x12\x12\x12"


@pytest.mark.parametrize(
    ("word", "answers"),
    [
        ("paper low", b"\x16\x12\x12\x1e"),
        ("paper out", b"\x1e\x32\x12\x7e"),
        ("cover open", b"\x1e\x16\x12\x12"),
        ("drawer open", b"\x12\x12\x12\x12"),
        ("drawer closed", b"\x16\x12\x12\x12"),
    ],
)
def test_real_time_status_bits(word: str, answers: bytes) -> None:
    printer = make()
    printer.command(word)
    assert printer.feed(EOT1 + EOT2 + EOT3 + EOT4) == answers


def test_a_cutter_error_shows_in_causes_and_errors() -> None:
    printer = make()
    printer.command("jam")
    assert printer.feed(EOT1 + CUT + EOT1 + EOT2 + EOT3) == b"\x16\x1e\x52\x1a"


def test_status_is_answered_on_arrival_even_inside_raster_data() -> None:
    printer = make()
    command = raster([b"\x00\x10", b"\x04\x01"])
    assert printer.feed(command[:-1]) == b""
    assert printer.feed(command[-1:]) == b"\x16"
    assert logged(printer.marks, "image")[0]["data"] == "ABAEAQ=="


def test_status_is_answered_while_offline_and_the_fence_is_not() -> None:
    printer = make()
    printer.command("paper out")
    assert printer.feed(b"\x1dr1" + EOT4) == b"\x7e"
    assert printer.command("paper ok") == b"\x00"


def test_asb_answers_at_once_and_on_change() -> None:
    printer = make()
    assert printer.feed(ASB_ON) == ASB_CLEAN
    assert printer.command("paper low") == b"\x14\x00\x03\x0f"
    assert printer.command("paper out") == b"\x1c\x00\x0f\x0f"
    assert printer.command("cover open") == b"\x3c\x00\x0f\x0f"
    assert printer.command("clear") == ASB_CLEAN


def test_asb_reports_only_what_is_watched() -> None:
    printer = make()
    assert printer.feed(b"\x1da\x08") == ASB_CLEAN
    assert printer.command("cover open") == b""
    assert printer.command("paper low") == b"\x3c\x00\x03\x0f"


def test_initialize_and_power_switch_asb_off() -> None:
    printer = make()
    printer.feed(ASB_ON + b"\x1b@")
    assert printer.command("paper low") == b""
    printer.feed(ASB_ON)
    printer.command("power off")
    printer.command("power on")
    assert printer.command("paper ok") == b""


def test_process_ids_in_order_with_print_and_cut() -> None:
    printer = make()
    assert printer.feed(b"text\n" + pid(b"A..B") + CUT + pid(b"A..C")) == done(b"A..B") + done(b"A..C")


def test_a_process_id_waits_for_the_line_before_it() -> None:
    printer = make()
    assert printer.feed(b"text" + pid(b"0001")) == b""
    assert printer.feed(b"\n") == done(b"0001")


def test_a_process_id_is_not_answered_while_the_paper_is_out() -> None:
    printer = make()
    printer.command("paper out")
    assert printer.feed(b"text\n" + pid(b"0001")) == b""
    assert lines(printer) == []
    assert printer.command("paper ok") == done(b"0001")
    assert lines(printer) == ["text"]


def test_identity() -> None:
    printer = make()
    said = printer.feed(b"\x1dIA\x1dIB\x1dIC\x1dID\x1dIE")
    assert said == b"_30.21 ESC/POS\0_EPSON\0_TM-T82III\0_EMUL000001\0_CHINA GB18030\0"
    singles = printer.feed(b"\x1dI\x01\x1dI2\x1dI\x03")
    assert len(singles) == 3 and all(code & 0x90 == 0 for code in singles)


def test_cutter_counter_survives_power_and_reset_leaves_the_lifetime() -> None:
    printer = make()
    printer.feed(CUT + CUT)
    printer.command("power off")
    printer.command("power on")
    ask_both = b"\x1dg2\x00\xb2\x00\x1dg2\x00\x32\x00"
    assert printer.feed(ask_both) == b"_2\0_2\0"
    assert printer.feed(b"\x1dg0\x00\x32\x00" + ask_both) == b"_2\0_0\0"


def test_profiles_leave_out_what_they_cannot() -> None:
    clone, mute = make("clone"), make("write-only")
    asked = EOT1 + b"x\n" + pid(b"0001") + b"\x1dr1"
    assert clone.feed(asked) == b"\x16\x00"
    assert clone.unsupported_commands == 1
    assert mute.feed(asked + ASB_ON) == b""
    assert lines(mute) == ["x"]


def test_real_time_clear_drops_buffers_and_confirms() -> None:
    printer = make()
    printer.command("cover open")
    clear = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
    assert printer.feed(b"never\n" + clear) == b"\x37\x25\x00"
    printer.command("cover closed")
    printer.feed(b"now\n")
    assert lines(printer) == ["now"]


def test_an_answer_waits_for_the_mechanism() -> None:
    clock_printer = make(line_ms=25)
    assert clock_printer.feed(b"a\nb\n" + pid(b"0001")) == b""
    assert lines(clock_printer) == ["a"]
