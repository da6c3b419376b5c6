"""What headquarters gives back of a store's earlier epochs, on the wire: a plan, and pages of entries.

A page is zlib data: one line of canonical JSON, then each entry as `EPOCH SEQ AT_MS KIND BYTES HASH`, a line break and
its body as stored. Pages of a whole history have `-` instead of hashes: they are recomputed from the entry before
`previous` on, and the last one must be `head`, which headquarters' receipt of the plan signs in the end.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from agent.core.canonical import canonical_bytes, parse
from agent.core.chain import Entry, Identity, next_hash_of_bytes
from agent.core.errors import Broken, Refused, UnknownOutcome
from sync.wire import compress, inflate

PAGE_ENTRIES = 20_000
PAGE_BYTES = 2 * 1024 * 1024
"""Of bodies, before compression."""
PAGE_BYTES_MAX = 16 * 1024 * 1024
"""What a page may inflate to: one body may be as large as an upload."""
MEDIA_TYPE = "application/x-storebox-entries"
_HASH = re.compile(r"[0-9a-f]{64}")
_KIND = re.compile(rb"[a-z]+\.[a-z_]+|seal")
_ID = re.compile(r"[A-Z0-9]{1,10}")


class PastRow(NamedTuple):
    """An entry as headquarters gives it: kind and body as bytes; `hash` as it is stored there."""

    epoch: int
    seq: int
    at_ms: int
    kind: bytes
    body: bytes
    hash: bytes

    def entry(self) -> Entry:
        """Return the entry; its text was UTF-8 when it was taken in."""
        return Entry(self.seq, self.at_ms, self.kind.decode(), self.body.decode(), self.hash)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of one epoch's history: entries after `previous`; `last` says that none follow at headquarters."""

    epoch: int
    previous: bytes
    head: bytes
    last: bool
    rows: tuple[PastRow, ...]


@dataclass(frozen=True, slots=True)
class FirstPage:
    """A page of what selling needs, in order of place; `last` says that it is the end."""

    last: bool
    rows: tuple[PastRow, ...]


@dataclass(frozen=True, slots=True)
class PlannedEpoch:
    """An earlier epoch as headquarters knows it; `receipt` is the signed document, not yet believed."""

    epoch: int
    box: str
    public_key: str
    receipt: Mapping[str, object]


def page_bytes(header: Mapping[str, object], rows: Iterable[tuple[int, int, int, str, str, str | None]]) -> bytes:
    """Return a page of rows `epoch, seq, at_ms, kind, body, hash`; without a hash the receiver recomputes it."""
    parts = [canonical_bytes(header), b"\n"]
    for epoch, seq, at_ms, kind, body, digest in rows:
        raw = body.encode()
        parts.append(b"%d %d %d %b %d %b\n" % (epoch, seq, at_ms, kind.encode(), len(raw), (digest or "-").encode()))
        parts.append(raw)
        parts.append(b"\n")
    return compress(b"".join(parts))


def parse_page(data: bytes) -> Page:
    """Return a page of a whole history, its hashes computed; raises `UnknownOutcome("restore.cut")` for half of one,
    `Broken("restore.chain_broken")` when the entries do not lead from `previous` to `head`.
    """
    fields, plain, start = _header(data, ("epoch", "previous", "head", "first_seq", "last"))
    head = previous = _digest(fields["previous"])
    epoch, seq = _number(fields["epoch"]), _number(fields["first_seq"])
    rows = []
    for found_epoch, found_seq, at_ms, kind, body, _ in _frames(plain, start):
        if found_epoch != epoch or found_seq != seq:
            raise Broken("restore.chain_broken", epoch=epoch, seq=seq)
        head = next_hash_of_bytes(head, seq, at_ms, kind, body)
        rows.append(PastRow(epoch, seq, at_ms, kind, body, head))
        seq += 1
    if head != _digest(fields["head"]):
        raise Broken("restore.chain_broken", epoch=epoch, seq=seq - 1)
    return Page(epoch, previous, head, fields["last"] is True, tuple(rows))


def parse_first_page(data: bytes) -> FirstPage:
    """Return a page of what selling needs; raises `UnknownOutcome("restore.cut")` for half of one."""
    fields, plain, start = _header(data, ("last",))
    rows = [
        PastRow(epoch, seq, at_ms, kind, body, _digest(digest.decode("latin-1")))
        for epoch, seq, at_ms, kind, body, digest in _frames(plain, start)
    ]
    return FirstPage(fields["last"] is True, tuple(rows))


def parse_plan(document: Mapping[str, object]) -> tuple[PlannedEpoch, ...]:
    """Return the epochs of a plan, oldest first; raises `UnknownOutcome("hq.garbage_answer")`."""
    rows = document.get("epochs")
    if not isinstance(rows, list):
        raise UnknownOutcome("hq.garbage_answer")
    found = [_planned(row) for row in rows]
    if any(first.epoch >= second.epoch for first, second in pairwise(found)):
        raise UnknownOutcome("hq.garbage_answer")
    return tuple(found)


def _planned(row: object) -> PlannedEpoch:
    if not isinstance(row, dict):
        raise UnknownOutcome("hq.garbage_answer")
    receipt, box, key = row.get("receipt"), row.get("box"), row.get("public_key")
    if not (isinstance(receipt, dict) and isinstance(box, str) and isinstance(key, str)):
        raise UnknownOutcome("hq.garbage_answer")
    if not (_ID.fullmatch(box) and _HASH.fullmatch(key)):
        raise UnknownOutcome("hq.garbage_answer")
    return PlannedEpoch(_number(row.get("epoch")), box, key, receipt)


def _header(data: bytes, keys: tuple[str, ...]) -> tuple[Mapping[str, object], bytes, int]:
    try:
        plain = inflate(data, PAGE_BYTES_MAX)
        end = plain.index(b"\n")
        fields = parse(plain[:end])
    except (Refused, Broken, ValueError) as error:
        raise UnknownOutcome("restore.cut") from error
    if not isinstance(fields, dict) or any(key not in fields for key in keys):
        raise UnknownOutcome("restore.cut")
    return fields, plain, end + 1


def _frames(plain: bytes, start: int) -> Iterable[tuple[int, int, int, bytes, bytes, bytes]]:
    place, end = start, len(plain)
    kinds: set[bytes] = set()
    while place < end:
        try:
            line_end = plain.index(b"\n", place)
            epoch, seq, at_ms, kind, size, digest = plain[place:line_end].split(b" ")
            place = line_end + 1 + int(size)
            body = plain[line_end + 1 : place]
            numbers = int(epoch), int(seq), int(at_ms)
        except ValueError as error:
            raise UnknownOutcome("restore.cut") from error
        if kind not in kinds:
            if not _KIND.fullmatch(kind):
                raise UnknownOutcome("restore.cut")
            kinds.add(kind)
        if plain[place : place + 1] != b"\n":
            raise UnknownOutcome("restore.cut")
        place += 1
        yield (*numbers, kind, body, digest)


def _digest(value: object) -> bytes:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise UnknownOutcome("restore.cut")
    return bytes.fromhex(value)


def _number(value: object) -> int:
    if type(value) is not int or value < 1:
        raise UnknownOutcome("hq.garbage_answer")
    return value


def identity_of(store: str, planned: PlannedEpoch) -> Identity:
    """Return whose journal a planned epoch is."""
    return Identity(store, planned.box, planned.epoch)
