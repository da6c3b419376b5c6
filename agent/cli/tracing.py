"""Every entry that belongs to a number: those that name it, and those that name what these name."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LINKS = ("sale", "refund", "attempt", "found_attempt", "out_refund_no", "slip", "original", "subject")
"""Fields by which one entry leads to others."""
STEPS_MAX = 4
NUMBERS_MAX = 200
_BY_TEXT = """SELECT epoch, seq, at_ms, kind, body FROM past WHERE instr(body, ?1)
 UNION ALL SELECT (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'epoch'), seq, at_ms, kind, body
 FROM journal WHERE instr(body, ?1)"""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry with its body as data."""

    epoch: int
    seq: int
    at_ms: int
    kind: str
    body: dict[str, Any]


def trace(connection: Any, number: str) -> list[Found]:
    """Return the entries of a number's story, oldest first; none when nothing names it."""
    found: dict[tuple[int, int], Found] = {}
    known: set[str] = set()
    wanted = {number}
    for _ in range(STEPS_MAX):
        fresh = [one for text in sorted(wanted) for one in _naming(connection, text)]
        known |= wanted
        found |= {(one.epoch, one.seq): one for one in fresh}
        wanted = {text for one in fresh for text in _links(one.body)} - known
        if not wanted or len(known) > NUMBERS_MAX:
            break
    return [found[place] for place in sorted(found)]


def _naming(connection: Any, text: str) -> list[Found]:
    rows = connection.execute(_BY_TEXT, (text,)).fetchall()
    entries = [Found(epoch, seq, at_ms, kind, json.loads(body)) for epoch, seq, at_ms, kind, body in rows]
    return [one for one in entries if any(value == text for value in _texts(one.body))]


def _links(body: dict[str, Any]) -> Iterator[str]:
    for name in LINKS:
        value = body.get(name)
        if isinstance(value, str) and value:
            yield value
    for tender in body.get("tenders") or ():
        if tender.get("attempt"):
            yield tender["attempt"]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
