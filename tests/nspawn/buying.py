"""A customer in the machine who buys all the time; guest/customer.py, as a unit that starts at each boot."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from tests.integration.running import wait_for
from tests.nspawn.machine import Machine

UNIT_NAME = "shop-customer.service"
UNIT = """[Service]
ExecStart=/usr/bin/python3 /opt/guest/customer.py {key} /var/lib/acknowledged.jsonl
Restart=on-failure
[Install]
WantedBy=multi-user.target
"""
SEEN_LATELY = 500
ON_ITS_WAY_S = 0.3


class Customer:
    """What was acknowledged and when, on the monotonic clock that the machine shares with us."""

    def __init__(self, machine: Machine) -> None:
        """Begin to buy; returns when the first sale was acknowledged."""
        self._machine = machine
        self._file = machine.root / "var/lib/acknowledged.jsonl"
        unit = machine.root / "etc/systemd/system" / UNIT_NAME
        if not unit.exists():
            key = machine.run("storebox", "key", "add", "customer").strip()
            unit.write_text(UNIT.format(key=key), encoding="utf-8")
            machine.run("systemctl", "daemon-reload")
        before = len(self.acknowledged())
        machine.run("systemctl", "enable", "--now", "--quiet", UNIT_NAME)
        wait_for(lambda: len(self.acknowledged()) > before, 30)

    def ends(self) -> None:
        """Buy no more."""
        self._machine.run("systemctl", "disable", "--now", "--quiet", UNIT_NAME)

    def acknowledged(self) -> list[dict[str, Any]]:
        """Return every sale that was acknowledged: `reference`, `at_s`. Fails at a refusal that nothing explains."""
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        found = [json.loads(line) for line in lines]
        refused = [one["fault"] for one in found if "fault" in one]
        assert not refused, refused
        return found

    def waited_since(self, moment_s: float) -> float | None:
        """Return how long after a moment the first sale was acknowledged, None while there is none.

        An answer that was on its way at the moment is none: nothing that dies is up again so soon.
        """
        later_s = (one["at_s"] - moment_s for one in self.acknowledged()[-SEEN_LATELY:])
        return min((wait_s for wait_s in later_s if wait_s > ON_ITS_WAY_S), default=None)

    def longest_wait_s(self, since_s: float, deaths_s: Sequence[float] = ()) -> float:
        """Return the longest time without a sale since a moment; a death of everything begins a new one."""
        sold_s = [since_s, *(one["at_s"] for one in self.acknowledged() if one["at_s"] > since_s)]
        waits = (
            (max((at for at in deaths_s if at < after), default=0.0), before, after)
            for before, after in pairwise(sold_s)
        )
        return max((after - max(before, died) for died, before, after in waits), default=0.0)
