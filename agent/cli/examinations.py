"""What `storebox doctor` looks at. Each examination returns findings and raises nothing about the box itself."""

import os
import shutil
import stat
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from agent.cli.findings import Finding, State, of_error
from agent.cli.links import clock, devices, headquarters, payments_of_headquarters
from agent.cli.secrets_at_rest import merchant_keys
from agent.core.errors import StoreboxError
from agent.core.reconcile.statement import StatementState
from agent.settings import Settings

FSYNCS = 20
FSYNC_GOOD_MS = 25.0
FSYNC_BAD_MS = 250.0
FREE_GOOD_BYTES = 2_000_000_000
FREE_BAD_BYTES = 200_000_000
DAY_MS = 24 * 3600 * 1000


def examine(settings: Settings) -> list[Finding]:
    """Return the findings, in the order in which a technician would look."""
    found: list[Finding] = []
    examinations: tuple[Callable[[Settings], Finding], ...] = (
        enrolment,
        keys,
        sqlite_version,
        disk_space,
        disk_flush,
        journal,
        verification,
        copies,
        clock,
        devices,
        headquarters,
        platforms,
        merchant_keys,
        bills,
    )
    for examination in examinations:
        try:
            found.append(examination(settings))
        except StoreboxError as error:
            found.append(of_error(examination.__name__, error))
        except OSError as error:
            said = str(error)
            found.append(Finding(examination.__name__, "fail", (said, said)))
        if examination is enrolment and found[-1].state == "fail":
            break  # nothing else of it exists yet
    return found


def enrolment(settings: Settings) -> Finding:
    """Who this box is."""
    from agent.daemon.box import enrolment_of

    who = enrolment_of(settings.state).identity
    text = f"{who.store} / {who.box} / {who.epoch}"
    return Finding("enrolment", "ok", (f"门店/盒子/纪元 {text}", f"store / box / epoch {text}"))


