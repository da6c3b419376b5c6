"""What every request must pass before a handler sees it, and what every response carries.

Against a hostile page in the cashier's browser: DNS rebinding (Host), cross-site and other-port requests (Origin,
Sec-Fetch-Site), plain forms (JSON only), framing and injected script (Content-Security-Policy).
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.core.errors import Credentials, Refused, StoreboxError
from agent.web.errors import error_response

BODY_MAX_BYTES = 256 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "style-src 'self'",
        "font-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "manifest-src 'self'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=(), payment=()",
}


def host_name(host: str) -> str:
    """Return a Host header without its port, in lower case."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()


class Guard:
    """ASGI middleware in front of everything. Handlers behind it need not think of browsers."""

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str]) -> None:
        """`allowed_hosts`: names or `name:port`; a name alone is allowed with every port."""
        self._app = app
        self._allowed = frozenset(host.lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what must not pass, count the body, add headers to the response."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    present[name] = value
                if "Cache-Control" not in present:
                    present["Cache-Control"] = "no-store"
            await send(message)

        error = self.refusal(scope["method"], scope["path"], scope["scheme"], headers)
        if error is not None:
            await error_response(error, {"Connection": "close"})(scope, receive, send_guarded)
            return
        await self._app(scope, _BoundedBody(receive).receive, send_guarded)

    def refusal(self, method: str, path: str, scheme: str, headers: Headers) -> StoreboxError | None:
        """Return why a request must not pass, or None."""
        host = headers.get("host", "")
        if host.lower() not in self._allowed and host_name(host) not in self._allowed:
            return Refused("request.foreign_host", host=host[:80])
        if len(headers.getlist("host")) != 1:
            return Refused("request.foreign_host", host="")
        if method in SAFE_METHODS:
            if _is_data(path) and headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return Credentials("request.foreign_origin", origin=headers.get("sec-fetch-site", "")[:80])
            return None
        origin = headers.get("origin")
        if bearer(headers) is None and origin != f"{scheme}://{host}":
            return Credentials("request.foreign_origin", origin=(origin or "")[:80])
        return _body_refusal(method, headers)


def bearer(headers: Headers) -> str | None:
    """Return the API key of a request, "" for an Authorization that is none; None when there is no such header."""
    value = headers.get("authorization")
    if value is None:
        return None
    scheme, _, key = value.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _is_data(path: str) -> bool:
    return path.startswith(("/api/", "/desk/"))


def _body_refusal(method: str, headers: Headers) -> StoreboxError | None:
    length = headers.get("content-length")
    if length is not None and (not length.isdecimal() or int(length) > BODY_MAX_BYTES):
        return Refused("request.too_large", bytes_max=BODY_MAX_BYTES)
    has_body = "transfer-encoding" in headers or length not in (None, "0")
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if (has_body or method != "DELETE") and content_type != "application/json":
        return Refused("request.not_json")
    return None


class _BoundedBody:
    """Counts what a request sends, whatever it announced."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._bytes = 0

    async def receive(self) -> Any:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        if self._bytes > BODY_MAX_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message
