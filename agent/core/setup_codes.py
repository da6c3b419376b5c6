"""The codes of setting a box up: `E1` brings a box to its store, `T1` proves one test slip, `K1` opens a packet.

Separate from `codes`, which says what a code is at a till: these are read when there is no till yet, and headquarters
makes them with the same functions. Codes of the network are in `network_codes`.

`E1`, then Base32 in upper case without padding of: one byte (upper half: layout 1; lower half: flags, 1 plain http,
2 replaces a box), token (16 bytes), fingerprint of headquarters' root key (16), expiry (seconds of UTC, 4), length of
the store's number (1), the number, `host` or `host:port`, CRC-32 of all before (4). `S001` at `hq.example.com:8443`
has 65 bytes, which is a QR code of version 5 at level M. Headquarters knows the token by `Enrolment.token_text`.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field

from agent.core.errors import Refused
from agent.core.ids import checked_id
from agent.core.typed_codes import read_typed_code

ENROLMENT_PREFIX = "E1"
TEST_PREFIX = "T1"
PACKET_PREFIX = "K1"
TOKEN_BYTES = 16
FINGERPRINT_BYTES = 16
NONCE_BYTES = 10
"""80 bits: nobody guesses the code of a test slip, no two slips share one."""
HOST_CHARACTERS_MAX = 64
EXPIRES_S_MAX = 2**32 - 1
CODE_CHARACTERS_MAX = 512

_LAYOUT = 1
_PLAIN_HTTP, _REPLACES = 1, 2
_CHECK_BYTES = 4
_HOST = re.compile(r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?")


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """What an `E1` code says.

    `token` is the one-time secret; `fingerprint` is the beginning of the SHA-256 of headquarters' root key;
    `expires_s` is in seconds of UTC, by headquarters' clock. `host` may hold a port. `plain` asks for http instead of
    https, which a box follows on its own machine only. `replaces`: the store's present box is fenced.
    """

    token: bytes = field(repr=False)
    fingerprint: bytes
    store: str
    expires_s: int
    host: str
    plain: bool = False
    replaces: bool = False

    @property
    def token_text(self) -> str:
        """The token as it is sent to headquarters: lower-case hex."""
        return self.token.hex()

    @property
    def fingerprint_text(self) -> str:
        """The root key's fingerprint as headquarters and settings write it: lower-case hex."""
        return self.fingerprint.hex()

    @property
    def url(self) -> str:
        """Where headquarters is."""
        return f"{'http' if self.plain else 'https'}://{self.host}"


def enrolment_code(code: EnrolmentCode) -> str:
    """Return the text of the QR code. Raises `ValueError` for what no code can say, `Refused` for a wrong store."""
    checked_id(code.store, "store")
    if len(code.token) != TOKEN_BYTES or len(code.fingerprint) != FINGERPRINT_BYTES:
        raise ValueError(f"token and fingerprint have {TOKEN_BYTES} and {FINGERPRINT_BYTES} bytes")
    if not 0 <= code.expires_s <= EXPIRES_S_MAX:
        raise ValueError("expiry is in seconds of UTC, 32 bits")
    if not is_host(code.host):
        raise ValueError(f"{code.host!r} is no host or host:port of at most {HOST_CHARACTERS_MAX} characters")
    flags = (_PLAIN_HTTP if code.plain else 0) | (_REPLACES if code.replaces else 0)
    store = code.store.encode("ascii")
    parts = (
        bytes((_LAYOUT << 4 | flags,)),
        code.token,
        code.fingerprint,
        code.expires_s.to_bytes(4, "big"),
        bytes((len(store),)),
        store,
        code.host.encode("ascii"),
    )
    return sealed_code(ENROLMENT_PREFIX, b"".join(parts))


