"""V2's reverse and refund over https: for connections that show the merchant's certificate, as at the platform."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.payment import Platform, RefundVerdict, Verdict
from sync.platforms.base import open_platform
from tests.simulators import RunningSimulator
from tests.unit.sync.fakes import SeededEntropy

COUNT = itertools.count(1)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    running = RunningSimulator(tmp_path_factory.mktemp("platform"), tls=True)
    running.simulation.publish(running.url)
    yield running
    running.close()


def merchant(simulator: RunningSimulator, name: str = "wechat", **changes: str) -> Platform:
    """Return a platform with its merchant's file as the simulator wrote it, some settings changed."""
    file = simulator.state / "merchants" / f"{name}.json"
    settings = {**json.loads(file.read_text(encoding="utf-8")), "refunds": "v2", **changes}
    if name == "alipay":
        del settings["refunds"]
    return open_platform(settings["platform"], settings, SeededEntropy())


def paid(platform: Platform) -> str:
    order = f"S001_1_{next(COUNT):06d}_A1ABCD"
    code = f"{'28' if platform.name == 'alipay' else '13'}{next(COUNT):014d}00"
    assert platform.pay(order, 500, code, "a").verdict is Verdict.PAID
    return order


@pytest.mark.parametrize("name", ["wechat", "wechat-partner", "alipay"])
def test_orders_are_undone_and_given_back(simulator: RunningSimulator, name: str) -> None:
    platform = merchant(simulator, name)
    order = paid(platform)
    assert platform.refund(order, f"R{order}", 200, 500).verdict is RefundVerdict.DONE
    undone = paid(platform)
    assert platform.reverse(undone).verdict is Verdict.REVERSED
    assert platform.query(undone).verdict is Verdict.REVERSED


def test_without_a_certificate_the_platform_does_neither(simulator: RunningSimulator) -> None:
    platform = merchant(simulator, certificate_file="")
    order = paid(platform)
    assert platform.reverse(order).verdict is Verdict.UNKNOWN
    assert platform.refund(order, f"R{order}", 200, 500).verdict is RefundVerdict.UNKNOWN
    assert platform.query(order).verdict is Verdict.PAID


def test_the_certificate_of_another_merchant_is_not_taken(simulator: RunningSimulator) -> None:
    folder = simulator.state / "tls"
    other = json.loads((simulator.state / "merchants" / "wechat-partner.json").read_text(encoding="utf-8"))
    stranger = merchant(simulator)
    order = paid(stranger)
    session = stranger._channel._with_certificate._session  # type: ignore[attr-defined]
    session.cert = other["certificate_file"], other["private_key_file"]
    assert stranger.reverse(order).verdict is Verdict.UNKNOWN
    assert merchant(simulator).query(order).verdict is Verdict.PAID
    assert (folder / "root.pem").is_file()


def test_a_platform_whose_authority_nobody_trusts_is_not_spoken_to(simulator: RunningSimulator) -> None:
    answer = merchant(simulator, authorities_file="").query("S001_1_999999_A1ABCD")
    assert (answer.verdict, answer.code) == (Verdict.UNKNOWN, "network.certificate")


def test_the_files_are_for_their_owner_alone(simulator: RunningSimulator) -> None:
    files: list[Path] = list((simulator.state / "tls").iterdir())
    assert len(files) == 7 and all(file.stat().st_mode & 0o077 == 0 for file in files)
