"""Root's part of joining a network, in a folder that looks like the file system, with the system's commands played."""

import json
import stat
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from typing import Any

import pytest

from agent.core.network_codes import NetworkPlan, Wireless, network_code
from agent.setup.joining import ANSWER, REQUEST
from agent.setup.network import BEFORE, System, recover, serve_requests
from agent.setup.network_files import files_for

STATIC = NetworkPlan(
    IPv4Interface("10.0.0.5/24"), IPv4Address("10.0.0.1"), (IPv4Address("10.0.0.2"),), "proxy.lan:3128", None
)
NETWORK_FILE = "etc/systemd/network/10-storebox.network"
HQ_AT_MS = 1_795_000_000_000


class Machine:
    """A machine with one cable; it has the address that its files say, and a gateway that answers or not."""

    def __init__(self, folder: Path, *, gateway: bool = True, carrier: bool = True, wireless: bool = False) -> None:
        self.root, self.state = folder / "root", folder / "state"
        self.gateway = gateway
        self.asked: list[str] = []
        self.clock_s: float | None = None
        self.seconds = 100.0
        self.synchronised = False
        self.dies_after: str | None = None
        device = self.root / "sys/class/net/enp1s0"
        (device / ("wireless" if wireless else "device")).mkdir(parents=True)
        (device / "device").mkdir(exist_ok=True)
        (device / "carrier").write_text("1\n" if carrier else "0\n")
        (device / "address").write_text("52:54:00:00:00:01\n")
        (self.state / "setup").mkdir(parents=True)

    @property
    def system(self) -> System:
        return System(self.root, self.run, self.sleep, lambda: self.seconds, lambda: HQ_AT_MS - 10**11, self._set_clock)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def _set_clock(self, at_s: float) -> None:
        self.clock_s = at_s

    def run(self, words: Sequence[str]) -> str | None:
        command = " ".join(words)
        self.asked.append(command)
        if self.dies_after is not None and self.dies_after in command:
            raise KeyboardInterrupt("power cut")
        if command.startswith("ip -j -4 addr"):
            return json.dumps([{"addr_info": [{"local": "10.0.0.5"}]}])
        if command.startswith("ip -j -4 route"):
            return json.dumps([{"gateway": "10.0.0.1"}])
        if command.startswith("ping"):
            return "" if self.gateway else None
        if command.startswith("ip -j neigh"):
            return json.dumps([{"state": ["FAILED"]}])
        if command.startswith("timedatectl"):
            return "yes\n" if self.synchronised else "no\n"
        return ""

    def ask(self, plan: NetworkPlan) -> dict[str, Any]:
        """Have the box's request served; returns the answer."""
        (self.state / "setup" / REQUEST).write_text(json.dumps({"id": "1f", "code": network_code(plan)}))
        serve_requests(self.state, self.system)
        answer: dict[str, Any] = json.loads((self.state / "setup" / ANSWER).read_text())
        return answer


