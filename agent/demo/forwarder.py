"""The demo's network: a wire between the box and what is outside, which can be cut."""

import asyncio
import contextlib
import socket

HOST = "127.0.0.1"
PIECE_BYTES = 64 * 1024


class Forwarder:
    """Passes connections on to `target_port`; begins cut.

    While cut, open connections are torn off and new ones refused; the port stays ours.
    """

    def __init__(self) -> None:
        self.target_port = 0
        self._listener = _bound(0)
        self.port: int = self._listener.getsockname()[1]
        self.on = False
        self._accepting: asyncio.Task[None] | None = None
        self._wires: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}

    async def connect(self) -> None:
        """Let connections through."""
        if not self.on:
            self.on = True
            self._listener.listen(64)
            self._accepting = asyncio.create_task(self._accept())

    async def cut(self) -> None:
        """Tear everything off and refuse what comes."""
        if not self.on:
            return
        self.on = False
        await self._hang_up()
        self._listener = _bound(self.port)

    async def close(self) -> None:
        """Tear everything off and give the port back."""
        self.on = False
        await self._hang_up()

    async def _hang_up(self) -> None:
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.gather(self._accepting, return_exceptions=True)
        self._listener.close()
        wires = list(self._wires)
        for wire in wires:
            for end in self._wires[wire]:
                end.transport.abort()
            wire.cancel()
        await asyncio.gather(*wires, return_exceptions=True)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(self._listener)
            wire = loop.create_task(self._forward(connection))
            self._wires[wire] = []
            wire.add_done_callback(lambda ended: self._wires.pop(ended, None))

    async def _forward(self, connection: socket.socket) -> None:
        ends = self._wires[asyncio.current_task()]  # type: ignore[index]
        near_reader, near = await asyncio.open_connection(sock=connection)
        ends.append(near)
        try:
            far_reader, far = await asyncio.open_connection(HOST, self.target_port)
        except OSError:
            near.transport.abort()
            return
        ends.append(far)
        await asyncio.gather(_pump(near_reader, far), _pump(far_reader, near))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until the end, then hang up the other way."""
    with contextlib.suppress(OSError):
        while data := await reader.read(PIECE_BYTES):
            writer.write(data)
            await writer.drain()
    writer.close()


def _bound(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setblocking(False)
    listener.bind((HOST, port))
    return listener
