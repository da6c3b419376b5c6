"""The demo's control socket, `STATE/run/desk.sock`: one line a command, one line an answer.

Words: those of `storebox sim printer` (paper, cover, jam, power off|on …), `printer unplug|plug`,
`scanner unplug|plug`, `scan TEXT`, `scale GRAMS`, `display state` (and the other words of `storebox sim scale` and
`sim display`), `phones`, `phone C1 wechat` (that customer's fresh payment code before the scanner), `proof ADDRESS`
(the proof that a customer's phone shows at that address, before the scanner), `network on|off`, `power` (the box loses
it: a real SIGKILL), `morning` (the shop closes, the platforms' bills arrive and are matched), `plant refund` and `plant
payment` (what a bill may differ by), `state`.
They go to the first till; `till 2 …` speaks to the second, and a printer's name before them (`receipt2 …`) to where
that printer stands.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from agent.core.errors import StoreboxError
from agent.daemon.sockets import connected_unix, listening_unix
from agent.demo import phones
from agent.demo.folder import PRINTERS, STORE, TILLS, DemoFolder, DemoPrinter
from agent.demo.morning import Morning

ANSWER_WITHIN_S = 5.0
_WEIGHING = frozenset(till.till for till in TILLS if till.weighs)


class Switches(Protocol):
    """What the parent itself can do."""

    network: bool
    morning: Morning

    async def set_network(self, on: bool) -> None:
        """Connect the box with the world, or cut it off."""

    async def cut_power(self) -> None:
        """Kill the box; it comes back by itself."""

    def power(self) -> bool:
        """Tell whether the box runs."""

    def simulator_url(self) -> str:
        """Return where the platforms' simulator is."""

    def pay_url(self) -> str:
        """Return where headquarters' pay page is."""

    def hq_url(self) -> str:
        """Return where headquarters' pages are; "" until they are served."""


class DeskServer:
    """Obeys the desk."""

    def __init__(self, folder: DemoFolder, switches: Switches) -> None:
        self._folder = folder
        self._switches = switches
        self._plugged = {till.till: True for till in TILLS}
        self._places = {printer.name: printer for printer in PRINTERS}
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
        place = PRINTERS[0]
        words = line.split()
        if words[:1] == ["till"]:
            if len(words) < 3 or words[1] not in self._plugged:
                return f"refused: till {' or '.join(self._plugged)}, then a command"
            words = [f"receipt{words[1]}", *words[2:]]
            line = " ".join((words[0], line.split(maxsplit=2)[2]))
        if words and words[0] in self._places:
            place = self._places[words[0]]
            line = line.partition(words[0])[2].lstrip()
            words = words[1:]
        if not words:
            return "refused: an empty line"
        try:
            return await self._obey(place, words, line)
        except (OSError, TimeoutError) as error:
            return f"refused: the device does not answer ({error or 'in time'})"

    async def _obey(self, place: DemoPrinter, words: list[str], line: str) -> str:
        own: dict[str, Callable[[], Awaitable[str]]] = {
            "network on": lambda: self._network(True),
            "network off": lambda: self._network(False),
            "scanner unplug": lambda: self._plug_scanner(place, False),
            "scanner plug": lambda: self._plug_scanner(place, True),
            "state": lambda: self._state(place),
            "morning": self._begin_morning,
            "plant refund": lambda: self._switches.morning.plant("refund"),
            "plant payment": lambda: self._switches.morning.plant("payment"),
        }
        command = own.get(" ".join(words))
        if command is not None:
            return await command()
        if words == ["power"]:
            await self._switches.cut_power()
            return "ok"
        if words[0] == "scan" and len(words) > 1:
            text = line.split(maxsplit=1)[1]
            return await self._tell_scanner(place, f"!{text}" if text.startswith("!") else text)
        if words == ["phones"]:
            return json.dumps(await asyncio.to_thread(phones.customers, self._switches.simulator_url()))
        if words[0] == "phone" and len(words) == 3:
            return await self._show_phone(place, words[1], words[2])
        if words[0] == "proof" and len(words) == 2:
            return await self._show_proof(place, words[1])
        if words[0] in ("scale", "display") and len(words) > 1:
            if place.till not in _WEIGHING:
                return f"refused: no {words[0]} stands at {place.name}"
            return await self._tell(f"{words[0]}{place.till}", " ".join(words[1:]))
        if words[0] == "printer":
            words = words[1:]
        return await self._tell(place.device, " ".join(words))

    async def _begin_morning(self) -> str:
        return self._switches.morning.begin()

    async def _network(self, on: bool) -> str:
        await self._switches.set_network(on)
        return "ok"

    async def _plug_scanner(self, place: DemoPrinter, plugged: bool) -> str:
        answer = await self._tell_scanner(place, "!plug" if plugged else "!unplug")
        if answer == "ok":
            self._plugged[place.till] = plugged
        return answer

    async def _show_phone(self, place: DemoPrinter, customer: str, platform: str) -> str:
        code = await asyncio.to_thread(phones.fresh_code, self._switches.simulator_url(), customer, platform)
        return await self._tell_scanner(place, code) if code is not None else f"refused: no telephone of {customer}"

    async def _show_proof(self, place: DemoPrinter, address: str) -> str:
        try:
            text = await asyncio.to_thread(phones.proof, self._switches.pay_url(), address)
        except StoreboxError as error:
            return f"refused: {error}"
        return await self._tell_scanner(place, text) if text is not None else "refused: that phone shows no proof"

    async def _tell_scanner(self, place: DemoPrinter, word: str) -> str:
        if not place.till:
            return f"refused: no scanner stands at {place.name}"
        return await self._tell(f"scanner{place.till}", word)

    async def _state(self, place: DemoPrinter) -> str:
        printer: dict[str, Any] = json.loads(await self._tell(place.device, "state"))
        switches = {
            "network": self._switches.network,
            "power": self._switches.power(),
            "scanner": self._plugged.get(place.till),
            "place": place.name,
            "till": place.till,
            "headquarters": self._switches.hq_url(),
            "morning": self._switches.morning.shown(),
            "store": STORE,
        }
        return json.dumps({**switches, **printer_switches(printer), "detail": printer})

    async def _tell(self, device: str, word: str) -> str:
        """Give an emulated device a line and return its answer."""
        connection = connected_unix(self._folder.run / f"{device}.sock", ANSWER_WITHIN_S)
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


def printer_switches(printer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a printer's condition as the desk's switches show it: True is well, a choice is its word."""
    faults = {"silence": printer["silent"], "garbage": printer["garbled"], "late": printer["late_ms"] > 0}
    return {
        "printer": bool(printer["plugged"]),
        "printer_power": bool(printer["powered"]),
        "cover": not printer["cover_open"],
        "cutter": not (printer["cutter_blocked"] or printer["cutter_error"]),
        "flow": not printer["stuck"],
        "paper": printer["paper"],
        "drawer": printer["drawer"],
        "answers": next((name for name, holds in faults.items() if holds), "clear"),
    }
