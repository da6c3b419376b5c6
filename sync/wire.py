"""What crosses the wire between a box and headquarters: uploads, receipts, compression. Pure functions.

An upload travels as zlib data (RFC 1950), which HTTP calls `Content-Encoding: deflate`. Bodies of entries are sent as
the text that is stored; nothing normalises or re-serialises them on the way.
"""

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.core.canonical import LARGEST_INTEGER, canonical, parse
from agent.core.chain import Entry, Identity
from agent.core.errors import Broken, Refused

CONTENT_ENCODING = "deflate"
ENTRIES_MAX = 500
UPLOAD_BYTES_MAX = 256 * 1024
INFLATED_BYTES_MAX = 4 * 1024 * 1024

_ID = re.compile(r"[A-Z0-9]{1,10}")
_KIND = re.compile(r"[a-z]+\.[a-z_]+|seal")
_HASH = re.compile(r"[0-9a-f]{64}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class SentEntry:
    """One entry as it was sent: the receiver computes the hash itself."""

    seq: int
    at_ms: int
    kind: str
    body: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A run of entries of one epoch; `identity.box` is the box that sends, also for an epoch of its predecessor."""

    identity: Identity
    first_seq: int
    previous: bytes
    entries: tuple[SentEntry, ...]
    heartbeat: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Headquarters' signed word on how much of an epoch it has; `document` is what was signed, signature included.

    `replaced_by` is the epoch of the box that trades in this one's place, None while none does.
    """

    identity: Identity
    next_seq: int
    head: bytes
    at_ms: int
    kid: str
    document: Mapping[str, object] = field(repr=False)
    replaced_by: int | None = None


def upload_bytes(
    identity: Identity, previous: bytes, entries: Sequence[Entry], heartbeat: Mapping[str, object]
) -> tuple[bytes, int]:
    """Return the body of an upload and how many of `entries` fit into it: at least one, else up to 256 kB."""
    frame = _encode(
        {
            "box": identity.box,
            "entries": [],
            "epoch": identity.epoch,
            "first_seq": entries[0].seq,
            "heartbeat": parse(canonical(heartbeat)),
            "previous": previous.hex(),
            "store": identity.store,
        }
    )
    rows: list[str] = []
    size = len(frame.encode())
    for entry in entries[:ENTRIES_MAX]:
        row = _encode([entry.seq, entry.at_ms, entry.kind, entry.body])
        size += len(row.encode()) + 1
        if rows and size > UPLOAD_BYTES_MAX:
            break
        rows.append(row)
    return frame.replace('"entries":[]', f'"entries":[{",".join(rows)}]', 1).encode(), len(rows)


def compress(data: bytes) -> bytes:
    """Return `data` as zlib data."""
    return zlib.compress(data, 6)


def inflate(data: bytes, bytes_max: int = INFLATED_BYTES_MAX) -> bytes:
    """Return what `data` inflates to; refuses what is no complete zlib data or larger than `bytes_max`."""
    worker = zlib.decompressobj()
    try:
        plain = worker.decompress(data, bytes_max + 1)
    except zlib.error as error:
        raise Refused("upload.not_deflate") from error
    if len(plain) > bytes_max:
        raise Refused("upload.too_large", bytes_max=bytes_max)
    if not worker.eof or worker.unused_data:
        raise Refused("upload.not_deflate")
    return plain


def parse_upload(data: bytes) -> Upload:
    """Return the upload in `data`; refuses with `upload.malformed` and the field that is wrong."""
    fields = _object(
        data, "upload.malformed", ("box", "entries", "epoch", "first_seq", "heartbeat", "previous", "store")
    )
    first_seq = _integer(fields, "first_seq", 1)
    rows = fields["entries"]
    if not isinstance(rows, list) or not rows:
        raise Refused("upload.malformed", field="entries")
    if len(rows) > ENTRIES_MAX:
        raise Refused("upload.too_large", entries_max=ENTRIES_MAX)
    heartbeat = fields["heartbeat"]
    if not isinstance(heartbeat, dict):
        raise Refused("upload.malformed", field="heartbeat")
    return Upload(
        identity=_identity(fields, "upload.malformed"),
        first_seq=first_seq,
        previous=bytes.fromhex(_text(fields, "previous", _HASH)),
        entries=tuple(_entry(row, first_seq + place) for place, row in enumerate(rows)),
        heartbeat=heartbeat,
    )


def parse_receipt(document: object) -> Receipt:
    """Return the receipt in a parsed JSON value; refuses with `receipt.malformed`. The signature is not checked."""
    code = "receipt.malformed"
    keys = ("at_ms", "box", "epoch", "head", "kid", "next_seq", "signature", "store")
    replaced = isinstance(document, dict) and "replaced_by" in document
    fields = _with_keys(document, code, (*keys, "replaced_by") if replaced else keys)
    _text(fields, "signature", _SIGNATURE, code)
    return Receipt(
        identity=_identity(fields, code),
        next_seq=_integer(fields, "next_seq", 1, code),
        head=bytes.fromhex(_text(fields, "head", _HASH, code)),
        at_ms=_integer(fields, "at_ms", 0, code),
        kid=_text(fields, "kid", re.compile(r"[A-Za-z0-9_-]{1,40}"), code),
        document=fields,
        replaced_by=_integer(fields, "replaced_by", 1, code) if replaced else None,
    )


def _entry(row: object, expected_seq: int) -> SentEntry:
    if not isinstance(row, list) or len(row) != 4:
        raise Refused("upload.malformed", field="entries", seq=expected_seq)
    seq, at_ms, kind, body = row
    if type(seq) is not int or seq != expected_seq:
        raise Refused("upload.malformed", field="seq", seq=expected_seq)
    if type(at_ms) is not int or abs(at_ms) > LARGEST_INTEGER:
        raise Refused("upload.malformed", field="at_ms", seq=expected_seq)
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise Refused("upload.malformed", field="kind", seq=expected_seq)
    if not isinstance(body, str) or "\0" in body or not _encodes(body):
        raise Refused("upload.malformed", field="body", seq=expected_seq)
    return SentEntry(seq, at_ms, kind, body)


def _encodes(text: str) -> bool:
    return text.isascii() or _SURROGATE.search(text) is None


def _object(data: bytes, code: str, keys: tuple[str, ...]) -> dict[str, object]:
    try:
        value = parse(data)
    except Broken as error:
        raise Refused(code, field="json") from error
    return _with_keys(value, code, keys)


def _with_keys(value: object, code: str, keys: tuple[str, ...]) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Refused(code, field="json")
    for key in (*keys, *value):
        if key not in value or key not in keys:
            raise Refused(code, field=str(key)[:40])
    return value


def _identity(fields: Mapping[str, object], code: str) -> Identity:
    return Identity(
        _text(fields, "store", _ID, code), _text(fields, "box", _ID, code), _integer(fields, "epoch", 1, code)
    )


def _integer(fields: Mapping[str, object], key: str, lowest: int, code: str = "upload.malformed") -> int:
    value = fields[key]
    if type(value) is not int or not lowest <= value <= LARGEST_INTEGER:
        raise Refused(code, field=key)
    return value


def _text(fields: Mapping[str, object], key: str, pattern: re.Pattern[str], code: str = "upload.malformed") -> str:
    value = fields[key]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Refused(code, field=key)
    return value
