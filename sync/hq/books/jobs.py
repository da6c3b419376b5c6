"""The jobs of the books, in the order in which one feeds the next; run in `storebox-hq serve`, or once by hand.

What arrived is read, bills are fetched, days of accounts matched, the bank looked at, days of stores computed, and
alarms sent.
"""

import os
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agent.core.bill import BillType, BillVerdict
from agent.core.errors import Refused
from sync.hq.books.accounts import Accounts
from sync.hq.books.acquirers import acquirers_of
from sync.hq.books.arrivals import read_arrivals
from sync.hq.books.days import marked, refresh
from sync.hq.books.fetching import due_fetches, fetch_bill, keep_try, plan_days
from sync.hq.books.job_runner import Job, Ran, Runner
from sync.hq.books.matching import due_matches, match_account_day
from sync.hq.books.settling import settle
from sync.hq.database import Database
from sync.hq.pay.plan import FILE_NAME
from sync.hq.webhooks.sender import send_due
from sync.hq.webhooks.watch import watch
from sync.platforms.base import NowMs
from sync.platforms.files import FOLDER, merchant_files
from sync.threads import StepThread

EVERY_MS, ALARMS_EVERY_MS, BANK_EVERY_MS, BILLS_EVERY_MS = 2_000, 5_000, 30_000, 60_000
WATCH_EVERY_MS = 60_000
STEPS_A_RUN, MATCHES_A_RUN, DAYS_A_RUN, DAYS_A_STEP, FETCHES_A_RUN = 100, 20, 2_000, 20, 5
STOP_S = 15.0
ROUNDS_MAX = 10_000


class BookJobs:
    """What the jobs work with; one instance a process, used by one thread."""

    def __init__(self, database: Database, state: Path, now_ms: NowMs) -> None:
        self._database = database
        self._state = state
        self._now_ms = now_ms
        self._accounts: Accounts | None = None
        self._files: tuple[tuple[str, int], ...] = ()

    def jobs(self) -> Sequence[Job]:
        """Return the jobs in their order."""
        return (
            Job("arrivals", EVERY_MS, self.arrivals),
            Job("bills", BILLS_EVERY_MS, self.bills),
            Job("matching", EVERY_MS, self.matching),
            Job("bank", BANK_EVERY_MS, self.bank),
            Job("days", EVERY_MS, self.days),
            Job("watch", WATCH_EVERY_MS, self.watch),
            Job("alarms", ALARMS_EVERY_MS, self.alarms),
        )

    def arrivals(self) -> bool:
        """Read entries that arrived since the last time."""
        steps, acquirers = 0, acquirers_of(self._state)
        while steps < STEPS_A_RUN and read_arrivals(self._database, self.accounts(), acquirers):
            steps += 1
        return steps > 0

    def bills(self) -> bool:
        """Fetch bills that are due; tell of those that are overdue."""
        accounts, now_ms = self.accounts(), self._now_ms()
        with self._database.write() as connection:
            planned = plan_days(connection, accounts, now_ms)
        with self._database.read() as connection:
            due = due_fetches(connection, now_ms, FETCHES_A_RUN)
        for book, day in due:
            asked = fetch_bill(self._database, self._state, accounts, book, day, BillType.TRADE, self._now_ms)
            if asked.verdict is not BillVerdict.READY:
                with self._database.write() as connection:
                    keep_try(connection, asked, self._now_ms())
        return planned or bool(due)

    def matching(self) -> bool:
        """Match the account days that must be."""
        with self._database.read() as connection:
            due = due_matches(connection, self._now_ms(), MATCHES_A_RUN)
        for book, day in due:
            match_account_day(self._database, self._state, book, day, self._now_ms())
        return bool(due)

    def bank(self) -> bool:
        """Look at what the bank has."""
        return settle(self._database, self._state, self._now_ms())

    def days(self) -> bool:
        """Compute the days of stores that must be."""
        count = 0
        while count < DAYS_A_RUN:
            with self._database.read() as connection:
                some = marked(connection, DAYS_A_STEP)
            if not some:
                break
            with self._database.write() as connection:
                for store, day in some:
                    refresh(connection, store, day, self._now_ms())
            count += len(some)
        return count > 0

    def alarms(self) -> bool:
        """Send the alarms that are due to those who want them."""
        sent = send_due(self._database, self._now_ms)
        return sent.delivered + sent.given_up > 0

    def watch(self) -> bool:
        """Tell alarms that nothing else brings: gaps, large differences, the morning."""
        return watch(self._database, self._state, self._now_ms())

    def accounts(self) -> Accounts:
        """Return the merchants' accounts; opened again when a file of theirs changed."""
        paths = [*merchant_files(self._state / FOLDER), self._state / FILE_NAME]
        files = tuple((str(path), path.stat().st_mtime_ns) for path in paths if path.is_file())
        if self._accounts is None or files != self._files:
            self._accounts, self._files = Accounts.open(self._state, self._now_ms), files
        return self._accounts


def runner_of(
    database: Database, state: Path, now_ms: NowMs, further: Sequence[Job] = (), holder: Callable[[], str] | None = None
) -> Runner:
    """Return the runner of all jobs over an open database; `further` jobs run behind those of the books."""
    return Runner(database, (*BookJobs(database, state, now_ms).jobs(), *further), (holder or _holder)(), now_ms)


def run_to_the_end(
    database: Database, state: Path, now_ms: NowMs, names: Sequence[str] = (), further: Sequence[Job] = ()
) -> list[Ran]:
    """Run jobs in rounds until a round does nothing; a job that broke is not run again. Safe beside a runner.

    Refuses with `job.unknown`.
    """
    runner = runner_of(database, state, now_ms, further)
    known = [one.name for one in runner.jobs]
    for name in names:
        if name not in known:
            raise Refused("job.unknown", name=name[:40], known=", ".join(known))
    did, broke = dict.fromkeys(names or known, False), dict[str, Ran]()
    for _ in range(ROUNDS_MAX):
        left = [name for name in did if name not in broke]
        ran = runner.run_all(left) if left else []
        broke.update({one.name: one for one in ran if one.code is not None})
        did.update({one.name: True for one in ran if one.did})
        if not any(one.did for one in ran):
            break
    return [broke.get(name, Ran(name, done)) for name, done in did.items()]


@contextmanager
def running_jobs(database: Database, state: Path, now_ms: NowMs) -> Iterator[None]:
    """Run the jobs on a thread of their own for as long as the block runs; another process takes over after it."""
    runner = runner_of(database, state, now_ms)
    thread = StepThread("jobs", runner.step)
    thread.start()
    try:
        yield
    finally:
        if thread.stop(STOP_S):
            runner.release()


def _holder() -> str:
    """Return a name that no other process has, and from which people see where it runs."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
