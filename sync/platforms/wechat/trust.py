"""Whose key signed an answer of WeChat Pay: its public key by id, or a platform certificate by serial number.

Both are believed at once, since during a merchant's migration the platform signs with either. Certificates come sealed
with the merchant's APIv3 key, which only the platform and the merchant have: that is why they may be learnt.
"""

import json
import threading
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate, load_pem_x509_certificate

from sync.platforms.base import NowMs
from sync.platforms.keys import rsa_key_in
from sync.platforms.wechat.settings import WechatMerchant
from sync.platforms.wechat.sign import PROBE_PREFIX, PUBLIC_KEY_PREFIX, answer_message, opened, rsa_verified

CLOCK_GRACE_S = 300
"""An answer or notification whose time differs this much from ours is not believed; the platform asks for it."""

Believed = str | None
"""None when a signature holds, else the code of why it is not believed."""


def serial_of(certificate: Certificate) -> str:
    """Return a certificate's serial number as WeChat Pay writes it: upper-case hex."""
    return f"{certificate.serial_number:X}".rjust(2, "0")


class Trust:
    """The platform's keys that are known. Thread-safe."""

    def __init__(self, merchant: WechatMerchant, now_ms: NowMs) -> None:
        self._merchant = merchant
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._certificates: dict[str, Certificate] = {serial_of(one): one for one in merchant.certificates}

    def knows(self, serial: str) -> bool:
        """Tell whether an answer signed under this serial number or key id could be checked."""
        return self._key(serial) is not None

    def why_not(self, headers: Mapping[str, str], body: bytes) -> Believed:
        """Return None when an answer or notification is the platform's; header names in lower case."""
        signature = headers.get("wechatpay-signature", "")
        timestamp = headers.get("wechatpay-timestamp", "")
        key = self._key(headers.get("wechatpay-serial", ""))
        if signature.startswith(PROBE_PREFIX):
            return "platform.probed"
        if not signature or key is None or not timestamp.isascii() or not timestamp.isdecimal():
            return "platform.answer_not_signed"
        message = answer_message(timestamp, headers.get("wechatpay-nonce", ""), body)
        if not rsa_verified(key, message, signature):
            return "platform.answer_not_signed"
        return "platform.clock_differs" if self.differs_s(timestamp) >= CLOCK_GRACE_S else None

    def differs_s(self, timestamp: str) -> int:
        """Return by how many seconds our clock and a timestamp of the platform differ."""
        return abs(self._now_ms() // 1000 - int(timestamp[:15] or "0"))

    def learn(self, body: bytes) -> int:
        """Take in an answer of `GET /v3/certificates`; returns how many certificates of it are in force.

        What does not open with the APIv3 key, is no certificate, or is out of its time is left out.
        """
        try:
            return self.learn_rows(json.loads(body))
        except ValueError:
            return 0

    def learn_rows(self, document: Mapping[str, Any]) -> int:
        """Take in the document of such an answer, under the same promises."""
        try:
            found = [self._certificate(row) for row in document["data"]]
        except (ValueError, KeyError, TypeError):
            return 0
        fresh = {serial_of(one): one for one in found if one is not None}
        with self._lock:
            self._certificates |= fresh
        return len(fresh)

    def _certificate(self, row: Mapping[str, Mapping[str, str]]) -> Certificate | None:
        sealed = row["encrypt_certificate"]
        key, associated = self._merchant.api_v3_key, sealed.get("associated_data", "")
        plain = opened(key, sealed["nonce"], associated, sealed["ciphertext"])
        if plain is None:
            return None
        certificate = load_pem_x509_certificate(plain)
        return certificate if self._in_force(certificate) else None

    def _in_force(self, certificate: Certificate) -> bool:
        now_s = self._now_ms() / 1000
        begins_s, ends_s = certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()
        return begins_s - CLOCK_GRACE_S <= now_s < ends_s

    def _key(self, serial: str) -> RSAPublicKey | None:
        if serial.startswith(PUBLIC_KEY_PREFIX):
            return self._merchant.public_key if serial == self._merchant.public_key_id else None
        with self._lock:
            certificate = self._certificates.get(serial.upper())
        return rsa_key_in(certificate) if certificate is not None and self._in_force(certificate) else None
