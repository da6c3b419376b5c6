"""A new epoch whose beginning is cut by power, or whose old journal does not even open: nothing is lost or doubled."""

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pysqlite3 import dbapi2 as sqlite3

from agent.cli.app import root
from agent.core.errors import StoreboxError, TryLater
from agent.daemon.clock import SystemClock, SystemEntropy
from agent.rescue import inbox
from agent.rescue import restore as steps
from agent.rescue.worker import RescueWorker
from agent.store import set_aside as module
from agent.store.backup import back_up
from agent.store.connection import open_reader, open_writer
from agent.store.journal import epochs, identity
from sync.hq.registry import TokenMode
from tests.rescued import Stage, sound
from tests.unit.sync.fakes import running_hq

PEOPLE = ["staff", "add", "01", "x", "--role", "store_manager", "--pin", "1111"]


class Cut(BaseException):
    """The power goes."""


def cut(*_: object, **__: object) -> None:
    raise Cut


def said(*arguments: str, expected: int = 0) -> str:
    result = CliRunner().invoke(root(), list(arguments), env={"STOREBOX_LANGUAGE": "en"})
    assert result.exit_code == expected, (result.output, result.exception)
    assert result.exception is None or isinstance(result.exception, StoreboxError | SystemExit)
    return f"{result.output}{result.exception or ''}"


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A shop without headquarters, with an entry that does not hold."""
    state = tmp_path / "box"
    said("enrol", "--alone", "--state", str(state))
    said(*PEOPLE, "--state", str(state))
    return state


def damaged(state: Path) -> None:
    connection = open_writer(state / "journal.db")
    connection.execute("DROP TRIGGER journal_no_update")
    connection.execute("UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 3")
    connection.close()


def without_its_first_page(state: Path) -> None:
    path = state / "journal.db"
    sqlite3.connect(str(path)).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    path.write_bytes(b"\xa5" * 4096 + path.read_bytes()[4096:])


def epochs_of(state: Path) -> tuple[list[int], int]:
    reader = open_reader(state / "journal.db")
    try:
        return epochs(reader), reader.execute("SELECT count(*) FROM past").fetchone()[0]
    finally:
        reader.close()


def test_a_box_that_starts_in_the_middle_of_setting_aside_ends_it(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged(alone)
    with monkeypatch.context() as patched:
        patched.setattr(module, "_put_in_place", cut)
        with pytest.raises(Cut):
            CliRunner().invoke(root(), ["journal", "set-aside", "--yes", "--state", str(alone)])
    assert not (alone / "journal.db").exists()
    said("staff", "list", "--state", str(alone))  # opens the box as a start does
    assert epochs_of(alone) == ([1, 2], 2), "a box without a name for its journal began an empty one"
    sound(alone)


def test_the_same_command_ends_it_too(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged(alone)
    with monkeypatch.context() as patched:
        patched.setattr(module, "_put_in_place", cut)
        with pytest.raises(Cut):
            CliRunner().invoke(root(), ["journal", "set-aside", "--yes", "--state", str(alone)])
    said("journal", "set-aside", "--yes", "--state", str(alone))
    assert epochs_of(alone) == ([1, 2], 2)
    sound(alone)


def test_the_old_journal_is_not_traded_on_under_the_new_name(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged(alone)
    with monkeypatch.context() as patched:
        patched.setattr(module, "enrol", cut)
        with pytest.raises(Cut):
            CliRunner().invoke(root(), ["journal", "set-aside", "--yes", "--state", str(alone)])
    assert "journal.other_epoch" in said("staff", "list", "--state", str(alone), expected=1)
    said("journal", "set-aside", "--yes", "--state", str(alone))
    assert epochs_of(alone)[0] == [1, 2]
    said("staff", "list", "--state", str(alone))


@pytest.mark.parametrize("copied", [True, False])
def test_a_journal_that_does_not_open_goes_on_from_its_copy(alone: Path, copied: bool) -> None:
    whole = epochs_of(alone)
    if copied:
        back_up(alone / "journal.db", alone, date(2026, 10, 3))
    without_its_first_page(alone)
    broken = (alone / "journal.db").read_bytes()
    told = said("journal", "set-aside", "--yes", "--state", str(alone))
    assert ("backup-2026-10-03.db" in told) == copied
    assert [kept.read_bytes() for kept in alone.glob("set-aside-1-*.db")] == [broken]
    assert whole == ([1], 0)
    assert epochs_of(alone)[0] == ([1, 2] if copied else [2])
    sound(alone)
    said(*PEOPLE, "--state", str(alone))
    assert ("01" in said("staff", "list", "--state", str(alone))) is True


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Stage]:
    with running_hq(tmp_path / "hq") as hq:
        yield Stage(hq, tmp_path)


def traded(stage: Stage) -> Path:
    """A box with sales that headquarters has, and three that only it has."""
    state = stage.enrolled("box")
    with stage.opened(state) as box:
        stage.sell(box, 2)
        stage.drain(box)
        stage.sell(box, 3)
    return state


def restored(stage: Stage, state: Path, *more: str, expected: int = 0) -> str:
    return said("restore", "--hq", stage.hq.url, "--state", str(state), *more, expected=expected)


def test_what_only_the_old_file_has_is_taken_over_after_headquarters_went_away(
    chain: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = traded(chain)

    def away(*_: object) -> None:
        raise TryLater("network.unreachable", server="x")

    with monkeypatch.context() as patched:
        patched.setattr(steps, "begin", away)
        restored(chain, state, "--token", chain.token(TokenMode.REPLACE), expected=1)
    restored(chain, state, "--wait")
    assert _sales(state) == 5
    sound(state)


def test_a_box_that_starts_after_the_cut_takes_it_over_by_itself(chain: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    state = traded(chain)
    with monkeypatch.context() as patched:
        patched.setattr(steps, "begin", cut)
        patched.setattr(inbox, "leave_what_was_set_aside", cut)
        with pytest.raises(Cut):
            restored(chain, state, "--token", chain.token(TokenMode.REPLACE))
    with chain.opened(state) as box:
        taken_over = threading.Event()

        def told(_: str, data: dict[str, Any]) -> None:
            if data.get("what") == "late":
                taken_over.set()

        worker = RescueWorker(box, SystemClock(), SystemEntropy(), told, chain.hq.url)
        worker.start()
        assert taken_over.wait(20)
        worker.stop()
    assert _sales(state) == 5


def test_a_journal_that_does_not_open_comes_back_from_headquarters_and_its_copy(chain: Stage) -> None:
    state = traded(chain)
    back_up(state / "journal.db", state, date(2026, 10, 3))
    without_its_first_page(state)
    said("journal", "set-aside", "--yes", "--token", "x", "--state", str(state), expected=1)
    restored(chain, state, expected=1)
    restored(chain, state, "--wait", "--token", chain.token(TokenMode.REPLACE))
    assert _sales(state) == 5
    sound(state)


def test_a_journal_whose_making_was_cut_is_no_damaged_one(chain: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    state = traded(chain)
    for suffix in ("", "-wal", "-shm"):
        (state / f"journal.db{suffix}").unlink(missing_ok=True)
    open_writer(state / "journal.db", create=True).close()
    restored(chain, state)
    assert epochs_of(state) == ([1], 0)


def _sales(state: Path) -> int:
    reader = open_reader(state / "journal.db")
    try:
        assert identity(reader).epoch == 2
        return int(reader.execute("SELECT count(*) FROM view_sale").fetchone()[0])
    finally:
        reader.close()
