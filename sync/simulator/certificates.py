"""Keys and certificates that the simulator makes: an authority, platforms, merchants. Never for real money."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    CertificateBuilder,
    IPAddress,
    Name,
    NameAttribute,
    SubjectAlternativeName,
    random_serial_number,
)
from cryptography.x509.oid import NameOID

ORGANISATION = "storebox simulator"
"""Whom the platforms' own certificates and the authority belong to."""
_YEARS = 5


def new_key() -> str:
    """Return a new RSA key of 2048 bits, PEM PKCS #8."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@lru_cache(maxsize=64)
def loaded(pem: str) -> RSAPrivateKey:
    """Return the key in a PEM text that this module wrote."""
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    return key


def public_pem(private_pem: str) -> str:
    """Return the public half, PEM SubjectPublicKeyInfo."""
    key = loaded(private_pem).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def named(common_name: str, organisation: str = ORGANISATION) -> Name:
    """Return a name with the four parts that Alipay's serial numbers are made of."""
    return Name(
        [
            NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "practice"),
            NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def certificate_pem(
    subject: str,
    private_pem: str,
    issuer: str,
    issuer_pem: str,
    now_ms: int,
    *,
    organisation: str = ORGANISATION,
    authority: bool = False,
    addresses: tuple[str, ...] = (),
) -> str:
    """Return a certificate over a key, signed by an authority's; valid from a day ago for five years.

    It is an authority's itself when it signs itself, or with `authority`; a server's with the `addresses` it has.
    """
    begins = datetime.fromtimestamp(now_ms // 1000, UTC) - timedelta(days=1)
    builder = (
        CertificateBuilder()
        .subject_name(named(subject, organisation))
        .issuer_name(named(issuer))
        .public_key(loaded(private_pem).public_key())
        .serial_number(random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=365 * _YEARS))
        .add_extension(BasicConstraints(ca=authority or subject == issuer, path_length=None), critical=True)
    )
    if addresses:
        names = SubjectAlternativeName([IPAddress(ip_address(one)) for one in addresses])
        builder = builder.add_extension(names, critical=False)
    found: Certificate = builder.sign(loaded(issuer_pem), SHA256())
    return found.public_bytes(Encoding.PEM).decode()
