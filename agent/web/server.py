"""The HTTP server: uvicorn that ends live streams first, so that it stops promptly."""

import socket

import uvicorn

from agent.web.hub import Hub


class Server(uvicorn.Server):
    """Closes the hub before it waits for open requests."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the live streams, then stop as uvicorn does."""
        self._hub.close()
        await super().shutdown(sockets)
