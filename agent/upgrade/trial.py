"""The trial of a release that was switched to: three good answers with its version, then a probation."""

import http.client
import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.core.errors import Broken

GOOD_ANSWERS = 3
STARTS_MAX = 1
"""How many starts a gate may see. Who died is not awaited again."""
STOPS_WITHIN_S = 5.0
NEVER = "0"
"""What systemd says of a service that was not started since the boot, or is being started at this moment."""
COMMAND_TIMEOUT_S = 30.0
UNIT = "storebox.service"


class Supervisor(Protocol):
    """Whoever keeps the agent running."""

    def restart(self, *, by_force: bool = False) -> None:
        """Have the agent stopped and started anew; returns at once. By force: killed, not asked to stop."""

    def starts(self) -> str:
        """Return a text that changes whenever the agent is started anew."""

    def start_ms(self) -> int | None:
        """Return how long the agent that runs took to get ready, None while that is not known."""


class Systemd:
    """systemd, which keeps the agent running on a box."""

    def restart(self, *, by_force: bool = False) -> None:
        """Restart without waiting: whether it works is asked of the agent itself."""
        if by_force:  # before: what is killed after it may be the new one already
            _said("systemctl", "kill", "--signal=KILL", UNIT, may_refuse=True)
        _said("systemctl", "restart", "--no-block", UNIT)

    def starts(self) -> str:
        """Return the moment of the last start. (NRestarts changes some time before it: one start would count twice.)"""
        return _said("systemctl", "show", "--property=ExecMainStartTimestampMonotonic", "--value", UNIT)

    def start_ms(self) -> int | None:
        """Return the time from the start of the process to its `READY=1`."""
        names = ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
        text = _said("systemctl", "show", f"--property={','.join(names)}", UNIT)
        found = dict(line.partition("=")[::2] for line in text.splitlines())
        began_us, ready_us = (int(found[name]) if found.get(name, "").isdecimal() else 0 for name in names)
        return (ready_us - began_us) // 1000 if 0 < began_us < ready_us else None


class CommandSupervisor:
    """Another supervisor, asked by a command with `restart`, `replace`, `starts` or `start-ms` behind it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)

    def restart(self, *, by_force: bool = False) -> None:
        """Run the command with `restart`, by force with `replace`."""
        _said(*self._command, "replace" if by_force else "restart")

    def starts(self) -> str:
        """Run the command with `starts`."""
        return _said(*self._command, "starts")

    def start_ms(self) -> int | None:
        """Run the command with `start-ms`; what is no number is not known."""
        text = _said(*self._command, "start-ms")
        return int(text) if text.isdecimal() else None


def _said(*command: str, may_refuse: bool = False) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Broken("upgrade.supervisor_silent", command=" ".join(command)[:80]) from error
    if done.returncode != 0 and not may_refuse:
        raise Broken("upgrade.supervisor_silent", command=" ".join(command)[:80])
    return done.stdout.strip()


def answering_version(port: int, timeout_s: float = 2.0) -> str | None:
    """Return the version in a good answer of `/health` on this machine; None for no answer or one that is not good."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("GET", "/health", headers={"Host": f"localhost:{port}", "Connection": "close"})
        answer = connection.getresponse()
        document = json.loads(answer.read(65_536))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    if answer.status != 200 or not isinstance(document, dict) or document.get("status") not in ("ok", "degraded"):
        return None
    version = document.get("version")
    return version if isinstance(version, str) else None


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a release is awaited and watched."""

    gate_s: float | None = None
    """How long it is awaited, in place of what was measured for it."""
    probation_s: float = 60.0
    every_s: float = 1.0
    deaf_s: float = 8.0
    """How long no good answer may come in the probation; with the way back, less than 20 s without trade."""


class Trial:
    """Watches one release; clock and sleep are given, so that time can be made."""

    def __init__(
        self,
        supervisor: Supervisor,
        version_answering: Callable[[], str | None],
        limits: Limits,
        monotonic_s: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._supervisor = supervisor
        self._answering = version_answering
        self._limits = limits
        self._monotonic_s = monotonic_s
        self._sleep = sleep

    def start_ms(self) -> int | None:
        """Return how long the release that runs took to start, None while that is not known."""
        return self._supervisor.start_ms()

    def answering(self) -> str | None:
        """Return the version that answers well at this moment."""
        return self._answering()

    def answers(
        self, version: str, within_s: float, *, restart: bool = True, by_force: bool = False, gate: bool = True
    ) -> str | None:
        """Have the agent restarted and wait for three good answers in a row with the version.

        Returns the code of what is wrong, or None. With `restart` false it is awaited as it runs, or is being started.
        Time counts from its start, so that a slow stop of the one before does not count against it; one that does not
        stop is killed.
        """
        within_s = self._limits.gate_s if gate and self._limits.gate_s is not None else within_s
        stopping = self._supervisor.starts()
        before, began_s = {stopping}, self._monotonic_s()
        if restart:
            self._supervisor.restart(by_force=by_force)
            # Whoever was started by a boot at the same time is replaced as well, and no start of the new one.
            before.add(self._supervisor.starts())
        ends_s = self._monotonic_s() + within_s
        seen: set[str] = set()
        in_a_row, other = 0, False
        while True:
            said = self._answering()
            in_a_row = in_a_row + 1 if said == version else 0
            other = said is not None and said != version
            present = self._supervisor.starts()
            if restart and not by_force and present == stopping and self._monotonic_s() - began_s > STOPS_WITHIN_S:
                self._supervisor.restart(by_force=True)
                by_force = True
            if present not in before | seen | {NEVER}:
                ends_s = self._monotonic_s() + within_s
                seen.add(present)
            if len(seen) > STARTS_MAX:
                return "upgrade.keeps_dying"
            if in_a_row >= GOOD_ANSWERS:
                return None
            if self._monotonic_s() >= ends_s:
                return "upgrade.other_version_answers" if other else "upgrade.no_good_answer"
            self._sleep(self._limits.every_s / 4)

    def lasts(self, version: str) -> str | None:
        """Watch a probation through: no restart, no long silence, always the same version."""
        ends_s = self._monotonic_s() + self._limits.probation_s
        began, last_good_s = self._supervisor.starts(), self._monotonic_s()
        while self._monotonic_s() < ends_s:
            self._sleep(self._limits.every_s)
            if self._supervisor.starts() != began:
                return "upgrade.died_on_probation"
            if self._answering() == version:
                last_good_s = self._monotonic_s()
            elif self._monotonic_s() - last_good_s > self._limits.deaf_s:
                return "upgrade.fell_silent"
        said = self._answering()
        # Asked last: the socket outlives who died, and whoever is started next answers the question that waited.
        if self._supervisor.starts() != began:
            return "upgrade.died_on_probation"
        return None if said == version else "upgrade.fell_silent"
