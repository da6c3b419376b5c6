"""The line's speed, on a hand-turned clock."""

from __future__ import annotations

import pytest

from drivers.emulators.wire import Wire


@pytest.mark.parametrize("baud", [1200, 9600, 19200, 38400, 115200])
def test_a_busy_line_carries_exactly_its_rate_however_late_we_wake(baud: int) -> None:
    wire, now_s, taken, start_s = Wire(baud), 50.0, 0, 50.0
    for turn in range(400):
        wire.push(b"x" * wire.room, now_s)
        now_s += (0.003, 0.017, 0.0301)[turn % 3]
        taken += len(wire.take(now_s, 100_000))
    assert taken == int((now_s - start_s) * baud / 10 + 1e-6)


def test_a_short_job_takes_its_ten_bits_a_byte() -> None:
    wire = Wire(9600)
    wire.push(b"x" * 48, 10.0)
    assert len(wire.take(10.025, 999)) == 24
    assert wire.next_due_s == pytest.approx(10.025 + 10 / 960)
    assert wire.take(10.05 - 1e-4, 999) == b"x" * 23
    assert wire.take(10.05, 999) == b"x"
    assert wire.next_due_s is None


def test_an_idle_line_saves_nothing_up() -> None:
    wire = Wire(9600)
    wire.push(b"a", 1.0)
    assert wire.take(100.0, 9) == b"a"
    wire.push(b"bc", 200.0)
    assert wire.take(200.0, 9) == b""
    assert wire.take(200.0011, 9) == b"b"


def test_a_held_line_does_not_make_up_for_the_time_lost() -> None:
    wire = Wire(9600)
    wire.push(b"x" * 64, 1.0)
    assert wire.take(2.0, 0) == b""
    assert wire.next_due_s is None
    assert wire.take(3.0, 999) == b""
    assert len(wire.take(3.01, 999)) == 9


def test_bytes_come_out_as_they_went_in() -> None:
    wire = Wire(9600)
    wire.push(b"abc", 1.0)
    wire.push(b"defgh", 1.0)
    assert wire.take(1.005, 999) + wire.take(9.0, 999) == b"abcdefgh"
    wire.push(b"lost", 10.0)
    wire.clear()
    assert wire.take(99.0, 999) == b""
