"""Calendar jobs: what they leave, what they alarm about, and that a stepping clock does not put them off."""

import json
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pysqlite3 import dbapi2

from agent import jobs
from agent.jobs import Jobs, last_backup, last_verification
from agent.services.shop import Shop
from tests.shops import FakeClock, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = make_shop(tmp_path)
    made.writer.close()
    return made


class Alarms:
    """Keeps what was alarmed about."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def __call__(self, code: str, values: dict[str, Any]) -> None:
        self.codes.append(code)


def jobs_of(folder: Path, alarms: Alarms, clock: FakeClock | None = None) -> Jobs:
    return Jobs(folder / "journal.db", folder, clock or FakeClock(), alarms)


def test_a_night_leaves_a_copy_and_a_finding(tmp_path: Path, shop: Shop) -> None:
    alarms = Alarms()
    night = jobs_of(tmp_path, alarms)
    night.back_up()
    night.verify()
    assert alarms.codes == []
    assert last_backup(tmp_path) == date(2026, 10, 3)
    found = last_verification(tmp_path)
    assert found is not None and found["fault"] is None and found["entries"] == 1


def test_a_damaged_journal_is_an_alarm(tmp_path: Path, shop: Shop) -> None:
    with dbapi2.connect(str(tmp_path / "journal.db")) as connection:
        connection.execute("DROP TRIGGER journal_no_update")
        connection.execute("UPDATE journal SET hash = zeroblob(32)")
    alarms = Alarms()
    jobs_of(tmp_path, alarms).verify()
    assert alarms.codes == ["chain.hash_differs"]
    found = last_verification(tmp_path)
    assert found is not None and found["fault"]["seq"] == 1


def test_a_copy_that_cannot_be_made_is_an_alarm(tmp_path: Path) -> None:
    alarms = Alarms()
    jobs_of(tmp_path, alarms).back_up()
    assert alarms.codes == ["backup.failed"]


def test_an_unreadable_finding_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "verified.json").write_text("{", encoding="utf-8")
    assert last_verification(tmp_path) is None


class SteppingClock(FakeClock):
    """A clock whose wall time can be set back."""

    def set_back(self, seconds: float) -> None:
        self.at_ms -= int(seconds * 1000)


def test_jobs_are_planned_in_utc_and_again_after_a_step(
    tmp_path: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BEGIN_AFTER_S", 0.0)
    monkeypatch.setattr(jobs, "CLOCK_LOOK_S", 0.01)
    clock, planned = SteppingClock(), threading.Semaphore(0)
    night = jobs_of(tmp_path, Alarms(), clock)
    plan = night.plan

    def counted() -> None:
        plan()
        planned.release()

    started = threading.Event()
    watch = night._watch_clock

    def watched() -> None:
        started.set()
        watch()

    monkeypatch.setattr(night, "plan", counted)
    monkeypatch.setattr(night, "_watch_clock", watched)
    night.start()
    try:
        assert planned.acquire(timeout=10)
        assert started.wait(10)
        due = night._scheduler.get_job("backup").next_run_time
        assert (due.hour, due.minute) == jobs.BACKUP_UTC and due.utcoffset().total_seconds() == 0
        assert due > datetime.now(UTC)
        assert {job.id for job in night._scheduler.get_jobs()} >= {"verify", "missed backup", "missed verification"}
        clock.set_back(3600)
        assert planned.acquire(timeout=10)
    finally:
        night.stop()


def test_a_done_night_is_not_done_again_at_the_next_start(
    tmp_path: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = jobs_of(tmp_path, Alarms())
    night.back_up()
    night.verify()
    (tmp_path / "verified.json").write_text(
        json.dumps({**(last_verification(tmp_path) or {}), "at_ms": FakeClock().now_ms()}), encoding="utf-8"
    )
    monkeypatch.setattr(jobs, "BEGIN_AFTER_S", 0.0)
    again = jobs_of(tmp_path, Alarms())
    watching = threading.Event()
    monkeypatch.setattr(again, "_watch_clock", watching.set)
    added: list[str] = []
    real = again._plan_missed

    def missed() -> None:
        real()
        added.extend(job.id for job in again._scheduler.get_jobs())

    monkeypatch.setattr(again, "_plan_missed", missed)
    again.start()
    assert watching.wait(10)
    again.stop()
    assert sorted(added) == ["backup", "verify"]


def test_what_hinders_all_matching_is_an_alarm_and_the_next_hour_tries_again(tmp_path: Path, shop: Shop) -> None:
    alarms, rounds = Alarms(), iter([OSError(28, "no space"), None])

    def bills() -> None:
        hindrance = next(rounds)
        if hindrance is not None:
            raise hindrance

    hourly = Jobs(tmp_path / "journal.db", tmp_path, FakeClock(), alarms, bills)
    hourly.match_bills()
    assert alarms.codes == ["bill.stopped"]
    hourly.match_bills()
    assert alarms.codes == ["bill.stopped"] and next(rounds, "done") == "done"
