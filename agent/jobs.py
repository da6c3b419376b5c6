"""Calendar jobs: nightly copy and verification of the journal, bills by the hour. UTC, planned anew after a clock step.

A box that is switched off at night does the missed ones a while after it was switched on. APScheduler sleeps until a
wall-clock time: a clock set back would put its jobs off for as long, so a watcher on the monotonic clock plans anew.
"""

import contextlib
import json
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.core.errors import StoreboxError
from agent.core.ports import Clock
from agent.disk import write_whole
from agent.store import views
from agent.store.backup import back_up, backups
from agent.store.clockwatch import ClockWatch
from agent.store.faults import Report
from agent.store.verify import verify

log = logging.getLogger("storebox.jobs")

BACKUP_UTC = (19, 10)
VERIFY_UTC = (19, 40)
"""In the small hours of Shanghai, before the business day starts."""
BILLS_MINUTE = 20
BILLS_SPREAD_S = 1200
"""Boxes ask for their bills spread over the hour."""
BEGIN_AFTER_S = 5.0
"""The scheduler is loaded when the pages of a starting box have had their turn."""
CATCH_UP_S = 600.0
CLOCK_LOOK_S = 60.0
LATE_MAX_S = 6 * 3600
DAY_MS = 24 * 3600 * 1000
VERIFIED_FILE = "verified.json"
_NICEST = 19

Alarm = Callable[[str, dict[str, Any]], None]
"""Takes a code and its values: something that people must know of."""


def copy_journal(journal: Path, folder: Path, clock: Clock) -> Path:
    """Copy the journal to `folder/backup-DATE.db`, the date in UTC."""
    return back_up(journal, folder, datetime.fromtimestamp(clock.now_ms() / 1000, UTC).date())


def verify_journal(journal: Path, state: Path, clock: Clock) -> dict[str, Any]:
    """Verify the whole journal and keep what was found; returns it."""
    return keep_verification(state, verify(journal, views), clock.now_ms())


def keep_verification(state: Path, report: Report, at_ms: int) -> dict[str, Any]:
    """Keep what a verification found in `verified.json`, for the next start and for `storebox doctor`."""
    fault = None if report.fault is None else asdict(report.fault)
    found = {"at_ms": at_ms, "entries": report.entries, "seals": report.seals, "fault": fault}
    write_whole(state / VERIFIED_FILE, json.dumps(found).encode(), 0o644)
    return found


def last_verification(state: Path) -> dict[str, Any] | None:
    """Return what the last whole verification found, or None when there was none."""
    try:
        found: dict[str, Any] = json.loads((state / VERIFIED_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def last_backup(folder: Path) -> date | None:
    """Return the date of the newest copy, or None when there is none."""
    copies = backups(folder)
    return date.fromisoformat(copies[0].stem.removeprefix("backup-")) if copies else None


class Jobs:
    """The calendar of one box. `start` returns at once; the scheduler is loaded on a thread of its own."""

    def __init__(
        self, journal: Path, state: Path, clock: Clock, alarm: Alarm, bills: Callable[[], object] | None = None
    ) -> None:
        """`bills` fetches and matches what is due; None for a shop that has nothing to match."""
        self._journal = journal
        self._state = state
        self._clock = clock
        self._alarm = alarm
        self._bills = bills
        self._stopping = threading.Event()
        self._scheduler: Any = None
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to plan."""
        self._thread.start()

    def stop(self) -> None:
        """End; a job that runs is left to its end, which the process does not wait for."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def back_up(self) -> None:
        """Copy the journal; a failure is an alarm."""
        self._guarded("backup.failed", self._back_up)

    def verify(self) -> None:
        """Verify the journal; a fault is an alarm."""
        self._guarded("ledger.not_verified", self._verify)

    def match_bills(self) -> None:
        """Fetch and match the platforms' bills that are due; what hinders all of it is an alarm."""
        if self._bills is not None:
            self._guarded("bill.stopped", self._bills)

    def plan(self) -> None:
        """Plan every job by the clock as it is now."""
        from apscheduler.triggers.cron import CronTrigger

        for name, job, (hour, minute) in (
            ("backup", self.back_up, BACKUP_UTC),
            ("verify", self.verify, VERIFY_UTC),
        ):
            self._scheduler.add_job(
                job,
                CronTrigger(hour=hour, minute=minute, timezone=UTC),
                id=name,
                replace_existing=True,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=LATE_MAX_S,
            )
        if self._bills is not None:
            self._scheduler.add_job(
                self.match_bills,
                CronTrigger(minute=BILLS_MINUTE, jitter=BILLS_SPREAD_S, timezone=UTC),
                id="bills",
                replace_existing=True,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=LATE_MAX_S,
            )

    def _run(self) -> None:
        if self._stopping.wait(BEGIN_AFTER_S):
            return
        from apscheduler.schedulers.background import BackgroundScheduler

        self._scheduler = BackgroundScheduler(timezone=UTC, daemon=True)
        self.plan()
        self._scheduler.start()
        self._plan_missed()
        try:
            self._watch_clock()
        finally:
            self._scheduler.shutdown(wait=False)

    def _watch_clock(self) -> None:
        watch = ClockWatch(self._clock)
        while not self._stopping.wait(CLOCK_LOOK_S):
            if watch.look() is not None:
                log.warning("the clock stepped: jobs planned anew")
                self.plan()
            watch.accept()

    def _plan_missed(self) -> None:
        now_ms = self._clock.now_ms()
        soon = datetime.now(UTC) + timedelta(seconds=CATCH_UP_S)
        copied = last_backup(self._state)
        if copied is None or (datetime.fromtimestamp(now_ms / 1000, UTC).date() - copied).days > 1:
            self._scheduler.add_job(self.back_up, "date", run_date=soon, id="missed backup")
        verified = last_verification(self._state)
        if verified is None or now_ms - int(verified["at_ms"]) > DAY_MS:
            later = soon + timedelta(seconds=CATCH_UP_S)
            self._scheduler.add_job(self.verify, "date", run_date=later, id="missed verification")

    def _back_up(self) -> None:
        copy = copy_journal(self._journal, self._state, self._clock)
        log.info("copied to %s", copy.name)

    def _verify(self) -> None:
        fault = verify_journal(self._journal, self._state, self._clock)["fault"]
        if fault is not None:
            log.error("the journal is damaged: %s", fault)
            self._alarm(fault["code"], {"epoch": fault["epoch"], "seq": fault["seq"]})

    def _guarded(self, code: str, job: Callable[[], object]) -> None:
        with contextlib.suppress(OSError):  # a sandbox may forbid it: then the job takes its turn like all others
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICEST)
        try:
            job()
        except (StoreboxError, OSError) as error:
            log.error("%s: %s", code, error)
            self._alarm(code, {"reason": str(error)[:120]})
