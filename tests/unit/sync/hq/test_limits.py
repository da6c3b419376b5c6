"""What keeps headquarters upright: places in a queue, and turns for those who find it full."""

from contextlib import ExitStack

import pytest

from agent.core.errors import TryLater
from sync.hq.limits import TURN_MAX_S, Backlog


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def worked(backlog: Backlog, clock: Clock, took_s: float) -> None:
    with backlog.place():
        clock.now_s += took_s


def turn(backlog: Backlog) -> float:
    with pytest.raises(TryLater) as caught, backlog.place():
        raise AssertionError("there was a place")
    assert caught.value.code == "hq.backlog"
    return float(str(caught.value.values["retry_after_s"]))


def full(backlog: Backlog, places: int) -> ExitStack:
    stack = ExitStack()
    for _ in range(places):
        stack.enter_context(backlog.place())
    return stack


def test_each_box_that_finds_no_place_gets_a_turn_of_its_own() -> None:
    clock = Clock()
    backlog = Backlog(waiting_max=4, at_once=4, monotonic_s=clock)
    for _ in range(200):
        worked(backlog, clock, 2.0)
    with full(backlog, 4):
        turns = [turn(backlog) for _ in range(40)]
    assert turns == sorted(turns)
    assert turns[0] == pytest.approx(2.5, abs=1)
    assert turns[-1] == pytest.approx(2 + 40 * 0.5, abs=1)


def test_a_turn_is_never_further_off_than_a_minute_and_comes_again_when_time_has_passed() -> None:
    clock = Clock()
    backlog = Backlog(waiting_max=1, at_once=1, monotonic_s=clock)
    for _ in range(200):
        worked(backlog, clock, 5.0)
    with full(backlog, 1):
        assert [turn(backlog) for _ in range(50)][-1] == TURN_MAX_S
        clock.now_s += TURN_MAX_S
        assert turn(backlog) <= 11


def test_work_that_was_refused_does_not_count_as_quick() -> None:
    clock = Clock()
    backlog = Backlog(waiting_max=1, at_once=1, monotonic_s=clock)
    for _ in range(200):
        worked(backlog, clock, 8.0)
    for _ in range(50):
        with pytest.raises(KeyError), backlog.place():
            raise KeyError
    with full(backlog, 1):
        assert turn(backlog) == pytest.approx(16, abs=1)
