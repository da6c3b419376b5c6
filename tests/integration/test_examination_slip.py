"""The slip of an examination: by the running box through its spool, and on the till's line of one that is off."""

import json
from pathlib import Path

import pytest

from tests.integration.running import storebox, wait_for
from tests.scenarios.stage import Stage, make_template


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("shop"))


def test_what_is_not_well_comes_out_of_the_till_s_printer(tmp_path: Path, template: Path) -> None:
    with Stage(tmp_path, template) as stage:
        state = ("--state", str(stage.state))
        wait_for(lambda: "ok" in storebox("device", "list", *state).stdout)
        done = storebox("doctor", "journal", "devices", "pages", "--print", "1", "--json", *state)
        rows = json.loads(done.stdout)["rows"]
        assert done.returncode == 0, rows
        assert {row["name"]: row["state"] for row in rows}["pages"] == "ok"
        helps = [row["help"] for row in rows if row["state"] == "degraded"]
        paper = tmp_path / "paper.jsonl"
        wait_for(lambda: "不要交给顾客" in paper.read_text(encoding="utf-8"))
        printed = paper.read_text(encoding="utf-8")
        assert helps and all(code in printed for code in helps)
        kept = storebox("ledger", "export", *state).stdout
        assert '\\"purpose\\":\\"doctor\\"' in kept, "the slip is journaled as any other"
        stage.kill()
        printed_before = paper.read_text(encoding="utf-8").count("盒子检查单")
        done = storebox("doctor", "journal", "--print", "1", *state)
        assert done.returncode == 0, done.stderr
        wait_for(lambda: paper.read_text(encoding="utf-8").count("盒子检查单") > printed_before)
        refused = storebox("doctor", "journal", "--print", "9", *state)
        assert refused.returncode == 1 and refused.stderr.startswith("discovery.unknown_target")
