"""A request as the simulated platforms see it: exactly the bytes that were signed, and what is to go wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from fastapi import Request, Response

from sync.simulator.weather import LOST_HEADER


@dataclass(frozen=True, slots=True)
class Call:
    """`target` is path and query as sent; header names are in lower case; `fault` is the weather of this request."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    fault: str
    client_certificate: bytes | None = None
    """What the connection showed over https, DER."""


async def call_of(request: Request) -> Call:
    """Return a request as a call."""
    raw_path = request.scope.get("raw_path") or request.url.path.encode()
    path = raw_path.split(b"?")[0].decode("latin-1")
    query = request.scope.get("query_string", b"").decode("latin-1")
    return Call(
        method=request.method,
        target=f"{path}?{query}" if query else path,
        path=path,
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.body(),
        base_url=f"{request.url.scheme}://{request.headers.get('host', '127.0.0.1')}",
        fault=getattr(request.state, "fault", "ok"),
        client_certificate=getattr(request.state, "client_certificate", None),
    )


def lost() -> Response:
    """Return the answer that is cut off on its way."""
    return Response("", 200, {LOST_HEADER.decode(): "1"})
