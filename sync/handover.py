"""The file of a hand-over: one line that says whose it is, then entries, sealed for headquarters. Pure functions.

Sealing: an X25519 key made for the file, HKDF-SHA256, AES-256-GCM; the first line is bound to it. Without a key of
headquarters the entries are only compressed. The signature is the box's, over all that comes before it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent.core.canonical import canonical_bytes
from agent.core.chain import Entry, Identity
from agent.core.errors import Refused
from agent.core.ports import Signer
from agent.core.signing import verify
from sync.wire import compress, inflate

FORMAT = "storebox-handover-1"
BYTES_MAX = 256 * 1024 * 1024
_PURPOSE = b"storebox-handover"
_NONCE = bytes(12)
"""The key is new in each file, so that its one nonce may be the same."""


@dataclass(frozen=True, slots=True)
class Run:
    """Unsent entries of an epoch behind `previous`; there may be holes in it, `missing` numbers in all."""

    whose: Identity
    previous: bytes
    entries: tuple[Entry, ...]
    missing: int

    @classmethod
    def of(cls, whose: Identity, first_seq: int, previous: bytes, entries: Iterable[Entry]) -> "Run":
        """Return the run of what could be read."""
        found = tuple(entries)
        missing = found[-1].seq - first_seq + 1 - len(found) if found else 0
        return cls(whose, previous, found, missing)


@dataclass(frozen=True, slots=True)
class Handover:
    """A file as it was read; `signature` is not yet checked, `sealed_for` the name of the key that opens it."""

    whose: Identity
    at_ms: int
    sealed_for: str | None
    signed_part: bytes
    signature: bytes | None
    _head: bytes
    _ephemeral: bytes
    _payload: bytes

    def signed_by(self, public_key: bytes) -> bool:
        """Tell whether the box of this key signed the file."""
        return self.signature is not None and verify(public_key, self.signed_part, self.signature)

    def runs(self, private_key: X25519PrivateKey | None) -> tuple[Run, ...]:
        """Open the file; refuses with `handover.malformed` what does not open."""
        data = self._payload
        if self.sealed_for is not None:
            if private_key is None:
                raise Refused("handover.other_headquarters", kid=self.sealed_for)
            data = _opened(private_key, self._ephemeral, data, self._head)
        return _runs(self.whose.store, inflate(data, BYTES_MAX))


def handover_bytes(
    whose: Identity, runs: Sequence[Run], signer: Signer | None, sealing_key: tuple[str, bytes] | None, at_ms: int
) -> tuple[bytes, bool]:
    """Return the file and whether it is sealed; `sealing_key` is headquarters' name and public key for it."""
    payload = compress(_plain(runs))
    private = X25519PrivateKey.generate()
    ephemeral = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    head: dict[str, object] = {
        "format": FORMAT,
        "store": whose.store,
        "box": whose.box,
        "epoch": whose.epoch,
        "at_ms": at_ms,
        "sealed_for": sealing_key[0] if sealing_key else None,
        "ephemeral": ephemeral.hex() if sealing_key else None,
    }
    line = canonical_bytes(head) + b"\n"
    if sealing_key is not None:
        shared = private.exchange(X25519PublicKey.from_public_bytes(sealing_key[1]))
        payload = AESGCM(_derived(shared, ephemeral)).encrypt(_NONCE, payload, line)
    body = line + payload
    signature = signer.sign(_PURPOSE + b"\n" + body) if signer is not None else b""
    return body + b"\n" + signature.hex().encode(), sealing_key is not None


def parse_handover(data: bytes) -> Handover:
    """Return a file's parts; refuses with `handover.malformed`."""
    line_end, last = data.find(b"\n"), data.rfind(b"\n")
    try:
        head = json.loads(data[: max(line_end, 0)])
        if not isinstance(head, Mapping) or head["format"] != FORMAT or last <= line_end or len(data) > BYTES_MAX:
            raise ValueError(FORMAT)
        whose = Identity(str(head["store"]), str(head["box"]), int(head["epoch"]))
        signature = bytes.fromhex(data[last + 1 :].decode())
        ephemeral = bytes.fromhex(head["ephemeral"] or "")
        sealed_for = None if head["sealed_for"] is None else str(head["sealed_for"])
        at_ms = int(head["at_ms"])
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("handover.malformed", reason=str(error)[:60]) from error
    line, body = data[: line_end + 1], data[:last]
    signed_part = _PURPOSE + b"\n" + body
    payload = data[line_end + 1 : last]
    return Handover(whose, at_ms, sealed_for, signed_part, signature or None, line, ephemeral, payload)


def _plain(runs: Sequence[Run]) -> bytes:
    parts = []
    for run in runs:
        if run.entries:
            head = {"epoch": run.whose.epoch, "box": run.whose.box, "previous": run.previous.hex()}
            rows = [[one.seq, one.at_ms, one.kind, one.body, one.hash.hex()] for one in run.entries]
            text = json.dumps({**head, "missing": run.missing, "entries": rows}, ensure_ascii=False)
            parts.append(text.encode("utf-8", "surrogatepass"))
    return b"\n".join(parts)


def _runs(store: str, plain: bytes) -> tuple[Run, ...]:
    try:
        return tuple(_run(store, json.loads(line)) for line in plain.split(b"\n") if line)
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("handover.malformed", reason=str(error)[:60]) from error


def _run(store: str, fields: Mapping[str, object]) -> Run:
    rows = fields["entries"]
    if not isinstance(rows, list):
        raise TypeError("entries are a list")
    whose = Identity(store, str(fields["box"]), int(str(fields["epoch"])))
    entries = tuple(Entry(int(row[0]), int(row[1]), str(row[2]), str(row[3]), bytes.fromhex(row[4])) for row in rows)
    return Run(whose, bytes.fromhex(str(fields["previous"])), entries, int(str(fields["missing"])))


def _opened(private_key: X25519PrivateKey, ephemeral: bytes, data: bytes, line: bytes) -> bytes:
    try:
        shared = private_key.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        return AESGCM(_derived(shared, ephemeral)).decrypt(_NONCE, data, line)
    except (InvalidTag, ValueError) as error:
        raise Refused("handover.malformed", reason="does not open") from error


def _derived(shared: bytes, ephemeral: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=ephemeral, info=_PURPOSE).derive(shared)
