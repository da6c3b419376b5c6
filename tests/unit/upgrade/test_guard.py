"""The boot guard, which no broken release can stop: run as the units run it, by a bare Python."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.upgrade import guard


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for version in ("1.0.0", "1.1.0"):
        program = tmp_path / "releases" / version / "bin" / "storebox"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\necho {version} $@\n", encoding="ascii")
        program.chmod(0o755)
    (tmp_path / "upgrade").mkdir()
    shutil.copy(guard.__file__, tmp_path / "upgrade" / "guard.py")
    (tmp_path / "current").symlink_to("releases/1.1.0")
    return tmp_path


def pending(root: Path, **changes: Any) -> None:
    found = {"to": "1.1.0", "back": "1.0.0", "state": "switched", "tries": 1, "reason": "", **changes}
    (root / "upgrade" / "pending.json").write_text(json.dumps(found), encoding="utf-8")


def kept(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "upgrade" / "pending.json").read_bytes())
    return found


def run(root: Path, *arguments: str) -> str:
    command = [sys.executable, "-I", str(root / "upgrade" / "guard.py"), str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout


def current(root: Path) -> str:
    return os.readlink(root / "current")


def test_the_first_start_goes_on_and_the_second_goes_back(root: Path) -> None:
    pending(root)
    run(root, "boot")
    assert (current(root), kept(root)["tries"], kept(root)["state"]) == ("releases/1.1.0", 2, "switched")
    run(root, "boot")
    assert (current(root), kept(root)["state"], kept(root)["reason"]) == (
        "releases/1.0.0", "returning", "upgrade.power_cut",
    )  # fmt: skip
    assert kept(root)["tries"] > guard.TRIES_MAX, "by which it is known that the old one is being started"
    run(root, "boot")
    assert current(root) == "releases/1.0.0"


def test_a_switch_that_was_only_written_down_is_made(root: Path) -> None:
    (root / "current").unlink()
    (root / "current").symlink_to("releases/1.0.0")
    pending(root)
    assert guard.boot(root).startswith("goes on")
    assert current(root) == "releases/1.1.0"


@pytest.mark.parametrize("state", ["fetched", "verified", "rehearsed", "waiting", "committed", "nonsense"])
def test_before_the_switch_nothing_is_touched(state: str, root: Path) -> None:
    pending(root, state=state)
    before = kept(root)
    assert guard.boot(root) == "nothing pending"
    assert (current(root), kept(root)) == ("releases/1.1.0", before)


def test_a_release_that_is_not_there_is_not_started(root: Path) -> None:
    shutil.rmtree(root / "releases" / "1.1.0")
    pending(root)
    guard.boot(root)
    assert current(root) == "releases/1.0.0"


def test_without_a_release_to_go_back_to_it_stays(root: Path) -> None:
    shutil.rmtree(root / "releases" / "1.0.0")
    pending(root, tries=5)
    guard.boot(root)
    assert current(root) == "releases/1.1.0"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"to": "../../etc", "back": "1.0.0", "state": "switched"}', "null"])
def test_a_paper_that_says_nothing_changes_nothing(text: str, root: Path) -> None:
    (root / "upgrade" / "pending.json").write_text(text, encoding="utf-8")
    assert run(root, "boot") == "nothing pending\n"
    assert current(root) == "releases/1.1.0"


def test_an_upgrade_is_carried_out_by_the_release_that_is_known_to_be_good(root: Path) -> None:
    assert run(root, "carry-out", "--x") == f"1.1.0 upgrade carry-out --root {root} --x\n"
    pending(root)
    assert run(root, "carry-out").startswith("1.0.0 upgrade carry-out")
    pending(root, state="returning")
    assert run(root, "carry-out").startswith("1.0.0 ")


def test_it_needs_nothing_of_ours() -> None:
    text = Path(guard.__file__).read_text(encoding="utf-8")
    assert "import agent" not in text and "from agent" not in text and "from sync" not in text
