"""A replay whose printer is broken every two seconds: every sale is in the journal, every slip once on paper or named.

The words are those of `storebox sim printer`, given at its control socket while the replay runs.
"""

import os
import random
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.test_replay_kill import check_paper
from tests.surroundings import (
    Around,
    Replay,
    around,
    money_of,
    needs_real_baskets,
    new_replay,
    same_entries,
    some_baskets,
    summary_of,
)

__all__ = ["around"]
SEED = int(os.environ.get("STOREBOX_TEST_SEED", "20261003"))
BAUD = "115200"
FAULTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("unplug", ("plug",)),
    ("power off", ("power on",)),
    ("paper out", ("paper ok",)),
    ("cover open", ("cover closed",)),
    ("jam", ("cover open", "cover closed")),
    ("silence", ("clear",)),
    ("late 300", ("clear",)),
    ("xoff", ("clear",)),
)
SHORTEST_S, LONGEST_S = 0.1, 1.0


class Mischief:
    """Breaks the printer again and again while a replay runs, and puts it right each time."""

    def __init__(self, replay: Replay, chance: random.Random, healthy_s: float) -> None:
        self.replay = replay
        self.faults = 0
        self._chance = chance
        self._healthy_s = healthy_s

    def reign(self, process: "subprocess.Popen[str]", faults_max: int) -> None:
        """Go on until the replay ends; each kind of fault comes once before any comes again."""
        waiting: list[tuple[str, tuple[str, ...]]] = []
        while self.faults < faults_max and self._lives(process, self._healthy_s):
            self.faults += 1
            waiting = waiting or self._chance.sample(FAULTS, len(FAULTS))
            word, cure = waiting.pop()
            at_byte = self._chance.randrange(1, 1_500)
            self._say(f"{word} at {at_byte}")
            self._lives(process, self._chance.uniform(SHORTEST_S, LONGEST_S))
            for good in cure:
                self._say(good)
        self._say("clear")

    def _say(self, word: str) -> None:
        assert self.replay.printer.obey(word) == "ok"

    def _lives(self, process: "subprocess.Popen[str]", seconds: float) -> bool:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False


def check_slips(replay: Replay, faults: int) -> None:
    """Every receipt has ended; what is unconfirmed is named, and is no more than what was hurt."""
    states = Counter(state for (state,) in replay.query("SELECT state FROM view_slip"))
    assert set(states) <= {"printed", "unconfirmed"}, states
    assert states["unconfirmed"] <= faults, states
    check_paper(replay)
    on_paper = sum(any(text.startswith("单号 ") for text in slip) for slip in replay.printer.slips())
    assert on_paper >= replay.one("SELECT count(*) FROM view_slip WHERE purpose = 'receipt' AND state = 'printed'")


def play(replay: Replay, paid_fen: int, count: int, healthy_s: float, faults_max: int) -> Mischief:
    mischief = Mischief(replay, random.Random(SEED), healthy_s)
    process = replay.start()
    ends_s = time.monotonic() + 60
    while not replay.printer.marks() and process.poll() is None:
        assert time.monotonic() < ends_s, "nothing is printed"
        time.sleep(0.02)
    mischief.reign(process, faults_max)
    summary = summary_of(process, 600)
    print({**summary, "seed": SEED, "faults": mischief.faults})
    assert summary["refused"] == []
    assert summary["completed"] + summary["refunded"] == count
    assert summary["paid_fen"] == paid_fen
    assert summary["slips_printed"] + summary["slips_unconfirmed"] == count
    assert not list(same_entries(replay))
    check_slips(replay, mischief.faults)
    return mischief


@pytest.mark.slow
@pytest.mark.torture
def test_fifteen_baskets(around: Around, tmp_path: Path) -> None:
    baskets = some_baskets(15)
    replay = new_replay(around, tmp_path, baskets, printer_options=("--baud", BAUD))
    mischief = play(replay, money_of(baskets), 15, 0.5, faults_max=3)
    assert mischief.faults >= 2


@needs_real_baskets
@pytest.mark.torture
def test_five_hundred_real_baskets(around: Around, tmp_path: Path) -> None:
    baskets = some_baskets(500)
    replay = new_replay(around, tmp_path, baskets, printer_options=("--baud", BAUD))
    mischief = play(replay, money_of(baskets), 500, 2.0, faults_max=1_000_000)
    assert mischief.faults >= 2 * len(FAULTS)