def keys(settings: Settings) -> Finding:
    """Whether only the box's user can read the keys."""
    folder = settings.state / "keys"
    open_to_others = [path.name for path in sorted(folder.iterdir()) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_to_others:
        names = ", ".join(open_to_others)
        remedy = f"chmod go-rwx {folder}/*"
        return Finding("keys", "fail", (f"别的用户能读:{names}", f"other users can read {names}"), (remedy, remedy))
    return Finding("keys", "ok", ("只有本用户能读", "readable by the box's user alone"))


def sqlite_version(settings: Settings) -> Finding:
    """Whether the SQLite in use has the fix without which commits can be lost."""
    from pysqlite3 import dbapi2

    from agent.store.connection import check_version

    check_version()
    return Finding("sqlite", "ok", (dbapi2.sqlite_version, dbapi2.sqlite_version))


def platforms(settings: Settings) -> Finding:
    """Whether the merchants' files are right, or headquarters hold the keys; the platforms themselves are not asked."""
    from agent.daemon.clock import SystemEntropy
    from agent.daemon.platforms import from_folder

    if settings.payments.custody == "hq":
        return payments_of_headquarters(settings)
    found, problems = from_folder(settings.state, SystemEntropy())
    if problems:
        return of_error("platforms", problems[0])
    names = ", ".join(found)
    if not names:
        said = "没有支付平台,只收别的方式", "no payment platform; other tenders are taken"
        return Finding("platforms", "ok", said)
    return Finding("platforms", "ok", (names, names))


def disk_space(settings: Settings) -> Finding:
    """Whether there is room for the journal, its copies and the spool."""
    free_bytes = shutil.disk_usage(settings.state).free
    state: State = "ok" if free_bytes >= FREE_GOOD_BYTES else "degraded" if free_bytes >= FREE_BAD_BYTES else "fail"
    size = f"{free_bytes / 1e9:.1f} GB"
    return Finding(
        "disk space",
        state,
        (f"剩余 {size}", f"{size} free"),
        (
            "清理别的文件,别删 journal.db;或换大一点的盘。",
            "Remove other files, never journal.db; or use a larger disk.",
        ),
    )


def disk_flush(settings: Settings) -> Finding:
    """How long the disk takes to promise that something is kept: the floor of every sale."""
    times_ms = sorted(_flush_times_ms(settings.state))
    middle_ms, worst_ms = times_ms[len(times_ms) // 2], times_ms[-1]
    state: State = "ok" if middle_ms <= FSYNC_GOOD_MS else "degraded" if middle_ms <= FSYNC_BAD_MS else "fail"
    text = f"fsync {middle_ms:.1f} ms, {worst_ms:.1f} ms"
    return Finding(
        "disk flush",
        state,
        (f"{text}(中位、最慢)", f"{text} (median, worst of {FSYNCS})"),
        ("盘太慢或将坏:看 dmesg,换固态盘。", "The disk is slow or dying: see dmesg, use a solid-state disk."),
    )


def _flush_times_ms(state: Path) -> list[float]:
    path = state / f".doctor-{os.getpid()}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    times_ms = []
    try:
        for _ in range(FSYNCS):
            began_s = time.perf_counter()
            os.write(descriptor, bytes(4096))
            os.fsync(descriptor)
            times_ms.append((time.perf_counter() - began_s) * 1000)
    finally:
        os.close(descriptor)
        path.unlink()
    return times_ms


def journal(settings: Settings) -> Finding:
    """Whether the journal is sound from its last seal on."""
    from agent.store.connection import JOURNAL_FILE
    from agent.store.verify import verify_tail

    report = verify_tail(settings.state / JOURNAL_FILE)
    if report.fault is not None:
        place = f"{report.fault.code} #{report.fault.seq}"
        return Finding(
            "journal",
            "fail",
            (f"末尾不对:{place}", f"its tail is damaged: {place}"),
            ("storebox restore,或 storebox journal set-aside。", "storebox restore, or storebox journal set-aside."),
        )
    last = report.last
    place = "-" if last is None else f"#{last.seq}"
    return Finding("journal", "ok", (f"末尾完好,到 {place}", f"its tail is sound, up to {place}"))


def verification(settings: Settings) -> Finding:
    """When the whole journal was verified, and what came of it."""
    from agent.jobs import last_verification

    remedy = ("storebox ledger verify", "storebox ledger verify")
    found = last_verification(settings.state)
    if found is None:
        return Finding("verified", "degraded", ("还没有整本核过", "never verified as a whole"), remedy)
    day = datetime.fromtimestamp(found["at_ms"] / 1000, settings.zone).strftime("%Y-%m-%d %H:%M")
    if found["fault"] is not None:
        code = found["fault"]["code"]
        return Finding("verified", "fail", (f"{day} 发现 {code}", f"{code} was found on {day}"), remedy)
    late = time.time() * 1000 - found["at_ms"] > 2 * DAY_MS
    entries = found["entries"]
    said = (f"{day} 核过 {entries} 条,无误", f"{entries} entries on {day}, nothing wrong")
    return Finding("verified", "degraded" if late else "ok", said, remedy)


def copies(settings: Settings) -> Finding:
    """How old the newest copy of the journal is."""
    from agent.jobs import last_backup

    newest = last_backup(settings.state)
    remedy = (
        "盒子夜里开着会自动备份;或开机十分钟后补做。",
        "A box that is on at night copies by itself; else ten minutes after it was switched on.",
    )
    if newest is None:
        return Finding("copies", "degraded", ("还没有备份", "no copy yet"), remedy)
    late = (datetime.now(UTC).date() - newest).days > 2
    return Finding("copies", "degraded" if late else "ok", (f"最新 {newest}", f"the newest is of {newest}"), remedy)


def bills(settings: Settings) -> Finding:
    """Whether the platforms' bills agree with the journal, where this box matches them itself."""
    from agent.cli.boxes import journal_of
    from agent.services import bill_journal

    with journal_of(settings) as connection:
        newest, differences = bill_journal.bills(connection, 1), bill_journal.open_differences(connection)
        late = [one for one in bill_journal.bills(connection) if one["state"] == StatementState.OVERDUE]
    if settings.payments.custody == "hq":
        return Finding("bills", "ok", ("由总部对账", "matched by headquarters"))
    if late:
        day = late[0]["day"]
        remedy = ("storebox bill fetch", "storebox bill fetch")
        return Finding("bills", "degraded", (f"{day} 的账单没来", f"the bill of {day} has not come"), remedy)
    if differences:
        days = ", ".join(sorted({str(one["bill_day"]) for one in differences}))
        said = (f"{days} 有 {len(differences)} 笔对不上", f"{len(differences)} lines of {days} do not agree")
        return Finding("bills", "degraded", said, ("storebox bill differences", "storebox bill differences"))
    if not newest:
        return Finding("bills", "ok", ("还没有对过账", "none was matched yet"))
    day = newest[0]["day"]
    return Finding("bills", "ok", (f"对到 {day},一致", f"matched up to {day}, nothing differs"))
