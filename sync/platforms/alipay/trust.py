"""Whose key an answer of Alipay needs: the one key of key mode, or the certificate that the answer names.

Alipay renews its certificate now and then; answers then name a number that nobody has seen. Such a certificate is
downloaded and believed when it leads to the configured root, is in force, and belongs to the same organisation as the
configured one: merchants' own certificates lead to the same root. The old one holds on beside it, since answers of
both come for a while. What was learnt lives as long as the process and is fetched again after a restart.
"""

import threading
from base64 import b64decode
from binascii import Error as NotBase64
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate, load_pem_x509_certificates
from cryptography.x509.oid import NameOID

from sync.platforms.alipay.settings import AlipayMerchant
from sync.platforms.alipay.sign import certificate_number, rsa_verified
from sync.platforms.base import NowMs
from sync.platforms.keys import chains_to, rsa_key_in

CONTENT_BYTES_MAX = 64 * 1024


class Trust:
    """The platform's keys that are known. Thread-safe."""

    def __init__(self, merchant: AlipayMerchant, now_ms: NowMs) -> None:
        self._merchant = merchant
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._keys: dict[str | None, RSAPublicKey] = {merchant.platform_certificate_number: merchant.platform_key}

    def knows(self, number: str | None) -> bool:
        """Tell whether what is signed under a certificate's number could be checked; None when none is named."""
        return bool(self._candidates(number))

    def signed(self, number: str | None, message: bytes, signature: str) -> bool:
        """Tell whether a message carries the signature of the named certificate, or of any known one without a name."""
        return any(rsa_verified(key, message, signature) for key in self._candidates(number))

    def learn(self, number: str, content: str) -> bool:
        """Take in a downloaded certificate, base64 of PEM with its chain; False when it can't be trusted."""
        try:
            found = load_pem_x509_certificates(b64decode(content[:CONTENT_BYTES_MAX], validate=True))
        except (ValueError, NotBase64):
            return False
        leaf, key = found[0], rsa_key_in(found[0])
        now = datetime.fromtimestamp(self._now_ms() / 1000, UTC)
        if key is None or certificate_number(leaf) != number:
            return False
        if not chains_to(leaf, found[1:], self._merchant.roots, now) or not self._same_owner(leaf):
            return False
        with self._lock:
            self._keys[number] = key
        return True

    def _candidates(self, number: str | None) -> list[RSAPublicKey]:
        with self._lock:
            if number is None:
                return list(self._keys.values())
            return [self._keys[number]] if number in self._keys else []

    def _same_owner(self, leaf: Certificate) -> bool:
        configured = self._merchant.platform_certificate
        return configured is not None and _organisation(configured) == _organisation(leaf)


def _organisation(certificate: Certificate) -> str | None:
    found = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(found[0].value) if found else None
