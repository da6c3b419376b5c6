"""Eight typed characters enrol a box: on its keyboard and its page, and by command; a wrong one is named."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sync.hq.commissioning.tokens import make_token
from tests.integration.running import WITHIN_S, storebox, wait_for
from tests.integration.test_run import free_port
from tests.setup_stage import Bench
from tests.unit.sync.fakes import RunningHq, running_hq


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[RunningHq]:
    with running_hq(tmp_path / "hq") as running:
        running.add_store("S001")
        running.add_store("S002")
        yield running


def short_code(hq: RunningHq, store: str) -> str:
    """Return the eight characters that headquarters' page shows below a new code."""
    with hq.office.database.write() as connection:
        return make_token(connection, store, "小刘", hq.office.now_ms()).short


def typed_on_the_page(bench: Bench, **fields: str) -> int:
    """Send the form of the box's page as a browser does, and return the status of its answer."""
    session = requests.Session()
    session.trust_env = False
    (token,) = re.findall(r'name="token" value="([0-9a-f]+)"', session.get(f"{bench.url}/code", timeout=WITHIN_S).text)
    answer = session.post(
        f"{bench.url}/code",
        {"token": token, **fields},
        headers={"Origin": bench.url},
        timeout=WITHIN_S,
        allow_redirects=False,
    )
    return answer.status_code


def test_a_box_asks_for_the_characters_and_takes_them_typed(hq: RunningHq, tmp_path: Path) -> None:
    settings = f'[hq]\nurl = "{hq.url}"\nroot = "{hq.office.keys.fingerprint}"\n'
    with Bench(tmp_path / "box") as bench:
        path = bench.state / "storebox.toml"
        path.write_text(path.read_text(encoding="utf-8").replace("[web]", f"{settings}[web]"), encoding="utf-8")
        bench.start(free_port())
        bench.slip_with("等待开通")
        bench.scan("X1PASSCODE")
        assert hq.url in bench.slip_with("输入开通码")
        bench.scan("S001 0000-0000")  # as a keyboard that is plugged in brings it
        assert "没有这个开通码" in bench.slip_with("enrol.token_unknown")
        assert typed_on_the_page(bench, store="S001", code="0000-0000") == 303
        wait_for(lambda: bench.facts()["state"] == "invited")
        assert typed_on_the_page(bench, store="s001", code=short_code(hq, "S001").lower()) == 303
        bench.test_code()
        assert bench.facts()["store"] == "S001"
        assert hq.rows("SELECT count(*) FROM enrolment_outcome WHERE typed") == [(3,)]


def test_by_command_on_a_box_that_knows_no_headquarters(hq: RunningHq, tmp_path: Path) -> None:
    words = ("enrol", "--store", "S002", "--code", short_code(hq, "S002"), "--state", str(tmp_path / "box"), "--json")
    refused = storebox(*words)
    assert (refused.returncode, "setup.headquarters_unknown" in refused.stderr) == (1, True)
    done = storebox(*words, "--hq", hq.url, "--root", hq.office.keys.fingerprint)
    assert done.returncode == 0, done.stderr
    assert (json.loads(done.stdout)["store"], json.loads(done.stdout)["epoch"]) == ("S002", 1)
