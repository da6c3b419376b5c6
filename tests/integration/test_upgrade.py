"""Upgrades on a box with real processes: bad releases, and killing; in the end the shop trades on one good version."""

import os
import random
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.errors import Refused
from agent.core.upgrade import UpgradeState
from agent.upgrade import carrying, pending
from tests.integration.running import wait_for
from tests.upgrading import OLD, TRADES_WITHIN_S, Template, UpgradedBox

NEW = "1.1.0"
SEED = int(os.environ.get("STOREBOX_TEST_SEED", "20261127"))
MOMENTS = int(os.environ.get("STOREBOX_UPGRADE_MOMENTS", "100"))
KILLS_A_BOX = 4
GOOD_AT_THE_END = {"good": (OLD, NEW), "sick": (OLD,), "crash": (OLD,), "dies:2.5": (OLD,), "hang": (OLD,)}
REASONS = {
    "crash": ("upgrade.keeps_dying",),
    "hang": ("upgrade.no_good_answer", "upgrade.keeps_dying"),
    "sick": ("upgrade.no_good_answer",),
    "dies:2.5": ("upgrade.died_on_probation", "upgrade.fell_silent", "upgrade.keeps_dying"),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template(tmp_path_factory.mktemp("upgrade"))


@pytest.fixture
def box(template: Template, tmp_path: Path) -> Iterator[UpgradedBox]:
    made = UpgradedBox(template, tmp_path / "box")
    try:
        begin(made)
        yield made
    finally:
        made.end()


def begin(box: UpgradedBox) -> None:
    box.switch_on()
    wait_for(box.version_answering)
    box.customer.start()


def test_a_good_release_is_taken_and_the_old_one_reads_what_it_leaves(box: UpgradedBox, template: Template) -> None:
    """The new release changes the schema and the views; a person goes back, and every sale is there."""
    box.take(template.bundle("good"))
    ended = box.await_end()
    assert (ended["end"], ended["from"], ended["to"]) == ("committed", OLD, NEW), box.logs()
    wait_for(lambda: box.customer.count() > 2)
    carrying.begin_return(box.place, time.time_ns() // 1_000_000)
    assert (box.await_end()["end"], len(pending.history(box.place))) == ("committed", 2), box.logs()
    assert box.check_good(OLD) == OLD
    assert pending.turned_away(box.place) == {"2": "upgrade.person_returned"}
    with pytest.raises(Refused, match=r"upgrade\.nothing_to_return_to"):
        box.place.own.joinpath(carrying.PREVIOUS_FILE).unlink()
        carrying.begin_return(box.place, 0)


@pytest.mark.torture
def test_power_is_cut_while_a_sick_release_is_on_trial(box: UpgradedBox, template: Template) -> None:
    """The first start goes on with the trial, the second goes back."""
    box.take(template.bundle("sick"))
    for _ in range(2):
        wait_for(lambda: getattr(pending.load(box.place), "state", None) is UpgradeState.SWITCHED, 30)
        wait_for(lambda: box.place.running() == NEW)
        box.kill("power")
    assert box.await_end()["end"] == "returned", box.logs()
    assert box.check_good(OLD) == OLD


@pytest.mark.torture
@pytest.mark.parametrize("behaviour", sorted(REASONS))
def test_a_bad_release_is_taken_back_by_itself(behaviour: str, box: UpgradedBox, template: Template) -> None:
    box.take(template.bundle(behaviour))
    ended = box.await_end()
    assert (ended["end"], ended["to"]) == ("returned", NEW), box.logs()
    assert ended["reason"] in REASONS[behaviour], ended
    assert box.check_good(OLD) == OLD
    assert box.customer.longest_s < TRADES_WITHIN_S, box.logs()
    assert pending.turned_away(box.place) == {"2": ended["reason"]}


@pytest.mark.torture
def test_a_release_that_counts_otherwise_never_gets_to_run(box: UpgradedBox, template: Template) -> None:
    box.take(template.bundle("miscounts"))
    ended = box.await_end()
    assert (ended["end"], ended["reason"]) == ("refused", "upgrade.rehearsal_differs"), box.logs()
    assert box.customer.longest_s < 2.0
    assert box.check_good(OLD) == OLD
    assert not box.place.release(NEW).exists()


@pytest.mark.torture
def test_a_bundle_that_no_box_may_take_changes_nothing(box: UpgradedBox, template: Template, tmp_path: Path) -> None:
    good = template.bundle("good")
    cut = tmp_path / "cut.bundle"
    with tarfile.open(good) as archive:
        tree = archive.getmember("tree.tar.gz")
    cut.write_bytes(good.read_bytes()[: tree.offset_data + tree.size - 20])
    other = tmp_path / "other.bundle"
    data = bytearray(good.read_bytes())
    data[tree.offset_data + 20] ^= 1
    other.write_bytes(data)
    bad = {
        "release.truncated": cut,
        "release.file_differs": other,
        "release.not_newer": template.bundle("good", "0.9.0", 1),
        "release.one_signature": template.bundle("good", "1.1.1", 3, signers=("release-1",)),
        "release.too_far": template.bundle("good", "1.1.2", 4, min_from=3),
        "release.other_machine": template.bundle("good", "1.1.3", 5, arch="s390x"),
        "release.other_python": template.bundle("good", "1.1.4", 6, python="2.7"),
    }
    for code, bundle in bad.items():
        with pytest.raises(Refused) as refused:
            box.take(bundle)
        assert refused.value.code == code
    assert pending.load(box.place) is None
    assert box.customer.longest_s < 2.0
    assert box.check_good(OLD) == OLD


@pytest.mark.torture
def test_a_full_disk_refuses_the_release_and_the_shop_trades_on(template: Template, tmp_path: Path) -> None:
    """The releases lie on a small file system of their own that something has filled."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root: run the tests as root")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    box = UpgradedBox(template, folder / "box", state=tmp_path / "state")
    try:
        begin(box)
        bundle = template.bundle("good")
        fill(folder / "filler")
        with pytest.raises(Refused, match=r"upgrade\.(no_room|not_written)"):
            box.take(bundle)
        assert pending.load(box.place) is None
        (folder / "filler").unlink()
        box.take(bundle)
        fill(folder / "filler")
        ended = wait_for(lambda: pending.history(box.place) or box.place.running() == NEW, 60)
        assert ended, box.logs()
        (folder / "filler").unlink()
        box.await_end()
        box.check_good(OLD, NEW)
    finally:
        box.end()
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
        while True:
            filler.write(b"x" * 4096)


def killed(template: Template, folder: Path, behaviour: str, chance: random.Random, kills: int) -> None:
    """Upgrade once while parts are killed at random moments."""
    box = UpgradedBox(template, folder)
    story: list[str] = []
    try:
        begin(box)
        box.take(template.bundle(behaviour))
        for _ in range(kills):
            what = chance.choice(("power", "agent", "upgrade"))
            wait_s = chance.expovariate(1 / 1.5)
            time.sleep(wait_s)  # the moment itself is what is random: no event may choose it
            known = pending.load(box.place)
            story.append(f"{what} after {wait_s:.2f} s in {known.state if known else 'nothing pending'}")
            box.kill(what)
        wait_for(lambda: pending.load(box.place) is None, 90)
        box.check_good(*GOOD_AT_THE_END[behaviour])
    except AssertionError as error:
        raise AssertionError(f"seed {SEED}, {behaviour}: {story}\n{error}\n{box.logs()}") from error
    finally:
        box.end()


@pytest.mark.torture
@pytest.mark.slow
@pytest.mark.parametrize("number", range(MOMENTS // KILLS_A_BOX))
def test_everything_is_killed_at_random_moments(number: int, template: Template, tmp_path: Path) -> None:
    chance = random.Random(f"{SEED}-{number}")
    behaviour = list(GOOD_AT_THE_END)[number % len(GOOD_AT_THE_END)]
    killed(template, tmp_path / "box", behaviour, chance, KILLS_A_BOX)
