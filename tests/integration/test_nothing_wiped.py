"""No verb that begins anew, clears, rebuilds, tidies or retires throws away an entry that headquarters has not (P6)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from agent.cli.app import root
from agent.core.chain import Entry
from agent.store.backup import back_up
from agent.store.connection import open_reader, open_writer
from agent.store.journal import every_entry, identity
from sync.hq.registry import TokenMode
from tests.rescued import Stage
from tests.unit.sync.fakes import running_hq


@dataclass
class Walked:
    """A box with unsent entries, and what they are."""

    stage: Stage
    state: Path
    unsent: list[Entry]


@pytest.fixture
def walked(tmp_path: Path) -> Iterator[Walked]:
    with running_hq(tmp_path / "hq") as hq:
        stage = Stage(hq, tmp_path)
        state = stage.enrolled("box")
        with stage.opened(state) as box:
            stage.sell(box, 1)
            stage.drain(box)
            sent = box.writer.last_seq
            stage.sell(box, 3)
        yield Walked(stage, state, entries_of(state / "journal.db", 1)[sent:])


def entries_of(path: Path, epoch: int) -> list[Entry]:
    """Return an epoch's entries in a file, from past or journal."""
    connection = open_reader(path)
    try:
        if identity(connection).epoch == epoch:
            return list(every_entry(connection, epoch))
        rows = connection.execute(
            "SELECT seq, at_ms, kind, body, hash FROM past WHERE epoch = ? ORDER BY seq", (epoch,)
        )
        return [Entry(*row) for row in rows]
    finally:
        connection.close()


def everywhere(state: Path) -> set[bytes]:
    """Return the hashes of epoch 1 in every journal that the state folder keeps, present or set aside."""
    files = [state / "journal.db", *state.glob("set-aside-*.db")]
    return {entry.hash for file in files for entry in entries_of(file, 1)}


def cli(*arguments: str) -> Callable[[Walked], int]:
    """Run `storebox` with arguments in which HQ, TOKEN, NEW and STATE are filled in."""

    def run(walked: Walked) -> int:
        filled = {
            "HQ": walked.stage.hq.url,
            "STATE": str(walked.state),
            "TOKEN": ("TOKEN" in arguments and walked.stage.token(TokenMode.REPLACE)) or "",
            "NEW": ("NEW" in arguments and walked.stage.token(TokenMode.NEW)) or "",
        }
        command = [filled.get(one, one) for one in arguments]
        return CliRunner().invoke(root(), command).exit_code

    return run


def damaged_then_set_aside(walked: Walked) -> int:
    """Damage an entry that headquarters has, then set the journal aside."""
    connection = open_writer(walked.state / "journal.db")
    connection.execute("DROP TRIGGER journal_no_update")
    connection.execute("UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 2")
    connection.close()
    return cli("journal", "set-aside", "--token", "TOKEN", "--yes", "--state", "STATE")(walked)


def backups_rotate(walked: Walked) -> int:
    """Make more backups than are kept."""
    for number in range(1, 11):
        back_up(walked.state / "journal.db", walked.state, date(2026, 10, number))
    return 0


VERBS: dict[str, Callable[[Walked], int]] = {
    "enrol again": cli("enrol", "--hq", "HQ", "--token", "NEW", "--state", "STATE"),
    "enrol as another store": cli("enrol", "--hq", "HQ", "--token", "NEW", "--store", "S002", "--state", "STATE"),
    "enrol alone": cli("enrol", "--alone", "--state", "STATE"),
    "restore over a live journal": cli("restore", "--hq", "HQ", "--token", "TOKEN", "--state", "STATE"),
    "restore and wait": cli("restore", "--hq", "HQ", "--token", "TOKEN", "--wait", "--state", "STATE"),
    "restore without a token": cli("restore", "--hq", "HQ", "--state", "STATE"),
    "set a sound journal aside": cli("journal", "set-aside", "--token", "TOKEN", "--yes", "--state", "STATE"),
    "set a damaged journal aside": damaged_then_set_aside,
    "rebuild the views": cli("ledger", "rebuild", "--state", "STATE"),
    "retire with something open": cli("retire", "--reason", "x", "--yes", "--hq", "HQ", "--state", "STATE"),
    "backups rotate": backups_rotate,
}


@pytest.mark.parametrize("verb", list(VERBS))
def test_what_is_unsent_stays(walked: Walked, verb: str) -> None:
    VERBS[verb](walked)
    assert len(walked.unsent) > 5
    lost = [entry.seq for entry in walked.unsent if entry.hash not in everywhere(walked.state)]
    if verb == "set a damaged journal aside":
        kept = list(walked.state.glob("set-aside-*.db"))
        assert kept and not lost, "the damaged file is kept whole"
    assert not lost


def test_what_was_set_aside_by_a_restore_reaches_headquarters(walked: Walked) -> None:
    assert VERBS["restore and wait"](walked) == 0
    with walked.stage.opened(walked.state) as box:
        assert box.writer.identity.epoch == 2
        walked.stage.drain(box)
    there = set(walked.stage.hq.hashes("S001", 1))
    assert all(entry.hash.hex() in there for entry in walked.unsent)
    assert walked.stage.hq.rows("SELECT sum(last_seq - first_seq + 1) FROM late_run") == [(len(walked.unsent),)]