def test_a_network_that_works_stays(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    answer = machine.ask(STATIC)
    assert answer["applied"], answer
    assert answer["layers"]["gateway"] == {"good": True, "detail": "10.0.0.1"}
    text = (machine.root / NETWORK_FILE).read_text()
    assert "Address=10.0.0.5/24\nGateway=10.0.0.1\nDNS=10.0.0.2\n" in text
    assert "STOREBOX_PROXY=proxy.lan:3128" in (machine.root / "etc/storebox/proxy.env").read_text()
    assert not (machine.root / BEFORE).exists()
    assert not (machine.state / "setup" / REQUEST).exists()


def test_a_network_that_does_not_reach_its_gateway_goes_and_the_old_one_is_back(tmp_path: Path) -> None:
    machine = Machine(tmp_path, gateway=False)
    old = machine.root / NETWORK_FILE
    old.parent.mkdir(parents=True)
    old.write_text("[Match]\nName=enp1s0\n\n[Network]\nDHCP=yes\n")
    answer = machine.ask(STATIC)
    assert (answer["applied"], answer["layers"]["gateway"]["good"]) == (False, False)
    assert answer["layers"]["address"]["good"]
    assert "DHCP=yes" in old.read_text()
    assert not (machine.root / "etc/storebox/proxy.env").exists()
    assert machine.asked.count("networkctl reload") == 2


@pytest.mark.parametrize("moment", ["systemctl enable", "networkctl reload", "ip -j -4 addr", "ping"])
def test_a_power_cut_in_a_trial_ends_with_the_old_network(tmp_path: Path, moment: str) -> None:
    machine = Machine(tmp_path)
    old = machine.root / NETWORK_FILE
    old.parent.mkdir(parents=True)
    old.write_text("old")
    machine.dies_after = moment
    with pytest.raises(KeyboardInterrupt):
        machine.ask(STATIC)
    machine.dies_after = None
    assert recover(machine.system)
    assert old.read_text() == "old"
    assert not (machine.root / "etc/storebox/proxy.env").exists()
    assert not recover(machine.system)


def test_a_file_that_a_hand_wrote_in_gbk_comes_back_byte_for_byte(tmp_path: Path) -> None:
    machine = Machine(tmp_path, gateway=False)
    by_hand = machine.root / "etc/wpa_supplicant/wpa_supplicant-enp1s0.conf"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes('ssid="人民路"'.encode("gbk"))
    assert machine.ask(NetworkPlan())["applied"] is False
    assert by_hand.read_bytes() == 'ssid="人民路"'.encode("gbk")


def test_the_next_code_takes_away_what_the_last_one_needed(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.ask(NetworkPlan(IPv4Interface("10.0.0.5/24"), IPv4Address("10.0.0.1"), vlan=20))
    assert "Id=20" in (machine.root / "etc/systemd/network/10-storebox-vlan.netdev").read_text()
    assert "VLAN=storebox-vlan" in (machine.root / NETWORK_FILE).read_text()
    machine.ask(NetworkPlan())
    assert not (machine.root / "etc/systemd/network/10-storebox-vlan.netdev").exists()
    assert "DHCP=yes" in (machine.root / NETWORK_FILE).read_text()


def test_a_wireless_network_needs_a_wireless_interface(tmp_path: Path) -> None:
    assert Machine(tmp_path / "wired").ask(NetworkPlan(wireless=Wireless("店", "password1")))["layers"] == {
        "link": {"good": False, "detail": "no interface"}
    }
    machine = Machine(tmp_path / "wireless", wireless=True)
    machine.ask(NetworkPlan(wireless=Wireless("店", 'a"b#cdefg', hidden=True)))
    file = machine.root / "etc/wpa_supplicant/wpa_supplicant-enp1s0.conf"
    text = file.read_text()
    assert f"ssid={'店'.encode().hex()}" in text
    assert 'psk="a"b#cdefg"' in text
    assert "scan_ssid=1" in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "systemctl restart wpa_supplicant@enp1s0.service" in machine.asked


@pytest.mark.parametrize("text", ["", "[]", "{", '{"id":"1","code":"N1"}', '{"id":"1","code":"rm -rf /"}', '{"id":1}'])
def test_a_request_that_is_none_changes_nothing(tmp_path: Path, text: str) -> None:
    machine = Machine(tmp_path)
    (machine.state / "setup" / REQUEST).write_text(text)
    assert "network" not in serve_requests(machine.state, machine.system)
    assert machine.asked == []
    assert not (machine.root / "etc").exists()


def test_a_link_is_not_read_for_the_boxs_user(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text(json.dumps({"id": "1f", "code": network_code(STATIC)}))
    (machine.state / "setup" / REQUEST).symlink_to(secret)
    assert serve_requests(machine.state, machine.system) == []


def test_no_name_of_a_network_means_anything_to_a_parser() -> None:
    hostile = 'x"\n}\nnetwork={ ssid="y'.replace("\n", " ")
    text = files_for(NetworkPlan(wireless=Wireless(hostile, "12345678")), "wlan0")[
        "etc/wpa_supplicant/wpa_supplicant-wlan0.conf"
    ]
    assert hostile not in text
    assert text.count("network={") == 1


def clock_request(machine: Machine, hq_at_ms: int, monotonic_ms: int) -> list[str]:
    document = {"hq_at_ms": hq_at_ms, "monotonic_ms": monotonic_ms}
    (machine.state / "setup" / "clock-request.json").write_text(json.dumps(document))
    return serve_requests(machine.state, machine.system)


def test_a_clock_that_is_far_off_is_set_by_headquarters_time(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert clock_request(machine, HQ_AT_MS, 95_000) == ["clock"]
    assert machine.clock_s == HQ_AT_MS / 1000 + 5.0
    assert not (machine.state / "setup" / "clock-request.json").exists()


@pytest.mark.parametrize(
    ("hq_at_ms", "monotonic_ms", "synchronised"),
    [
        (HQ_AT_MS, 200_000, False),  # of another boot
        (HQ_AT_MS, 95_000, True),  # the network keeps it
        (HQ_AT_MS - 10**11, 100_000, False),  # right already
        (0, 95_000, False),
        (10**13, 95_000, False),
    ],
)
def test_a_clock_is_left_alone(tmp_path: Path, hq_at_ms: int, monotonic_ms: int, synchronised: bool) -> None:
    machine = Machine(tmp_path)
    machine.synchronised = synchronised
    assert clock_request(machine, hq_at_ms, monotonic_ms) == []
    assert machine.clock_s is None