def read_enrolment_code(text: str) -> EnrolmentCode:
    """Return what an enrolment code says, in whatever case a keyboard scanner typed it.

    Raises `Refused`: `setup.not_enrolment_code` for any other text, `setup.code_damaged` when a character is wrong or
    missing, `setup.code_newer` for a layout that this release does not know.
    """
    if not text.strip().upper().startswith(ENROLMENT_PREFIX):
        raise Refused("setup.not_enrolment_code")
    body = opened_code(ENROLMENT_PREFIX, text)
    head = body[0] if body else 0
    if head >> 4 != _LAYOUT or head & 0xF & ~(_PLAIN_HTTP | _REPLACES):
        raise Refused("setup.code_newer", layout=head >> 4)
    token, rest = body[1 : 1 + TOKEN_BYTES], body[1 + TOKEN_BYTES :]
    fingerprint, rest = rest[:FINGERPRINT_BYTES], rest[FINGERPRINT_BYTES:]
    expires_s, length, rest = int.from_bytes(rest[:4], "big"), rest[4:5], rest[5:]
    store, host = _ascii(rest[: length[0] if length else 0]), _ascii(rest[length[0] if length else 0 :])
    if len(fingerprint) != FINGERPRINT_BYTES or not re.fullmatch(r"[A-Z0-9]{1,10}", store) or not is_host(host):
        raise Refused("setup.code_damaged")
    return EnrolmentCode(token, fingerprint, store, expires_s, host, bool(head & _PLAIN_HTTP), bool(head & _REPLACES))


def is_host(text: str) -> bool:
    """Tell whether a code can hold this as `host` or `host:port`: in lower case, an IPv6 address in brackets."""
    port = text.rpartition(":")[2] if _HOST.fullmatch(text) and re.search(r":[0-9]+$", text) else "1"
    return len(text) <= HOST_CHARACTERS_MAX and _HOST.fullmatch(text) is not None and int(port) <= 65535


def slip_code(nonce: bytes) -> str:
    """Return the text of a test slip's QR code. Raises `ValueError` unless the nonce has 80 bits."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"the nonce of a test slip has {NONCE_BYTES} bytes")
    return TEST_PREFIX + _base32(nonce)


def read_slip_code(text: str) -> bytes | None:
    """Return the nonce of a test slip's code, None for any other text."""
    cleaned = text.strip().upper()
    if not cleaned.startswith(TEST_PREFIX):
        return None
    nonce = _from_base32(cleaned.removeprefix(TEST_PREFIX))
    return nonce if nonce is not None and len(nonce) == NONCE_BYTES else None


def packet_code(typed: str) -> str:
    """Return the text of the QR code that opens an offline packet, of its eight characters as they are typed."""
    bare = read_typed_code(typed)
    if bare is None:
        raise ValueError("a packet is opened by eight characters of Crockford's Base32")
    return sealed_code(PACKET_PREFIX, bare.encode("ascii"))


def read_packet_code(text: str) -> str | None:
    """Return the eight characters that open a packet, scanned or typed; None for any other text.

    Raises `Refused` `setup.code_damaged` for a `K1` code that was not read whole.
    """
    typed = read_typed_code(text)
    if typed is not None or not text.strip().upper().startswith(PACKET_PREFIX):
        return typed
    bare = read_typed_code(_ascii(opened_code(PACKET_PREFIX, text)))
    if bare is None:
        raise Refused("setup.code_damaged")
    return bare


def sealed_code(prefix: str, body: bytes) -> str:
    """Return `prefix` and the body with its check sum, in Base32 without padding."""
    return prefix + _base32(body + _check(prefix, body))


def opened_code(prefix: str, text: str) -> bytes:
    """Return the body of a sealed code, read in either case; raises `Refused` `setup.code_damaged`.

    CRC-32 finds every single wrong bit and every run of wrong bits up to 32; what else was changed slips through once
    in four thousand million.
    """
    cleaned = text.strip().upper()
    data = None
    if cleaned.startswith(prefix) and len(cleaned) <= CODE_CHARACTERS_MAX:
        data = _from_base32(cleaned.removeprefix(prefix))
    body, check = (b"", b"") if data is None else (data[:-_CHECK_BYTES], data[-_CHECK_BYTES:])
    if not body or check != _check(prefix, body):
        raise Refused("setup.code_damaged")
    return body


def _check(prefix: str, body: bytes) -> bytes:
    return binascii.crc32(prefix.encode("ascii") + body).to_bytes(_CHECK_BYTES, "big")


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=")


def _from_base32(text: str) -> bytes | None:
    """Return the bytes, None when the text is not what `_base32` makes of any: unused bits are zero."""
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return None
    return data if _base32(data) == text else None


def _ascii(data: bytes) -> str:
    return data.decode("ascii") if data.isascii() else ""
