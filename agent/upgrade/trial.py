"""The trial of a release that was switched to: three good answers with its version, then a probation."""

import http.client
import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.core.errors import Broken

GOOD_ANSWERS = 3
STARTS_MAX = 2
"""How many starts a gate may see: that of the release before, and one of the new one. Who died is not awaited again."""
COMMAND_TIMEOUT_S = 30.0
UNIT = "storebox.service"


class Supervisor(Protocol):
    """Whoever keeps the agent running."""

    def restart(self) -> None:
        """Have the agent stopped and started anew; returns at once."""

    def starts(self) -> str:
        """Return a text that changes whenever the agent is started anew."""


class Systemd:
    """systemd, which keeps the agent running on a box."""

    def restart(self) -> None:
        """Restart without waiting: whether it works is asked of the agent itself."""
        _said("systemctl", "restart", "--no-block", UNIT)

    def starts(self) -> str:
        """Return the moment of the last start."""
        return _said("systemctl", "show", "--property=ExecMainStartTimestampMonotonic,NRestarts", "--value", UNIT)


class CommandSupervisor:
    """Another supervisor, asked by a command with `restart` or `starts` behind it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)

    def restart(self) -> None:
        """Run the command with `restart`."""
        _said(*self._command, "restart")

    def starts(self) -> str:
        """Run the command with `starts`."""
        return _said(*self._command, "starts")


def _said(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Broken("upgrade.supervisor_silent", command=" ".join(command)[:80]) from error
    if done.returncode != 0:
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
    """How long a release is awaited and watched. `gate_s` grows with what the rehearsal measured."""

    gate_s: float = 30.0
    probation_s: float = 60.0
    every_s: float = 1.0
    deaf_s: float = 10.0
    """How long no good answer may come in the probation."""


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

    def runs(self, version: str) -> bool:
        """Tell whether a release answers well at this moment."""
        return self._answering() == version

    def answers(self, version: str, extra_s: float = 0.0, *, restart: bool = True) -> str | None:
        """Have the agent restarted and wait for three good answers in a row with the version.

        Returns the code of what is wrong, or None. With `restart` false it is awaited as it runs.
        """
        seen = {self._supervisor.starts()}
        if restart:
            self._supervisor.restart()
        ends_s = self._monotonic_s() + self._limits.gate_s + extra_s
        in_a_row, other = 0, False
        while True:
            said = self._answering()
            in_a_row = in_a_row + 1 if said == version else 0
            other = said is not None and said != version
            seen.add(self._supervisor.starts())
            if in_a_row >= GOOD_ANSWERS and len(seen) <= STARTS_MAX:
                return None
            if len(seen) > STARTS_MAX:
                return "upgrade.keeps_dying"
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
        return None if self._answering() == version else "upgrade.fell_silent"
