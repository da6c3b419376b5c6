"""When a byte of a slip's body passed."""

import pytest

from agent.bench.taps import Tap, passed_at_s


def test_the_body_begins_with_its_first_command() -> None:
    parts = [(1.0, b"\x10\x04\x01"), (2.0, b"\x1bp\x00\x19\x19\x1b"), (3.0, b"@ab"), (4.0, b"cd")]
    assert passed_at_s(parts, 0) == 2.0
    assert passed_at_s(parts, 1) == 3.0
    assert passed_at_s(parts, 4) == 4.0
    assert passed_at_s(parts, 6) is None


def test_a_slip_that_never_comes() -> None:
    tap = Tap()
    tap.note(b"\x10\x04\x01")
    with pytest.raises(TimeoutError):
        tap.body_at_s(timeout_s=0.01)
    tap.note(b"\x1b@")
    assert tap.body_at_s() > 0
    tap.reset()
    assert tap.parts() == []
