"""What the counter sees of a release that waits, and what root reads of its answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.core.errors import Refused
from agent.core.upgrade import LATER_MS, Later, UpgradeState
from agent.services.coming_release import ComingRelease
from agent.services.shop import Shop
from agent.upgrade import pending
from agent.upgrade.carrying import later_of
from agent.upgrade.pending import Pending
from agent.upgrade.place import Place
from tests.shops import START_MS, FakeClock, make_shop

WAITING = Pending("1-1.1.0", "1.1.0", "1.0.0", 2, UpgradeState.WAITING, START_MS)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "opt", tmp_path / "state")
    made.make_folders()
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.writer.close()


def test_a_release_that_waits_is_put_off_twice_and_root_reads_it(place: Place) -> None:
    clock = FakeClock()
    coming = ComingRelease(place.state, clock)
    assert coming.shown() is None
    with pytest.raises(Refused, match=r"upgrade\.nothing_pending"):
        coming.put_off()
    pending.save(place, WAITING)
    assert coming.shown() == {"version": "1.1.0", "put_off": 0, "until_ms": None}
    assert coming.put_off() == {"version": "1.1.0", "put_off": 1, "until_ms": START_MS + LATER_MS}
    assert later_of(place) == Later(1, START_MS + LATER_MS)
    clock.advance(LATER_MS / 1000)
    assert coming.shown() == {"version": "1.1.0", "put_off": 1, "until_ms": None}
    coming.put_off()
    with pytest.raises(Refused, match=r"upgrade\.later_used_up"):
        coming.put_off()
    pending.forget(place)
    assert coming.shown() is None


def test_it_is_told_once_on_every_page(place: Place, shop: Shop) -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    shop.publish = lambda kind, data: told.append((kind, data))
    coming = ComingRelease(place.state, FakeClock())
    coming.tell(shop)
    pending.save(place, WAITING)
    coming.tell(shop)
    coming.tell(shop)
    assert [(kind, data["code"], data["values"]) for kind, data in told] == [
        ("notice", "upgrade.coming", {"version": "1.1.0"})
    ]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"times": "1", "until_ms": 5}', '{"times": 1}'])
def test_a_paper_that_says_nothing_counts_as_never(text: str, place: Place) -> None:
    pending.save(place, WAITING)
    (place.asked / pending.LATER_FILE).write_text(text, encoding="ascii")
    shown = ComingRelease(place.state, FakeClock()).shown()
    assert shown is not None and shown["put_off"] == 0
    assert later_of(place) == Later()
