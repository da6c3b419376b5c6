"""The story of a device: its last slips, from queue to paper, as the journal tells them."""

import json
from typing import Any

from agent.cli.tracing import Found

SLIPS_MAX = 20
_LAST = "SELECT slip, queued_ms FROM spool WHERE printer = ? ORDER BY number DESC LIMIT ?"
_ENTRIES = """SELECT (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'epoch'), seq, at_ms, kind, body FROM journal
 WHERE at_ms >= ? AND kind GLOB 'slip.*' ORDER BY seq"""


def of_device(connection: Any, name: str) -> list[Found]:
    """Return what happened to the last slips of a printer, oldest first; none when it never had one."""
    rows = connection.execute(_LAST, (name, SLIPS_MAX)).fetchall()
    if not rows:
        return []
    slips, since_ms = {slip for slip, _ in rows}, min(queued_ms for _, queued_ms in rows)
    entries = [
        Found(epoch, seq, at_ms, kind, json.loads(body))
        for epoch, seq, at_ms, kind, body in connection.execute(_ENTRIES, (since_ms,))
    ]
    return [one for one in entries if one.body.get("slip") in slips]


def acknowledged(connection: Any, found: Found) -> int | None:
    """Return when headquarters' receipt of an entry arrived; None where none was kept that covers it first.

    Receipts are kept for a while only; the oldest kept one may be later than the one that covered the entry.
    """
    row = connection.execute(
        "SELECT min(received_ms) FROM receipt WHERE epoch = ? AND next_seq > ?", (found.epoch, found.seq)
    ).fetchone()
    return None if row is None else row[0]
