"""A WeChat Pay merchant's settings, checked when they are read. Keys never show in representations or errors.

Secrets stand in the settings (`private_key`) or in files of their own (`private_key_file`), as systemd credentials do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509 import Certificate

from agent.core.errors import Refused
from sync.platforms.base import authorities, checked_names, malformed, seconds_setting, setting, setting_text
from sync.platforms.keys import certificate, private_key, public_key, rsa_key_of
from sync.platforms.wechat.sign import PUBLIC_KEY_PREFIX

HOST = "https://api.mch.weixin.qq.com"
READ_TIMEOUT_S = 15.0
_MCHID = re.compile(r"\d{6,32}")
_APPID = re.compile(r"\w{1,32}")
_SERIAL = re.compile(r"[0-9A-Fa-f]{16,64}")
_KEY = re.compile(r"[\x21-\x7e]{32}")
NAMES = frozenset(
    {
        "platform", "name", "url", "read_timeout_s", "appid", "mchid", "sub_appid", "sub_mchid", "serial_no",
        "private_key", "certificate", "api_v3_key", "api_v2_key", "public_key", "public_key_id", "certificates",
        "code_pay", "refunds", "h5", "notify_url", "store", "device", "client_ip", "app_secret", "authorize_url",
        "sns_url", "note", "authorities",
    }
)  # fmt: skip
"""Every setting that is read here, `platform`, `name` and `note` for people."""


@dataclass(frozen=True, slots=True)
class WechatMerchant:
    """A merchant and how it is spoken for; with `sub_mchid` it is a partner that acts for that one."""

    url: str
    read_timeout_s: float
    appid: str
    mchid: str
    sub_appid: str | None
    sub_mchid: str | None
    serial_no: str
    private_key: RSAPrivateKey = field(repr=False)
    api_v3_key: bytes = field(repr=False)
    api_v2_key: str | None = field(repr=False)
    public_key_id: str | None
    public_key: RSAPublicKey | None = field(repr=False)
    certificates: tuple[Certificate, ...] = field(repr=False)
    client_certificate: tuple[str, str] | None
    authorities: str | None
    code_pay: Literal["v2", "v3"]
    refunds: Literal["v2", "v3"]
    h5: bool
    notify_url: str
    store: str
    device: str
    client_ip: str
    app_secret: str | None = field(repr=False)
    """The application's, with which a page in WeChat learns who opened it."""
    authorize_url: str
    sns_url: str
    """Scheme and host where WeChat is asked who opened a page; empty: the platform's own."""

    @property
    def is_partner(self) -> bool:
        """Tell whether this merchant acts for a sub-merchant."""
        return self.sub_mchid is not None


def read_settings(settings: Mapping[str, str]) -> WechatMerchant:
    """Return the merchant of settings; refuses with a code that names the setting which is missing or wrong."""
    checked_names(settings, NAMES)
    key = private_key("private_key", setting_text(settings, "private_key"))
    code_pay, refunds = _version(settings, "code_pay", "v2"), _version(settings, "refunds", "v3")
    needs_v2 = "v2" in (code_pay, refunds) or _given(settings, "api_v2_key")
    public_key_id, trusted = _trusted_key(settings)
    return WechatMerchant(
        url=settings.get("url") or HOST,
        read_timeout_s=seconds_setting(settings, "read_timeout_s", READ_TIMEOUT_S),
        appid=_matching(settings, "appid", _APPID),
        mchid=_matching(settings, "mchid", _MCHID),
        sub_appid=_matching(settings, "sub_appid", _APPID) if settings.get("sub_appid") else None,
        sub_mchid=_matching(settings, "sub_mchid", _MCHID) if settings.get("sub_mchid") else None,
        serial_no=_matching(settings, "serial_no", _SERIAL).upper(),
        private_key=key,
        api_v3_key=_secret(settings, "api_v3_key").encode(),
        api_v2_key=_secret(settings, "api_v2_key") if needs_v2 else None,
        public_key_id=public_key_id,
        public_key=trusted,
        certificates=_certificates(settings),
        client_certificate=_client_certificate(settings, key),
        authorities=authorities(settings),
        code_pay=code_pay,
        refunds=refunds,
        h5=_switch(settings, "h5"),
        notify_url=settings.get("notify_url") or "",
        store=(settings.get("store") or "1")[:256],
        device=(settings.get("device") or "storebox")[:32],
        client_ip=settings.get("client_ip") or "127.0.0.1",
        app_secret=_secret(settings, "app_secret") if _given(settings, "app_secret") else None,
        authorize_url=(settings.get("authorize_url") or "").rstrip("/"),
        sns_url=(settings.get("sns_url") or "").rstrip("/"),
    )


def _version(settings: Mapping[str, str], name: str, default: Literal["v2", "v3"]) -> Literal["v2", "v3"]:
    """Return over which protocol something goes."""
    value = settings.get(name) or default
    if value == "v2":
        return "v2"
    if value == "v3":
        return "v3"
    raise malformed(name)


def _given(settings: Mapping[str, str], name: str) -> bool:
    return bool(settings.get(name) or settings.get(f"{name}_file"))


def _matching(settings: Mapping[str, str], name: str, form: re.Pattern[str]) -> str:
    value = setting(settings, name)
    if not form.fullmatch(value):
        raise malformed(name)
    return value


def _secret(settings: Mapping[str, str], name: str) -> str:
    """Return a key of 32 characters."""
    value = setting_text(settings, name)
    if not _KEY.fullmatch(value):
        raise malformed(name)
    return value


def _switch(settings: Mapping[str, str], name: str) -> bool:
    value = (settings.get(name) or "off").lower()
    if value not in ("on", "off", "true", "false"):
        raise malformed(name)
    return value in ("on", "true")


def _trusted_key(settings: Mapping[str, str]) -> tuple[str | None, RSAPublicKey | None]:
    """Return the platform's public key and its id: both or neither."""
    number = settings.get("public_key_id") or None
    if number is None and not _given(settings, "public_key"):
        return None, None
    if number is None or not number.startswith(PUBLIC_KEY_PREFIX):
        raise malformed("public_key_id")
    return number, public_key("public_key", setting_text(settings, "public_key"))


def _certificates(settings: Mapping[str, str]) -> tuple[Certificate, ...]:
    """Return platform certificates that are known already; the others are downloaded when they are needed."""
    if not _given(settings, "certificates"):
        return ()
    end = "-----END CERTIFICATE-----"
    texts = [part + end for part in setting_text(settings, "certificates").split(end) if "-----BEGIN" in part]
    return tuple(certificate("certificates", text) for text in texts)


def _client_certificate(settings: Mapping[str, str], key: RSAPrivateKey) -> tuple[str, str] | None:
    """Return the files with which V2's reverse identifies us; both must be files, the TLS library reads them itself."""
    if _given(settings, "certificate"):
        found = certificate("certificate", setting_text(settings, "certificate"))
        if rsa_key_of("certificate", found).public_numbers() != key.public_key().public_numbers():
            raise Refused("platform.keys_differ", setting="certificate")
    if settings.get("certificate_file") and settings.get("private_key_file"):
        return settings["certificate_file"], settings["private_key_file"]
    return None
