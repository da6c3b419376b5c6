"""The HTTP server: uvicorn that ends live streams first, so that it stops promptly, and hangs up on nobody new."""

import asyncio
import socket

import uvicorn

from agent.web.hub import Hub

FIRST_REQUEST_WITHIN_S = 0.5
"""How long a connection that was just taken may need for its request while the server stops."""
_LOOK_S = 0.01


class Server(uvicorn.Server):
    """Closes the hub before it waits for open requests."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the live streams, take nobody new, answer who was taken already, then stop as uvicorn does.

        Who calls from now on waits in the listening socket for the next process. Without this wait a caller whose
        request is still on its way would be cut off: uvicorn closes connections on which none has begun.
        """
        self._hub.close()
        loop = asyncio.get_running_loop()
        for listener in (one for server in self.servers for one in server.sockets):
            # Not yet server.close(): it drops who was accepted in this very moment and has no connection yet.
            loop.remove_reader(listener.fileno())
        ends_at_s = loop.time() + FIRST_REQUEST_WITHIN_S
        await asyncio.sleep(_LOOK_S)
        while self._newcomers() and loop.time() < ends_at_s:
            await asyncio.sleep(_LOOK_S)
        await super().shutdown(sockets)

    def _newcomers(self) -> bool:
        return any(getattr(one, "cycle", None) is None for one in self.server_state.connections)
