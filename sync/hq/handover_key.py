"""Headquarters' key that hand-over files are sealed for: X25519, made at first start, named in the key list."""

import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent.disk import write_private

HANDOVER_USES = ("handover",)
KEY_FILE = "handover.key"


class HandoverKey:
    """The private half, and what the key list publishes."""

    def __init__(self, raw: bytes) -> None:
        self.private_key = X25519PrivateKey.from_private_bytes(raw)
        self.public_key = self.private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @classmethod
    def load_or_create(cls, path: Path) -> "HandoverKey":
        """Read the key, or make one and put it on disk before returning it."""
        if not path.exists():
            write_private(path, secrets.token_bytes(32).hex().encode())
        return cls(bytes.fromhex(path.read_text(encoding="ascii")))
