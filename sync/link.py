"""The state of the path to headquarters and to each platform, and which part of it is at fault.

Traffic is the best probe: whoever talks to a target reports how it went. A target that nobody talked to for a while
is probed at its real end-point, seldom. LAN is looked up in the kernel's tables and costs nothing.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from agent.core.errors import StoreboxError
from agent.core.ports import Clock, Entropy
from sync.pace import fraction
from sync.session import HttpSession

HQ = "hq"
PROBE_UP_S = 120.0
PROBE_DOWN_S = 20.0
FAILURES_DOWN = 2
SUCCESSES_UP = 1


class LinkState(StrEnum):
    """Whether a target can be reached."""

    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"


class Diagnosis(StrEnum):
    """The outermost part that is at fault."""

    FINE = "fine"
    LAN_DOWN = "lan_down"
    INTERNET_DOWN = "internet_down"
    HQ_DOWN = "hq_down"
    PLATFORM_DOWN = "platform_down"


@dataclass(frozen=True, slots=True)
class LinkChange:
    """A target changed its state; `code` is the error of the last failure."""

    target: str
    state: LinkState
    code: str | None


Probe = Callable[[], None]
"""Talks to the real end-point; raises `StoreboxError` when it can't be reached."""
Listener = Callable[[LinkChange], None]


@dataclass(slots=True)
class _Target:
    probe: Probe | None
    state: LinkState = LinkState.UNKNOWN
    successes: int = 0
    failures: int = 0
    due_s: float = 0.0
    code: str | None = field(default=None)


class LinkMonitor:
    """Keeps the state of every target, with hysteresis: one success is up, two failures in a row are down."""

    def __init__(
        self,
        probes: Mapping[str, Probe | None],
        clock: Clock,
        entropy: Entropy,
        lan_is_up: Callable[[], bool] | None = None,
    ) -> None:
        """`probes` has a key for each target: `hq` and platforms by name."""
        self._targets = {name: _Target(probe) for name, probe in probes.items()}
        self._clock = clock
        self._entropy = entropy
        self._lan_is_up = lan_is_up or lan_is_up_now
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` at every change, on the thread that reported; it must not block."""
        self._listeners.append(listener)

    def report(self, target: str, code: str | None) -> None:
        """Tell how talking to a target went: None for an answer, else the code of the network's error."""
        with self._lock:
            change = self._counted(target, self._targets[target], code)
        if change is not None:
            for listener in self._listeners:
                listener(change)

    def state(self, target: str) -> LinkState:
        """Return the state of a target."""
        return self._targets[target].state

    def states(self) -> Mapping[str, LinkState]:
        """Return the state of every target."""
        return {name: target.state for name, target in self._targets.items()}

    def diagnosis(self) -> Diagnosis:
        """Return the outermost fault: LAN, internet (nothing answers), headquarters, a platform."""
        states = self.states()
        down = {name for name, state in states.items() if state is LinkState.DOWN}
        if not down:
            return Diagnosis.FINE
        if not self._lan_is_up():
            return Diagnosis.LAN_DOWN
        if LinkState.UP not in states.values() and len(states) > 1:
            return Diagnosis.INTERNET_DOWN
        return Diagnosis.HQ_DOWN if HQ in down else Diagnosis.PLATFORM_DOWN

    def step(self) -> float:
        """Probe one target that nobody talked to for a while; return how long to wait."""
        now_s = self._clock.monotonic_s()
        due = [(name, target) for name, target in self._targets.items() if target.probe and target.due_s <= now_s]
        if due:
            self._probe(*due[0])
            return 0.0 if len(due) > 1 else self._wait_s()
        return self._wait_s()

    def _probe(self, name: str, target: _Target) -> None:
        code = None
        try:
            if target.probe is not None:
                target.probe()
        except StoreboxError as error:
            code = error.code
        self.report(name, code)

    def _wait_s(self) -> float:
        now_s = self._clock.monotonic_s()
        waits = [target.due_s - now_s for target in self._targets.values() if target.probe]
        return max(1.0, min(waits, default=PROBE_UP_S))

    def _counted(self, name: str, target: _Target, code: str | None) -> LinkChange | None:
        before = target.state
        target.code = code
        if code is None:
            target.successes, target.failures = target.successes + 1, 0
            if target.successes >= SUCCESSES_UP:
                target.state = LinkState.UP
        else:
            target.successes, target.failures = 0, target.failures + 1
            if target.failures >= FAILURES_DOWN:
                target.state = LinkState.DOWN
        period_s = PROBE_UP_S if code is None else PROBE_DOWN_S
        target.due_s = self._clock.monotonic_s() + period_s * (0.75 + fraction(self._entropy) / 2)
        return None if target.state is before else LinkChange(name, target.state, code)


def http_probe(session: HttpSession, path: str = "/health") -> Probe:
    """Return a probe for which any whole HTTP answer will do: the path is open, whatever the server thinks."""

    def probe() -> None:
        session.send("GET", path)

    return probe


def lan_is_up_now(routes: Path = Path("/proc/self/net/route"), interfaces: Path = Path("/sys/class/net")) -> bool:
    """Tell whether there is a default route through an interface with a carrier. IPv4, as shops' routers give."""
    try:
        lines = routes.read_text().splitlines()[1:]
    except OSError:
        return True
    return any(_has_carrier(interfaces / fields[0]) for fields in map(str.split, lines) if fields[1] == "00000000")


def _has_carrier(interface: Path) -> bool:
    try:
        return (interface / "carrier").read_text().strip() == "1"
    except OSError:
        return False
