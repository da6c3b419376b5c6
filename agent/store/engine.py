"""One batch of commands as one transaction: savepoints, one COMMIT, and what happens when it fails."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite3

from agent.core.chain import Identity, genesis
from agent.core.errors import Broken, StoreboxError, TryLater
from agent.core.ports import Clock, Signer
from agent.store.answers import NOTHING, keep_answer, stored_answer
from agent.store.clockwatch import ClockWatch
from agent.store.connection import open_writer
from agent.store.failures import certainly_not_committed, connection_suspect, explained
from agent.store.jobs import Job, answer, answer_all, answer_unknown
from agent.store.journal import identity
from agent.store.migrations import meta_value, migrate, set_meta
from agent.store.ports import Views
from agent.store.rebuild import rebuild_in, set_position
from agent.store.unit import Tip, Unit

log = logging.getLogger(__name__)

Connect = Callable[[Path], Any]
REOPEN_DELAYS_S = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


class _BatchLost(Exception):
    """SQLite gave the whole transaction up while a command ran."""

    def __init__(self, cause: sqlite3.Error) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Engine:
    """The writing connection, the end of the chain in memory, and the running of batches. Used by one thread."""

    def __init__(
        self,
        path: Path,
        *,
        views: Views,
        clock: Clock,
        signer: Signer | None = None,
        seal_every: int = 1_000,
        connect: Connect = open_writer,
        reopen_delays_s: Sequence[float] = REOPEN_DELAYS_S,
    ) -> None:
        self.path = path
        self.identity = Identity("", "", 0)
        self._views = views
        self._clock = clock
        self._signer = signer
        self._seal_every = seal_every
        self._connect = connect
        self._reopen_delays_s = reopen_delays_s
        self._connection: Any = None
        self._tip = Tip(0, b"", 0, 0, None)
        self._watch = ClockWatch(clock)
        self._base_changes = 0
        self._batches = 0

    @property
    def tip(self) -> Tip:
        """Return the end of the chain, of the last batch that was committed once no batch runs."""
        return self._tip

    def open(self) -> None:
        """Open the store: schema, guards, views of this release, identity, end of the chain."""
        self._connection = self._connect(self.path)
        if migrate(self._connection, self._views):
            self._connection.execute("BEGIN IMMEDIATE")
            rebuild_in(self._connection, self._views)
            self._connection.execute("COMMIT")
        self._load()
        self._watch.begin(self._tip.at_ms)

    def close(self) -> None:
        """Close the connection."""
        self._drop()

    def idle(self) -> None:
        """Look at the clock when nothing else happens, so that a step is recorded near its time."""
        if self._watch.look() is None:
            self._watch.accept()
        else:
            self.run([])

    def run(self, jobs: list[Job]) -> None:
        """Run jobs as one transaction and give every one its answer, whatever happens."""
        try:
            self._run(jobs)
        except Exception as error:
            log.exception("batch of %d broke the writer", len(jobs))
            self._drop()
            answer_all(jobs, Broken("store.writer_fault", reason=str(error)[:120]))

    def _run(self, jobs: list[Job]) -> None:
        if self._connection is None and not self._reopened():
            answer_all(jobs, TryLater("store.unavailable"))
            return
        try:
            self._begin()
            start_seq = self._tip.seq
            self._run_inner(self._clock_job())
            for job in jobs:
                self._perform(job)
            if self._signer is not None and self._tip.since_seal >= self._seal_every:
                self._run_inner(Job(Unit.seal, None, "", None))
            marker = self._mark(start_seq)
        except _BatchLost as lost:
            self._lose(jobs, lost.cause)
            return
        except sqlite3.Error as error:
            self._lose(jobs, error)
            return
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if not self._arrived_after_all(jobs, error, marker):
                return
        self._watch.accept()
        answer(jobs)

    # One command

    def _perform(self, job: Job) -> None:
        connection = self._connection
        saved = self._tip.saved()
        # While the transaction is empty it is itself the savepoint.
        nested = connection.total_changes != self._base_changes
        if nested:
            connection.execute("SAVEPOINT command")
        unit = Unit(connection, self.identity, self._clock.now_ms(), self._tip, self._views, self._signer)
        try:
            job.answer = self._answer_of(job, unit, saved.seq)
            job.hooks = unit.hooks
        except BaseException as error:  # noqa: BLE001 - whatever a command raises belongs to the one who asked
            self._undo(job, error, saved, nested)
            return
        if nested:
            connection.execute("RELEASE command")

    def _answer_of(self, job: Job, unit: Unit, seq_before: int) -> Any:
        if job.key is None:
            result = job.command(unit)
            _check_unspoiled(unit)
            return result
        result = stored_answer(unit.connection, job.key, job.fingerprint)
        if result is not NOTHING:
            return result
        result = job.command(unit)
        _check_unspoiled(unit)
        seq = unit.tip.seq if unit.tip.seq != seq_before else None
        keep_answer(unit.connection, job.key, job.fingerprint, result, unit.now_ms, seq)
        return result

    def _undo(self, job: Job, error: BaseException, saved: Tip, nested: bool) -> None:
        self._tip = saved
        connection = self._connection
        if isinstance(error, sqlite3.Error) and (connection_suspect(error) or not connection.in_transaction):
            raise _BatchLost(error) from error
        if nested:
            connection.execute("ROLLBACK TO command")
            connection.execute("RELEASE command")
        else:
            connection.execute("ROLLBACK")
            self._begin()
        job.error = (explained(error) or error) if isinstance(error, sqlite3.Error) else error

    def _run_inner(self, job: Job | None) -> None:
        if job is None:
            return
        self._perform(job)
        if job.error is not None:
            log.error("inner entry not written: %s", job.error)

    def _clock_job(self) -> Job | None:
        step = self._watch.look()
        if step is None or self._tip.stopped is not None:
            return None
        body = {"from_ms": step[0], "to_ms": step[1]}
        return Job(lambda unit: unit.append("clock.jumped", body), None, "", None)

    # The transaction

    def _begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._base_changes = self._connection.total_changes

    def _mark(self, start_seq: int) -> tuple[int, bytes] | str | None:
        """Leave something by which it can be seen later whether this transaction is on disk."""
        tip = self._tip
        if tip.seq != start_seq:
            set_position(self._connection, self.identity.epoch, tip.seq)
            return tip.seq, tip.head
        if self._connection.total_changes == self._base_changes:
            return None
        self._batches += 1
        marker = f"{self._batches}/{self._clock.now_ms()}"
        set_meta(self._connection, "batch", marker)
        return marker

    def _lose(self, jobs: list[Job], cause: sqlite3.Error) -> None:
        """Nothing of the batch was sent to COMMIT: nothing of it happened."""
        log.error("batch of %d given up: %s", len(jobs), cause)
        self._drop()
        self._reopened()
        answer_all(jobs, explained(cause) or Broken("store.statement_wrong", reason=str(cause)[:120]))

    def _arrived_after_all(self, jobs: list[Job], cause: sqlite3.Error, marker: tuple[int, bytes] | str | None) -> bool:
        """After a failed COMMIT, find out from the disk whether the batch is there; if not, say so to everybody."""
        log.error("COMMIT of %d commands failed: %s", len(jobs), cause)
        self._drop()
        settle = not certainly_not_committed(cause)
        if not self._reopened(settle=settle):
            answer_unknown(jobs)
            return False
        if marker is None or self._is_there(marker):
            return True
        answer_all(jobs, explained(cause) or TryLater("store.commit_failed", reason=str(cause)[:120]))
        return False

    def _is_there(self, marker: tuple[int, bytes] | str) -> bool:
        if isinstance(marker, str):
            return meta_value(self._connection, "batch") == marker
        row = self._connection.execute("SELECT hash FROM journal WHERE seq = ?", (marker[0],)).fetchone()
        return row is not None and bool(row[0] == marker[1])

    # The connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.close()
        except sqlite3.Error as error:
            log.warning("closing the writing connection: %s", error)

    def _reopened(self, *, settle: bool = True) -> bool:
        for delay_s in self._reopen_delays_s:
            time.sleep(delay_s)
            try:
                self._connection = self._connect(self.path)
                if settle:
                    self._settle()
                self._load()
                return True
            except (sqlite3.Error, StoreboxError) as error:
                log.error("reopening the store: %s", error)
                self._drop()
        return False

    def _settle(self) -> None:
        """Write once more, so that frames of a commit whose flush failed are either behind it or overwritten.

        Without that a commit that looks absent could come back at the next start.
        """
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        set_meta(connection, "settled", str(self._clock.now_ms()))
        connection.execute("COMMIT")

    def _load(self) -> None:
        connection = self._connection
        self.identity = identity(connection)
        row = connection.execute("SELECT seq, hash, at_ms FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        seq, head, at_ms = row if row is not None else (0, genesis(self.identity), 0)
        sealed = int(meta_value(connection, "last_seal") or 0)
        self._tip = Tip(seq, head, at_ms, max(seq - sealed, 0), meta_value(connection, "stopped"))


def _check_unspoiled(unit: Unit) -> None:
    if unit.spoiled:
        raise Broken("store.unit_spoiled")
