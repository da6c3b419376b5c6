"""The drill against the real program: emulated devices are broken, power is really cut, headquarters really stop."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from sync.enrol import device_key, load_enrolment, save_enrolment
from sync.hq import registry
from sync.hq.keys import HqKeys
from sync.simulator.accounts import settings_of
from tests.integration.running import PROGRAM, line_to, storebox, wait_for
from tests.scenarios.stage import Refusal, Stage, make_template
from tests.simulators import RunningSimulator
from tests.unit.sync.fakes import AT_MS, RunningHq, running_hq


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[RunningHq]:
    with running_hq(tmp_path / "hq") as running:
        yield running


class Drill:
    """`storebox drill` as a child; what it says is read from its record."""

    def __init__(self, state: Path, *arguments: str) -> None:
        self._state = state
        self._process = subprocess.Popen(
            [*PROGRAM, "drill", "--within", "20", "--json", "--state", str(state), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "STOREBOX_LANGUAGE": "en"},
        )

    def await_state(self, step: str, state: str) -> None:
        """Wait until a step has come to a state."""

        def there() -> bool:
            assert self._process.poll() is None, self._process.communicate()
            path = self._state / "setup" / "drill.json"
            if not path.exists():
                return False
            steps = json.loads(path.read_text(encoding="utf-8"))["steps"]
            return any(one["step"] == step and one["state"] == state for one in steps)

        wait_for(there)

    def kill(self) -> None:
        """Take the program down with the power."""
        self._process.kill()
        self._process.communicate()

    def ended(self, expected: int = 0) -> dict[str, Any]:
        """Return the record after the end."""
        out, err = self._process.communicate(timeout=30)
        assert self._process.returncode == expected, out + err
        return dict(json.loads(out))


def fault(folder: Path, device: str, words: str) -> None:
    assert line_to(folder / f"{device}.sock", words) == "ok"


def outcomes(record: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    return {one["step"]: (one["state"], one["code"]) for one in record["steps"]}


def at_headquarters(stage: Stage, hq: RunningHq) -> None:
    """Make the stage's box one of headquarters, before it starts."""
    alone = load_enrolment(stage.state)
    assert alone is not None
    keys = HqKeys.load_or_create(hq.state)
    known = replace(alone, hq_url=hq.url, root_public_key=keys.root_public_key, key_list=keys.key_list)
    with hq.office.database.write() as connection:
        registry.add_store(connection, "S001", "S001", AT_MS)
        key = device_key(stage.state, alone).public_key
        registry.register_epoch(connection, alone.identity, key, "enrolled", AT_MS)
    save_enrolment(stage.state, known)


@pytest.mark.slow
def test_a_whole_drill_passes_and_its_slip_is_signed(tmp_path: Path, template: Path, hq: RunningHq) -> None:
    stage = Stage(tmp_path, template)
    at_headquarters(stage, hq)
    with stage:
        drill = Drill(stage.state)
        drill.await_state("wan", "asked")
        hq.stop()
        drill.await_state("wan", "broken")
        hq.start()
        drill.await_state("power", "asked")
        drill.kill()  # whoever runs it on the box loses it with the power
        stage.kill()
        drill = Drill(stage.state)
        stage.start()
        drill.await_state("paper", "asked")
        fault(tmp_path, "printer", "paper out")
        drill.await_state("paper", "broken")
        fault(tmp_path, "printer", "paper ok")
        drill.await_state("scanner", "asked")
        fault(tmp_path, "scanner", "!unplug")
        drill.await_state("scanner", "broken")
        fault(tmp_path, "scanner", "!plug")
        record = drill.ended()
        left_out = ("left_out", None)
        passed = dict.fromkeys(("wan", "power", "paper", "scanner"), ("passed", None))
        assert outcomes(record) == {**passed, "platform": left_out}
        assert record["passed"] and record["done"]
        wait_for(lambda: "演练通过" in (tmp_path / "paper.jsonl").read_text(encoding="utf-8"))
        paper = (tmp_path / "paper.jsonl").read_text(encoding="utf-8")
        assert record["code"] in paper, "the code is on the slip"
        assert paper.count("没纸了") == 1, "the slip that waited for paper came once"
        assert paper.count("断网了") == 1, "the shop went on while headquarters were away"
        assert len(hq.bodies("S001", 1)) >= 4, "what was written meanwhile reached headquarters"
        told = storebox("drill", "verify", record["code"], "--json", "--state", str(stage.state))
        assert json.loads(told.stdout)["passed"] and told.returncode == 0
        forged = record["code"][:20] + ("A" if record["code"][20] != "A" else "B") + record["code"][21:]
        refused = storebox("drill", "verify", forged, "--state", str(stage.state))
        assert refused.returncode == 1 and "drill." in refused.stderr


