"""Every figure by name, measured one after the other."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

import requests

from agent.bench.plan import Plan
from agent.bench.rows import Row
from agent.core.errors import StoreboxError

FIGURES = {
    "sale": "a durable sale and a bare append, against writing and flushing as many bytes",
    "growth": "the same with a million entries in the journal",
    "tills": "sixteen tills at one box",
    "scan": "from the scan of the cash card to the receipt's first byte",
    "event": "from the last byte of a scan to its event",
    "receipt": "a receipt's bytes and the time to make them, against python-escpos",
    "slip": "a slip on a serial line, against the line's speed",
    "foreign": "the same slip through python-escpos' own serial class",
    "platforms": "signing a call to WeChat Pay and Alipay, and checking the answer",
    "codepay": "a payment by code, without the platform's own time",
    "upload": "the journal going up to headquarters",
    "restore": "a dead box: its history back from headquarters, a year of it",
    "shown": "from the sale at the counter to headquarters' page",
    "ingest": "a chain's journals going into headquarters' PostgreSQL",
    "pull": "a million rows of the ledger as files",
    "matching": "a bill of a million lines against a million of the journal",
    "alone": "the agent's start, memory and idle processor",
}
"""What can be measured; each name is a module of this package with a function `measure`."""

log = logging.getLogger("storebox.bench")


@dataclass(frozen=True, slots=True)
class Measured:
    """The rows of a run, and what could not be measured."""

    rows: list[Row]
    failed: list[str]

    @property
    def holds(self) -> bool:
        """Tell whether everything was measured and every bar cleared."""
        return not self.failed and all(row.holds for row in self.rows)


def run(plan: Plan, names: Sequence[str]) -> Measured:
    """Measure figures by name, all without a name; one that fails is noted and the others go on."""
    plan.look_at_the_load()
    measured = Measured([], [])
    for name in names or FIGURES:
        try:
            measured.rows.extend(import_module(f"agent.bench.{name}").measure(plan))
        except (StoreboxError, OSError, RuntimeError, requests.RequestException) as error:
            log.debug("%s failed", name, exc_info=True)
            measured.failed.append(name)
            plan.note(f"{name} was not measured: {error!r}")
    return measured
