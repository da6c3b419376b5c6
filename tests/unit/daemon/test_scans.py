"""Scans between the scanner and the use case: in order, never waited for, told once when they are no good."""

from __future__ import annotations

import threading

import pytest

from agent.core.errors import Refused
from agent.daemon.scans import QUEUE_MAX, ScanQueue
from drivers.scanner.device import Scan
from tests.shops import FakeClock
from tests.unit.drivers.shop import wait_until


class Counter:
    """A use case that can be made to wait, and what the cashier is told."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, int]] = []
        self.told: list[str] = []
        self.beeps = 0
        self.go_on = threading.Event()
        self.go_on.set()
        self.fails: Exception | None = None
        self.clock = FakeClock()
        self.queue = ScanQueue("scanner1", self._take, self.told.append, self._beep, self.clock.monotonic_s)

    def _beep(self) -> None:
        self.beeps += 1

    def _take(self, text: str, repeats: int) -> bool:
        assert self.go_on.wait(5.0)
        self.taken.append((text, repeats))
        if self.fails is not None:
            raise self.fails
        return text == "refuse me"


@pytest.fixture
def counter() -> Counter:
    counter = Counter()
    counter.queue.start()
    return counter


def scan(text: str, *, repeats: int = 0, corrupt: bool = False) -> Scan:
    return Scan("scanner1", text, 1.0, repeats, corrupt)


def test_scans_keep_their_order_while_one_takes_long(counter: Counter) -> None:
    counter.go_on.clear()
    for number in range(20):
        counter.queue.offer(scan(str(number), repeats=number % 2))
    assert counter.taken == []
    counter.go_on.set()
    counter.queue.stop()
    assert counter.taken == [(str(number), number % 2) for number in range(20)]


def test_a_full_queue_never_blocks_the_scanner_and_is_told(counter: Counter) -> None:
    counter.go_on.clear()
    for number in range(QUEUE_MAX + 10):
        counter.queue.offer(scan(str(number)))
    counter.go_on.set()
    counter.queue.stop()
    assert [text for text, _ in counter.taken] == [str(number) for number in range(len(counter.taken))]
    assert QUEUE_MAX <= len(counter.taken) <= QUEUE_MAX + 1
    assert counter.told == ["scanner.too_fast"]


def test_corrupt_scans_are_told_once_and_again_later(counter: Counter) -> None:
    for _ in range(3):
        counter.queue.offer(scan("1\x1a2", corrupt=True))
    wait_until(lambda: counter.beeps == 3)
    assert (counter.told, counter.taken) == (["scanner.corrupt"], [])
    counter.clock.advance(2.5)
    counter.queue.offer(scan("1\x1a2", corrupt=True))
    counter.queue.stop()
    assert counter.told == ["scanner.corrupt"] * 2


def test_stop_is_harmless_before_the_start_and_twice(counter: Counter) -> None:
    Counter().queue.stop()
    counter.queue.stop()
    counter.queue.stop()


def test_a_refused_scan_beeps_and_a_good_one_does_not(counter: Counter) -> None:
    counter.queue.offer(scan("refuse me"))
    counter.queue.offer(scan("fine"))
    counter.queue.stop()
    assert (counter.beeps, counter.told) == (1, [])


@pytest.mark.parametrize(
    ("error", "code"), [(Refused("store.stopped"), "store.stopped"), (ValueError("ours"), "scanner.not_taken")]
)
def test_a_failing_use_case_ends_nothing(counter: Counter, error: Exception, code: str) -> None:
    counter.fails = error
    counter.queue.offer(scan("one"))
    wait_until(lambda: counter.told == [code])
    counter.fails = None
    counter.queue.offer(scan("two"))
    counter.queue.stop()
    assert [text for text, _ in counter.taken] == ["one", "two"]
