"""What an examination looks at: a box's settings, the running box's word on its devices, the machine's own files.

Separate so that a test gives another machine: other roots of /proc, /sys and /dev, other name servers, another clock.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.core.errors import Refused, StoreboxError
from agent.settings import Settings

Known = Callable[[], Sequence[Mapping[str, Any]]]
"""Asks the running box for its devices: `{name, state, code}` each."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the kernel and the system keep what is read."""

    proc: Path = Path("/proc")
    sys: Path = Path("/sys")
    dev: Path = Path("/dev")
    var: Path = Path("/var")
    run: Path = Path("/run")
    resolver: Path = Path("/etc/resolv.conf")


@dataclass(frozen=True, slots=True)
class Site:
    """One box under examination. `known` is None when no box runs in the state folder."""

    settings: Settings
    problems: tuple[StoreboxError, ...] = ()
    """What is wrong with the settings file; then `settings` are the defaults."""
    known: Known | None = None
    roots: Roots = field(default_factory=Roots)
    now_ms: Callable[[], int] = _now_ms
    within_s: float = 3.0
    """How long the line, a server or a device may take for one answer."""
    name_servers: tuple[tuple[str, int], ...] | None = None
    """Instead of those of the resolver's file."""
    certificates: str | None = None
    """A file of authorities to trust instead of those that came with storebox."""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def runs(self) -> bool:
        """Tell whether a box runs here."""
        return self.known is not None


def site_of(state: Path | None, ask: Callable[[Settings], Known | None]) -> Site:
    """Return the box of a state folder; wrong settings are kept as a finding, and the defaults stand in for them."""
    from agent import settings
    from agent.diagnosis.way import take_proxy_of_unit

    take_proxy_of_unit()
    try:
        found = settings.in_force(state)
    except Refused as error:
        folder = settings.chosen_state(state)
        found = Settings() if folder is None else Settings().model_copy(update={"state": folder})
        return Site(found, _problems_of(settings.locate(state), error), known=ask(found))
    return Site(found, known=ask(found))


def _problems_of(path: Path | None, first: StoreboxError) -> tuple[StoreboxError, ...]:
    """Return every problem of a settings file, at least the one that is known."""
    from agent.settings import read

    try:
        text = "" if path is None else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return (first,)
    return tuple(read(text, str(path))[1]) or (first,)
