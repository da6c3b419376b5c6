"""Every box of a chain comes back at once to a headquarters on PostgreSQL: nothing missing, nothing double.

Two hundred here; two thousand under `make soak` (test_hq_soak.py).
"""

from collections.abc import Iterator

import pytest

from agent.bench.postgres import Server
from sync.hq.load.weather import Fault
from tests.simulation.herd import Herd, Milestones, brought, fleet, restarted

MEMORY_MAX_KB = 256_000
BAD_PERCENT = 20
GIVE_UP_S = 120


@pytest.fixture(scope="module")
def herd(tmp_path_factory: pytest.TempPathFactory, postgres: Server) -> Iterator[Herd]:
    made = Herd(tmp_path_factory.mktemp("hq"), postgres.fresh_database())
    yield made
    made.close()


def test_headquarters_is_killed_and_its_database_restarted_in_the_middle(herd: Herd, postgres: Server) -> None:
    """Before the large one, so that PostgreSQL has little log to recover from."""
    boxes = fleet("M", 20, 200, 25)
    herd.register(boxes)

    def power_cut() -> None:
        herd.kill()
        herd.start()

    milestones = Milestones([(1_000, power_cut), (2_500, lambda: restarted(postgres))])
    outcome = brought(herd, boxes, 200, BAD_PERCENT, milestones.advance, GIVE_UP_S)
    milestones.join()
    assert milestones.done == 2
    assert outcome.lost == []
    assert outcome.entries == 4_000
    assert herd.differences(boxes, read_every=10) == []


def test_two_hundred_boxes_come_back_at_once(herd: Herd) -> None:
    boxes = fleet("L", 200, 500, 250)
    herd.register(boxes)
    outcome = brought(herd, boxes, 500, BAD_PERCENT, lambda _count: None, GIVE_UP_S)
    assert outcome.lost == []
    assert outcome.entries == 100_000
    assert set(outcome.faults) == set(Fault)
    assert herd.differences(boxes, read_every=10) == []
    assert herd.peak_kb() < MEMORY_MAX_KB
