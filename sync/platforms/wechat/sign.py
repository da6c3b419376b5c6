"""Signatures and encryption of WeChat Pay, pure: bytes and keys in, text out. Shared by adapter and simulator.

Source: the vendor's pages on v3 signatures, callbacks and certificates, and on V2's signature algorithm, whose
published example is a test here.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import md5, sha256

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

SCHEME = "WECHATPAY2-SHA256-RSA2048"
PROBE_PREFIX = "WECHATPAY/SIGNTEST/"
"""With this before a signature the platform tries whether signatures are checked at all."""
PUBLIC_KEY_PREFIX = "PUB_KEY_ID_"


def rsa_signature(key: RSAPrivateKey, message: str) -> str:
    """Return the base64 of RSA-SHA256 (PKCS #1 v1.5) over the UTF-8 of a message."""
    return b64encode(key.sign(message.encode(), PKCS1v15(), SHA256())).decode()


def rsa_verified(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Tell whether a base64 signature over a message is the key's; text that is no base64 is nobody's."""
    try:
        key.verify(b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def request_message(method: str, target: str, timestamp_s: int, nonce: str, body: bytes) -> str:
    """Return what a v3 request signs; `target` is path and query exactly as sent."""
    return f"{method}\n{target}\n{timestamp_s}\n{nonce}\n{body.decode()}\n"


def authorization(mchid: str, serial_no: str, signature: str, timestamp_s: int, nonce: str) -> str:
    """Return the Authorization header of a v3 request."""
    return (
        f'{SCHEME} mchid="{mchid}",nonce_str="{nonce}",signature="{signature}",'
        f'timestamp="{timestamp_s}",serial_no="{serial_no}"'
    )


def answer_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """Return what a v3 answer or notification signs: its body as it came, which may be empty."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def page_message(appid: str, timestamp: str, nonce: str, package: str) -> str:
    """Return what the parameters of the in-app page sign; `package` is `prepay_id=…`."""
    return f"{appid}\n{timestamp}\n{nonce}\n{package}\n"


def sealed(api_v3_key: bytes, nonce: str, associated: str, plain: bytes) -> str:
    """Return AEAD_AES_256_GCM of a text, base64; `nonce` has 12 characters."""
    return b64encode(AESGCM(api_v3_key).encrypt(nonce.encode(), plain, associated.encode())).decode()


def opened(api_v3_key: bytes, nonce: str, associated: str, ciphertext: str) -> bytes | None:
    """Return the plain text of AEAD_AES_256_GCM, None when it was not sealed with this key or was changed."""
    try:
        return AESGCM(api_v3_key).decrypt(nonce.encode(), b64decode(ciphertext, validate=True), associated.encode())
    except (InvalidTag, ValueError):
        return None


def v2_signature(fields: Mapping[str, str], key: str, sign_type: str = "MD5") -> str:
    """Return V2's signature: names in ASCII order, empty ones and `sign` left out, the key last."""
    kept = sorted((name, value) for name, value in fields.items() if value != "" and name != "sign")
    text = "&".join([*(f"{name}={value}" for name, value in kept), f"key={key}"])
    if sign_type == "HMAC-SHA256":
        return hmac.new(key.encode(), text.encode(), sha256).hexdigest().upper()
    return md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def v2_verified(fields: Mapping[str, str], key: str) -> bool:
    """Tell whether the fields carry the key's signature, MD5 or HMAC-SHA256 by its length."""
    given = fields.get("sign", "")
    sign_type = "HMAC-SHA256" if len(given) == 64 else "MD5"
    return hmac.compare_digest(v2_signature(fields, key, sign_type).encode(), given.encode("utf-8", "replace"))
