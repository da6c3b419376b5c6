"""Whom this box has to reach, as host and port: what a network is examined for and what a firewall form asks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from agent.core.errors import StoreboxError
from agent.diagnosis.finding import Said
from agent.diagnosis.site import Site

HQ: Said = ("总部:账、指令", "headquarters: journal, directives")
PAYMENTS: Said = ("总部收款", "headquarters' payments")
PROXY: Said = ("代理,下面几行经它出去", "the proxy, through which the lines below leave")
NAMES: Said = ("DNS 域名解析", "DNS, names")
TIME: Said = ("NTP 对时(店内有时间服务器可不开)", "NTP, the clock (not with a time server of the site)")
PLATFORM_URLS: Mapping[str, tuple[str, ...]] = {
    "wechat": ("https://api.mch.weixin.qq.com",),
    "alipay": ("https://openapi.alipay.com",),
}
"""Where the platforms take requests, unless a merchant's file says otherwise (sync/platforms)."""


@dataclass(frozen=True, slots=True)
class Target:
    """One server that the box opens connections to."""

    purpose: Said
    scheme: str
    host: str
    port: int

    @property
    def address(self) -> str:
        """Return host and port as a person writes them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Return the root of the server."""
        return f"{self.scheme}://{self.address}"

    @property
    def is_headquarters(self) -> bool:
        """Tell whether headquarters answer there."""
        return self.purpose in (HQ, PAYMENTS)

    @property
    def is_loopback(self) -> bool:
        """Tell whether it is this very machine: then no line lies between."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_named(self) -> bool:
        """Tell whether a name has to be looked up to reach it."""
        try:
            ip_address(self.host)
        except ValueError:
            return self.host != "localhost"
        return False


def target_of(purpose: Said, url: str) -> Target | None:
    """Return the server of a URL, None when it names none."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return Target(purpose, parts.scheme, parts.hostname, port)


def targets_of(site: Site) -> list[Target]:
    """Return the servers of this box by its custody mode, each once, headquarters first."""
    found: list[Target] = []
    for purpose, url in _urls(site):
        target = target_of(purpose, url)
        if target is not None and (target.host, target.port) not in [(one.host, one.port) for one in found]:
            found.append(target)
    return found


def _urls(site: Site) -> Iterator[tuple[Said, str]]:
    from agent.daemon.platforms import pay_urls
    from agent.diagnosis.asking import hq_url

    hq = hq_url(site)
    if hq:
        yield HQ, hq
    if site.settings.payments.custody == "hq":
        try:
            yield from ((PAYMENTS, url) for url in pay_urls(site.settings, hq or None))
        except StoreboxError:
            return  # told of by the part about platforms
    else:
        yield from _platforms(site)


def _platforms(site: Site) -> Iterator[tuple[Said, str]]:
    from sync.platforms.files import FOLDER, merchant_files, settings_in

    for file in merchant_files(site.settings.state / FOLDER):
        try:
            found = settings_in(file)
        except StoreboxError:
            found = {}
        given = [url for name in ("url", "gateway") if (url := found.get(name))]
        for url in given or PLATFORM_URLS.get(file.stem, ()):
            yield (file.stem, file.stem), url


def form(site: Site) -> list[dict[str, str]]:
    """Return the rows of a firewall's form: what goes out of this box, to whom, for what. Nothing comes in."""
    from agent.diagnosis.way import way_to

    proxies = {way.proxy.address: way.proxy for way in map(way_to, targets_of(site)) if way.proxy is not None}
    rows = [
        {"host": one.host, "port": str(one.port), "protocol": "TCP", "zh": PROXY[0], "en": PROXY[1]}
        for one in proxies.values()
    ]
    rows += [
        {
            "host": one.host,
            "port": str(one.port),
            "protocol": "CONNECT" if proxies else "TCP",
            "zh": one.purpose[0],
            "en": one.purpose[1],
        }
        for one in targets_of(site)
        if not one.is_loopback
    ]
    if any(way_to(one).first.is_named for one in targets_of(site)):
        rows.append({"host": "DNS", "port": "53", "protocol": "UDP/TCP", "zh": NAMES[0], "en": NAMES[1]})
    rows.append({"host": "NTP", "port": "123", "protocol": "UDP", "zh": TIME[0], "en": TIME[1]})
    return rows
