"""The one way out over HTTP: time-outs always, no retries, answers capped, errors in our own families.

Nothing was sent: `TryLater`. Sent and no whole answer: `UnknownOutcome`. What an answer means is the caller's part.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError

from agent.core.canonical import parse
from agent.core.chain import Identity
from agent.core.errors import Refused, StoreboxError, TryLater, UnknownOutcome
from agent.core.ports import Signer
from agent.core.signing import SIGNATURE_HEADER, request_header, request_message
from sync.pinning import PinMismatchError, PinningAdapter, TrustlessAdapter

if TYPE_CHECKING:
    from sync.pins import Pins

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 20.0
ANSWER_BYTES_MAX = 4 * 1024 * 1024
_READ_BYTES = 64 * 1024
CONNECTIONS_KEPT = 32
"""Idle ones; a box needs few, headquarters talk to a platform for many boxes at once."""
IDLE_S = 50.0
"""An idle connection may be dead behind a router without anybody's word; an older one is not used again."""

PIN_MISMATCH = "tls.pin_mismatch"

PROXY_VARIABLE = "STOREBOX_PROXY"
"""`host:port` of the proxy through which everything leaves that is not on this machine; unset: directly."""

HeaderMaker = Callable[[str, str, bytes], Mapping[str, str]]
"""Makes headers from method, path with query, and body exactly as they are sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def signed_by(identity: Identity, signer: Signer) -> HeaderMaker:
    """Return the maker of a box's signature header."""

    def headers(method: str, target: str, body: bytes) -> Mapping[str, str]:
        signature = signer.sign(request_message(identity, method, target, body))
        return {SIGNATURE_HEADER: request_header(identity, signature)}

    return headers


