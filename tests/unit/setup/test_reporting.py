"""The report of setup and the drill in it: kept whole, sent again when a drill is added, read by the bundle."""

import json
from pathlib import Path

from agent.core.chain import Identity
from agent.core.drill import Step, StepState
from agent.diagnosis.bundle_selftests import selftests_told
from agent.diagnosis.drill_record import DrillRecord, StepRecord, save_record
from agent.setup.reporting import FILE, report_drill, save_report, unsent_report

AT_MS = 1_795_000_000_000


def drilled(**failed: str) -> DrillRecord:
    """Return a drill that is over; of each step not named it passed, the platform was left out."""

    def one(step: Step) -> StepRecord:
        if step.value in failed:
            return StepRecord(step, StepState.FAILED, failed[step.value])
        return StepRecord(step, StepState.LEFT_OUT if step is Step.PLATFORM else StepState.PASSED)

    return DrillRecord(Identity("S001", "B1", 1), "1", AT_MS, AT_MS + 60_000, tuple(map(one, Step)), "D1AAAA")


def test_a_drill_goes_up_with_what_was_reported_before(tmp_path: Path) -> None:
    save_report(tmp_path, {"print_ms": {"1": 800}, "tills": {"1": {}}}, sent=True)
    assert unsent_report(tmp_path) is None
    assert report_drill(tmp_path, drilled().told()) is False, "a shop alone has nobody to tell"
    report = json.loads((tmp_path / "setup" / FILE).read_bytes())["report"]
    assert report["print_ms"] == {"1": 800}
    assert (report["drill"]["passed"], report["drill"]["code"]) == (True, "D1AAAA")
    assert report["drill"]["steps"]["platform"] == {"state": "left_out", "code": None}


def test_a_box_set_up_by_hand_reports_its_drill_alone(tmp_path: Path) -> None:
    report_drill(tmp_path, drilled(wan="drill.not_seen").told())
    report = json.loads((tmp_path / "setup" / FILE).read_bytes())["report"]
    assert report.keys() == {"drill"} and report["drill"]["passed"] is False


def test_a_torn_report_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "setup").mkdir()
    (tmp_path / "setup" / FILE).write_bytes(b'{"report": {"print')
    report_drill(tmp_path, drilled().told())
    assert json.loads((tmp_path / "setup" / FILE).read_bytes())["report"]["drill"]["passed"] is True


def test_the_bundle_tells_of_the_last_drill(tmp_path: Path) -> None:
    assert selftests_told(tmp_path)["drill"] is None
    save_record(tmp_path, drilled(scanner="drill.not_back"))
    told = selftests_told(tmp_path)["drill"]
    assert (told["done"], told["passed"], told["at_ms"]) == (True, False, AT_MS + 60_000)
    assert told["steps"]["scanner"] == {"state": "failed", "code": "drill.not_back"}
    assert told["steps"]["wan"] == {"state": "passed", "code": None}
