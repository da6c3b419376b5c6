"""The code on the slip of a drill: who was drilled, when, how each step ended, signed by the box's own key.

Fixed layout, Base32 as all our codes: `D1`, then version, epoch, moment, one byte a step, the digest of the whole
record, store, box, signature. Whoever has the box's public key can check it without a network.
"""

import base64
import binascii
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from agent.core.canonical import canonical_bytes
from agent.core.chain import Identity
from agent.core.drill import Step, StepState
from agent.core.errors import Refused
from agent.core.ids import checked_id
from agent.core.signing import verify

PREFIX = "D1"
VERSION = 1
PURPOSE = b"storebox-drill\n"
CHARACTERS_MAX = 240
_HEAD = struct.Struct(">BIQ5s16s")
_SIGNATURE_BYTES = 64
_OUTCOMES = (StepState.PLANNED, StepState.PASSED, StepState.FAILED, StepState.LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Drilled:
    """What the code of a drill says. `digest` is that of the whole record, its first 16 bytes."""

    identity: Identity
    at_ms: int
    outcomes: Mapping[Step, StepState]
    digest: bytes

    @property
    def passed(self) -> bool:
        """Tell whether something was passed and nothing failed or was never done."""
        ends = set(self.outcomes.values())
        return StepState.PASSED in ends and not ends & {StepState.FAILED, StepState.PLANNED}


def record_digest(record: Mapping[str, object]) -> bytes:
    """Return the digest of a drill's record, its code left out."""
    return sha256(canonical_bytes({key: value for key, value in record.items() if key != "code"})).digest()[:16]


def signed_code(drilled: Drilled, sign: Callable[[bytes], bytes]) -> str:
    """Return the text of the code."""
    body = _body(drilled)
    return PREFIX + base64.b32encode(body + sign(PURPOSE + body)).decode("ascii").rstrip("=")


def read_code(text: str, key_of: Callable[[Identity], bytes | None]) -> Drilled:
    """Return what a code says, once its signature holds under the key of the box that it names.

    Refuses `drill.code_damaged`, `drill.unknown_box` and `drill.not_signed`.
    """
    cleaned = "".join(text.split()).upper()
    data = _bytes(cleaned.removeprefix(PREFIX)) if len(cleaned) <= CHARACTERS_MAX else b""
    if not cleaned.startswith(PREFIX) or len(data) <= _HEAD.size + _SIGNATURE_BYTES or data[0] != VERSION:
        raise Refused("drill.code_damaged")
    body, signature = data[:-_SIGNATURE_BYTES], data[-_SIGNATURE_BYTES:]
    drilled = _drilled(body)
    key = key_of(drilled.identity)
    if key is None:
        identity = drilled.identity
        raise Refused("drill.unknown_box", store=identity.store, box=identity.box, epoch=identity.epoch)
    if not verify(key, PURPOSE + body, signature):
        raise Refused("drill.not_signed")
    return drilled


def _body(drilled: Drilled) -> bytes:
    outcomes = bytes(_OUTCOMES.index(drilled.outcomes.get(step, StepState.PLANNED)) for step in Step)
    identity = drilled.identity
    head = _HEAD.pack(VERSION, identity.epoch, drilled.at_ms, outcomes, drilled.digest)
    return head + f"{identity.store}/{identity.box}".encode("ascii")


def _drilled(body: bytes) -> Drilled:
    _, epoch, at_ms, outcomes, digest = _HEAD.unpack_from(body)
    try:
        store, _, box = body[_HEAD.size :].decode("ascii").partition("/")
        identity = Identity(checked_id(store, "store"), checked_id(box, "box"), epoch)
        ends = {step: _OUTCOMES[outcomes[number]] for number, step in enumerate(Step)}
    except (UnicodeDecodeError, IndexError, Refused) as error:
        raise Refused("drill.code_damaged") from error
    return Drilled(identity, at_ms, ends, digest)


def _bytes(text: str) -> bytes:
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return b""
