"""Walking a chain entry by entry over raw bytes: numbers, hashes, enrolment and seals."""

from typing import Any

from agent.core.canonical import parse
from agent.core.chain import Identity, genesis, next_hash_of_bytes
from agent.core.errors import Broken
from agent.core.signing import seal_message, verify
from agent.store.faults import Fault
from agent.store.place import Place

RawRow = tuple[Any, Any, Any, Any, Any]
"""seq, at_ms, kind and body as bytes, hash; anything may stand in a damaged file."""
_SEAL = b"seal"


class ChainCheck:
    """Checks the entries of one epoch in order; `fault` is the first that breaks it."""

    def __init__(self, whose: Identity, public_key: str | None = None, *, start: int = 1, head: bytes = b"") -> None:
        """Start at entry `start`, which follows hash `head` (genesis for 1)."""
        self.whose = whose
        self.head = head or genesis(whose)
        self.next_seq = start
        self.public_key = public_key
        self.previous: dict[str, Any] | None = None
        self.entries = 0
        self.seals = 0
        self.last_seal_seq = 0
        self.last: Place | None = None
        self.unsealed_since: Place | None = None
        self.fault: Fault | None = None

    def take(self, row: RawRow) -> bool:
        """Check the next entry; return whether it holds."""
        code = self._code(*row)
        if code is not None:
            self.fault = Fault(code, self.whose.epoch, self.next_seq)
            return False
        self.next_seq += 1
        self.entries += 1
        return True

    def _code(self, seq: Any, at_ms: Any, kind: Any, body: Any, digest: Any) -> str | None:
        if seq != self.next_seq:
            return "chain.gap"
        if type(at_ms) is not int or type(kind) is not bytes or type(body) is not bytes or type(digest) is not bytes:
            return "chain.hash_differs"
        previous = self.head
        if next_hash_of_bytes(previous, seq, at_ms, kind, body) != digest:
            return "chain.hash_differs"
        code = None
        if seq == 1:
            code = self._enrolment_code(kind, body)
        elif kind == _SEAL:
            code = self._seal_code(seq, body, previous)
        if code is not None:
            return code
        self.head = digest
        self.last = Place(self.whose.epoch, seq, at_ms)
        if kind == _SEAL:
            self.unsealed_since = None
        elif self.unsealed_since is None:
            self.unsealed_since = self.last
        return None

    def _enrolment_code(self, kind: bytes, body: bytes) -> str | None:
        fields = _fields(body)
        named = (fields.get("store"), fields.get("box"), fields.get("epoch"))
        if kind != b"box.enrolled" or named != (self.whose.store, self.whose.box, self.whose.epoch):
            return "journal.wrong_enrolment"
        key = fields.get("public_key")
        if self.public_key is not None and key != self.public_key:
            return "journal.key_differs"
        self.public_key = key if isinstance(key, str) else None
        previous = fields.get("previous")
        self.previous = previous if isinstance(previous, dict) else None
        return None

    def _seal_code(self, seq: int, body: bytes, previous: bytes) -> str | None:
        fields = _fields(body)
        if fields.get("head") != previous.hex():
            return "seal.head_differs"
        try:
            key = bytes.fromhex(self.public_key or "")
            signature = bytes.fromhex(str(fields.get("signature")))
        except ValueError:
            return "seal.signature_differs"
        if not verify(key, seal_message(self.whose, seq - 1, previous), signature):
            return "seal.signature_differs"
        self.seals += 1
        self.last_seal_seq = seq
        return None


def _fields(body: bytes) -> dict[str, Any]:
    try:
        fields = parse(body)
    except Broken:
        return {}
    return fields if isinstance(fields, dict) else {}
