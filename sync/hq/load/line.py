"""One box's connection to headquarters, kept open between uploads, and what bad weather does to it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.core.canonical import parse
from agent.core.chain import Identity
from agent.core.errors import Broken
from agent.core.ports import Signer
from sync.hq.load.weather import Fault
from sync.session import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, signed_by
from sync.wire import CONTENT_ENCODING

SLOW_PIECES = 20
HEAD_BYTES_MAX = 64 * 1024


class LineCut(Exception):
    """No whole answer came: what headquarters made of the request is not known."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer of headquarters: status, the seconds that it asks to wait, and the document."""

    status: int
    retry_after_s: int | None
    document: Mapping[str, object]

    @property
    def code(self) -> str:
        """Return the code of a refusal, else the status."""
        error = self.document.get("error")
        return str(error.get("code")) if isinstance(error, dict) else str(self.status)


class Line:
    """Sends uploads one after another over one connection; a new one after each that broke."""

    def __init__(self, url: str, sender: Identity, signer: Signer) -> None:
        self._where = urlsplit(url)
        self._sender = sender
        self._signed = signed_by(sender, signer)
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._silent: list[asyncio.StreamWriter] = []

    async def send(self, body: bytes, fault: Fault | None = None, slow_s: float = 0.0) -> Heard:
        """Send an upload and return the answer; raises `LineCut` when the fault or headquarters left none."""
        try:
            reader, writer = await self._connected()
            await self._write(writer, body, fault, slow_s)
            if fault in (Fault.CUT, Fault.LEFT, Fault.STALLED):
                self._leave(writer, fault)
                raise LineCut(f"connection.{fault}")
            async with asyncio.timeout(READ_TIMEOUT_S):
                return await _heard(reader)
        except TimeoutError as error:
            self.close()
            raise LineCut("network.no_answer") from error
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise LineCut("network.answer_cut") from error

    def close(self) -> None:
        """Close the connection that is in use; the next upload opens another."""
        if self._open is not None:
            self._open[1].transport.abort()
            self._open = None

    def hang_up(self) -> None:
        """Close everything, also what stalled in the middle of a request."""
        self.close()
        for writer in self._silent:
            writer.transport.abort()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._open is None:
            host, port = self._where.hostname or "", self._where.port or 80
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                self._open = await asyncio.open_connection(host, port, limit=HEAD_BYTES_MAX)
        return self._open

    async def _write(self, writer: asyncio.StreamWriter, body: bytes, fault: Fault | None, slow_s: float) -> None:
        writer.write(self._head(body))
        if fault in (Fault.CUT, Fault.STALLED):
            body = body[: len(body) // 2]
        if fault is not Fault.SLOW:
            writer.write(body)
            await writer.drain()
            return
        size = max(1, len(body) // SLOW_PIECES)
        for begin in range(0, len(body), size):
            writer.write(body[begin : begin + size])
            await writer.drain()
            await asyncio.sleep(slow_s / SLOW_PIECES)

    def _leave(self, writer: asyncio.StreamWriter, fault: Fault) -> None:
        """Hang up at once, or keep a connection that says nothing more beside the next one."""
        self._open = None
        if fault is Fault.STALLED:
            self._silent.append(writer)
        else:
            writer.close()

    def _head(self, body: bytes) -> bytes:
        target = f"/v1/boxes/{self._sender.box}/entries"
        headers = {
            "Host": self._where.netloc,
            "Content-Type": "application/json",
            "Content-Encoding": CONTENT_ENCODING,
            "Content-Length": str(len(body)),
            **self._signed("POST", target, body),
        }
        lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        return "\r\n".join(lines).encode()


async def _heard(reader: asyncio.StreamReader) -> Heard:
    """Read one answer with a length, as headquarters sends them; raises ValueError or EOFError for anything else."""
    head = await reader.readuntil(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    content = await reader.readexactly(int(headers["content-length"]))
    document: object = None
    with suppress(Broken):
        document = parse(content)
    asked = headers.get("retry-after", "")
    return Heard(
        int(status_line.split()[1]),
        int(asked) if asked.isdecimal() else None,
        document if isinstance(document, dict) else {},
    )
