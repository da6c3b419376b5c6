"""The rehearsal: the new release's own program opens a copy of the live journal, and what it finds is compared.

The old release copies and counts; the new one, in a process of its own, migrates the copy, rebuilds its views, verifies
and counts again. Equal figures, the chain's head of the live journal and an intact chain: else the upgrade ends here,
with nothing changed. Measured on the way: how long the new release takes to open this journal.
"""

import json
import math
import os
import subprocess
import time
from pathlib import Path
from typing import Any

from agent.core.errors import Refused
from agent.store.connection import open_reader, open_writer
from agent.store.migrations import migrate
from agent.store.ports import Views
from agent.store.rebuild import rebuild_in
from agent.store.verify import verify

COPY = "journal.db"
TIMEOUT_S = 900.0
_FIGURES = {
    "epoch": "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'epoch'",
    "seq": "SELECT coalesce(max(seq), 0) FROM journal",
    "head": "SELECT lower(hex(hash)) FROM journal ORDER BY seq DESC LIMIT 1",
    "past": "SELECT count(*) FROM past",
    "acknowledged": "SELECT coalesce(max(next_seq), 1) FROM receipt",
    "sales": "SELECT count(*) FROM view_sale",
    "sales_fen": "SELECT coalesce(sum(total_fen), 0) FROM view_sale",
    "refunds": "SELECT count(*) FROM view_refund",
    "refunds_fen": "SELECT coalesce(sum(total_fen), 0) FROM view_refund",
    "open_attempts": "SELECT count(*) FROM view_attempt WHERE state IN ('open', 'parked')",
    "drafts": "SELECT count(*) FROM draft",
    "slips_waiting": "SELECT count(*) FROM spool WHERE state IN ('queued', 'sending', 'unconfirmed')",
}


def figures(path: Path) -> dict[str, Any]:
    """Return what must be the same before and after: place and head of the chain, totals, what is unfinished."""
    connection = open_reader(path)
    try:
        found = {}
        for name, query in _FIGURES.items():
            row = connection.execute(query).fetchone()
            found[name] = None if row is None else row[0]
        return found
    finally:
        connection.close()


def rehearse(path: Path, views: Views) -> dict[str, Any]:
    """Open a copy as a start would, verify it whole, and return its figures; what the new release's program does.

    Raises `Refused("upgrade.rehearsal_fault")` with the first fault.
    """
    began_s = time.monotonic()
    connection = open_writer(path)
    try:
        if migrate(connection, views):
            connection.execute("BEGIN IMMEDIATE")
            rebuild_in(connection, views)
            connection.execute("COMMIT")
    finally:
        connection.close()
    opened_s = time.monotonic() - began_s
    report = verify(path, views)
    if report.fault is not None:
        raise Refused("upgrade.rehearsal_fault", reason=report.fault.code, seq=report.fault.seq)
    return {**figures(path), "opened_ms": math.ceil(opened_s * 1000)}


def held(copy: Path, before: dict[str, Any], live: Path, program: Path, timeout_s: float = TIMEOUT_S) -> int:
    """Let `program` rehearse on a copy and compare; returns how many milliseconds it took to open the journal.

    `before` are the figures of the copy as the running release sees it. Refuses with `upgrade.rehearsal_ended`,
    `upgrade.rehearsal_differs`, `upgrade.rehearsal_other_journal`.
    """
    after = _told_by(program, copy, timeout_s)
    opened_ms = after.pop("opened_ms", 0)
    for name, value in before.items():
        if after.get(name) != value:
            raise Refused("upgrade.rehearsal_differs", field=name, before=str(value), after=str(after.get(name)))
    connection = open_reader(live)
    try:
        row = connection.execute("SELECT lower(hex(hash)) FROM journal WHERE seq = ?", (before["seq"],)).fetchone()
    finally:
        connection.close()
    if row is None or row[0] != before["head"]:
        raise Refused("upgrade.rehearsal_other_journal", seq=before["seq"])
    return opened_ms if isinstance(opened_ms, int) else 0


def _told_by(program: Path, copy: Path, timeout_s: float) -> dict[str, Any]:
    command = [str(program), "upgrade", "rehearse", str(copy), "--json"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_s, check=False, stdin=subprocess.DEVNULL,
            **_less_rights(copy),
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Refused("upgrade.rehearsal_ended", reason=f"> {timeout_s:.0f} s") from error
    except OSError as error:
        raise Refused("upgrade.rehearsal_ended", reason=str(error.strerror)) from error
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[0]
        raise Refused("upgrade.rehearsal_ended", reason=said[:120])
    try:
        told = json.loads(done.stdout)
    except ValueError as error:
        raise Refused("upgrade.rehearsal_ended", reason="no JSON") from error
    if not isinstance(told, dict):
        raise Refused("upgrade.rehearsal_ended", reason="no JSON")
    return told


def _less_rights(copy: Path) -> dict[str, Any]:
    """A release that was never run here gets no more rights than the agent has."""
    whose = copy.stat()
    if os.geteuid() != 0 or whose.st_uid == 0:
        return {}
    return {"user": whose.st_uid, "group": whose.st_gid, "extra_groups": []}
