"""The supervisor: states, retries, events, and an end that comes at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from drivers.base import TRANSITIONS, DeviceError, DeviceEvent, DeviceGone, DeviceState, step
from drivers.supervisor import Supervisor
from drivers.transport.base import Monotonic, Transport
from drivers.transport.memory import MemoryPeer, memory_line
from tests.unit.drivers.shop import wait_until


class Socket:
    """A place to plug a memory line in."""

    def __init__(self) -> None:
        self.error: Exception | None = DeviceGone("device.absent", "nothing there")
        self.attempts: list[float] = []
        self.peer: MemoryPeer | None = None

    def open(self, url: str, monotonic: Monotonic) -> Transport:
        self.attempts.append(time.monotonic())
        if self.error is not None:
            raise self.error
        transport, self.peer = memory_line(monotonic)
        return transport


class Bench:
    """A supervisor with its events."""

    def __init__(self) -> None:
        self.socket = Socket()
        self.events: list[DeviceEvent] = []
        self.fault: Exception | None = None
        self.supervisor = Supervisor(
            "d", "printer", "memory:", self.serve, self.events.append,
            monotonic=time.monotonic, open_transport=self.socket.open,
        )  # fmt: skip

    def serve(self, transport: Transport) -> None:
        if self.fault is not None:
            raise self.fault
        self.supervisor.report(DeviceState.READY, "printer.ready")
        while not self.supervisor.stopping():
            transport.read(5.0)

    @property
    def codes(self) -> list[str]:
        return [event.code for event in self.events]


@contextmanager
def running(bench: Bench) -> Iterator[Bench]:
    bench.supervisor.start()
    yield bench
    bench.supervisor.stop()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_absent_is_told_once_and_retried(bench: Bench) -> None:
    with running(bench):
        wait_until(lambda: len(bench.socket.attempts) >= 4)
        assert bench.codes == ["printer.absent"]
        waits = [
            after - before for before, after in zip(bench.socket.attempts, bench.socket.attempts[1:], strict=False)
        ]
        assert waits == sorted(waits)
        assert waits[-1] < 1.0


def test_a_life_from_absent_to_lost_and_back(bench: Bench) -> None:
    with running(bench):
        wait_until(lambda: bench.codes == ["printer.absent"])
        bench.socket.error = None
        wait_until(lambda: bench.codes[-1] == "printer.ready")
        assert bench.socket.peer is not None
        bench.socket.error = DeviceGone("device.absent", "nothing there")
        bench.socket.peer.unplug()
        wait_until(lambda: bench.codes[-1] == "printer.lost")
        attempts = len(bench.socket.attempts)
        wait_until(lambda: len(bench.socket.attempts) > attempts)
        bench.socket.error = None
        wait_until(lambda: bench.codes[-1] == "printer.ready")
    assert bench.codes == ["printer.absent", "printer.ready", "printer.lost", "printer.ready", "printer.stopped"]
    assert bench.supervisor.state is DeviceState.ABSENT


def test_a_reason_of_its_own_is_told(bench: Bench) -> None:
    bench.socket.error = DeviceError("device.denied", "EACCES")
    with running(bench):
        wait_until(lambda: bench.codes == ["printer.denied"])


def test_a_fault_of_ours_is_told_and_survived(bench: Bench) -> None:
    bench.socket.error = None
    bench.fault = ZeroDivisionError("oops")
    with running(bench):
        wait_until(lambda: bench.codes == ["printer.fault"])
        bench.fault = None
        wait_until(lambda: bench.codes[-1] == "printer.ready")


def test_a_fault_in_opening_is_told_and_survived(bench: Bench) -> None:
    """Its thread must not die: the box's watchdog would restart the whole shop for one printer's address, for ever."""
    bench.socket.error = UnicodeError("label empty or too long")
    with running(bench):
        wait_until(lambda: bench.codes == ["printer.fault"])
        bench.socket.error = None
        wait_until(lambda: bench.codes[-1] == "printer.ready")


def test_stop_ends_a_wait_at_once(bench: Bench) -> None:
    bench.socket.error = None
    bench.supervisor.start()
    wait_until(lambda: bench.codes == ["printer.ready"])
    began_s = time.monotonic()
    bench.supervisor.stop()
    assert time.monotonic() - began_s < 0.5


def test_only_the_tables_transitions_exist() -> None:
    for state in DeviceState:
        for to in DeviceState:
            if to is state or to in TRANSITIONS[state]:
                assert step(state, to) is to
            else:
                with pytest.raises(ValueError, match="no transition"):
                    step(state, to)
