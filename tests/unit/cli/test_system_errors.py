"""What the system refuses is one sentence with exit code 1, never a traceback."""

import errno
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from agent.cli import app
from agent.cli.system_errors import in_words
from tests.unit.cli.conftest import Terminal

WITHOUT_RIGHTS = "-dac_override,-dac_read_search"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EACCES, "command.no_rights"),
        (errno.EROFS, "command.read_only"),
        (errno.ENOSPC, "command.no_room"),
        (errno.ENOENT, "command.not_there"),
        (errno.EIO, "command.system"),
    ],
)
def test_each_is_said_by_its_kind(number: int, code: str) -> None:
    said = in_words(OSError(number, os.strerror(number), "/media/stick"))
    assert (said.code, said.values["path"]) == (code, "/media/stick")


def test_a_journal_that_is_none_is_said(terminal: Terminal) -> None:
    terminal.run("enrol", "--alone")
    (terminal.state / "journal.db").write_bytes(b"\xa5" * 5000)
    for noun in (("sync", "status"), ("ledger", "rebuild"), ("journal", "copy"), ("staff", "list"), ("why", "S001")):
        terminal.run(*noun, expected=1)
        assert terminal.error.startswith("store.damaged"), noun


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder that is somebody else's alone."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    folder = tmp_path / "foreign"
    folder.mkdir(mode=0o700)
    os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    return folder


def refused(state: Path, *arguments: str) -> str:
    """Return what a command says to a user who is not root, though this test is."""
    command = ["setpriv", f"--bounding-set={WITHOUT_RIGHTS}", f"--inh-caps={WITHOUT_RIGHTS}", sys.executable, "-c"]
    done = subprocess.run(
        [*command, "from agent.cli import main; main()", *arguments],
        env=os.environ | {"STOREBOX_STATE": str(state), "STOREBOX_LANGUAGE": "zh"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    return done.stderr


def test_a_state_folder_of_somebody_else_is_said(foreign: Path) -> None:
    assert refused(foreign, "sync", "status").startswith("command.no_rights: 这个用户没有权限")


def test_an_old_disk_that_may_not_be_read_is_not_called_empty(terminal: Terminal, foreign: Path) -> None:
    terminal.run("enrol", "--alone")
    disk = foreign.parent / "disk"
    (disk / "var/lib").mkdir(parents=True)
    foreign.rename(disk / "var/lib/storebox")
    assert refused(terminal.state, "restore", "import", str(disk)).startswith("late.no_rights")


def test_a_stick_that_may_not_be_written_is_not_called_full(terminal: Terminal, foreign: Path) -> None:
    terminal.run("enrol", "--alone")
    foreign.chmod(0o755)
    assert refused(terminal.state, "handover", str(foreign)).startswith("handover.no_rights")


def test_a_defect_of_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def defect() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app, "root", lambda: lambda **_: defect())
    with pytest.raises(ZeroDivisionError):
        app.run([])
