"""A box to be broken for real, and what `storebox doctor` says of it: code, sentences, remedy, exit code."""

import ctypes
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import typer

from agent.cli.doctor import report, site_of_box
from agent.diagnosis.interfaces import interfaces
from agent.diagnosis.site import Site
from sync.enrol import load_enrolment, save_enrolment
from sync.hq.keys import HqKeys
from tests.integration.running import wait_for

T = TypeVar("T")
Row = dict[str, Any]
NOBODY = 65_534
NEW_NETWORK = 0x4000_0000
GENERIC = ("went wrong", "unknown error", "error occurred", "unexpected", "出错了", "未知错误", "不明", "系统错误")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="really breaking this needs root: run the tests by sudo")


class Patient:
    """A box in a state folder of its own, enrolled, not running."""

    def __init__(self, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.state = state
        self._capsys = capsys

    def configure(self, text: str) -> None:
        """Write the box's settings file."""
        (self.state / "storebox.toml").write_text(text, encoding="utf-8")

    def pin_headquarters(self, url: str, hq_state: Path) -> None:
        """Make the box one that enrolled at headquarters with the keys of a state folder."""
        keys, alone = HqKeys.load_or_create(hq_state), load_enrolment(self.state)
        assert alone is not None
        known = replace(alone, hq_url=url, root_public_key=keys.root_public_key, key_list=keys.key_list)
        save_enrolment(self.state, known)

    def site(self, **changes: Any) -> Site:
        """Return what is examined; the line may take half a second instead of three."""
        return replace(site_of_box(self.state), **{"within_s": 0.5, **changes})

    def examined(self, site: Site, *parts: str) -> tuple[int, list[Row]]:
        """Run the command's own report; return its exit code and the rows of its one JSON document."""
        code = 0
        try:
            report(site, parts, None, as_json=True)
        except typer.Exit as left:
            code = left.exit_code
        return code, json.loads(self._capsys.readouterr().out)["rows"]

    def diagnosed(self, part: str, code: str, *mentions: str, state: str = "fail", site: Site | None = None) -> Row:
        """Return the finding with a code; fails unless it is there, specific in both languages, and sets the exit."""
        left, rows = self.examined(site or self.site(), part)
        return told(left, rows, code, *mentions, state=state)


def told(left: int, rows: Sequence[Row], code: str, *mentions: str, state: str = "fail") -> Row:
    """Return the row of a code, after looking at how it is said."""
    found = next((row for row in rows if row["code"] == code), None)
    assert found is not None, [(row["name"], row["state"], row["code"], row["evidence"]) for row in rows]
    assert found["state"] == state
    assert left == (1 if any(row["state"] == "fail" for row in rows) else 0)
    assert len(found["help"]) == 4
    for said in (found["sentence"], found["remedy"], found["evidence"]):
        assert said["zh"] and said["en"], found
    words = " ".join(f"{found[key]['zh']} {found[key]['en']}" for key in ("sentence", "remedy", "evidence"))
    assert not [generic for generic in GENERIC if generic in words.lower()], words
    assert "{" not in words, words
    assert "—" not in found["remedy"]["en"], f"a value is missing: {found['remedy']['en']}"
    for mention in mentions:
        assert mention in words, f"{mention!r} is not named: {words}"
    return found


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user without any right for the length of a block; what is imported lazily has to be there before."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@contextmanager
def mounted(folder: Path, *arguments: str) -> Iterator[Path]:
    """Mount something on a folder for the length of a block; skips where the machine does not let us."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *arguments, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mount is not allowed here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def in_own_network(commands: Sequence[str], look: Callable[[], T]) -> T:
    """Call `look` on a thread in a network namespace of its own, set up by commands of `ip`."""

    def run() -> T:
        if ctypes.CDLL(None, use_errno=True).unshare(NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "unshare")
        for command in commands:
            subprocess.run(["ip", *command.split()], check=True, capture_output=True)
        raised = {command.split()[2] for command in commands if command.endswith(" up")} - {"lo"}
        # A busy kernel tells of a carrier some time after the interface is up.
        wait_for(lambda: raised <= {one.name for one in interfaces() if one.has_link}, 10)
        return look()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(20)


def copied(template: Path, state: Path) -> Path:
    """Return a state folder that is a copy of an enrolled one."""
    shutil.copytree(template, state, dirs_exist_ok=True)
    return state
