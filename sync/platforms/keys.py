"""Merchant keys and certificates out of settings: PEM or bare base64, checked when they are read, never shown."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import BasicConstraints, Certificate, ExtensionNotFound, load_pem_x509_certificate

from sync.platforms.base import malformed

KEY_BITS_MIN = 2048
CHAIN_MAX = 5
CLOCK_GRACE = timedelta(minutes=5)


def private_key(name: str, text: str) -> RSAPrivateKey:
    """Return an RSA private key of at least 2048 bits (PKCS #1 or #8); refuses with the setting's name."""
    try:
        key = (
            load_pem_private_key(text.encode(), None)
            if "-----BEGIN" in text
            else load_der_private_key(_der(text), None)
        )
    except (ValueError, TypeError, UnsupportedAlgorithm, NotBase64) as error:
        raise malformed(name) from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < KEY_BITS_MIN:
        raise malformed(name)
    return key


def public_key(name: str, text: str) -> RSAPublicKey:
    """Return an RSA public key (SubjectPublicKeyInfo) of at least 2048 bits; refuses with the setting's name."""
    try:
        key = load_pem_public_key(text.encode()) if "-----BEGIN" in text else load_der_public_key(_der(text))
    except (ValueError, TypeError, UnsupportedAlgorithm, NotBase64) as error:
        raise malformed(name) from error
    if not isinstance(key, RSAPublicKey) or key.key_size < KEY_BITS_MIN:
        raise malformed(name)
    return key


def certificate(name: str, text: str) -> Certificate:
    """Return the first certificate of a PEM text, with an RSA key; refuses with the setting's name."""
    try:
        found = load_pem_x509_certificate(text.encode())
    except ValueError as error:
        raise malformed(name) from error
    rsa_key_of(name, found)
    return found


def rsa_key_of(name: str, found: Certificate) -> RSAPublicKey:
    """Return the RSA key in a certificate; refuses with the setting's name when it has another kind."""
    key = rsa_key_in(found)
    if key is None:
        raise malformed(name)
    return key


def rsa_key_in(found: Certificate) -> RSAPublicKey | None:
    """Return the RSA key in a certificate, None when it has another kind: the platforms give out SM2 ones too."""
    try:
        key = found.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) else None


def chains_to(
    certificate: Certificate, between: Sequence[Certificate], roots: Sequence[Certificate], now: datetime
) -> bool:
    """Tell whether a certificate leads to one of the roots: each signed by the next, an authority's, and in force."""
    left, current = list(between), certificate
    for _ in range(CHAIN_MAX):
        if not _in_force(current, now):
            return False
        if any(_issued(current, root) and _in_force(root, now) for root in roots):
            return True
        issuer = next((one for one in left if _issued(current, one) and _is_authority(one)), None)
        if issuer is None:
            return False
        left.remove(issuer)
        current = issuer
    return False


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _in_force(certificate: Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc - CLOCK_GRACE <= now < certificate.not_valid_after_utc


def _is_authority(certificate: Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except ExtensionNotFound:
        return False


def _der(text: str) -> bytes:
    return b64decode("".join(text.split()), validate=True)
