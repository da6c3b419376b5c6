"""What is signed, by whom, and how a signature is checked. Ed25519 (RFC 8032) throughout; keys and signatures in hex.

The bytes that are signed begin with a purpose, so that no signature of one purpose passes for another.
"""

from collections.abc import Mapping
from hashlib import sha256

from agent.core.canonical import LARGEST_INTEGER, canonical_bytes
from agent.core.chain import Identity

SIGNATURE_HEADER = "Storebox-Signature"


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is that of `message` under the Ed25519 `public_key` (32 bytes). Never raises."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def seal_message(identity: Identity, last_seq: int, head: bytes) -> bytes:
    """Return what a seal signs: the chain up to and with entry `last_seq`, whose hash is `head`."""
    return f"storebox-seal\n{identity}\n{last_seq}\n{head.hex()}".encode()


def document_message(use: str, identity: Identity, document: Mapping[str, object]) -> bytes:
    """Return what HQ signs for `use` (receipt, directive, wish, approval, pass:KIND).

    The key `signature` of the document is left out of the digest.
    """
    bare = {key: value for key, value in document.items() if key != "signature"}
    digest = sha256(canonical_bytes(bare)).hexdigest()
    return f"storebox-{use}\n{identity}\n{digest}".encode()


def request_message(identity: Identity, method: str, target: str, body: bytes) -> bytes:
    """Return what a box signs for a request; `target` is path and query as sent, `body` the bytes as sent."""
    digest = sha256(body).hexdigest()
    return f"storebox-request\n{identity}\n{method.upper()} {target}\n{digest}".encode()


def request_header(identity: Identity, signature: bytes) -> str:
    """Return the value of the `Storebox-Signature` header. It names the store: most boxes of a chain are called B1."""
    return f"store={identity.store},box={identity.box},epoch={identity.epoch},signature={signature.hex()}"


def parse_request_header(value: str) -> tuple[Identity, bytes] | None:
    """Return who a header value says it is, and the signature that has to prove it; None when it is malformed."""
    fields = dict(part.strip().partition("=")[::2] for part in value.split(",") if "=" in part)
    try:
        identity = Identity(fields["store"], fields["box"], int(fields["epoch"]))
        signature = bytes.fromhex(fields["signature"])
    except (KeyError, ValueError):
        return None
    sound = len(signature) == 64 and 0 <= identity.epoch <= LARGEST_INTEGER and "\0" not in value
    return (identity, signature) if sound else None
