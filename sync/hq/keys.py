"""Headquarters' keys: a root that signs the key list, and a receipt key that signs every day. Made at first start.

A chain keeps the root elsewhere and puts only `key-list.json` and the receipt key here; then nothing below needs it.
"""

from collections.abc import Mapping
from pathlib import Path

from agent.core.canonical import canonical_bytes, parse
from agent.core.chain import Identity
from agent.core.errors import Broken
from agent.core.signing import document_message
from sync.keylist import KeyRing, key_list_message, root_fingerprint
from sync.keys import FileKey, write_private

RECEIPT_KID = "receipt-1"


class HqKeys:
    """Signs for headquarters."""

    def __init__(self, root_public_key: bytes, receipt_key: FileKey, key_list: Mapping[str, object]) -> None:
        self.root_public_key = root_public_key
        self.key_list = KeyRing(root_public_key, key_list).document
        self._receipt_key = receipt_key

    @classmethod
    def load_or_create(cls, state: Path) -> "HqKeys":
        """Read the keys of a state folder; at the first start make them."""
        folder = state / "keys"
        receipt_key = FileKey.load_or_create(folder / "receipt.key")
        list_path, root_path = folder / "key-list.json", folder / "root.pub"
        if not (list_path.exists() and root_path.exists()):
            root = FileKey.load_or_create(folder / "root.key")
            write_private(list_path, canonical_bytes(_signed_list(root, receipt_key)))
            write_private(root_path, root.public_key.hex().encode())
        return cls(*_read(root_path, receipt_key, list_path))

    @property
    def fingerprint(self) -> str:
        """Return the root key's fingerprint as an enrolment code carries it."""
        return root_fingerprint(self.root_public_key)

    def signed_receipt(self, identity: Identity, next_seq: int, head: str, at_ms: int) -> dict[str, object]:
        """Return the receipt for an epoch, signed."""
        document: dict[str, object] = {
            "store": identity.store,
            "box": identity.box,
            "epoch": identity.epoch,
            "next_seq": next_seq,
            "head": head,
            "at_ms": at_ms,
            "kid": RECEIPT_KID,
        }
        signature = self._receipt_key.sign(document_message("receipt", identity, document))
        return {**document, "signature": signature.hex()}


def _signed_list(root: FileKey, receipt_key: FileKey) -> dict[str, object]:
    receipt = {
        "kid": RECEIPT_KID,
        "public_key": receipt_key.public_key.hex(),
        "uses": ["receipt"],
        "scope": None,
        "not_before": None,
        "not_after": None,
    }
    document: dict[str, object] = {"version": 1, "keys": [receipt]}
    return {**document, "signature": root.sign(key_list_message(document)).hex()}


def _read(root_path: Path, receipt_key: FileKey, list_path: Path) -> tuple[bytes, FileKey, Mapping[str, object]]:
    document = parse(list_path.read_bytes())
    if not isinstance(document, dict):
        raise Broken("key.unreadable", file=list_path.name)
    return bytes.fromhex(root_path.read_text()), receipt_key, document
