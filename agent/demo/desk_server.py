"""The demo's control socket, `STATE/run/desk.sock`: one line a command, one line an answer.

Words: those of `storebox sim printer` (paper, cover, jam, power off|on …), `printer unplug|plug`,
`scanner unplug|plug`, `scan TEXT`, `network on|off`, `power` (the box loses it: a real SIGKILL), `state`.
`till 2 …` speaks to the second till.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from agent.daemon.sockets import connected_unix, listening_unix
from agent.demo.folder import TILLS, DemoFolder

ANSWER_WITHIN_S = 5.0


class Switches(Protocol):
    """What the parent itself can do."""

    network: bool

    async def set_network(self, on: bool) -> None:
        """Connect the box with the world, or cut it off."""

    async def cut_power(self) -> None:
        """Kill the box; it comes back by itself."""

    def power(self) -> bool:
        """Tell whether the box runs."""


class DeskServer:
    """Obeys the desk."""

    def __init__(self, folder: DemoFolder, switches: Switches) -> None:
        self._folder = folder
        self._switches = switches
        self._plugged = {till.till: True for till in TILLS}
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_unix_server(self._serve, sock=listening_unix(self._folder.desk))

    async def stop(self) -> None:
        """End, and remove the socket."""
        if self._server is None:
            return
        self._server.close()
        self._folder.desk.unlink(missing_ok=True)
        serving = [task for task in self._clients if task is not None]
        for writer in list(self._clients.values()):
            writer.close()
        if serving:
            await asyncio.wait(serving, timeout=ANSWER_WITHIN_S)

    async def obey(self, line: str) -> str:
        """Obey one line: `ok`, an answer as JSON, or `refused: why`."""
        till = TILLS[0].till
        words = line.split()
        if words[:1] == ["till"]:
            if len(words) < 3 or words[1] not in self._plugged:
                return f"refused: till {' or '.join(self._plugged)}, then a command"
            till, words = words[1], words[2:]
            line = line.split(maxsplit=2)[2]
        if not words:
            return "refused: an empty line"
        try:
            return await self._obey(till, words, line)
        except (OSError, TimeoutError) as error:
            return f"refused: the device does not answer ({error or 'in time'})"

    async def _obey(self, till: str, words: list[str], line: str) -> str:
        own: dict[str, Callable[[], Awaitable[str]]] = {
            "network on": lambda: self._network(True),
            "network off": lambda: self._network(False),
            "scanner unplug": lambda: self._plug_scanner(till, False),
            "scanner plug": lambda: self._plug_scanner(till, True),
            "state": lambda: self._state(till),
        }
        command = own.get(" ".join(words))
        if command is not None:
            return await command()
        if words == ["power"]:
            await self._switches.cut_power()
            return "ok"
        if words[0] == "scan" and len(words) > 1:
            text = line.split(maxsplit=1)[1]
            return await self._tell("scanner", till, f"!{text}" if text.startswith("!") else text)
        if words[0] == "printer":
            words = words[1:]
        return await self._tell("printer", till, " ".join(words))

    async def _network(self, on: bool) -> str:
        await self._switches.set_network(on)
        return "ok"

    async def _plug_scanner(self, till: str, plugged: bool) -> str:
        answer = await self._tell("scanner", till, "!plug" if plugged else "!unplug")
        self._plugged[till] = plugged
        return answer

    async def _state(self, till: str) -> str:
        printer: dict[str, Any] = json.loads(await self._tell("printer", till, "state"))
        return json.dumps(
            {
                "network": self._switches.network,
                "paper": printer["paper"] != "out",
                "printer": bool(printer["plugged"]),
                "scanner": self._plugged[till],
                "power": self._switches.power(),
                "till": till,
                "detail": printer,
            }
        )

    async def _tell(self, kind: str, till: str, word: str) -> str:
        """Give an emulated device a line and return its answer."""
        connection = connected_unix(self._folder.run / f"{kind}{till}.sock", ANSWER_WITHIN_S)
        connection.setblocking(False)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_unix_connection(sock=connection)
            try:
                writer.write(f"{word}\n".encode())
                await writer.drain()
                return (await reader.readline()).decode("utf-8", "replace").strip()
            finally:
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._clients[task] = writer
        try:
            with contextlib.suppress(OSError, ValueError):  # a client that goes away, or sends no line
                while line := await reader.readline():
                    answer = await self.obey(line.decode("utf-8", "replace").strip())
                    writer.write(f"{answer}\n".encode())
                    await writer.drain()
        finally:
            writer.close()
            del self._clients[task]
