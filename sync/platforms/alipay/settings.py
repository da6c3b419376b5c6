"""An Alipay merchant's settings, checked when they are read. Keys never show in representations or errors.

Two modes: with keys (`alipay_public_key`), or with certificates (`app_certificate`, `alipay_certificate`,
`alipay_root_certificate`), which some products ask for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509 import Certificate

from agent.core.errors import Refused
from sync.platforms.alipay.sign import certificate_number, root_certificates, root_number
from sync.platforms.base import authorities, checked_names, malformed, seconds_setting, setting, setting_text
from sync.platforms.keys import certificate, private_key, public_key, rsa_key_of

GATEWAY = "https://openapi.alipay.com/gateway.do"
READ_TIMEOUT_S = 15.0
_APP_ID = re.compile(r"\d{10,32}")
_SELLER = re.compile(r"2088\d{12}")
_TIMEOUT = re.compile(r"[1-9]\d?m")
NAMES = frozenset(
    {
        "platform", "name", "gateway", "read_timeout_s", "app_id", "seller_id", "private_key", "app_public_key",
        "alipay_public_key", "app_certificate", "alipay_certificate", "alipay_root_certificate", "app_auth_token",
        "notify_url", "return_url", "wap", "store", "terminal", "timeout_express", "authorize_url", "note",
        "authorities",
    }
)  # fmt: skip
"""Every setting that is read here, `platform`, `name`, `app_public_key` and `note` for people."""


@dataclass(frozen=True, slots=True)
class AlipayMerchant:
    """A merchant's application, and the platform's key that its answers are checked with."""

    base_url: str
    path: str
    read_timeout_s: float
    authorities: str | None
    app_id: str
    seller_id: str | None
    private_key: RSAPrivateKey = field(repr=False)
    platform_key: RSAPublicKey = field(repr=False)
    certificate_numbers: Mapping[str, str]
    """In certificate mode `app_cert_sn` and `alipay_root_cert_sn`, else empty."""
    platform_certificate_number: str | None
    platform_certificate: Certificate | None = field(repr=False)
    roots: tuple[Certificate, ...] = field(repr=False)
    """What a renewed certificate of the platform must lead to."""
    app_auth_token: str | None = field(repr=False)
    notify_url: str
    return_url: str
    wap: bool
    store: str
    terminal: str
    timeout_express: str
    authorize_url: str
    """Scheme and host where the app asks who opened a page; empty: the platform's own."""


def read_settings(settings: Mapping[str, str]) -> AlipayMerchant:
    """Return the merchant of settings; refuses with a code that names the setting which is missing or wrong."""
    checked_names(settings, NAMES)
    parts = urlsplit(settings.get("gateway") or GATEWAY)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise malformed("gateway")
    app_id, seller_id = setting(settings, "app_id"), settings.get("seller_id") or None
    if not _APP_ID.fullmatch(app_id):
        raise malformed("app_id")
    if seller_id is not None and not _SELLER.fullmatch(seller_id):
        raise malformed("seller_id")
    wap, timeout_express = (settings.get("wap") or "off").lower(), settings.get("timeout_express") or "2m"
    if wap not in ("on", "off"):
        raise malformed("wap")
    if not _TIMEOUT.fullmatch(timeout_express):
        raise malformed("timeout_express")
    key = private_key("private_key", setting_text(settings, "private_key"))
    trusted = _trusted(settings, key)
    return AlipayMerchant(
        base_url=f"{parts.scheme}://{parts.netloc}",
        path=parts.path or "/gateway.do",
        read_timeout_s=seconds_setting(settings, "read_timeout_s", READ_TIMEOUT_S),
        authorities=authorities(settings),
        app_id=app_id,
        seller_id=seller_id,
        private_key=key,
        platform_key=trusted.key,
        certificate_numbers=trusted.numbers,
        platform_certificate_number=None if trusted.certificate is None else certificate_number(trusted.certificate),
        platform_certificate=trusted.certificate,
        roots=trusted.roots,
        app_auth_token=_token(settings),
        notify_url=settings.get("notify_url") or "",
        return_url=settings.get("return_url") or "",
        wap=wap == "on",
        store=(settings.get("store") or "")[:32],
        terminal=(settings.get("terminal") or "storebox")[:32],
        timeout_express=timeout_express,
        authorize_url=(settings.get("authorize_url") or "").rstrip("/"),
    )


def _token(settings: Mapping[str, str]) -> str | None:
    if not (settings.get("app_auth_token") or settings.get("app_auth_token_file")):
        return None
    return setting_text(settings, "app_auth_token")


@dataclass(frozen=True, slots=True)
class _Trusted:
    """The platform's key; in certificate mode also where it stands, and what names our certificates in requests."""

    key: RSAPublicKey
    certificate: Certificate | None = None
    numbers: Mapping[str, str] = field(default_factory=dict)
    roots: tuple[Certificate, ...] = ()


def _trusted(settings: Mapping[str, str], key: RSAPrivateKey) -> _Trusted:
    if not (settings.get("app_certificate") or settings.get("app_certificate_file")):
        return _Trusted(public_key("alipay_public_key", setting_text(settings, "alipay_public_key")))
    ours = certificate("app_certificate", setting_text(settings, "app_certificate"))
    if rsa_key_of("app_certificate", ours).public_numbers() != key.public_key().public_numbers():
        raise Refused("platform.keys_differ", setting="app_certificate")
    theirs = certificate("alipay_certificate", setting_text(settings, "alipay_certificate"))
    bundle = setting_text(settings, "alipay_root_certificate")
    try:
        root = root_number(bundle)
    except ValueError as error:
        raise malformed("alipay_root_certificate") from error
    numbers = {"app_cert_sn": certificate_number(ours), "alipay_root_cert_sn": root}
    return _Trusted(rsa_key_of("alipay_certificate", theirs), theirs, numbers, tuple(root_certificates(bundle)))
