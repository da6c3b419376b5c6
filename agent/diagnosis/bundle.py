"""`storebox bundle`: everything that support may see of a box, gathered, looked through once more, and packed.

Nothing here changes the box, and it may run while the shop trades.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from agent.core.chain import Identity
from agent.core.errors import Broken, StoreboxError
from agent.diagnosis import closed
from agent.diagnosis.bundle_guard import check, secrets_of_files, secrets_of_journal, secrets_of_settings
from agent.diagnosis.bundle_journal import as_lines, journal_told, verification_told
from agent.diagnosis.bundle_logs import logs_told
from agent.diagnosis.bundle_machine import security, units, usb, versions
from agent.diagnosis.bundle_metrics import metrics_told
from agent.diagnosis.bundle_pack import FIRST_PAGE, MANIFEST, as_json, manifest, packed
from agent.diagnosis.bundle_page import Summary, Told, first_page
from agent.diagnosis.bundle_selftests import selftests_told
from agent.diagnosis.bundle_settings import problems_told, settings_told
from agent.settings import Settings

NOBODY = Identity("new", "box", 0)
"""A box without a store: support needs to see it just when its set-up goes wrong."""
EXAMINATION_STATES = ("ok", "degraded", "fail")


class Examined(Protocol):
    """A finding of an examination; only name, state and code are taken, never its evidence."""

    @property
    def name(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def code(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Sources:
    """What is not read from the state folder: findings, lines of the log, figures of the running box."""

    findings: Sequence[Examined] = ()
    log_lines: Iterable[str] = ()
    metrics: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle, ready to be written, sent or told of."""

    name: str
    data: bytes
    summary: Summary

    @property
    def sha256(self) -> str:
        """Return the hash of the whole."""
        return sha256(self.data).hexdigest()


def make(settings: Settings, sources: Sources, now_ms: int, *, whole: bool = True) -> Bundle:
    """Gather and pack. Raises `bundle.secret_inside` when a secret of this box got in."""
    identity = _identity(settings.state)
    releases, findings = versions(), [_finding(one) for one in sources.findings]
    journal = _journal(settings, now_ms, whole=whole)
    logs = logs_told(sources.log_lines, now_ms)
    parts = {
        "versions.json": as_json(releases),
        "settings.json": as_json({"settings": settings_told(settings), "problems": problems_told(settings.state)}),
        "units.json": as_json(units()),
        "security.json": as_json(security()),
        "usb.json": as_json(usb()),
        "logs.jsonl": as_lines(logs).encode(),
        "metrics.json": as_json(metrics_told(sources.metrics)),
        "selftests.json": as_json(_selftests(settings.state)),
        "journal.json": as_json(journal),
        "findings.json": as_json([{"name": one.name, "state": one.state, "code": one.code} for one in findings]),
    }
    summary = Summary(
        identity,
        now_ms,
        str(releases["packages"].get("storebox", "0")),
        tuple(findings),
        {} if "fault" in journal else journal,
        len(logs),
        sum(one["level"] in ("warning", "error", "critical") for one in logs),
    )
    files = {FIRST_PAGE: first_page(summary, settings.zone).encode(), **parts}
    facts = {"store": identity.store, "box": identity.box, "epoch": identity.epoch, "made_at_ms": now_ms}
    files[MANIFEST] = manifest(files, {**facts, "version": summary.version})
    check(files, _secrets(settings))
    name = f"storebox-bundle-{identity.store}-{identity.box}-{identity.epoch}-{now_ms // 1000}.zip"
    return Bundle(name, packed(files), summary)


def _identity(state: Path) -> Identity:
    """Return who this box is; `NOBODY` where it has no store yet, or its enrolment can't be read."""
    from sync.enrol import load_enrolment

    try:
        enrolment = load_enrolment(state)
    except StoreboxError:
        return NOBODY
    return NOBODY if enrolment is None else enrolment.identity


def _finding(one: Examined) -> Told:
    name = one.name if one.name.isascii() and one.name.replace(" ", "").replace("_", "").isalpha() else "other"
    return Told(name[:40], closed.word(one.state, EXAMINATION_STATES) or "fail", closed.code(one.code))


def _journal(settings: Settings, now_ms: int, *, whole: bool) -> dict[str, Any]:
    """Return the journal's statistics; of one that can't be read only why, by code."""
    from pysqlite3 import dbapi2 as sqlite3

    try:
        return journal_told(settings.state, now_ms, whole=whole)
    except StoreboxError as error:
        return {"fault": closed.code(error.code)}
    except sqlite3.Error as error:
        return {"fault": "journal.bad_tail", "sqlite": closed.word(getattr(error, "sqlite_errorname", None), _SQLITE)}


def _selftests(state: Path) -> dict[str, Any]:
    from agent.jobs import last_backup, last_verification

    newest = last_backup(state)
    return {
        "verified": verification_told(last_verification(state)),
        "copy_of": None if newest is None else newest.isoformat(),
        **selftests_told(state),
    }


def _secrets(settings: Settings) -> set[bytes]:
    """Return what this box knows that nobody else may."""
    from agent.store.connection import JOURNAL_FILE, open_reader
    from sync.credentials import credentials_folder
    from sync.platforms.files import FOLDER, SECRETS, merchant_files, settings_in

    folders = [settings.state / "keys", settings.state / FOLDER]
    if (credentials := credentials_folder()) is not None:
        folders.append(credentials)
    found = set(secrets_of_files(folders))
    for file in merchant_files(settings.state / FOLDER):
        try:
            found |= set(secrets_of_settings(settings_in(file), SECRETS))
        except StoreboxError:
            continue  # no settings: nothing of it is read for the bundle either
    try:
        connection = open_reader(settings.state / JOURNAL_FILE)
    except Broken:
        return found
    try:
        return found | set(secrets_of_journal(connection))
    finally:
        connection.close()


_SQLITE = frozenset(
    {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_BUSY", "SQLITE_FULL"}
)
