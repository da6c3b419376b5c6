"""The merchants of the simulated platforms: made once, kept in STATE/platform.json, told in STATE/merchants/NAME.json.

A merchant's file holds all that a foreign client needs, under the names of a box's platform file, so that the same file
serves both. Four of them: WeChat Pay direct and partner, Alipay with keys and with certificates.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from cryptography.x509 import load_pem_x509_certificate

from agent.core.errors import Refused
from agent.disk import write_private
from sync.platforms.wechat.trust import serial_of
from sync.simulator.certificates import ORGANISATION, certificate_pem, new_key, public_pem

NAMES = ("wechat", "wechat-partner", "alipay", "alipay-certificate")
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000000012026112700000000001"
_FILE = "platform.json"
_AUTHORITY = "Storebox Simulator Root"

Kind = Literal["wechat", "alipay"]
_SUBJECTS: Mapping[Kind, str] = {"wechat": "Tenpay.com sign practice", "alipay": "Alipay practice"}


@dataclass(frozen=True, slots=True)
class Account:
    """A merchant as its platform has it; `values` are the fields of its file."""

    name: str
    kind: Kind
    values: dict[str, str]

    @property
    def number(self) -> str:
        """Return the number that bills and requests name: mchid or seller id."""
        return self.values["mchid"] if self.kind == "wechat" else self.values["seller_id"]


@dataclass(frozen=True, slots=True)
class PlatformKeys:
    """The platforms' own secrets: keys (PEM) that sign what they say, and their certificates."""

    wechat_key: str
    wechat_certificate: str
    wechat_public_key: str
    alipay_key: str
    alipay_certificate: str
    root_certificate: str
    root_key: str = ""
    """Missing in states of older versions, which renew nothing."""


class Accounts:
    """All merchants of a state folder; keys are made when they are first needed. Thread-safe."""

    def __init__(self, state: Path, now_ms: Callable[[], int]) -> None:
        self._state = state
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._loaded: tuple[PlatformKeys, dict[str, Account]] | None = None

    @property
    def keys(self) -> PlatformKeys:
        """Return the platforms' keys."""
        return self._all()[0]

    def all(self) -> list[Account]:
        """Return every merchant."""
        return list(self._all()[1].values())

    def named(self, name: str) -> Account:
        """Return a merchant by the name of its file; raises KeyError."""
        return self._all()[1][name]

    def find(self, kind: Kind, field: str, value: str) -> Account | None:
        """Return the merchant of a platform whose field has a value, None without one."""
        return next((one for one in self.all() if one.kind == kind and value and one.values.get(field) == value), None)

    def renewed(self, kind: Kind) -> tuple[str, str] | None:
        """Return a new key of a platform and its certificate, not kept; None where the authority's key is missing."""
        keys = self.keys
        if not keys.root_key:
            return None
        key = new_key()
        return key, certificate_pem(_SUBJECTS[kind], key, _AUTHORITY, keys.root_key, self._now_ms())

    def for_server(self) -> tuple[str, str]:
        """Return a key and certificate for serving on loopback; refuses a state of an older version."""
        keys = self.keys
        if not keys.root_key:
            raise Refused("simulator.state_too_old")
        key, loopback = new_key(), ("127.0.0.1", "::1")
        made = certificate_pem("localhost", key, _AUTHORITY, keys.root_key, self._now_ms(), addresses=loopback)
        return key, made

    def publish(self, url: str, authorities: Path | None = None) -> None:
        """Write each merchant's file with the addresses at which this run is reached.

        Over https also what to trust, and of WeChat Pay the files with which a merchant identifies itself.
        """
        for account in self.all():
            document = {**settings_of(account, url), "note": "made by the simulator; no real money"}
            if authorities is not None:
                document |= {"authorities_file": str(authorities), **self._identity(account)}
            text = json.dumps(document, ensure_ascii=False, indent=1)
            write_private(self._state / "merchants" / f"{account.name}.json", f"{text}\n".encode())

    def _identity(self, account: Account) -> dict[str, str]:
        if account.kind != "wechat":
            return {}
        folder, files = self._state / "tls", {}
        for setting, ending in (("certificate", "pem"), ("private_key", "key")):
            file = folder / f"{account.name}.{ending}"
            write_private(file, account.values[setting].encode())
            files[f"{setting}_file"] = str(file)
        return files

    def _all(self) -> tuple[PlatformKeys, dict[str, Account]]:
        with self._lock:
            if self._loaded is None:
                path = self._state / _FILE
                if not path.exists():
                    write_private(path, json.dumps(_made(self._now_ms())).encode())
                document = json.loads(path.read_text(encoding="utf-8"))
                accounts = {
                    name: Account(name, values["platform"], values) for name, values in document["accounts"].items()
                }
                self._loaded = PlatformKeys(**document["keys"]), accounts
            return self._loaded


