"""Merchant keys and certificates out of settings: PEM or bare base64, checked when they are read, never shown."""

from base64 import b64decode
from binascii import Error as NotBase64

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import Certificate, load_pem_x509_certificate

from sync.platforms.base import malformed

KEY_BITS_MIN = 2048


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
    key = found.public_key()
    if not isinstance(key, RSAPublicKey):
        raise malformed(name)
    return key


def _der(text: str) -> bytes:
    return b64decode("".join(text.split()), validate=True)
