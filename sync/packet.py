"""A sealed file for a box without a line: whoever has the file and its typed code can read it, nobody else.

Layout: magic, salt (16 bytes), nonce (12), AES-256-GCM of canonical JSON with all before as associated data. The key is
Argon2id of the code and the salt: forty bits of a code cost a thief of the file thousands of years of a processor.
"""

from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agent.core.canonical import canonical_bytes, parse
from agent.core.errors import Broken, Credentials, Refused
from agent.core.typed_codes import read_typed_code

MAGIC = b"STOREBOX PACKET 1\n"
SALT_BYTES, NONCE_BYTES = 16, 12
PACKET_BYTES_MAX = 8 * 1024 * 1024
"""The catalogue of a large shop travels with it."""
MEMORY_KIB, PASSES = 64 * 1024, 3
"""What a box of 512 MB can spare, for a second or two."""
_HEAD_BYTES = len(MAGIC) + SALT_BYTES + NONCE_BYTES


def seal(content: Mapping[str, object], code: str, salt: bytes, nonce: bytes) -> bytes:
    """Return the file of `content`; `code` is a typed code, `salt` and `nonce` are random and never used again."""
    head = MAGIC + salt + nonce
    if len(head) != _HEAD_BYTES:
        raise ValueError(f"salt and nonce have {SALT_BYTES} and {NONCE_BYTES} bytes")
    return head + AESGCM(_key(code, salt)).encrypt(nonce, canonical_bytes(content), head)


def unseal(data: bytes, code: str) -> Mapping[str, object]:
    """Return what a file holds.

    Raises `Refused` (`enrol.packet_damaged`) for what is no such file, `Credentials` (`enrol.packet_wrong_code`) for a
    code that is none or does not open it; a changed file can't be told from a wrong code.
    """
    if not data.startswith(MAGIC) or not _HEAD_BYTES < len(data) <= PACKET_BYTES_MAX:
        raise Refused("enrol.packet_damaged", reason="magic")
    typed = read_typed_code(code)
    if typed is None:
        raise Credentials("enrol.packet_wrong_code")
    head, salt = data[:_HEAD_BYTES], data[len(MAGIC) : len(MAGIC) + SALT_BYTES]
    try:
        plain = AESGCM(_key(typed, salt)).decrypt(head[-NONCE_BYTES:], data[_HEAD_BYTES:], head)
        content = parse(plain)
    except InvalidTag as error:
        raise Credentials("enrol.packet_wrong_code") from error
    except Broken as error:
        raise Refused("enrol.packet_damaged", reason="json") from error
    if not isinstance(content, dict):
        raise Refused("enrol.packet_damaged", reason="json")
    return content


def _key(code: str, salt: bytes) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(
        code.encode("ascii"), salt, time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1, hash_len=32, type=Type.ID
    )
