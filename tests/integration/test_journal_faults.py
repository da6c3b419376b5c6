"""A disk that fails: what was not committed is said to be so, what was is never denied, and the writer goes on."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite3

from agent.core.errors import StoreboxError, TryLater, UnknownOutcome
from agent.store.connection import open_reader, open_writer
from agent.store.journal import last_seq
from agent.store.unit import Unit
from agent.store.verify import verify
from agent.store.writer import Writer
from tests.unit.store.support import VIEWS, WHOSE, KeySigner, enrolled, noted, summed, writer_on

FULL, READ_ONLY, FLUSH, WRITE = 13, 8, 1034, 778


def fault(code: int) -> sqlite3.OperationalError:
    """Return an error as SQLite raises it."""
    error = sqlite3.OperationalError("injected")
    error.sqlite_errorcode = code
    error.sqlite_errorname = "INJECTED"
    return error


class Disk:
    """Decides what happens to the next COMMIT or opening."""

    def __init__(self) -> None:
        self.commit: Callable[[Any], None] | None = None
        self.openings_refused = 0
        self.openings = 0

    def connect(self, path: Path) -> Any:
        """Open the store through this disk."""
        self.openings += 1
        if self.openings_refused:
            self.openings_refused -= 1
            raise fault(14)
        return FaultyConnection(open_writer(path), self)


class FaultyConnection:
    """A connection whose COMMIT can be made to fail, before or after it took effect."""

    def __init__(self, connection: Any, disk: Disk) -> None:
        self._connection = connection
        self._disk = disk

    def execute(self, statement: str, *parameters: Any) -> Any:
        commit = self._disk.commit
        if statement == "COMMIT" and commit is not None:
            self._disk.commit = None
            commit(self._connection)
        return self._connection.execute(statement, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def before(code: int) -> Callable[[Any], None]:
    """Fail a COMMIT that did not reach the disk."""

    def commit(connection: Any) -> None:
        connection.execute("ROLLBACK")
        raise fault(code)

    return commit


def after(code: int) -> Callable[[Any], None]:
    """Fail a COMMIT that did."""

    def commit(connection: Any) -> None:
        connection.execute("COMMIT")
        raise fault(code)

    return commit


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return enrolled(tmp_path, key=KeySigner())


@pytest.fixture
def writer(path: Path, disk: Disk) -> Iterator[Writer]:
    writer = writer_on(path, connect=disk.connect, reopen_delays_s=(0.0, 0.0, 0.0))
    writer.run(summed("before", 1))
    yield writer
    writer.close()
    assert verify(path, VIEWS).ok


@pytest.mark.parametrize(
    ("code", "said"), [(FULL, "disk_full"), (READ_ONLY, "read_only"), (FLUSH, "disk_fault"), (WRITE, "disk_fault")]
)
@pytest.mark.parametrize("key", ["k1", None])
def test_a_commit_that_did_not_arrive_is_try_later(
    writer: Writer, disk: Disk, code: int, said: str, key: str | None
) -> None:
    disk.commit = before(code)
    with pytest.raises(TryLater, match=rf"store\.{said}"):
        writer.run(summed("a", 5), key=key)
    assert writer.last_seq == 2
    assert writer.run(summed("a", 5), key=key) == 3


@pytest.mark.parametrize("key", ["k1", None])
def test_a_commit_that_arrived_is_answered_as_done(writer: Writer, disk: Disk, key: str | None) -> None:
    hooks: list[str] = []

    def command(unit: Unit) -> int:
        unit.after_commit(lambda: hooks.append("told"))
        return unit.append("test.summed", {"name": "a", "amount_fen": 5})

    disk.commit = after(FLUSH)
    assert writer.run(command, key=key) == 3
    assert hooks == ["told"]
    assert writer.run(summed("b", 1)) == 4


@pytest.mark.parametrize(("fail", "there"), [(before, False), (after, True)])
def test_work_without_entries_is_judged_too(
    writer: Writer, disk: Disk, path: Path, fail: Callable[[int], Callable[[Any], None]], there: bool
) -> None:
    disk.commit = fail(FLUSH)
    if there:
        assert writer.run(lambda unit: unit.counter("n")) == 1
    else:
        with pytest.raises(TryLater):
            writer.run(lambda unit: unit.counter("n"))
    assert writer.run(lambda unit: unit.counter("n")) == 1 + there


def test_the_whole_batch_shares_its_fate(writer: Writer, disk: Disk) -> None:
    inside, go = threading.Event(), threading.Event()

    def wait(unit: Unit) -> None:
        inside.set()
        go.wait(5)

    def refused(unit: Unit) -> None:
        raise StoreboxError("decided on what was lost")

    waiting = writer.submit(wait)
    inside.wait(5)
    futures = [writer.submit(summed("a", 1)), writer.submit(refused), writer.submit(summed("a", 2))]
    disk_commit_after_first(disk)
    go.set()
    waiting.result(5)
    for future in futures:
        assert isinstance(future.exception(5), TryLater)
    assert writer.run(summed("a", 3)) == 3


def disk_commit_after_first(disk: Disk) -> None:
    """Let the running batch pass and fail the next."""

    def first(connection: Any) -> None:
        disk.commit = before(FLUSH)

    disk.commit = first


def test_reopening_is_tried_again(writer: Writer, disk: Disk) -> None:
    disk.openings_refused = 2
    disk.commit = after(FLUSH)
    assert writer.run(summed("a", 1)) == 3
    assert disk.openings == 4


def test_a_disk_that_stays_away_is_never_guessed_about(writer: Writer, disk: Disk) -> None:
    disk.openings_refused = 3
    disk.commit = after(FLUSH)
    with pytest.raises(UnknownOutcome, match=r"store\.outcome_unknown"):
        writer.run(summed("a", 1))
    disk.openings_refused = 6
    with pytest.raises(TryLater, match=r"store\.unavailable"):
        writer.run(summed("a", 1))
    disk.openings_refused = 0
    assert writer.run(summed("a", 2), key="k") == 4
    disk.openings_refused = 3
    disk.commit = after(FLUSH)
    with pytest.raises(TryLater, match=r"store\.commit_failed"):
        writer.run(summed("a", 3), key="k2")
    assert writer.run(summed("a", 3), key="k2") == 5
    assert writer.last_seq == 5


def test_a_disk_fault_inside_a_command_undoes_the_batch_and_passes(writer: Writer) -> None:
    def command(unit: Unit) -> None:
        unit.append("test.summed", {"name": "a", "amount_fen": 5})
        raise fault(WRITE)

    with pytest.raises(TryLater, match=r"store\.disk_fault"):
        writer.run(command)
    assert writer.run(summed("a", 5)) == 3


def test_a_full_disk_refuses_the_large_and_takes_the_small_again(path: Path) -> None:
    def limited(path: Path) -> Any:
        connection = open_writer(path)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 3}")
        return connection

    writer = writer_on(path, connect=limited)
    with pytest.raises(TryLater, match=r"store\.disk_full"):
        writer.run(noted("x" * 40_000))
    assert writer.run(noted("small")) == 2
    writer.close()
    assert verify(path, VIEWS).ok


def test_another_process_that_holds_the_file_is_waited_for_then_named(path: Path) -> None:
    def impatient(path: Path) -> Any:
        connection = open_writer(path)
        connection.execute("PRAGMA busy_timeout=10")
        return connection

    writer = writer_on(path, connect=impatient, reopen_delays_s=(0.0,))
    other = open_writer(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TryLater, match=r"store\.busy"):
        writer.run(noted("x"))
    other.execute("ROLLBACK")
    other.close()
    assert writer.run(noted("x")) == 2
    writer.close()


def test_a_defect_of_the_writer_is_answered_and_does_not_end_it(path: Path) -> None:
    from tests.unit.store.support import FakeClock

    class BrokenClock(FakeClock):
        broken = False

        def now_ms(self) -> int:
            if self.broken:
                raise RuntimeError("no clock")
            return super().now_ms()

    clock = BrokenClock()
    writer = writer_on(path, clock)
    clock.broken = True
    with pytest.raises(StoreboxError, match=r"store\.writer_fault"):
        writer.run(noted("x"))
    clock.broken = False
    assert writer.run(noted("x")) == 2
    writer.close()
    reader = open_reader(path)
    assert last_seq(reader, WHOSE.epoch) == 2
    reader.close()
