"""Passes: signed codes that a counter or a page checks with no network.

A pass is two characters that name its kind, then Base32 (RFC 4648, upper case, no padding) of a fixed layout:

    version 1 | kind 1 | key id 4 | body, as long as its kind says | issued 4 | expires 4 | Ed25519 signature 64

Numbers are unsigned, big-endian; times are seconds since 1970 UTC. The signature covers the kind's purpose and all that
stands before it, so that no pass of one kind is one of another. There is one text for one pass: spare bits are zero.
Base32 upper case is what every keyboard layout, Caps Lock and a QR code's alphanumeric mode leave alone.

What a kind's body holds is `agent.core.pay_passes`; who may sign which kind is not decided here.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from agent.core.errors import Broken, Refused
from agent.core.ports import Signer
from agent.core.signing import verify

VERSION = 1
KEY_ID_BYTES = 4
SIGNATURE_BYTES = 64
SECONDS_MAX = 2**32 - 1
_HEAD_BYTES = 2 + KEY_ID_BYTES
_TIMES_BYTES = 8


class PassKind(StrEnum):
    """What a pass is for; the value stands in front of its text, and in the purpose that is signed."""

    ORDER = "O1"
    """An order by a box: the customer's own phone pays it at headquarters' page."""
    PAY_PROOF = "P1"
    """Headquarters' word that an order was paid."""


_NUMBER: dict[PassKind, int] = {PassKind.ORDER: 1, PassKind.PAY_PROOF: 2}
BODY_BYTES: dict[PassKind, int] = {PassKind.ORDER: 31, PassKind.PAY_PROOF: 54}


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass as it was read: well formed, and believed only after `is_signed_by`."""

    kind: PassKind
    key_id: bytes
    body: bytes
    issued_s: int
    expires_s: int
    signature: bytes

    def is_signed_by(self, public_keys: Iterable[bytes]) -> bool:
        """Tell whether one of these Ed25519 keys signed the pass; only those that its key id names are tried."""
        message = self._message()
        return any(verify(key, message, self.signature) for key in public_keys if key_id_of(key) == self.key_id)

    def _message(self) -> bytes:
        return _message(self.kind, _content(self.kind, self.key_id, self.body, self.issued_s, self.expires_s))


def key_id_of(public_key: bytes) -> bytes:
    """Return the four bytes by which a pass names its key: they choose what is tried and prove nothing."""
    return sha256(public_key).digest()[:KEY_ID_BYTES]


def text_length(kind: PassKind) -> int:
    """Return how many characters a pass of a kind has."""
    whole_bytes = _HEAD_BYTES + BODY_BYTES[kind] + _TIMES_BYTES + SIGNATURE_BYTES
    return len(kind.value) + -(-whole_bytes * 8 // 5)


def signed(kind: PassKind, body: bytes, issued_s: int, expires_s: int, signer: Signer) -> str:
    """Return the text of a pass, the same for the same content and key. A wrong body or time is a defect of ours."""
    if len(body) != BODY_BYTES[kind] or not 0 <= issued_s <= expires_s <= SECONDS_MAX:
        raise Broken("pass.cannot_encode", kind=kind.value)
    content = _content(kind, key_id_of(signer.public_key), body, issued_s, expires_s)
    return kind.value + _base32(content + signer.sign(_message(kind, content)))


def read(text: str, kind: PassKind) -> Pass:
    """Return the pass of a kind that a text is, in either case and with spaces as some scanners add them.

    Refuses everything else: `pass.other_kind` for another kind of pass, `pass.damaged` for what was not read whole,
    `pass.newer` for a layout that a later release knows. Raises nothing but these; nothing is believed yet.
    """
    cleaned = text.replace(" ", "").upper() if text.isascii() else ""
    if cleaned[:2] != kind.value:
        raise Refused("pass.other_kind", wanted=kind.value)
    if len(cleaned) != text_length(kind):
        raise Refused("pass.damaged")
    data = _bytes_of(cleaned[2:])
    if data[0] != VERSION:
        raise Refused("pass.newer", version=data[0])
    if data[1] != _NUMBER[kind]:
        raise Refused("pass.damaged")
    times = _HEAD_BYTES + BODY_BYTES[kind]
    found = Pass(
        kind=kind,
        key_id=data[2:_HEAD_BYTES],
        body=data[_HEAD_BYTES:times],
        issued_s=int.from_bytes(data[times : times + 4]),
        expires_s=int.from_bytes(data[times + 4 : times + 8]),
        signature=data[times + 8 :],
    )
    if found.issued_s > found.expires_s:
        raise Refused("pass.damaged")
    return found


def _content(kind: PassKind, key_id: bytes, body: bytes, issued_s: int, expires_s: int) -> bytes:
    return bytes((VERSION, _NUMBER[kind])) + key_id + body + issued_s.to_bytes(4) + expires_s.to_bytes(4)


def _message(kind: PassKind, content: bytes) -> bytes:
    return f"storebox-pass:{kind.value}\n".encode() + content


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")


def _bytes_of(text: str) -> bytes:
    """Return what a Base32 text holds; another text of the same bytes is refused, so that a pass has one text."""
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError) as error:
        raise Refused("pass.damaged") from error
    if _base32(data) != text:
        raise Refused("pass.damaged")
    return data
