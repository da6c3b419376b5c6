"""`storebox run`: one box from its settings to its last signal."""

import gc
import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from agent.core.payment import Platform
from agent.core.receipt_diagnosis import Complaint
from agent.core.verbs import Verb
from agent.daemon.background import in_background
from agent.daemon.boots import Boots
from agent.daemon.box import JOURNAL, Box, Outside, enrolment_of
from agent.daemon.clock import SystemClock, SystemEntropy
from agent.daemon.directives_down import VerbRun
from agent.daemon.housekeeping import Housekeeping
from agent.daemon.lock import StateLock
from agent.daemon.memory import give_large_pieces_back, settle
from agent.daemon.sockets import inherited, listening, url_of
from agent.services.examiner import Examiner
from agent.services.platform_health import PlatformHealth
from agent.settings import Settings
from agent.watchdog import Notifier, Roll, interval_s
from agent.web.hub import Hub
from sync.credentials import own_credentials
from sync.sealing import settle_seal

if TYPE_CHECKING:
    from agent.web.desk import DeskPort

log = logging.getLogger("storebox.run")

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
WRITER_ANSWERS_WITHIN_S = 10.0
DEVICE_THREADS = ("printer ", "scanner ", "scale ", "display ", "scans ")
"""How names of threads begin that hold a device, and go on for as long as the box does."""
CALENDAR_VARIABLE = "STOREBOX_CALENDAR"
"""`systemd`: timers of the service manager do what the calendar says, and the box keeps none of its own."""


class Companion(Protocol):
    """Something that runs beside a box and is built above the daemon: an entry point brings it."""

    def start(self) -> None:
        """Begin; the box trades."""

    def stop(self) -> None:
        """End; the box is about to close."""


MakeCompanion = Callable[[Box, Callable[[str, dict[str, Any]], None]], Companion]
"""Makes a companion of an open box and of the pages' live events."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a process has from its parent, taken once: where it listens, whom it tells that it lives, and how often."""

    sockets: tuple[socket.socket, ...]
    notifier: Notifier
    every_s: float | None


def standing(settings: Settings) -> Standing:
    """Take over what systemd or a parent gave, or listen by ourselves; refuses an address that is taken."""
    notifier = Notifier.from_environment()
    sockets = inherited() or [listening(settings.web.host, settings.web.port)]
    return Standing(tuple(sockets), notifier, interval_s())


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an entry point or a parent gives to a box beside its settings."""

    hq_url: str | None = None
    platforms: Mapping[str, Platform] = field(default_factory=dict)
    desk: "DeskPort | None" = None
    platform_health: PlatformHealth | None = None
    examine: Callable[[Box, str], tuple[int, Sequence[Complaint]]] | None = None
    """Looks at the running box for its command card, in a language; None where nobody does."""
    companions: Sequence[MakeCompanion] = ()
    verbs: Mapping[Verb, VerbRun] = field(default_factory=dict)
    """What headquarters may ask for and only an entry point can do."""


def run(
    settings: Settings,
    surroundings: Surroundings,
    announce: Callable[[str], None],
    stands: Standing | None = None,
) -> None:
    """Serve the box until SIGINT or SIGTERM; `announce` gets the URL once it answers.

    `stands` is what setup mode stood on before, in the same process.

    Refuses a box that was never enrolled, a state folder that another box runs in, an address that is taken; raises
    what stops the journal from being trusted.
    """
    give_large_pieces_back()
    gc.disable()  # hundreds of modules are loaded and stay: collecting between them finds nothing
    hub = Hub()
    enrolment = enrolment_of(settings.state)
    with StateLock(settings.state):
        credentials = own_credentials()
        seal = settle_seal(settings.state, enrolment.identity.epoch, enrolment.public_key, credentials)
        if credentials is not None:
            log.info("the box's key is %s", seal)
        stands = stands or standing(settings)
        health = surroundings.platform_health
        outside = Outside(SystemClock(), SystemEntropy(), hub.publish, surroundings.platforms, platform_health=health)
        box = Box(settings, outside, hq_url=surroundings.hq_url or settings.hq.url or None)
        if surroundings.examine is not None:
            box.shop.examiner = Examiner(partial(surroundings.examine, box))
        if box.directives is not None:
            box.directives.further = surroundings.verbs
        try:
            with Boots(settings.state):
                _Run(box, hub, surroundings, stands, announce).serve()
        finally:
            box.writer.close()
            box.readers.close()


class _Run:
    """A box, its pages and its helpers, begun and ended together."""

    def __init__(
        self,
        box: Box,
        hub: Hub,
        surroundings: Surroundings,
        stands: Standing,
        announce: Callable[[str], None],
    ) -> None:
        from agent.daemon.control import Control
        from agent.jobs import Jobs

        state = box.settings.state
        self._box = box
        self._devices_threads = Roll((), ())
        self._hub = hub
        self._surroundings = surroundings
        self._stands = stands
        self._announce = announce
        self._started = False
        self._own_calendar = os.environ.get(CALENDAR_VARIABLE) != "systemd"
        self._control = Control(box, state)
        self._jobs = Jobs(state / JOURNAL, state, box.shop.clock, self._alarm, lambda: box.bills.round())
        self._housekeeping = Housekeeping(box.writer, box.shop.clock, lambda: box.shop.coming_release.tell(box.shop))
        self._companions = [make(box, hub.publish) for make in surroundings.companions]

    def serve(self) -> None:
        """Answer pages until a signal, then end every helper."""
        from agent.daemon.serve import BoxServer
        from agent.web.app import create_app

        app = create_app(
            self._box.shop,
            hub=self._hub,
            desk=self._surroundings.desk,
            allowed_hosts=allowed_hosts(self._box.settings),
            run=in_background,
        )
        sockets, every_s = list(self._stands.sockets), self._stands.every_s
        life = None if every_s is None else (every_s, self._works)

        def ready() -> None:
            self._begin(url_of(sockets[0]))

        try:
            BoxServer(app, self._hub, ready, self._stands.notifier, life).run(sockets=sockets)
        finally:
            self._end()

    def _begin(self, url: str) -> None:
        self._started = True
        earlier = threading.enumerate()
        self._box.start()
        self._devices_threads = Roll(DEVICE_THREADS, earlier)
        self._control.start()
        self._stands.notifier.tell("READY=1", f"STATUS={url}")
        self._announce(url)
        if self._own_calendar:
            self._jobs.start()
        self._housekeeping.start()
        for companion in self._companions:
            companion.start()
        settle()

    def _end(self) -> None:
        if self._started:
            for companion in self._companions:
                companion.stop()
            self._housekeeping.stop()
            if self._own_calendar:
                self._jobs.stop()
            self._control.stop()
            self._box.stop()

    def _works(self) -> None:
        """Return when the journal could be read, its writer answered, and no device's thread died."""
        self._box.shop.read().execute("SELECT max(seq) FROM journal").fetchone()
        self._box.writer.submit(lambda unit: unit.tip.seq).result(WRITER_ANSWERS_WITHIN_S)
        self._devices_threads.call()

    def _alarm(self, code: str, values: dict[str, object]) -> None:
        self._hub.publish("notice", {"code": code, "values": values})


def allowed_hosts(settings: Settings) -> tuple[str, ...]:
    """Return the host names under which pages are served."""
    own = () if settings.web.host in ("0.0.0.0", "::") else (settings.web.host,)
    return (*LOOPBACK, *own, *settings.web.allowed_hosts)
