"""Signatures of Alipay's gateway and of its notifications, pure. Shared by adapter and simulator.

Source: the vendor's pages on signing, on verifying synchronous answers and notifications, and on certificate mode.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import md5

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate, load_pem_x509_certificate
from cryptography.x509.oid import NameOID, ObjectIdentifier

_RSA_SIGNATURES = "1.2.840.113549.1.1."
_END = "-----END CERTIFICATE-----"


def rsa_signature(key: RSAPrivateKey, message: bytes) -> str:
    """Return the base64 of RSA-SHA256 (PKCS #1 v1.5), which Alipay calls RSA2."""
    return b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()


def rsa_verified(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Tell whether a base64 signature over a message is the key's; text that is no base64 is nobody's."""
    try:
        key.verify(b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def joined(parameters: Mapping[str, str], left_out: frozenset[str] = frozenset({"sign"})) -> bytes:
    """Return what parameters sign: names in ASCII order, empty ones left out, values as they are before encoding."""
    kept = sorted((name, value) for name, value in parameters.items() if value != "" and name not in left_out)
    return "&".join(f"{name}={value}" for name, value in kept).encode()


def notification_message(parameters: Mapping[str, str]) -> bytes:
    """Return what a notification signs: unlike a request's, its `sign_type` is left out too."""
    return joined(parameters, frozenset({"sign", "sign_type"}))


def node_of(body: str, name: str) -> str | None:
    """Return the raw text of the object under `name`, as it was signed; None when there is none.

    Braces inside strings do not count, and a name that stands inside another value is not taken for the node.
    """
    depth, place, key_begins = 0, 0, -1
    while place < len(body):
        character = body[place]
        if character == '"':
            ends = _string_end(body, place)
            if depth == 1 and body[place + 1 : ends] == name:
                key_begins = ends
            place = ends
        elif character == "{":
            if depth == 1 and key_begins >= 0 and body[key_begins + 1 : place].strip() == ":":
                closes = _object_end(body, place)
                return None if closes is None else body[place : closes + 1]
            depth += 1
        elif character == "}":
            depth -= 1
        place += 1
    return None


def certificate_number(certificate: Certificate) -> str:
    """Return a certificate's `cert_sn`: MD5 of the issuer's name and the serial number in decimal."""
    parts = (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME, NameOID.COUNTRY_NAME)
    labels = ("CN", "OU", "O", "C")
    named = ",".join(f"{label}={_attribute(certificate, oid)}" for label, oid in zip(labels, parts, strict=True))
    return md5(f"{named}{certificate.serial_number}".encode(), usedforsecurity=False).hexdigest()


def root_certificates(bundle: str) -> list[Certificate]:
    """Return the certificates of a root bundle that are signed with RSA.

    Certificates of other algorithms (SM2) are left out, readable or not.
    """
    found = []
    for part in bundle.split(_END):
        if "-----BEGIN" not in part:
            continue
        try:
            certificate = load_pem_x509_certificate((part + _END).strip().encode())
            rsa = certificate.signature_algorithm_oid.dotted_string.startswith(_RSA_SIGNATURES)
        except (ValueError, UnsupportedAlgorithm):
            continue
        if rsa:
            found.append(certificate)
    return found


def root_number(bundle: str) -> str:
    """Return a root bundle's `alipay_root_cert_sn`: the numbers of its certificates that are signed with RSA.

    Raises ValueError when there is none.
    """
    numbers = [certificate_number(one) for one in root_certificates(bundle)]
    if not numbers:
        raise ValueError("no certificate signed with RSA")
    return "_".join(numbers)


def _attribute(certificate: Certificate, oid: ObjectIdentifier) -> str:
    found = certificate.issuer.get_attributes_for_oid(oid)
    return str(found[0].value) if found else "None"


def _string_end(body: str, begins: int) -> int:
    """Return the place of the quote that ends a string; the text's end when none does."""
    place = begins + 1
    while place < len(body) and body[place] != '"':
        place += 2 if body[place] == "\\" else 1
    return min(place, len(body))


def _object_end(body: str, begins: int) -> int | None:
    depth, place = 0, begins
    while place < len(body):
        character = body[place]
        if character == '"':
            place = _string_end(body, place)
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return place
        place += 1
    return None
