"""The journal as lines: every entry of every epoch, oldest first, read page by page."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TextIO

from agent.core.chain import Entry
from agent.store.journal import epochs, every_entry
from agent.store.rebuild import count_entries

PROGRESS_STEP = 500
COLUMNS = ("epoch", "seq", "at", "kind", "till", "shift", "staff", "day", "number", "amount_fen", "body")
_NUMBERS = ("refund", "attempt", "out_refund_no", "slip", "sale")
_AMOUNTS = ("total_fen", "amount_fen")

Write = Callable[[int, Entry, dict[str, Any]], None]


def export_entries(
    connection: Any,
    file: TextIO,
    form: str,
    day: str | None,
    kind: str | None,
    progress: Callable[[int, int], None],
) -> int:
    """Write entries to a file as JSON lines or CSV; return how many."""
    write = _csv_writer(file) if form == "csv" else _json_writer(file)
    whole = count_entries(connection)
    count = 0
    for done, (epoch, entry) in enumerate(_all(connection), 1):
        if done % PROGRESS_STEP == 0:
            progress(done, whole)
        body: dict[str, Any] = json.loads(entry.body)
        if (kind is None or entry.kind == kind) and (day is None or body.get("day") == day):
            write(epoch, entry, body)
            count += 1
    return count


def _all(connection: Any) -> Iterator[tuple[int, Entry]]:
    for epoch in epochs(connection):
        for entry in every_entry(connection, epoch):
            yield epoch, entry


def _json_writer(file: TextIO) -> Write:
    def write(epoch: int, entry: Entry, body: dict[str, Any]) -> None:
        line = {"epoch": epoch, "seq": entry.seq, "at_ms": entry.at_ms, "kind": entry.kind, "body": entry.body}
        file.write(json.dumps({**line, "hash": entry.hash.hex()}, ensure_ascii=False) + "\n")

    return write


def _csv_writer(file: TextIO) -> Write:
    rows = csv.writer(file)
    rows.writerow(COLUMNS)

    def write(epoch: int, entry: Entry, body: dict[str, Any]) -> None:
        at = datetime.fromtimestamp(entry.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
        trade = [body.get(name, "") for name in ("till", "shift", "staff", "day")]
        number = next((body[name] for name in _NUMBERS if body.get(name)), "")
        amount_fen = next((body[name] for name in _AMOUNTS if name in body), "")
        rows.writerow([epoch, entry.seq, at, entry.kind, *trade, number, amount_fen, entry.body])

    return write
