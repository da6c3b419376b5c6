"""The first contact with headquarters, before a box has a key of its own: who it is, and what time it is.

Whoever answers must show the root key whose fingerprint the enrolment code carries, a key list that this root signed,
and sign a random number of the box together with the time by a key of that list. Only then does the one-time token
leave the box. The time needs no clock here: one that is years off learns so from a signed answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from agent.core.canonical import canonical_bytes
from agent.core.errors import Broken, Credentials, UnknownOutcome
from agent.core.signing import verify
from sync.headquarters import document_of
from sync.keylist import KeyRing, root_fingerprint
from sync.session import HttpSession

PATH = "/v1/introduction"
NONCE_BYTES = 16
USE = "receipt"
"""The use of the key that signs an introduction; its message is one that nothing else begins with."""

LIST_VERSION = "list_version"


@dataclass(frozen=True, slots=True)
class Introduction:
    """What headquarters proved: its root key, its time in milliseconds of UTC, and the newest key list."""

    root_public_key: bytes
    at_ms: int
    keys: KeyRing


def introduction_message(document: Mapping[str, object]) -> bytes:
    """Return what headquarters signs: nonce, time, key, and the version of the list beside it, without the signature.

    The version keeps whoever is between from showing an older list, which names other servers. An older headquarters
    names none, and has no pins either.
    """
    names = ("nonce", "at_ms", "kid", *((LIST_VERSION,) if LIST_VERSION in document else ()))
    bare = {key: document.get(key) for key in names}
    return f"storebox-introduction\n{sha256(canonical_bytes(bare)).hexdigest()}".encode()


def introduce(session: HttpSession, nonce: bytes, fingerprint: str | None, store: str) -> Introduction:
    """Ask headquarters who it is. Without a `fingerprint` the session's certificate alone vouches for the root key.

    Raises `Credentials` `enrol.other_root` for another root, `keys.bad_signature` for one that cannot sign;
    `UnknownOutcome` for what is no headquarters at all, such as a login page; and what the session raises.
    """
    answer = document_of(session.send("GET", f"{PATH}?nonce={nonce.hex()}"))
    try:
        root = bytes.fromhex(str(answer["root_public_key"]))
        signature = bytes.fromhex(str(answer["signature"]))
        key_list, at_ms = answer["key_list"], answer["at_ms"]
    except (KeyError, ValueError) as error:
        raise UnknownOutcome("hq.garbage_answer") from error
    if fingerprint is not None and root_fingerprint(root) != fingerprint:
        raise Credentials("enrol.other_root")
    if not isinstance(key_list, Mapping) or type(at_ms) is not int or answer.get("nonce") != nonce.hex():
        raise UnknownOutcome("hq.garbage_answer")
    ring = KeyRing(root, key_list)
    try:
        message = introduction_message(answer)
    except Broken as error:
        raise UnknownOutcome("hq.garbage_answer") from error
    if not any(verify(key, message, signature) for key in ring.keys_for(USE, store, at_ms)):
        raise Credentials("keys.bad_signature")
    if answer.get(LIST_VERSION, ring.version) != ring.version:
        raise Credentials("keys.older_list", version=ring.version, known=str(answer[LIST_VERSION]))
    return Introduction(root, at_ms, ring)