class HttpSession:
    """Connections to one server, kept open between requests. Several threads may use it; it keeps no cookies."""

    def __init__(
        self,
        base_url: str,
        *,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
        answer_bytes_max: int = ANSWER_BYTES_MAX,
        certificates: str | None = None,
        client_certificate: tuple[str, str] | None = None,
        adapter: HTTPAdapter | None = None,
        pins: "Pins | None" = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`certificates` is a file of authorities to trust instead of the system's.

        `client_certificate` are the files of a certificate and of its key, for servers that ask who connects.
        `adapter` makes the connections instead of the usual one, for whoever has to look at them. `pins` are the keys
        that headquarters' servers may show (`tls.pin_mismatch` for another one); an adapter beside them looks at them.
        """
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
            raise Refused("network.bad_url", url=base_url[:80])
        self.base_url = f"{parts.scheme}://{parts.netloc}"
        self._timeout_s = (connect_timeout_s, read_timeout_s)
        self._answer_bytes_max = answer_bytes_max
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.proxies = proxies_for(parts.hostname)
        self._session.verify = certificates or True
        self._session.cert = client_certificate
        self._pins = pins
        self._pinned = frozenset() if pins is None else pins.accepted()
        self._connect_timeout_s = connect_timeout_s
        self._monotonic_s = monotonic_s
        self._used_s = monotonic_s()
        self._idling = threading.Lock()
        accepted = frozenset if pins is None else pins.accepted
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter or PinningAdapter(accepted, connections_kept=CONNECTIONS_KEPT))

    def send(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        header_maker: HeaderMaker | None = None,
    ) -> Answer:
        """Send one request and return the whole answer, whatever its status."""
        self._leave_idle()
        self._heed_pins()
        try:
            return self._sent(method, target, body, headers, header_maker)
        except TryLater as error:
            if error.code != PIN_MISMATCH or not self._pins_renewed():
                raise
        self._heed_pins()
        return self._sent(method, target, body, headers, header_maker)

    def _sent(
        self,
        method: str,
        target: str,
        body: bytes,
        headers: Mapping[str, str] | None,
        header_maker: HeaderMaker | None,
    ) -> Answer:
        try:
            request = requests.Request(method, self.base_url + target, data=body or None, headers=dict(headers or {}))
            prepared = self._session.prepare_request(request)
            prepared.headers["Accept-Encoding"] = "identity"
            if header_maker is not None:
                prepared.headers.update(header_maker(method, prepared.path_url, body))
            response = self._session.send(prepared, timeout=self._timeout_s, allow_redirects=False, stream=True)
            with response:
                content = self._content(response)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _ours(error, self.base_url) from error
        return Answer(response.status_code, {key.lower(): text for key, text in response.headers.items()}, content)

    def lines(
        self, target: str, headers: Mapping[str, str], refusal: Callable[[Answer], StoreboxError]
    ) -> Iterator[bytes]:
        """Yield the lines of a long answer as they come; `refusal` makes the error of an answer other than 200."""
        try:
            request = requests.Request("GET", self.base_url + target, headers=dict(headers))
            prepared = self._session.prepare_request(request)
            prepared.headers["Accept-Encoding"] = "identity"
            response = self._session.send(prepared, timeout=self._timeout_s, allow_redirects=False, stream=True)
            with response:
                if response.status_code != 200:
                    raise refusal(Answer(response.status_code, {}, self._content(response)))
                yield from response.iter_lines(_READ_BYTES)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _ours(error, self.base_url) from error

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def _leave_idle(self) -> None:
        """Leave connections that were not used for long: what is sent into a dead one has an unknown outcome."""
        with self._idling:
            now_s = self._monotonic_s()
            if now_s - self._used_s > IDLE_S:
                self._session.close()
            self._used_s = now_s

    def _heed_pins(self) -> None:
        """Leave connections that were opened under other pins."""
        if self._pins is not None and (accepted := self._pins.accepted()) != self._pinned:
            self._pinned = accepted
            self._session.close()

    def _pins_renewed(self) -> bool:
        """Ask the server for the key list, which proves itself; tell whether it brought other pins."""
        line = HttpSession(
            self.base_url,
            connect_timeout_s=self._connect_timeout_s,
            read_timeout_s=self._timeout_s[1],
            adapter=TrustlessAdapter(),
        )
        try:
            document = parse(line.send("GET", "/v1/keys").body)
        except StoreboxError:
            return False  # the caller raises what it met first
        finally:
            line.close()
        return self._pins is not None and isinstance(document, dict) and self._pins.renew(document)

    def _content(self, response: requests.Response) -> bytes:
        ends_at_s = time.monotonic() + self._timeout_s[1]
        content = bytearray()
        while piece := response.raw.read1(_READ_BYTES):
            content += piece
            if len(content) > self._answer_bytes_max:
                raise UnknownOutcome("network.answer_too_large", server=self.base_url)
            if time.monotonic() > ends_at_s:
                raise UnknownOutcome("network.no_answer", server=self.base_url)
        return bytes(content)


def proxies_for(host: str) -> dict[str, str]:
    """Return the proxy on the way to a host, as requests asks for it: none to this machine, or where none is set."""
    proxy = os.environ.get(PROXY_VARIABLE, "")
    try:
        is_here = ip_address(host).is_loopback
    except ValueError:
        is_here = host == "localhost"
    return {} if is_here or not proxy else {"http": f"http://{proxy}", "https": f"http://{proxy}"}


def _ours(error: Exception, server: str) -> StoreboxError:
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidHeader):
        return Refused("network.bad_url", url=server)
    if (mismatch := _pin_mismatch(error)) is not None:
        return TryLater(PIN_MISMATCH, host=server, shown=mismatch.shown[:16])
    if isinstance(error, requests.exceptions.SSLError):
        return TryLater("network.certificate", server=server)
    if isinstance(error, requests.exceptions.ConnectTimeout) or _never_connected(error):
        return TryLater("network.unreachable", server=server)
    if isinstance(error, requests.exceptions.ReadTimeout):
        return UnknownOutcome("network.no_answer", server=server)
    return UnknownOutcome("network.answer_cut", server=server)


def _pin_mismatch(error: object, depth: int = 4) -> PinMismatchError | None:
    """Return what our own connection raised, from inside what urllib3 and requests made of it."""
    if isinstance(error, PinMismatchError) or depth == 0:
        return error if isinstance(error, PinMismatchError) else None
    inside = (*getattr(error, "args", ()), getattr(error, "reason", None))
    return next((found for one in inside if (found := _pin_mismatch(one, depth - 1)) is not None), None)


def _never_connected(error: Exception) -> bool:
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return isinstance(reason, NewConnectionError | NameResolutionError)
