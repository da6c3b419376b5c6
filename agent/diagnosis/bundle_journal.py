"""The journal in a bundle: whether it is sound, how much of what it holds, what waits. No entry's body."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.diagnosis import closed
from agent.store import views
from agent.store.connection import JOURNAL_FILE, open_reader, snapshot
from agent.store.spool import SlipState
from agent.store.verify import verify, verify_tail

DAYS = 31
OTHER = "other"
_DAY_MS = 24 * 3600 * 1000
_COUNTED = ("receipt", "answer", "draft", "spool", "session", "api_key", "staff", "document", "past")


def journal_told(state: Path, now_ms: int, *, whole: bool) -> dict[str, Any]:
    """Return statistics of the journal and what its verification found; `whole` verifies all of it, else its tail.

    Raises `Broken` when there is no journal to read.
    """
    path = state / JOURNAL_FILE
    connection = open_reader(path)
    try:
        with snapshot(connection):
            found = _statistics(connection, now_ms)
        found["quick_check"] = _quick_check(connection)
    finally:
        connection.close()
    report = verify(path, views) if whole else verify_tail(path)
    fault = report.fault
    found["chain"] = {
        "whole": whole,
        "good": report.ok,
        "entries": closed.count(report.entries),
        "seals": closed.count(report.seals),
        "head": closed.digest(report.head),
        "fault": None if fault is None else closed.code(fault.code),
        "fault_seq": None if fault is None else closed.count(fault.seq),
        "unsealed_since": None if report.unsealed_since is None else closed.count(report.unsealed_since.seq),
    }
    found["files"] = {
        place.suffix.removeprefix(".") or "db": closed.count(place.stat().st_size // 1024)
        for place in (path, path.with_name(f"{path.name}-wal"))
        if place.is_file()
    }
    return found


def verification_told(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what may be told of the nightly verification."""
    if found is None:
        return None
    fault = found.get("fault")
    return {
        "at_ms": closed.moment_ms(found.get("at_ms")),
        "entries": closed.count(found.get("entries")),
        "seals": closed.count(found.get("seals")),
        "fault": closed.code(fault.get("code")) if isinstance(fault, dict) else None,
        "good": fault is None,
    }


def _statistics(connection: Any, now_ms: int) -> dict[str, Any]:
    last = connection.execute("SELECT max(seq), min(at_ms), max(at_ms) FROM journal").fetchone()
    epoch = int(connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0])
    since_ms = now_ms - DAYS * _DAY_MS
    days: dict[str, int] = {}
    counted = "SELECT at_ms / 86400000, count(*) FROM journal WHERE at_ms BETWEEN ? AND ? GROUP BY 1 ORDER BY 1"
    for number, entries in connection.execute(counted, (since_ms, now_ms + _DAY_MS)):
        days[datetime.fromtimestamp(number * 86_400, UTC).date().isoformat()] = entries
    return {
        "epoch": closed.count(epoch),
        "last_seq": closed.count(last[0] or 0),
        "first_ms": closed.moment_ms(last[1]),
        "last_ms": closed.moment_ms(last[2]),
        "kinds": _kinds(connection),
        "days": days,
        "rows": {name: _rows(connection, name) for name in (*_COUNTED, *_views(connection))},
        "spool": _spool(connection),
        "receipts": _receipts(connection),
        "directives": _directives(connection),
    }


def _kinds(connection: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for kind, entries in connection.execute("SELECT kind, count(*) FROM journal GROUP BY kind ORDER BY kind"):
        name = closed.word(kind, closed.kinds()) or OTHER
        found[name] = found.get(name, 0) + entries
    return found


def _views(connection: Any) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'view_[a-z]*'")
    return sorted(name for (name,) in rows if name.replace("_", "").isalpha() and name.isascii() and len(name) < 40)


def _rows(connection: Any, table: str) -> int | None:
    return closed.count(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _spool(connection: Any) -> dict[str, int]:
    found = dict.fromkeys((one.value for one in SlipState), 0)
    for state, slips in connection.execute("SELECT state, count(*) FROM spool GROUP BY state"):
        if state in found:
            found[state] = slips
    return found


def _receipts(connection: Any) -> list[dict[str, Any]]:
    newest = (
        "SELECT epoch, next_seq, head, received_ms FROM receipt"
        " WHERE id IN (SELECT max(id) FROM receipt GROUP BY epoch)"
    )
    return [
        {
            "epoch": closed.count(epoch),
            "next_seq": closed.count(next_seq),
            "head": closed.digest(head),
            "received_ms": closed.moment_ms(received_ms),
        }
        for epoch, next_seq, head, received_ms in connection.execute(newest)
    ]


def _directives(connection: Any) -> dict[str, int]:
    rows = connection.execute("SELECT kind, max(version) FROM document GROUP BY kind ORDER BY kind")
    return {kind: version for kind, version in rows if kind.replace("_", "").isalpha() and len(kind) < 30}


def _quick_check(connection: Any) -> dict[str, Any]:
    """Return whether SQLite finds the file sound; its own words may quote what stands in it, so they are counted."""
    rows = connection.execute("PRAGMA quick_check(50)").fetchall()
    good = [row[0] for row in rows] == ["ok"]
    return {"good": good, "faults": 0 if good else len(rows)}


def as_lines(rows: list[dict[str, Any]]) -> str:
    """Return rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=True, sort_keys=True) + "\n" for row in rows)
