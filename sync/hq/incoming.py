"""The request as it came in: raw target and raw body within bounds of size and time, for signatures."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request
from starlette.requests import ClientDisconnect

from agent.core.canonical import parse
from agent.core.errors import Broken, Refused, TryLater
from agent.core.signing import SIGNATURE_HEADER
from sync.wire import CONTENT_ENCODING, INFLATED_BYTES_MAX, inflate

BODY_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request with its whole body, exactly as sent."""

    method: str
    target: str
    signature: str | None
    encoding: str
    body: bytes
    sender: str = ""
    """The address that it came from."""

    def plain(self) -> bytes:
        """Return the body, inflated when it was sent so."""
        if self.encoding == CONTENT_ENCODING:
            return inflate(self.body)
        if self.encoding in ("", "identity"):
            return self.body
        raise Refused("upload.unknown_encoding", encoding=self.encoding[:20])

    def document(self) -> Mapping[str, object]:
        """Return the body as a JSON object; refuses with `request.malformed`."""
        try:
            value = parse(self.plain())
        except Broken as error:
            raise Refused("request.malformed", field="json") from error
        if not isinstance(value, dict):
            raise Refused("request.malformed", field="json")
        return value


async def incoming(request: Request) -> Incoming:
    """Read a request's body; refuses what is larger than an upload may be, or comes too slowly."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for piece in request.stream():
                body += piece
                if len(body) > INFLATED_BYTES_MAX:
                    raise Refused("upload.too_large", bytes_max=INFLATED_BYTES_MAX)
    except TimeoutError as error:
        raise TryLater("request.timeout") from error
    except ClientDisconnect as error:
        raise Refused("request.cut") from error
    return Incoming(
        method=request.method,
        target=sent_target(request),
        signature=request.headers.get(SIGNATURE_HEADER),
        encoding=request.headers.get("content-encoding", "").lower(),
        body=bytes(body),
        sender=request.client.host if request.client is not None else "",
    )


def sent_target(request: Request) -> str:
    """Return path and query as they were sent, before any decoding."""
    path = request.scope.get("raw_path", b"").split(b"?")[0].decode("latin-1")
    query = request.scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else path
