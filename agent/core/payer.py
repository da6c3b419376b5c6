"""Who paid, as the journal may know it: a keyed hash, so that a payer is recognised and can't be looked up."""

import hmac
from hashlib import sha256

HASH_CHARACTERS = 32


def payer_hash(key: bytes, platform: str, payer: str | None) -> str | None:
    """Return the hash of a platform's payer under the box's key, 32 hex digits; None without a payer or a key.

    Without a key it would be no secret: payers' ids are few enough to try them all.
    """
    if not payer or not key:
        return None
    return hmac.new(key, f"payer\n{platform}\n{payer}".encode(), sha256).hexdigest()[:HASH_CHARACTERS]


def code_hash(key: bytes, code: str) -> bytes:
    """Return the keyed hash of a payment code, by which it is known again while the code itself is forgotten."""
    return hmac.new(key, f"code\n{code}".encode(), sha256).digest()
