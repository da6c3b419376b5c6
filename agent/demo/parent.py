"""The demo's parent: starts the shop's programs, holds the box's listening socket, cuts power and network on request.

The box is restarted whenever it dies; connections that come meanwhile wait in the socket that the parent holds, as they
would in systemd's. Everything ends with the parent, cleanly on SIGINT and SIGTERM.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.core.errors import Broken, StoreboxError, TryLater
from agent.daemon.sockets import BACKLOG, url_of
from agent.demo.children import Child
from agent.demo.closing import close_for_the_day
from agent.demo.desk_server import DeskServer
from agent.demo.folder import BOX, PEOPLE, PRINTERS, STORE, TILLS, DemoFolder, DemoPrinter
from agent.demo.forwarder import HOST, Forwarder
from agent.demo.morning import Morning
from agent.demo.opening import open_for_business

BOX_PORT = 8080
HQ_PORT = 8090
WALLET_PORT = 8070
PAY_PORT = 8091
READY_WITHIN_S = 30.0
RESTARTS_AFTER_S = (0.0, 0.0, 0.5, 1.0, 2.0, 5.0)
SETTLED_S = 10.0
_STOREBOX = "agent.cli:main"
_HEADQUARTERS = "sync.hq.cli:main"
_NEW_HEADQUARTERS = "agent.demo.headquarters:serve_new"
_KNOWN_HEADQUARTERS = "agent.demo.headquarters:serve_again"
_MORNING = "agent.demo.office_morning:main"

Say = Callable[[str], None]


class Demo:
    """A whole shop. `run` serves until a signal; it is the desk's switches as well."""

    def __init__(
        self,
        state: Path,
        language: str,
        say: Say,
        port: int = BOX_PORT,
        *,
        open_shop: bool = True,
        custody: str = "direct",
    ) -> None:
        self._open_shop = open_shop
        self._custody = custody
        self.network = True
        self._folder = DemoFolder(state)
        self._language = language
        self._say = say
        self._port = port
        self._stopping = asyncio.Event()
        self._ready = asyncio.Event()
        self._devices: list[Child] = []
        self._wallet_wire, self._hq_wire, self._pay_wire = Forwarder(), Forwarder(), Forwarder()
        self._pay_url = ""
        self._hq_url = ""
        self._others: list[Child] = []
        self._box: Child | None = None
        self._box_url = ""
        self.morning = Morning(self)
        self._desk = DeskServer(self._folder, self)
        self._notices = _notice_socket()

    async def run(self, on_ready: Callable[[str, str], None]) -> None:
        """Start everything, call `on_ready` with the box's URL and headquarters', serve until SIGINT or SIGTERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_reader(self._notices, self._on_notice)
        work = loop.create_task(self._work(on_ready))
        stopped = loop.create_task(self._stopping.wait())
        try:
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            self._stopping.set()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await self._end()

    # What the desk switches

    async def set_network(self, on: bool) -> None:
        """Connect the box with headquarters and wallet, or cut it off."""
        self.network = on
        for wire in self._wires:
            await (wire.connect() if on else wire.cut())

    @property
    def _wires(self) -> tuple[Forwarder, ...]:
        return self._wallet_wire, self._hq_wire, self._pay_wire

    async def cut_power(self) -> None:
        """Kill the box and wait until it is dead; it comes back by itself."""
        self._ready.clear()
        if self._box is not None:
            self._box.kill()
            await self._box.ended()

    def power(self) -> bool:
        """Tell whether the box runs."""
        return self._box is not None and self._box.runs

    def simulator_url(self) -> str:
        """Return where the platforms' simulator is, on its own port: telephones need no network of the shop."""
        return f"http://{HOST}:{self._wallet_wire.target_port}"

    def pay_url(self) -> str:
        """Return where headquarters' pay page is: telephones open it over their own network."""
        return self._pay_url

    def hq_url(self) -> str:
        """Return where headquarters' pages are: people open them over a network of their own."""
        return self._hq_url

    def close_shop(self) -> str | None:
        """Close the shop as its people would; returns the last business day."""
        return close_for_the_day(self._box_url)

    def ask_box(self, verb: str, values: dict[str, str]) -> Any:
        """Have the box run a verb of its control."""
        from agent.daemon.control import ask

        return ask(self._folder.root, verb, values)

    async def match_at_headquarters(self, days: list[str], store_day: str) -> dict[str, Any]:
        """Have headquarters fetch bills and match, in a process of its own; returns what became of the store's day."""
        arguments = [str(self._folder.hq), STORE, store_day, *days]
        child = Child("morning", _MORNING, arguments, self._folder.logs)
        self._others.append(child)
        await child.start()
        found: dict[str, Any] = json.loads(await child.line())
        await child.ended()
        self._others.remove(child)
        return found

    # Start

    async def _work(self, on_ready: Callable[[str, str], None]) -> None:
        listener = self._listening(self._port, "the box")
        pay_listener = self._listening(PAY_PORT, "headquarters' pay page")
        self._pay_url, self._box_url = url_of(pay_listener), url_of(listener)
        self._folder.prepare(self._language, self._pay_url, f"http://{HOST}:{self._pay_wire.port}", self._custody)
        with listener, pay_listener:
            await self._desk.start()
            outside = asyncio.create_task(self._start_outside())
            payments = asyncio.create_task(self._start_payments(pay_listener, outside))
            await self._start_devices()
            if not (self._folder.is_enrolled() and self._folder.has_merchant()):
                await outside
            self._box = self._box_child(listener)
            keeping = asyncio.create_task(self._keep_box(self._box))
            try:
                await self._until_ready(keeping)
                await asyncio.gather(outside, payments, *(device.line() for device in self._devices))
                # A known box is up before its headquarters is, and would wait longer after each question in vain.
                await asyncio.to_thread(self.ask_box, "sync.now", {})
                await asyncio.to_thread(self._add_people)
                if self._open_shop:
                    await asyncio.to_thread(open_for_business, url_of(listener))
                on_ready(url_of(listener), self._hq_url)
                await keeping
            finally:
                keeping.cancel()
                outside.cancel()
                payments.cancel()

    async def _start_outside(self) -> None:
        """Start wallet and headquarters, enrol the box if it is new, and connect it."""
        ports = await asyncio.gather(self._start_wallet(), self._start_headquarters())
        for wire, port in zip((self._wallet_wire, self._hq_wire), ports, strict=True):
            wire.target_port = port
        await self.set_network(self.network)

    async def _start_devices(self) -> None:
        programs = {printer.device: self._printer_arguments(printer) for printer in PRINTERS}
        for till in (one.till for one in TILLS):
            control = ["--control", f"scanner{till}.sock"]
            programs[f"scanner{till}"] = ["storebox", "sim", "scanner", "--pty", f"scanner{till}", *control]
        for kind, name in ((kind, f"{kind}{one.till}") for one in TILLS if one.weighs for kind in ("scale", "display")):
            programs[name] = ["storebox", "sim", kind, "--pty", name, "--control", f"{name}.sock"]
        for name, arguments in programs.items():
            child = Child(name, _STOREBOX, arguments, self._folder.logs, folder=self._folder.run)
            self._devices.append(child)
        await asyncio.gather(*(child.start() for child in self._devices))

    def _printer_arguments(self, printer: DemoPrinter) -> list[str]:
        return [
            "storebox", "sim", "printer", "--pty", printer.device, "--profile", printer.emulated,
            "--width", str(printer.width_mm), "--control", f"{printer.device}.sock",
            "--paper-log", str(self._folder.paper(printer)), "--png", str(self._folder.slips(printer)),
        ]  # fmt: skip

    async def _start_wallet(self) -> int:
        port = WALLET_PORT if self._port and _is_free(WALLET_PORT) else 0
        arguments = ["storebox", "sim", "platform", "--state", str(self._folder.wallet), "--port", str(port)]
        child = await self._start_other("wallet", _STOREBOX, arguments)
        url = await child.line()
        if port == 0 and self._port:
            self._say(f"port {WALLET_PORT} is taken: the wallet is at {url}")
        return int(url.rpartition(":")[2])

    async def _start_headquarters(self) -> int:
        listener = self._listening(HQ_PORT, "headquarters")
        with listener:
            new = not self._folder.is_enrolled()
            arguments = ["storebox-hq", "serve", "--state", str(self._folder.hq), "--fd", "3"]
            if new:
                arguments[:0] = [STORE, self._folder.store_name()]
            child = await self._start_other(
                "headquarters", _NEW_HEADQUARTERS if new else _KNOWN_HEADQUARTERS, arguments, listener.fileno()
            )
            token = await child.line() if new else ""
            await child.line()
            url, port = url_of(listener), int(listener.getsockname()[1])
        self._hq_url = url
        if new:
            await asyncio.to_thread(_enrol, url, self._folder.root, token)
        return port

    async def _start_payments(self, listener: socket.socket, outside: "asyncio.Task[None]") -> None:
        """Start headquarters' payments once the simulator has made its merchants; the box does not wait for it."""
        await asyncio.shield(outside)
        self._folder.give_merchants()
        arguments = ["storebox-hq", "pay", "--state", str(self._folder.hq), "--fd", "3"]
        child = await self._start_other("payments", _HEADQUARTERS, arguments, listener.fileno())
        await child.line()
        self._pay_wire.target_port = int(listener.getsockname()[1])

    async def _start_other(self, name: str, target: str, arguments: list[str], fd: int | None = None) -> Child:
        child = Child(name, target, arguments, self._folder.logs, socket_fd=fd)
        self._others.append(child)
        await child.start()
        return child

    def _box_child(self, listener: socket.socket) -> Child:
        wallet, hq = (f"http://{HOST}:{wire.port}" for wire in (self._wallet_wire, self._hq_wire))
        arguments = [
            "storebox", "run", "--state", str(self._folder.root), "--hq", hq, "--wallet", wallet,
            "--wallet-state", str(self._folder.wallet), "--desk", str(self._folder.desk),
        ]  # fmt: skip
        name = self._notices.getsockname()
        environment = {"NOTIFY_SOCKET": "@" + name[1:].decode()}
        return Child(
            "box", _STOREBOX, arguments, self._folder.logs, socket_fd=listener.fileno(), environment=environment
        )

    def _listening(self, port: int, what: str) -> socket.socket:
        """Return a socket on a part's own port; on a free one when it is taken, or when the demo's port is 0."""
        taken = not _is_free(port)
        free = taken or not self._port
        listener = socket.create_server((HOST, 0 if free else port), backlog=BACKLOG)
        if taken and self._port:
            self._say(f"port {port} is taken: {what} is at {url_of(listener)}")
        return listener

    # The box

    async def _keep_box(self, box: Child) -> None:
        """Start the box again whenever it dies; a box that refuses to start at all ends the demo."""
        clock = asyncio.get_running_loop()
        deaths = 0
        while True:
            began_s = clock.time()
            await box.start()
            code = await box.ended()
            if code > 0 and not self._ready.is_set() and deaths == 0:
                raise Broken("demo.child_died", name=box.name, log=str(box.log), said=box.last_words())
            self._ready.clear()
            deaths = 1 if clock.time() - began_s > SETTLED_S else deaths + 1
            await asyncio.sleep(RESTARTS_AFTER_S[min(deaths, len(RESTARTS_AFTER_S)) - 1])

    async def _until_ready(self, keeping: "asyncio.Task[None]") -> None:
        ready = asyncio.create_task(self._ready.wait())
        done, _ = await asyncio.wait({ready, keeping}, timeout=READY_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if keeping in done:
            keeping.result()
        if not done:
            raise TryLater("demo.not_ready", seconds=int(READY_WITHIN_S))

    def _on_notice(self) -> None:
        if b"READY=1" in self._notices.recv(4096).split(b"\n"):
            self._ready.set()

    def _add_people(self) -> None:
        known = {one["staff"] for one in self.ask_box("staff.list", {})}
        for one in PEOPLE:
            if one.staff not in known:
                values = {"staff": one.staff, "name": one.name, "role": one.role, "pin": one.pin, "by": "demo"}
                self.ask_box("staff.add", values)

    # End

    async def _end(self) -> None:
        """End the box first, so that it sees its devices to the last; nothing stays behind."""
        await self.morning.stop()
        await self._desk.stop()
        if self._box is not None:
            await self._box.stop()
        await asyncio.gather(*(child.stop() for child in (*self._devices, *self._others)))
        for wire in self._wires:
            await wire.close()
        asyncio.get_running_loop().remove_reader(self._notices)
        self._notices.close()


def _enrol(url: str, state: Path, token: str) -> None:
    from sync.enrol import enrol
    from sync.session import HttpSession

    session = HttpSession(url)
    try:
        enrol(session, state, json.loads(token)["token"], STORE, BOX)
    finally:
        session.close()


def _is_free(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True


def _notice_socket() -> socket.socket:
    """Return the socket on which the box says that it is ready, as it would to systemd."""
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.setblocking(False)
    receiver.bind(f"\0storebox-demo-{os.getpid()}")
    return receiver


def serve(
    state: Path,
    language: str,
    on_ready: Callable[[str, str], None],
    port: int = BOX_PORT,
    *,
    open_shop: bool = True,
    custody: str = "direct",
) -> None:
    """Run a demo until SIGINT or SIGTERM; refuses a state folder in which one runs (`demo.running`).

    `open_shop` opens day and shifts and logs a cashier in at each till, so that the desk's scanner trades at once.
    `custody` says who holds the merchants' keys, "direct" (the box) or "hq".
    """
    from agent.daemon.lock import StateLock

    def say(text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    async def main() -> None:
        await Demo(state, language, say, port, open_shop=open_shop, custody=custody).run(on_ready)

    try:
        with StateLock(state, "demo.lock", "demo.running"):
            asyncio.run(main())
    except ExceptionGroup as group:
        raise next((one for one in group.exceptions if isinstance(one, StoreboxError)), group) from group
