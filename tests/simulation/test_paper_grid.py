"""Every receipt exactly once, or said to be unconfirmed: byte of the slip by fault by printer, in a time of its own.

Encoder, spool, worker, device and emulated printer are the real ones, on one thread. A failure names its case; play it
alone with STOREBOX_TEST_SEED and STOREBOX_GRID_CASE.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.printer.conversation import Conversation
from drivers.printer.device import PrinterDevice
from drivers.printer.job import Job, PrintOutcome, PrintResult
from tests.simulation.paper.case import FAULTS, KINDS, MODELS, case_of
from tests.simulation.paper.play import Play, Sabotage
from tests.simulation.paper.shop import Premises

SEED = int(os.environ.get("STOREBOX_TEST_SEED", "20261003"))
ONLY = os.environ.get("STOREBOX_GRID_CASE")
MEMORY = Path("/dev/shm")
SHOWN = 10
"""Failures that are told in full."""


@pytest.fixture
def premises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises]:
    """A store whose disk is memory where there is such: its fsync is measured elsewhere."""
    logging.disable(logging.WARNING)  # each fault is told, and pytest would keep every line
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        made = Premises(Path(folder))
        yield made
        made.close()
    logging.disable(logging.NOTSET)


def failures(premises: Premises, numbers: range, sabotage: Sabotage | None = None, stop_at: int = SHOWN) -> list[str]:
    """Play cases; returns what is wrong, with the case and how to play it again."""
    found: list[str] = []
    for number in numbers if ONLY is None else (int(ONLY),):
        case = case_of(SEED, number)
        wrong = Play(case, premises, sabotage).play()
        if wrong:
            again = f"STOREBOX_TEST_SEED={SEED} STOREBOX_GRID_CASE={number}"
            found.append("\n    ".join((str(case), *dict.fromkeys(wrong), again)))
            if len(found) >= stop_at:
                break
    return found


def test_every_printer_meets_every_fault() -> None:
    """The cases go through printers and faults in turn, so that a small run has them all."""
    cases = [case_of(SEED, number) for number in range(len(MODELS) * len(FAULTS))]
    met = {(case.model.name, case.faults[0].word.split()[0] if case.faults else "kill") for case in cases}
    assert len({name for name, _ in met}) == len(MODELS)
    assert len({case.kill_at for case in cases}) > 1
    assert {word for _, word in met} >= set(KINDS)


@pytest.mark.slow
def test_five_hundred_cases(premises: Premises) -> None:
    found = failures(premises, range(500))
    assert not found, "\n" + "\n".join(found)


@pytest.mark.torture
def test_twenty_thousand_cases(premises: Premises) -> None:
    found = failures(premises, range(20_000))
    assert not found, "\n" + "\n".join(found)


class Credulous:
    """A runner that takes a written byte for a printed one."""

    def __init__(self, device: PrinterDevice) -> None:
        self._honest = device._runner
        self._profile = device.profile

    def __getattr__(self, name: str) -> object:
        return getattr(self._honest, name)

    def run(self, talk: Conversation, job: Job) -> PrintResult:
        result = self._honest.run(talk, job)
        if self._profile.status and result.outcome is PrintOutcome.UNCONFIRMED:
            return replace(result, outcome=PrintOutcome.PRINTED, code="printer.printed")
        return result


class Stubborn(Credulous):
    """A runner that says that nothing left when it does not know: the slip is sent once more, and is no copy."""

    def run(self, talk: Conversation, job: Job) -> PrintResult:
        result = self._honest.run(talk, job)
        if result.outcome is PrintOutcome.UNCONFIRMED:
            return replace(result, outcome=PrintOutcome.NOT_STARTED)
        return result


class Deaf(Credulous):
    """A runner that gives a printer up for good after the first fault."""

    def run(self, talk: Conversation, job: Job) -> PrintResult:
        if getattr(self, "hurt", False):
            return PrintResult(PrintOutcome.NOT_STARTED, "printer.silent", 0)
        result = self._honest.run(talk, job)
        self.hurt = result.outcome is not PrintOutcome.PRINTED
        return result


@pytest.mark.parametrize(
    ("mutant", "told"),
    [(Credulous, "not whole on paper"), (Stubborn, "is on paper 2 times"), (Deaf, "all is well and yet")],
)
def test_the_grid_catches_a_wrong_runner(premises: Premises, mutant: type[Credulous], told: str) -> None:
    """A proof that can't fail proves nothing."""

    def sabotage(device: PrinterDevice) -> None:
        device._runner = mutant(device)  # type: ignore[assignment]

    found = failures(premises, range(300), sabotage, stop_at=25)
    assert any(told in one for one in found)
