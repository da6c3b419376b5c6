"""Where no system can be booted the tests are skipped, with evidence and remedy: systemd-nspawn hangs or dies here."""

import os
import time
from pathlib import Path

import pytest

from tests.nspawn.machine import CannotBoot, Machine, first_boot, group_of, unified_cgroups, what_is_missing

pytestmark = pytest.mark.nspawn

PATIENCE_S = 1.5
HANGS = 'echo "waiting for the bus"; sleep 600 & exec sleep 600'
DIES = 'echo "Failed to mount: Operation not permitted"; exit 1'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """As much of a root as a machine copies."""
    folder = tmp_path / "source"
    (folder / "var/lib/systemd").mkdir(parents=True)
    (folder / "opt").mkdir()
    return folder


def in_place_of_nspawn(folder: Path, script: str, patch: pytest.MonkeyPatch) -> None:
    """Put a program before systemd-nspawn in the PATH."""
    program = folder / "bin" / "systemd-nspawn"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    patch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("script", "evidence"),
    [(HANGS, "not within 1.5 s; it said: waiting"), (DIES, "it ended 1: Failed to mount"), ("", "it ended")],
    ids=["hangs", "dies", "mute"],
)
def test_a_first_boot_that_fails_says_why_and_leaves_nothing(
    script: str, evidence: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = unified_cgroups()
    if os.geteuid() != 0 or groups is None:
        pytest.skip("needs root and a cgroup2: sudo make nspawn")
    in_place_of_nspawn(tmp_path, script, monkeypatch)
    began_s = time.monotonic()
    with pytest.raises(CannotBoot) as said:
        first_boot(tmp_path / "machine", tmp_path / "disk", root, PATIENCE_S)
    assert evidence in str(said.value)
    assert "STOREBOX_NSPAWN=0 .ci/run" in str(said.value), "the remedy"
    assert time.monotonic() - began_s < 20.0
    assert not (tmp_path / "machine").exists()
    assert not (groups / group_of(tmp_path / "machine")).exists()


@pytest.mark.parametrize("rights", ["no group", "not into it"])
def test_lacking_rights_to_a_control_group_is_no_error(
    rights: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can't be made is an OSError; what can't be entered ends the shell, which has its words on the console."""
    in_place_of_nspawn(tmp_path, HANGS, monkeypatch)
    groups = tmp_path / "groups"
    if rights == "not into it":
        (groups / group_of(tmp_path / "machine") / "cgroup.procs").mkdir(parents=True)
    monkeypatch.setattr("tests.nspawn.machine.unified_cgroups", lambda: groups)
    with pytest.raises(CannotBoot, match=r"No such file or directory|cgroup\.procs"):
        first_boot(tmp_path / "machine", tmp_path / "disk", root, PATIENCE_S)


def test_a_root_that_cannot_be_copied_is_no_error(root: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotBoot, match="cp"):
        first_boot(tmp_path / "machine", tmp_path / "disk", tmp_path / "nowhere", PATIENCE_S)


def test_a_later_boot_that_fails_is_an_error(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first boot shows what this machine can do: `boot` by itself raises what no fixture skips."""
    if os.geteuid() != 0 or unified_cgroups() is None:
        pytest.skip("needs root and a cgroup2: sudo make nspawn")
    in_place_of_nspawn(tmp_path, DIES, monkeypatch)
    machine = Machine(tmp_path / "machine", tmp_path / "disk", root)
    try:
        with pytest.raises(CannotBoot):
            machine.boot(PATIENCE_S)
    finally:
        machine.close()


def test_what_is_missing_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, built = tmp_path / "root", tmp_path / "dist"
    built.mkdir()
    if os.geteuid() == 0:
        os.seteuid(65534)
        try:
            assert what_is_missing(root, built) == "only root can boot a system: sudo make nspawn"
        finally:
            os.seteuid(0)
        found = str(what_is_missing(root, built))
        assert "make nspawn" in found or "apt-get install" in found
        monkeypatch.setenv("PATH", str(tmp_path))
        assert "apt-get install" in str(what_is_missing(root, built))
    else:
        assert what_is_missing(root, built) == "only root can boot a system: sudo make nspawn"


def test_what_the_builders_said_is_the_evidence(tmp_path: Path) -> None:
    if os.geteuid() != 0 or unified_cgroups() is None:
        pytest.skip("needs root and a cgroup2: sudo make nspawn")
    root, built = tmp_path / "root", tmp_path / "dist"
    built.mkdir()
    root.with_name("root.log").write_text("E: no signature\nE: broken\n", encoding="utf-8")
    assert "E: no signature / E: broken" in str(what_is_missing(root, built))
    root.with_name("root.whole").touch()
    (built / "deb.log").write_text("pip: no index\n", encoding="utf-8")
    assert "pip: no index" in str(what_is_missing(root, built))
    for name in ("one.deb", "two.deb"):
        (built / name).touch()
    assert what_is_missing(root, built) is None
