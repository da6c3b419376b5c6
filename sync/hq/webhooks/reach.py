"""Where alarms may be sent: https anywhere public, this machine in plain, our own networks only when allowed.

The name is looked up by whoever connects, so what counts is the address of the connection that came about: it is
looked at before a byte is sent. A name that leads elsewhere the second time gains nothing.
"""

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from agent.core.errors import Refused

URL_CHARACTERS_MAX = 500


def checked_url(url: str, private: bool) -> tuple[str, str]:
    """Return server and target of an endpoint's URL.

    Refuses with `webhook.bad_url` what is no URL, `webhook.not_https` plain HTTP to another machine and
    `webhook.private_address` a literal address that is not public, unless `private`.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Refused("webhook.bad_url", url=url[:80]) from error
    visible = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if parts.scheme not in ("http", "https") or not host or not visible or len(url) > URL_CHARACTERS_MAX:
        raise Refused("webhook.bad_url", url=url[:80])
    if parts.username is not None or parts.fragment or port == 0:
        raise Refused("webhook.bad_url", url=url[:80])
    if parts.scheme == "http" and not is_this_machine(host):
        raise Refused("webhook.not_https", url=url[:80])
    literal = _address(host)
    if literal is not None:
        check_peer(host, str(literal), private)
    target = parts.path or "/"
    return f"{parts.scheme}://{parts.netloc}", f"{target}?{parts.query}" if parts.query else target


def is_this_machine(host: str) -> bool:
    """Tell whether a host of a URL names this machine itself."""
    literal = _address(host)
    return host == "localhost" or (literal is not None and literal.is_loopback)


def check_peer(host: str, peer: str, private: bool) -> None:
    """Refuse with `webhook.private_address` a connection that ended where it may not."""
    address = _address(peer)
    own = address is not None and address.is_loopback and is_this_machine(host)
    if private or own or (address is not None and address.is_global and not address.is_multicast):
        return
    raise Refused("webhook.private_address", host=host[:80], address=peer[:60])


def guarded_adapter(private: bool) -> HTTPAdapter:
    """Return an adapter for `sync.session.HttpSession` whose connections are looked at before anything is sent."""
    return _Guarded(private)


class _Guarded(HTTPAdapter):
    def __init__(self, private: bool) -> None:
        self._private = private
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        private = self._private

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return _looked_at(super()._new_conn(), self.host, private)

        class Secured(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return _looked_at(super()._new_conn(), self.host, private)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecuredPool(HTTPSConnectionPool):
            ConnectionCls = Secured

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecuredPool}


def _looked_at(connected: socket.socket, host: str, private: bool) -> socket.socket:
    try:
        check_peer(host.strip("[]"), str(connected.getpeername()[0]), private)
    except BaseException:
        connected.close()
        raise
    return connected


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found