def settings_of(account: Account, url: str) -> dict[str, str]:
    """Return the settings with which a box or a foreign client reaches an account of this run."""
    notify_url = f"{url}/sim/notified/{account.name}"
    if account.kind == "alipay":
        addresses = {"gateway": f"{url}/gateway.do", "notify_url": notify_url}
    else:
        addresses = {"url": url, "notify_url": notify_url, "sns_url": url, "app_secret": app_secret(account)}
    return {**account.values, "name": account.name, **addresses, "authorize_url": url}


def app_secret(account: Account) -> str:
    """Return the secret of a merchant's application at WeChat."""
    return sha256(f"application {account.values['private_key']}".encode()).hexdigest()[:32]


def _made(now_ms: int) -> dict[str, Any]:
    """Return new keys and merchants as plain data."""
    authority, wechat, wechat_public, alipay = (new_key() for _ in range(4))

    def certified(subject: str, key: str) -> str:
        whose = ORGANISATION if subject in _SUBJECTS.values() else f"practice merchant {subject}"
        return certificate_pem(subject, key, _AUTHORITY, authority, now_ms, organisation=whose)

    root = certificate_pem(_AUTHORITY, authority, _AUTHORITY, authority, now_ms)
    keys = {
        "wechat_key": wechat,
        "wechat_certificate": certified(_SUBJECTS["wechat"], wechat),
        "wechat_public_key": wechat_public,
        "alipay_key": alipay,
        "alipay_certificate": certified(_SUBJECTS["alipay"], alipay),
        "root_certificate": root,
        "root_key": authority,
    }
    shared = {"public_key_id": PUBLIC_KEY_ID, "public_key": public_pem(wechat_public)}
    accounts = {
        "wechat": {**_wechat("1900000001", certified), **shared, "h5": "on"},
        "wechat-partner": {**_wechat("1900000100", certified), **shared, "sub_mchid": "1900000109"},
        "alipay": _alipay("2021000000000001", "2088000000000015", public_pem(alipay)),
        "alipay-certificate": {
            **_alipay("2021000000000002", "2088000000000026", None),
            "alipay_certificate": keys["alipay_certificate"],
            "alipay_root_certificate": root,
        },
    }
    accounts["alipay-certificate"]["app_certificate"] = certified(
        "2021000000000002", accounts["alipay-certificate"]["private_key"]
    )
    return {"keys": keys, "accounts": accounts}


def _wechat(mchid: str, certified: Callable[[str, str], str]) -> dict[str, str]:
    key = new_key()
    certificate = certified(mchid, key)
    serial = serial_of(load_pem_x509_certificate(certificate.encode()))
    return {
        "platform": "wechat",
        "appid": f"wx{sha256(mchid.encode()).hexdigest()[:16]}",
        "mchid": mchid,
        "serial_no": serial,
        "private_key": key,
        "certificate": certificate,
        "api_v3_key": sha256(f"v3 {key}".encode()).hexdigest()[:32],
        "api_v2_key": sha256(f"v2 {key}".encode()).hexdigest()[:32],
    }


def _alipay(app_id: str, seller_id: str, public_key: str | None) -> dict[str, str]:
    key = new_key()
    made = {"platform": "alipay", "wap": "on", "app_id": app_id, "seller_id": seller_id, "private_key": key}
    return {**made, "app_public_key": public_pem(key)} | ({"alipay_public_key": public_key} if public_key else {})