@pytest.mark.slow
def test_a_drill_is_walked_with_printer_and_scanner_alone(tmp_path: Path, template: Path) -> None:
    """No shell: a code begins it, slips tell what to do, a code leaves a step out, a power cut does not end it."""

    def record() -> dict[str, Any]:
        path = stage.state / "setup" / "drill.json"
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {"steps": []}

    def await_state(step: str, state: str) -> None:
        wait_for(lambda: any((one["step"], one["state"]) == (step, state) for one in record()["steps"]))

    def paper() -> str:
        return (tmp_path / "paper.jsonl").read_text(encoding="utf-8")

    with Stage(tmp_path, template) as stage:
        stage.log_in("01")
        wait_for(lambda: stage.look()["lamps"]["scanner"]["state"] == "ok")
        stage.scan("X1DRILL")
        await_state("power", "asked")
        wait_for(lambda: "数五秒" in paper() and "X1DRILLSKIP" in paper())
        stage.kill()
        stage.start()
        await_state("power", "passed")
        await_state("paper", "asked")
        wait_for(lambda: "把纸拿出来" in paper())
        stage.scan("X1DRILLSKIP")
        await_state("paper", "left_out")
        await_state("scanner", "asked")
        fault(tmp_path, "scanner", "!unplug")
        await_state("scanner", "broken")
        fault(tmp_path, "scanner", "!plug")
        wait_for(lambda: record().get("code"))
        wait_for(lambda: "演练通过" in paper() and record()["code"] in paper())
        told = storebox("drill", "verify", record()["code"], "--json", "--state", str(stage.state))
        assert json.loads(told.stdout)["passed"] and told.returncode == 0
        report = json.loads((stage.state / "setup" / "report.json").read_bytes())["report"]
        assert report["drill"]["passed"] and report["drill"]["steps"]["paper"]["state"] == "left_out"
        stage.log_in("01")
        with pytest.raises(Refusal, match=r"drill\.none_at_work"):
            stage.post("/scan", {"text": "X1DRILLSKIP"})
        stage.post("/day/open", {})
        stage.log_in("07")
        with pytest.raises(Refusal, match=r"drill\.not_now"):
            stage.post("/scan", {"text": "X1DRILL"})


@pytest.mark.torture
def test_a_platform_that_says_nothing_is_drilled_with_a_payment(tmp_path: Path, template: Path) -> None:
    simulator = RunningSimulator(tmp_path / "platforms")
    stage = Stage(tmp_path, template)
    try:
        folder = stage.state / "platforms"
        folder.mkdir(mode=0o700)
        merchant = {**settings_of(simulator.account("alipay"), simulator.url), "read_timeout_s": "1"}
        (folder / "alipay.json").write_text(json.dumps(merchant), encoding="utf-8")
        with stage:
            for number, path, body in (
                ("01", "/day/open", {}),
                ("07", "/shift/open", {"float_fen": 0}),
            ):
                stage.log_in(number)
                stage.post(path, body)
            drill = Drill(stage.state, "--steps", "platform")
            drill.await_state("platform", "asked")
            simulator.control("lost")
            stage.post("/scan", {"text": "6900000030851"})
            stage.post("/scan", {"text": "X1SUBTOTAL"})
            shown = requests.get(f"{simulator.url}/sim/customers/C1/code?platform=alipay", timeout=5).json()
            stage.post("/scan", {"text": str(shown["code"])})
            drill.await_state("platform", "broken")
            simulator.control("ok")
            assert outcomes(drill.ended())["platform"] == ("passed", None)
            assert len(stage.sales()) == 1
    finally:
        simulator.close()


@pytest.mark.slow
@pytest.mark.torture
def test_a_step_that_nobody_does_and_one_that_is_not_mended_fail(tmp_path: Path, template: Path) -> None:
    with Stage(tmp_path, template) as stage:
        wait_for(lambda: "ok" in storebox("device", "list", "--state", str(stage.state)).stdout)
        drill = Drill(stage.state, "--steps", "scanner,paper", "--within", "2")
        drill.await_state("scanner", "asked")
        fault(tmp_path, "scanner", "!unplug")
        record = drill.ended(expected=1)
        found = outcomes(record)
        assert found["paper"] == ("failed", "drill.not_seen")
        assert found["scanner"] == ("failed", "drill.not_back")
        assert found["power"] == ("left_out", None)
        wait_for(lambda: "演练没通过" in (tmp_path / "paper.jsonl").read_text(encoding="utf-8"))
        told = storebox("drill", "verify", record["code"], "--state", str(stage.state))
        assert told.returncode == 1 and "NOT passed" in told.stdout


def test_a_box_that_does_not_run_cannot_be_drilled(template: Path) -> None:
    refused = storebox("drill", "--state", str(template))
    assert refused.returncode == 1 and refused.stderr.startswith("drill.box_not_running")
    unknown = storebox("drill", "--steps", "fire", "--state", str(template))
    assert unknown.stderr.startswith("drill.unknown_step")
