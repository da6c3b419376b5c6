"""TLS by a pinned public key: who answers must show a key that headquarters' root signed, before a byte is sent.

With a pin neither authorities nor names nor dates count: the key is the identity, a self-signed certificate is as good
as a bought one, and a box whose clock is years off gets through. Without a pin the authorities decide, as everywhere.
A pin is the SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469, 2.4), in hex: it outlives a renewed
certificate of the same key.
"""

import ssl
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

Accepted = Callable[[], frozenset[str]]
"""Tells the pins that count now; none: the authorities decide."""
Context = Callable[[], ssl.SSLContext]


class PinMismatchError(ssl.SSLError):
    """The server showed a key that is not pinned; nothing was sent to it."""

    def __init__(self, shown: str) -> None:
        super().__init__(f"the server's key is not pinned: {shown}")
        self.shown = shown


def pin_of(der: bytes) -> str:
    """Return the pin of a certificate's public key; raises ValueError for what is no certificate."""
    from cryptography import x509  # late: a box without pins never needs it, and its start is short

    return key_pin(x509.load_der_x509_certificate(der).public_key())


def key_pin(public_key: Any) -> str:
    """Return the pin of a public key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def trustless_context() -> ssl.SSLContext:
    """Return a context that believes every certificate: what is asked over it proves itself, and tells no secret."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class PinningAdapter(HTTPAdapter):
    """Connections that are checked by the pins that count when they are opened."""

    def __init__(self, accepted: Accepted, context: Context | None = None, connections_kept: int = 10) -> None:
        """`context` is for connections that no pin decides; `connections_kept` is how many idle ones are kept."""
        self._context = context
        self._classes = {"http": HTTPConnectionPool, "https": _pool_class(accepted)}
        super().__init__(pool_connections=1, pool_maxsize=connections_kept, max_retries=0)

    def init_poolmanager(self, *args: Any, **settings: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **{**settings, **self._more()})
        self.poolmanager.pool_classes_by_scheme = self._classes

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        """Make the pools of a way through a proxy: it passes on what it can't read."""
        manager = super().proxy_manager_for(proxy, **self._more(), **settings)
        manager.pool_classes_by_scheme = self._classes
        return manager

    def _more(self) -> dict[str, Any]:
        return {} if self._context is None else {"ssl_context": self._context()}


class TrustlessAdapter(HTTPAdapter):
    """Connections for questions whose answer proves itself by a signature, and that tell no secret."""

    def init_poolmanager(self, *args: Any, **settings: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **settings)
        self.poolmanager.pool_classes_by_scheme = _TRUSTLESS

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        """Make the pools of a way through a proxy."""
        manager = super().proxy_manager_for(proxy, **settings)
        manager.pool_classes_by_scheme = _TRUSTLESS
        return manager


class _TrustlessConnection(HTTPSConnection):
    def connect(self) -> None:
        self.ssl_context, self.ca_certs = trustless_context(), None
        self.cert_reqs, self.assert_hostname = ssl.CERT_NONE, False
        super().connect()
        self.is_verified = True  # by whoever reads the answer; else urllib3 warns of it at every request


class _TrustlessPool(HTTPSConnectionPool):
    ConnectionCls = _TrustlessConnection


_TRUSTLESS: dict[str, Any] = {"http": HTTPConnectionPool, "https": _TrustlessPool}


def _pool_class(accepted: Accepted) -> type[HTTPSConnectionPool]:
    class PinnedConnection(HTTPSConnection):
        def connect(self) -> None:
            pins = accepted()
            if not pins:
                super().connect()
                return
            self.ssl_context, self.ca_certs = trustless_context(), None
            self.cert_reqs, self.assert_hostname = ssl.CERT_NONE, False
            super().connect()
            shown = pin_of(self.sock.getpeercert(binary_form=True) or b"")  # type: ignore[union-attr]
            if shown not in pins:
                self.close()
                raise PinMismatchError(shown)
            self.is_verified = True

    class PinnedPool(HTTPSConnectionPool):
        ConnectionCls = PinnedConnection

    return PinnedPool
