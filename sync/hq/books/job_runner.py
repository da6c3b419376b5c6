"""Runs the jobs of the books: one process of many at a time, by a lease in the database; each job when it is due.

The clock is an argument. A job that breaks is noted and tried again later, ever more slowly; the others go on. Jobs
work in small transactions of their own, so that uploads never wait for one.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select, update

from agent.core.errors import StoreboxError
from sync.hq.books.bill_tables import job, job_lease
from sync.hq.database import Database
from sync.hq.upserts import insert_of, insert_unless_there

_log = logging.getLogger("storebox.hq.jobs")
LEASE = "books"
LEASE_MS = 10 * 60_000
"""A runner that died is replaced after this; one that lives renews its lease when half of it is over."""
STEP_S_MIN, STEP_S_MAX = 0.2, 5.0
AFTER_FAILURE_MS, AFTER_FAILURE_MAX_MS = 30_000, 3_600_000
DEFECT = "job.defect"
DETAIL_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Job:
    """A job: `run` does what there is to do and tells whether it did anything; called again after `every_ms`."""

    name: str
    every_ms: int
    run: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of one run; `code` is why it broke."""

    name: str
    did: bool
    code: str | None = None


class Runner:
    """Holds the lease and runs what is due; `holder` names this process and no other."""

    def __init__(self, database: Database, jobs: Sequence[Job], holder: str, now_ms: Callable[[], int]) -> None:
        self._database = database
        self.jobs = jobs
        self._holder = holder
        self._now_ms = now_ms
        self._until_ms = 0
        self._next_ms: dict[str, int] = {}
        self._failures: dict[str, int] = {}

    def step(self) -> float:
        """Run what is due, if this process holds the lease, and return how many seconds to wait."""
        if not self._holds():
            return STEP_S_MAX
        for one in self.jobs:
            if self._next_ms.get(one.name, 0) <= self._now_ms() and self._holds():
                self.run(one)
        due_ms = min((self._next_ms.get(one.name, 0) for one in self.jobs), default=0)
        return min(STEP_S_MAX, max(STEP_S_MIN, (due_ms - self._now_ms()) / 1000))

    def run_all(self, names: Sequence[str] = ()) -> list[Ran]:
        """Run the named jobs, or all in their order, whether due or not and whoever holds the lease."""
        return [self.run(one) for one in self.jobs if not names or one.name in names]

    def run(self, one: Job) -> Ran:
        """Run a job once and keep what came of it."""
        began_ms = self._now_ms()
        try:
            ran, detail = Ran(one.name, one.run()), ""
        except StoreboxError as error:
            _log.warning("job %s: %s", one.name, error)
            ran, detail = Ran(one.name, False, error.code), str(error)
        except Exception as error:  # noqa: BLE001 - a defect in one job must not end the others; it is logged whole
            _log.exception("job %s broke", one.name)
            ran, detail = Ran(one.name, False, DEFECT), f"{type(error).__name__}: {error}"
        failures = self._failures.get(one.name, 0) + 1 if ran.code is not None else 0
        wait_ms = one.every_ms if not failures else _after(failures)
        self._next_ms[one.name] = self._now_ms() + wait_ms
        if ran.did or failures or self._failures.get(one.name) != 0:
            self._note(one.name, began_ms, failures, ran.code, detail[:DETAIL_CHARACTERS])
        self._failures[one.name] = failures
        return ran

    def release(self) -> None:
        """Give the lease back, so that another process goes on at once."""
        if self._until_ms:
            with self._database.write() as connection:
                mine = (job_lease.c.name == LEASE) & (job_lease.c.holder == self._holder)
                connection.execute(update(job_lease).where(mine).values(until_ms=0))
            self._until_ms = 0

    def _holds(self) -> bool:
        now_ms = self._now_ms()
        if self._until_ms - now_ms > LEASE_MS // 2:
            return True
        with self._database.read() as connection:
            row = connection.execute(select(job_lease).where(job_lease.c.name == LEASE)).first()
        if row is not None and row.holder != self._holder and row.until_ms > now_ms:
            return False
        self._until_ms = now_ms + LEASE_MS if self._take(now_ms) else 0
        return self._until_ms > 0

    def _take(self, now_ms: int) -> bool:
        """Take or renew the lease; the database decides between two that want it."""
        known = job_lease.c
        with self._database.write() as connection:
            insert_unless_there(connection, job_lease, ("name",), {"name": LEASE, "holder": "", "until_ms": 0})
            free = (known.name == LEASE) & or_(known.holder == self._holder, known.until_ms <= now_ms)
            wanted = update(job_lease).where(free).values(holder=self._holder, until_ms=now_ms + LEASE_MS)
            return connection.execute(wanted).rowcount == 1

    def _note(self, name: str, began_ms: int, failures: int, code: str | None, detail: str) -> None:
        values = {
            "began_at_ms": began_ms,
            "ended_at_ms": self._now_ms(),
            "next_at_ms": self._next_ms[name],
            "failures": failures,
            "code": code,
            "detail": detail,
        }
        with self._database.write() as connection:
            insert = insert_of(connection, job).values(name=name, **values)
            connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=values))


def last_runs(connection: Connection) -> list[Mapping[str, object]]:
    """Return each job's last run that did something or broke, and who holds the lease."""
    held = connection.execute(select(job_lease).where(job_lease.c.name == LEASE)).first()
    holder = "" if held is None else held.holder
    rows = connection.execute(select(job).order_by(job.c.name)).mappings()
    return [{**row, "holder": holder} for row in rows]


def _after(failures: int) -> int:
    return int(min(AFTER_FAILURE_MAX_MS, AFTER_FAILURE_MS * 2 ** min(failures - 1, 10)))
