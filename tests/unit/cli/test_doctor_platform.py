"""`storebox doctor platform` against the simulated platforms: what is wrong is told apart, with a remedy."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.core.payment import PlatformAnswer, Verdict
from agent.daemon.clock import SystemEntropy
from agent.diagnosis.platforms import examine_platform
from sync.simulator.accounts import settings_of
from tests.simulators import RunningSimulator
from tests.unit.cli.conftest import Terminal
from tests.unit.sync.platforms.merchants import certificate, key


@pytest.fixture
def box(terminal: Terminal) -> Terminal:
    terminal.run("enrol", "--alone", "--store", "S007")
    return terminal


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    running = RunningSimulator(tmp_path_factory.mktemp("platform"))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def calm(simulator: RunningSimulator) -> None:
    simulator.control("ok")


def merchant(box: Terminal, simulator: RunningSimulator, account: str, **changes: str) -> str:
    """Write a merchant's file as the technician would, and return its platform's name."""
    found = simulator.account(account)
    settings = {**settings_of(found, simulator.url), "read_timeout_s": "1", **changes}
    folder = box.state / "platforms"
    folder.mkdir(exist_ok=True)
    (folder / f"{found.kind}.json").write_text(json.dumps(settings), encoding="utf-8")
    return found.kind


def rows(box: Terminal, *arguments: str, expected: int = 0) -> dict[str, Any]:
    document = box.json("doctor", "platform", *arguments, expected=expected)
    assert document["holds"] is (expected == 0)
    return {row["name"]: row for row in document["rows"]}


def test_every_way_of_a_merchant_is_asked(box: Terminal, simulator: RunningSimulator) -> None:
    merchant(box, simulator, "wechat")
    merchant(box, simulator, "alipay-certificate")
    found = rows(box)
    assert set(found) == {"wechat query", "wechat certificates", "wechat query over V2", "alipay query"}
    assert {row["state"] for row in found.values()} == {"ok"}
    assert set(rows(box, "alipay")) == {"alipay query"}
    assert "the platform knows us" in box.run("doctor", "platform", "wechat")
    assert simulator.simulation.world.books(simulator.account("wechat")).find("DOCTOR") is None


def other_key(simulator: RunningSimulator, account: str) -> str:
    return simulator.account(account).values["private_key"]


@pytest.mark.parametrize(
    ("account", "row", "code", "changes"),
    [
        ("wechat", "wechat query", "platform.signature_refused", {"private_key": key("merchant"), "certificate": ""}),
        ("wechat", "wechat query", "platform.certificate_unknown", {"serial_no": "A" * 40}),
        ("wechat", "wechat query over V2", "platform.merchant_unknown", {"appid": "wx0000000000000009"}),
        ("wechat", "wechat certificates", "platform.secret_refused", {"api_v3_key": "9" * 32}),
        ("wechat", "wechat query over V2", "platform.secret_refused", {"api_v2_key": "9" * 32}),
        ("wechat", "wechat query", "network.unreachable", {"url": "http://127.0.0.1:9"}),
        ("wechat-partner", "wechat query", "NO_AUTH", {"sub_mchid": ""}),
        ("alipay", "alipay query", "platform.signature_refused", {"private_key": key("merchant")}),
        ("alipay", "alipay query", "platform.merchant_unknown", {"app_id": "2021000000000009"}),
        ("alipay-certificate", "alipay query", "platform.certificate_unknown", {"alipay_root_certificate": "other"}),
        ("alipay", "alipay query", "platform.answer_not_signed", {"alipay_public_key": "other"}),
    ],
)
def test_what_is_wrong_is_told_apart(
    box: Terminal, simulator: RunningSimulator, account: str, row: str, code: str, changes: dict[str, str]
) -> None:
    others = {
        "alipay_root_certificate": certificate("root"),
        "alipay_public_key": simulator.account("wechat").values["public_key"],
    }
    wanted = {name: others[name] if value == "other" else value for name, value in changes.items()}
    merchant(box, simulator, account, **wanted)
    found = rows(box, expected=1)[row]
    assert (found["state"], found["code"]) == ("fail", code)
    assert all(found["evidence"].values()) and all(found["remedy"].values())
    shown = box.run("doctor", "platform", expected=1)
    assert "FAIL" in shown and found["remedy"]["en"] in shown


@pytest.mark.parametrize("account", ["wechat", "alipay"])
def test_a_clock_that_is_off_is_named_with_its_seconds(
    box: Terminal, simulator: RunningSimulator, account: str
) -> None:
    merchant(box, simulator, account)
    simulator.pass_time(1000)
    simulator.control("unsigned")
    try:
        (found,) = (row for name, row in rows(box, expected=1).items() if name.endswith(" query"))
        assert found["code"] == "platform.clock_differs"
        assert "1000" in found["remedy"]["en"] or "999" in found["remedy"]["en"]
    finally:
        simulator.pass_time(-1000)


@pytest.mark.parametrize(
    ("words", "code"),
    [("500", "platform.failed"), ("garbage", "platform.garbage_answer"), ("forged", "platform.answer_not_signed")],
)
def test_a_line_or_platform_that_is_not_well(box: Terminal, simulator: RunningSimulator, words: str, code: str) -> None:
    name = merchant(box, simulator, "alipay")
    simulator.control(words)
    assert rows(box, name, expected=1)["alipay query"]["code"] == code


def test_a_wrong_file_and_a_name_that_is_not_there(box: Terminal, simulator: RunningSimulator, tmp_path: Path) -> None:
    assert rows(box)["platforms"]["state"] == "ok"
    merchant(box, simulator, "alipay")
    box.run("doctor", "platform", "wechat", expected=1)
    assert box.error.startswith("platform.unknown")
    merchant(box, simulator, "wechat", mchid="x")
    found = rows(box, expected=1)
    assert found["settings"]["code"] == "platform.setting_wrong" and found["alipay query"]["state"] == "ok"


class Elsewhere:
    """A platform whose keys lie somewhere else: only the port is known of it."""

    def __init__(self, answer: PlatformAnswer) -> None:
        self._answer = answer

    def query(self, out_trade_no: str) -> PlatformAnswer:
        assert len(out_trade_no) <= 32
        return self._answer


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (PlatformAnswer(Verdict.NOT_FOUND, "N"), None),
        (PlatformAnswer(Verdict.UNKNOWN, "N", code="network.unreachable"), "network.unreachable"),
        (PlatformAnswer(Verdict.UNKNOWN, "N", code="NOAUTH"), "NOAUTH"),
        (PlatformAnswer(Verdict.PAID, "N"), "paid"),
    ],
)
def test_a_platform_behind_the_port_alone_is_asked_too(answer: PlatformAnswer, code: str | None) -> None:
    (found,) = examine_platform("wechat", Elsewhere(answer), SystemEntropy())  # type: ignore[arg-type]
    assert found.code == code
    assert (found.state == "ok") is (code is None)


def test_custody_at_headquarters_without_headquarters_says_so(box: Terminal) -> None:
    (box.state / "storebox.toml").write_text('[payments]\ncustody = "hq"\n', encoding="utf-8")
    (row,) = box.json("doctor", "platform", expected=1)["rows"]
    assert row["code"] == "payments.no_headquarters" and row["remedy"]["en"]


def keys_finding(box: Terminal, expected: int = 0) -> Any:
    (found,) = [row for row in box.json("doctor", expected=expected)["rows"] if row["name"] == "merchant keys"]
    return found


def test_keys_in_files_are_named_and_credentials_are_well(
    box: Terminal, simulator: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keys_finding(box)["state"] == "ok"
    secret = simulator.account("alipay").values["private_key"]
    merchant(box, simulator, "alipay", private_key="", private_key_file="%d/alipay-key.pem")
    file = box.state / "platforms" / "alipay.json"
    file.chmod(0o644)  # it holds no secret itself
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "alipay-key.pem").write_text(secret, encoding="utf-8")
    (credentials / "alipay-key.pem").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert keys_finding(box)["state"] == "ok"
    assert rows(box)["alipay query"]["state"] == "ok"
    merchant(box, simulator, "alipay")
    file.chmod(0o600)
    assert keys_finding(box)["state"] == "degraded"
    file.chmod(0o640)
    found = keys_finding(box, expected=1)
    assert found["state"] == "fail" and "alipay.json" in found["evidence"]["en"]
    assert secret not in json.dumps(found)
