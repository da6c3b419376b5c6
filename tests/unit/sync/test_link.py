"""Link states: hysteresis, listeners, diagnosis, and that probing is seldom."""

from pathlib import Path

import pytest

from agent.core.errors import TryLater
from sync.link import HQ, Diagnosis, LinkChange, LinkMonitor, LinkState, lan_is_up_now
from tests.unit.sync.fakes import FakeClock, SeededEntropy


class Probed:
    """A target that answers or not."""

    def __init__(self) -> None:
        self.up = True
        self.probes = 0

    def __call__(self) -> None:
        self.probes += 1
        if not self.up:
            raise TryLater("network.unreachable")


class Links:
    def __init__(self) -> None:
        self.hq, self.wallet, self.clock = Probed(), Probed(), FakeClock()
        self.lan = True
        self.monitor = LinkMonitor({HQ: self.hq, "wallet": self.wallet}, self.clock, SeededEntropy(), lambda: self.lan)
        self.changes: list[LinkChange] = []
        self.monitor.subscribe(self.changes.append)

    def run(self, seconds: float) -> None:
        ends = self.clock.now + seconds
        while self.clock.now < ends:
            self.clock.now += max(0.01, self.monitor.step())


def test_one_success_is_up_two_failures_are_down() -> None:
    links = Links()
    assert links.monitor.state(HQ) is LinkState.UNKNOWN
    links.monitor.report(HQ, None)
    links.monitor.report(HQ, "network.no_answer")
    assert links.monitor.state(HQ) is LinkState.UP
    links.monitor.report(HQ, None)
    links.monitor.report(HQ, "network.no_answer")
    links.monitor.report(HQ, "network.no_answer")
    links.monitor.report(HQ, "network.no_answer")
    assert links.monitor.state(HQ) is LinkState.DOWN
    links.monitor.report(HQ, None)
    assert [change.state for change in links.changes] == [LinkState.UP, LinkState.DOWN, LinkState.UP]
    assert links.changes[1].code == "network.no_answer"


@pytest.mark.parametrize(
    ("hq", "wallet", "lan", "expected"),
    [
        (True, True, True, Diagnosis.FINE),
        (False, True, True, Diagnosis.HQ_DOWN),
        (True, False, True, Diagnosis.PLATFORM_DOWN),
        (False, False, True, Diagnosis.INTERNET_DOWN),
        (False, False, False, Diagnosis.LAN_DOWN),
    ],
)
def test_the_outermost_fault_is_named(hq: bool, wallet: bool, lan: bool, expected: Diagnosis) -> None:
    links = Links()
    links.hq.up, links.wallet.up, links.lan = hq, wallet, lan
    links.run(120)
    assert links.monitor.diagnosis() is expected


def test_probing_is_seldom_and_traffic_replaces_it() -> None:
    links = Links()
    links.run(3600)
    assert 20 <= links.hq.probes <= 45
    before = links.hq.probes
    for _ in range(60):
        links.monitor.report(HQ, None)
        links.run(60)
    assert links.hq.probes == before


def test_a_target_that_is_down_is_tried_more_often() -> None:
    links = Links()
    links.hq.up = False
    links.run(600)
    assert 20 <= links.hq.probes <= 45
    links.hq.up = True
    links.run(40)
    assert links.monitor.state(HQ) is LinkState.UP


def test_lan_is_read_from_the_kernels_tables(tmp_path: Path) -> None:
    routes, interfaces = tmp_path / "route", tmp_path / "net"
    (interfaces / "eth0").mkdir(parents=True)
    head = "Iface\tDestination\tGateway\n"
    carrier = interfaces / "eth0" / "carrier"
    for text, wire, expected in (
        (head + "eth0\t00000000\t0100A8C0\n", "1\n", True),
        (head + "eth0\t00000000\t0100A8C0\n", "0\n", False),
        (head + "eth0\t0000A8C0\t00000000\n", "1\n", False),
        (head, "1\n", False),
    ):
        routes.write_text(text)
        carrier.write_text(wire)
        assert lan_is_up_now(routes, interfaces) is expected
    carrier.unlink()
    routes.write_text(head + "eth0\t00000000\t0100A8C0\n")
    assert not lan_is_up_now(routes, interfaces)
    assert lan_is_up_now(tmp_path / "none", interfaces)
