"""Headquarters' published keys: the list that its root key signs, and what a signature of its is worth.

The validity of a key is judged by the time that the signed document carries, never by the clock of the box, which may
be years off.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from agent.core.canonical import canonical_bytes
from agent.core.chain import Identity
from agent.core.errors import Broken, Credentials
from agent.core.signing import document_message, verify

TLS_PINS = "tls_pins"
"""Of the list: SHA-256 of the public keys that headquarters' servers may show, in hex (`sync.pinning`)."""
_PIN = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """One key of the list; `scope` None means every store."""

    kid: str
    public_key: bytes
    uses: frozenset[str]
    scope: frozenset[str] | None
    not_before_ms: int | None
    not_after_ms: int | None

    def covers(self, use: str, store: str, at_ms: int) -> bool:
        """Tell whether the key may sign for `use` in `store` at that time."""
        return (
            use in self.uses
            and (self.scope is None or store in self.scope)
            and (self.not_before_ms is None or at_ms >= self.not_before_ms)
            and (self.not_after_ms is None or at_ms <= self.not_after_ms)
        )


def key_list_message(document: Mapping[str, object]) -> bytes:
    """Return what the root key signs: the list without its signature."""
    bare = {key: value for key, value in document.items() if key != "signature"}
    return f"storebox-key-list\n{sha256(canonical_bytes(bare)).hexdigest()}".encode()


def root_fingerprint(root_public_key: bytes) -> str:
    """Return the short form of a root key that an enrolment code carries: 16 bytes of its SHA-256 in hex."""
    return sha256(root_public_key).hexdigest()[:32]


class KeyRing:
    """The pinned root key and the newest key list that it signed."""

    def __init__(self, root_public_key: bytes, document: Mapping[str, object]) -> None:
        """Raise `Credentials` when the root key did not sign the list."""
        self._root_public_key = root_public_key
        self._document, self._keys, self._version = self._checked(document)
        self._tls_pins = _pins(document)

    @property
    def document(self) -> Mapping[str, object]:
        """Return the list as it was signed."""
        return self._document

    @property
    def tls_pins(self) -> frozenset[str]:
        """Return the pins of the keys that headquarters' servers may show; none: the authorities decide."""
        return self._tls_pins

    @property
    def version(self) -> int:
        """Return the version of the list."""
        return self._version

    def replace(self, document: Mapping[str, object]) -> bool:
        """Take a newer list and tell whether it was newer; raise `Credentials` when it is not signed or older."""
        checked, keys, version = self._checked(document)
        if version < self._version:
            raise Credentials("keys.older_list", version=version, known=self._version)
        newer = version > self._version
        if newer:
            self._tls_pins = _pins(checked)
            self._document, self._keys, self._version = checked, keys, version
        return newer

    def fault(self, use: str, identity: Identity, document: Mapping[str, object], at_ms: int) -> str | None:
        """Return None when `document` is signed for `use` and `identity`, else the code of what is wrong."""
        key = self._keys.get(str(document.get("kid")))
        if key is None:
            return "keys.unknown_kid"
        if not key.covers(use, identity.store, at_ms):
            return "keys.not_for_this"
        try:
            signature = bytes.fromhex(str(document.get("signature")))
        except ValueError:
            return "keys.bad_signature"
        message = document_message(use, identity, document)
        return None if verify(key.public_key, message, signature) else "keys.bad_signature"

    def keys_for(self, use: str, store: str, at_ms: int) -> tuple[bytes, ...]:
        """Return the public keys that may sign for `use` in `store` at a time that the signed document names."""
        return tuple(key.public_key for key in self._keys.values() if key.covers(use, store, at_ms))

    def named_key_for(self, use: str, store: str, at_ms: int) -> tuple[str, bytes] | None:
        """Return the newest key of the list for `use`, with its name, or None; for what is sealed for headquarters."""
        found = [(key.kid, key.public_key) for key in self._keys.values() if key.covers(use, store, at_ms)]
        return found[-1] if found else None

    def _checked(self, document: Mapping[str, object]) -> tuple[Mapping[str, object], Mapping[str, PublishedKey], int]:
        try:
            signature = bytes.fromhex(str(document["signature"]))
            version = document["version"]
            rows = document["keys"]
        except (KeyError, ValueError) as error:
            raise Credentials("keys.malformed") from error
        try:
            message = key_list_message(document)
        except Broken as error:  # whoever is between may send what no list of ours can hold
            raise Credentials("keys.malformed") from error
        if not verify(self._root_public_key, message, signature):
            raise Credentials("keys.bad_signature")
        if type(version) is not int or not isinstance(rows, list):
            raise Credentials("keys.malformed")
        _pins(document)
        keys = [_published(row) for row in rows]
        return document, {key.kid: key for key in keys}, version


def _pins(document: Mapping[str, object]) -> frozenset[str]:
    rows = document.get(TLS_PINS, [])
    if not isinstance(rows, list) or not all(isinstance(row, str) and _PIN.fullmatch(row) for row in rows):
        raise Credentials("keys.malformed")
    return frozenset(rows)


def _published(row: object) -> PublishedKey:
    try:
        if not isinstance(row, Mapping):
            raise TypeError("a key is an object")
        scope = row["scope"]
        return PublishedKey(
            kid=str(row["kid"]),
            public_key=bytes.fromhex(row["public_key"]),
            uses=frozenset(row["uses"]),
            scope=None if scope is None else frozenset(scope),
            not_before_ms=row["not_before"],
            not_after_ms=row["not_after"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Credentials("keys.malformed") from error
