"""Nobody is charged twice, nothing is charged unrecorded, in any weather: random schedules against a bank of its own.

Journal, use cases and resolver are the real ones; the network, the power, the clock and the customers are as bad as a
seed says. At the end the bank's movements and the journals agree for every sale. A failure tells its story; play it
alone with STOREBOX_MONEY_SCHEDULE.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain, count, islice
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.simulation.money import mutants
from tests.simulation.money.case import case_of
from tests.simulation.money.over_http import PlayOverHttp
from tests.simulation.money.play import Play, Sabotage, story_of, told

ONLY = os.environ.get("STOREBOX_MONEY_SCHEDULE")
FIRST = int(os.environ.get("STOREBOX_TEST_SEED", "0"))
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
SHOWN = 5
"""Failures that are told in full."""
PORTION = 250
OVER_HTTP = range(FIRST, FIRST + 200)
IN_PROCESS = range(FIRST + 200, FIRST + 1_000)
not_alone = pytest.mark.skipif(ONLY is not None, reason="one schedule is played alone")
Stories = Mapping[int, tuple[list[str], list[str]]]


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.WARNING)  # each fault stands in the story, and pytest would keep every line
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def stories() -> Stories:
    """What is wrong in each schedule that `make test` plays without HTTP, and its story."""
    return {number: story_of(case_of(number), None, MEMORY) for number in (IN_PROCESS if ONLY is None else [int(ONLY)])}


def failures(
    schedules: Sequence[int], sabotage: Sabotage | None = None, stop_at: int = SHOWN, kind: type[Play] = Play
) -> list[str]:
    """Play schedules; returns what is wrong, each with its story and how to play it again."""
    found: list[str] = []
    for number in schedules if ONLY is None else (int(ONLY),):
        case = case_of(number)
        wrong, story = story_of(case, sabotage, MEMORY, kind)
        if wrong:
            found.append(told(case, wrong, story))
            if len(found) >= stop_at:
                break
    return found


@not_alone
def test_a_seed_gives_the_same_story(stories: Stories) -> None:
    for number in IN_PROCESS[:20]:
        assert story_of(case_of(number), None, MEMORY) == stories[number]


@not_alone
def test_every_fault_is_met(stories: Stories) -> None:
    """A schedule without weather would prove little: what may happen does happen, and attempts end in every way."""
    met: Counter[str] = Counter()
    words = (
        *("request lost", "answer lost", "request late", "answer late", "garbage", "bad signature"),
        *(
            "is parked",
            "is given up",
            "scans our code",
            "the power is cut",
            "the clock steps",
            "the network is gone",
            "replaced by one",
            "is a used number",
        ),
        *("fen, paid", "fen, undone", "fen, refund", "is closed", "is declined"),
    )
    for _, story in stories.values():
        text = "\n".join(story)
        met.update(word for word in words if word in text)
    assert not [word for word in words if met[word] < 10], met


@pytest.mark.slow
def test_a_thousand_schedules(stories: Stories) -> None:
    """Those of `make test` that are not played over HTTP; with those it is a thousand."""
    found = [told(case_of(number), *one) for number, one in stories.items() if one[0]]
    assert not found, f"{len(found)} schedules fail\n" + "\n".join(found[:SHOWN])


@pytest.mark.torture
def test_two_thousand_boxes_that_give_their_numbers_again() -> None:
    """Those of many more schedules in which a box is put back to an older state, unknown to anybody."""
    again = (number for number in count(FIRST) if (restore := case_of(number).restore) and restore.same_numbers)
    numbers = list(islice(again, 2_000))
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        portions = [numbers[begin : begin + PORTION] for begin in range(0, len(numbers), PORTION)]
        found = list(chain.from_iterable(pool.map(failures, portions)))
    assert not found, f"{len(found)} schedules fail\n" + "\n".join(found[:SHOWN])


@pytest.mark.torture
def test_twenty_thousand_schedules() -> None:
    """On every core; those of `make test` are among the first thousand."""
    portions = [range(FIRST + begin, FIRST + begin + PORTION) for begin in range(0, 20_000, PORTION)]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        found = list(chain.from_iterable(pool.map(failures, portions)))
    assert not found, f"{len(found)} schedules fail\n" + "\n".join(found[:SHOWN])


@pytest.mark.slow
def test_two_hundred_schedules_over_http() -> None:
    """The same with the platforms' own protocols and signatures; what the simulator's file says is believed."""
    found = failures(OVER_HTTP, kind=PlayOverHttp)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.torture
def test_two_thousand_schedules_over_http() -> None:
    """Others than those of `make test`: one simulator a process keeps every order, and a number serves once."""
    found = failures(range(FIRST + 200, FIRST + 2_200), kind=PlayOverHttp)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.torture
@pytest.mark.parametrize(
    ("mutant", "told_of"),
    [
        (mutants.submits_again_after_a_crash, "was submitted twice"),
        (mutants.takes_silence_for_a_refusal, "the journal 0"),
        (mutants.believes_that_an_undo_worked, "the journal 0"),
        (mutants.believes_not_found, "the journal 0"),
        (mutants.forgets_what_was_open, "has no end"),
        (mutants.trusts_a_used_number, "was said to be used"),
    ],
)
def test_a_wrong_box_is_found(mutant: Sabotage, told_of: str) -> None:
    """A proof that can't fail proves nothing."""
    found = failures(range(300), mutant, stop_at=5)
    assert any(told_of in one for one in found), "\n".join(found) or "all is well, it says"
