"""`storebox run` on a box without a store: setup mode until it has one, then back to the caller, who trades.

The listening sockets outlive it: what a browser asks in between waits in them and is answered by the trading box.
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as NotInTime
from typing import Any

from agent.core.errors import Refused, TryLater
from agent.daemon.clock import SystemClock, SystemEntropy
from agent.daemon.control import Control
from agent.daemon.lock import StateLock
from agent.daemon.run import allowed_hosts
from agent.daemon.serve import BoxServer
from agent.daemon.sockets import url_of
from agent.settings import Settings
from agent.setup.mode import SetupMode
from agent.setup.page import setup_app
from agent.watchdog import Notifier
from agent.web.hub import Hub
from drivers.discovery.found import Roots

SAID_WITHIN_S = 50.0
STATUS, CODE, PACKETS = "setup.status", "setup.code", "setup.packets"
VERBS = (STATUS, CODE, PACKETS)
"""What the command line may ask of a box in setup mode."""


def run_setup(
    settings: Settings,
    sockets: Sequence[socket.socket],
    notifier: Notifier,
    every_s: float | None,
    announce: Callable[[str], None],
    roots: Roots,
) -> bool:
    """Serve setup mode; return True when the box is ready to trade, False when a signal ended it before."""
    with StateLock(settings.state):
        return _Setup(settings, notifier, every_s, announce, roots).serve(sockets)


class _Setup:
    """Setup mode, its page and its socket for the command line, begun and ended together."""

    def __init__(
        self,
        settings: Settings,
        notifier: Notifier,
        every_s: float | None,
        announce: Callable[[str], None],
        roots: Roots,
    ) -> None:
        self._notifier = notifier
        self._announce = announce
        self._ready = False
        hub = Hub()
        self._mode = SetupMode(settings, SystemClock(), SystemEntropy(), roots, self._on_ready)
        self._control = Control(self._mode, settings.state, act)
        self._url = ""
        token = SystemEntropy().random_bytes(16).hex()
        app = setup_app(self._mode.facts, self._mode.say, allowed_hosts(settings), token)
        life = None if every_s is None else (every_s, self._mode.works)
        self._server = BoxServer(app, hub, self._begin, _Going(notifier), life)

    def serve(self, sockets: Sequence[socket.socket]) -> bool:
        """Serve on copies of the sockets: uvicorn closes those that it was given."""
        self._url = url_of(sockets[0])
        try:
            self._server.run(sockets=[one.dup() for one in sockets])
        finally:
            self._control.stop()
            self._mode.stop()
        goes_on = self._ready and not self._server.signalled
        if not goes_on:
            self._notifier.tell("STOPPING=1")
        return goes_on

    def _begin(self) -> None:
        self._control.start()
        self._mode.start()
        self._notifier.tell("READY=1", f"STATUS=setup mode at {self._url}")
        self._announce(self._url)

    def _on_ready(self) -> None:
        self._ready = True
        self._server.end()


class _Going(Notifier):
    """Tells everything but the end: setup mode ends in trading."""

    def __init__(self, notifier: Notifier) -> None:
        super().__init__()
        self._notifier = notifier

    def tell(self, *states: str) -> None:
        """Pass on what is no end."""
        if "STOPPING=1" not in states:
            self._notifier.tell(*states)


def act(mode: SetupMode, verb: str, values: Mapping[str, str]) -> Any:
    """Run a verb of the command line on a box in setup mode; any verb of a trading box is refused."""
    if verb == STATUS:
        return mode.facts()
    if verb not in VERBS:
        raise Refused("box.not_enrolled", state=mode.facts()["state"])
    try:
        said = mode.say(values["text"]) if verb == CODE else mode.look()
        return {"state": said.result(SAID_WITHIN_S), **mode.facts()}
    except NotInTime as error:
        raise TryLater("setup.not_now") from error
