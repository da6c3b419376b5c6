"""An upgrade step by step, on real folders with a made-up supervisor: broken off after every change of the disk."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.core.canonical import canonical_bytes
from agent.core.errors import Broken, Refused, TryLater
from agent.core.release import parse_key_list
from agent.core.upgrade import UpgradeState
from agent.upgrade import carrying, guard, intake, pending, place, trial
from agent.upgrade.carrying import Carrying, World
from agent.upgrade.place import Place
from agent.upgrade.trial import Limits, Trial
from tests.releases import Publisher, installed, make_tree, signed_list

OLD, NEW = "1.0.0", "1.1.0"
NOW_MS = 1_790_995_200_000


class Box:
    """A box whose releases behave as they are told; time passes when somebody sleeps."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder / "opt", folder / "state")
        self.publisher = Publisher(folder / "publisher")
        self.folder = folder
        installed(self.place.root, make_tree(folder / "old", OLD, release_keys=self.publisher.key_list), OLD, 1)
        (folder / "state").mkdir()
        self.bundle = self.publisher.bundle(make_tree(folder / "new", NEW), folder / "new.bundle", NEW, 2)
        self.now_s = 0.0
        self.started = 0
        self.forced: list[bool] = []
        self.coming: list[tuple[float, Callable[[], None]]] = []
        self.needs_ms: int | None = 2000
        self.gate_s: float | None = 10
        self.runs = OLD
        self.answers: Callable[[str, float], str | None] = lambda version, since_s: version
        self.since_s = 0.0
        self.busy: str | None = None

    def restart(self, *, by_force: bool = False) -> None:
        self.started += 1
        self.forced.append(by_force)
        self.runs, self.since_s = self.place.running() or "", self.now_s

    def starts(self) -> str:
        return str(self.started)

    def start_ms(self) -> int | None:
        return self.needs_ms

    def start_s(self) -> float:
        return (self.needs_ms or 0) / 1000

    def starts_by_itself(self) -> None:
        self.started += 1

    def at(self, at_s: float, what: Callable[[], None]) -> None:
        """Have something happen at a moment."""
        self.coming.append((at_s, what))

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        due = [one for one in self.coming if one[0] <= self.now_s]
        self.coming = [one for one in self.coming if one not in due]
        for _, what in due:
            what()

    def world(self) -> World:
        def answering() -> str | None:
            if self.runs == OLD:
                return OLD
            return self.answers(self.runs, self.now_s - self.since_s)

        limits = Limits(gate_s=self.gate_s, probation_s=20, every_s=1, deaf_s=3)
        watched = Trial(self, answering, limits, lambda: self.now_s, self.sleep)
        return World(lambda: NOW_MS, watched, lambda: self.busy, reserve_bytes=0)

    def take(self, bundle: Path | None = None, **how: bool) -> None:
        intake.taken(self.place, bundle or self.bundle, NOW_MS, **{"by_hand": True, **how}, reserve_bytes=0)

    def carry(self) -> UpgradeState | None:
        found = Carrying(self.place, self.world()).run()
        return None if found is None else found.state

    def end(self) -> tuple[str, str]:
        line = pending.history(self.place)[-1]
        return line["end"], line["reason"]


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_a_release_that_answers_and_lasts_is_taken_for_good(box: Box) -> None:
    box.take()
    assert box.carry() is UpgradeState.COMMITTED
    assert box.place.running() == NEW
    assert box.end() == ("committed", "")
    assert box.now_s >= 20
    assert pending.load(box.place) is None
    assert box.place.release(OLD).exists()
    assert not (box.place.own / pending.BALLAST_FILE).exists()
    assert carrying.previous_of(box.place) == OLD
    assert box.carry() is None


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (lambda version, since_s: None, "upgrade.no_good_answer"),
        (lambda version, since_s: "0.0.1", "upgrade.other_version_answers"),
        (lambda version, since_s: version if since_s < 8 else None, "upgrade.fell_silent"),
        (lambda version, since_s: version if int(since_s * 4) % 3 else None, "upgrade.no_good_answer"),
    ],
    ids=["silent", "another", "late", "flickers"],
)
def test_a_release_that_does_not_prove_itself_is_taken_back(
    answers: Callable[[str, float], str | None], reason: str, box: Box
) -> None:
    box.answers = answers
    box.take()
    assert box.carry() is UpgradeState.RETURNED
    assert (box.place.running(), box.runs) == (OLD, OLD)
    assert box.end() == ("returned", reason)
    assert not box.place.release(NEW).exists()
    with pytest.raises(Refused, match=r"upgrade\.turned_away"):
        box.take(by_hand=False)
    box.take()
    assert pending.turned_away(box.place) == {}


def test_a_release_that_dies_on_probation_is_taken_back(box: Box) -> None:
    def answers(version: str, since_s: float) -> str | None:
        if since_s > 6:
            box.restart()  # as a supervisor does with what died
        return version

    box.answers = answers
    box.take()
    assert box.carry() is UpgradeState.RETURNED
    assert box.end() == ("returned", "upgrade.died_on_probation")


def test_a_release_that_hangs_costs_less_than_twenty_seconds_by_the_times_in_force(box: Box) -> None:
    """It is killed, not asked: who does not answer does not stop well either. The old one stopped as a person would."""
    box.gate_s = None
    switched: list[float] = []

    def answers(version: str, since_s: float) -> str | None:
        switched.append(box.now_s - since_s)
        return None

    box.answers = answers
    box.take()
    assert box.carry() is UpgradeState.RETURNED
    assert box.now_s - switched[0] + 2 * box.start_s() < 20.0
    assert box.forced == [False, True]


def test_a_start_that_takes_twice_as_long_as_the_last_one_is_good(box: Box) -> None:
    box.gate_s = None
    box.needs_ms = 6000
    box.answers = lambda version, since_s: version if since_s > 11 else None
    box.take()
    assert box.carry() is UpgradeState.COMMITTED


def test_a_bad_release_leaves_the_way_back_of_the_good_one(box: Box, tmp_path: Path) -> None:
    box.take()
    assert box.carry() is UpgradeState.COMMITTED
    place.write_whole(box.place.release(OLD) / place.RELEASE_FILE, b'{"sequence":1,"version":"1.0.0"}')
    box.place.keep_keys(parse_key_list(box.publisher.key_list))
    bad = box.publisher.bundle(make_tree(tmp_path / "bad", "1.2.0"), tmp_path / "bad.bundle", "1.2.0", 3)
    box.answers = lambda version, since_s: None if version == "1.2.0" else version
    box.take(bad)
    assert box.carry() is UpgradeState.RETURNED
    assert sorted(path.name for path in box.place.releases.iterdir()) == [OLD, NEW]
    assert carrying.begin_return(box.place, NOW_MS).to == OLD


def test_a_supervisor_that_does_not_know_the_start_refuses_nothing(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> int | None:
        raise Broken("upgrade.supervisor_silent", command="systemctl")

    monkeypatch.setattr(box, "start_ms", silent)
    box.take()
    assert box.carry() is UpgradeState.COMMITTED


def on_trial(box: Box, state: UpgradeState, **facts: Any) -> None:
    """Leave the paper of a trial that power broke off, as the guard leaves it at the next start."""
    box.take()
    found = pending.load(box.place)
    assert found is not None
    shutil.copytree(box.place.release(OLD), box.place.release(NEW), symlinks=True)
    pending.save(box.place, replace(found, state=state, **{"tries": 2, **facts}))
    place.point(box.place.current, f"releases/{OLD if state is UpgradeState.RETURNING else NEW}")


@pytest.mark.parametrize("state", [UpgradeState.SWITCHED, UpgradeState.PROBATION])
def test_a_boot_on_trial_starts_the_release_by_itself(state: UpgradeState, box: Box) -> None:
    """It is up some seconds after us: no death on probation, and nothing to restart."""
    on_trial(box, state)
    box.runs = NEW
    box.answers = lambda version, since_s: version if box.now_s > 4 else None
    box.at(2.0, box.starts_by_itself)
    assert box.carry() is UpgradeState.COMMITTED
    assert box.forced == []


def test_a_boot_after_the_guard_went_back_starts_the_old_release_once(box: Box) -> None:
    on_trial(box, UpgradeState.RETURNING, tries=guard.TRIES_MAX + 1, reason="upgrade.power_cut")
    assert box.carry() is UpgradeState.RETURNED
    assert box.forced == []
    assert box.end() == ("returned", "upgrade.power_cut")


def test_a_trial_taken_again_kills_what_hangs_and_asks_what_answers(box: Box) -> None:
    on_trial(box, UpgradeState.SWITCHED, tries=1)
    box.runs = NEW
    box.answers = lambda version, since_s: version if box.forced else None
    assert box.carry() is UpgradeState.COMMITTED
    assert box.forced == [True]


def test_it_waits_for_a_quiet_moment_and_twice_for_the_counter(box: Box) -> None:
    box.busy = "upgrade.waits_for_sale"
    box.take()
    waiting = Carrying(box.place, box.world())
    assert waiting.run() is not None
    assert waiting.waits_for == "upgrade.waits_for_sale"
    assert box.place.running() == OLD
    box.busy = None
    carrying.put_off(box.place, NOW_MS)
    assert box.carry() is UpgradeState.WAITING
    carrying.put_off(box.place, NOW_MS)
    with pytest.raises(Refused, match=r"upgrade\.later_used_up"):
        carrying.put_off(box.place, NOW_MS)
    (box.place.asked / pending.LATER_FILE).unlink()
    assert box.carry() is UpgradeState.COMMITTED


def test_broken_off_after_every_change_of_the_disk_it_comes_to_the_same_end(tmp_path: Path) -> None:
    """Power goes at each renaming in turn, the guard runs as it does at a start, and the upgrade goes on."""
    real, ends = os.replace, set()
    for cut in range(1, 60):
        box = Box(tmp_path / str(cut))
        count = 0

        def replace(*names: object, cut: int = cut, **more: object) -> None:
            nonlocal count
            count += 1
            if count == cut:
                raise KeyboardInterrupt
            real(*names, **more)  # type: ignore[arg-type]

        box.take()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "replace", replace)
            try:
                finished = box.carry()
            except KeyboardInterrupt:
                finished = None
        if finished is None:
            guard.boot(box.place.root)
            box.restart()
            box.carry()
        assert pending.load(box.place) is None, cut
        running = box.place.running()
        assert running == box.runs, cut
        assert box.end()[0] == ("committed" if running == NEW else "returned"), cut
        ends.add(running)
        shutil.rmtree(tmp_path / str(cut))
        if finished is not None:
            break
    else:
        pytest.fail("it never came to an end without a cut")
    assert ends == {NEW}


@pytest.mark.parametrize("good", [True, False])
def test_an_end_that_was_told_stays_however_often_tidying_up_is_broken_off(good: bool, box: Box) -> None:
    """Power goes twice while leftovers are taken away: the second time the guard goes back with what is on trial."""
    if not good:
        box.answers = lambda version, since_s: None
    box.take()
    for _ in range(2):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(carrying.Carrying, "_sweep", power_goes)
            with pytest.raises(KeyboardInterrupt):
                box.carry()
        guard.boot(box.place.root)
        box.restart()
    box.carry()
    assert [line["end"] for line in pending.history(box.place)] == ["committed" if good else "returned"]
    assert box.place.running() == box.runs == (NEW if good else OLD)
    assert pending.load(box.place) is None


def power_goes(*_: object) -> None:
    raise KeyboardInterrupt


def test_who_carries_out_twice_at_once_is_sent_away(box: Box) -> None:
    box.take()
    with pending.alone(box.place), pytest.raises(TryLater, match=r"upgrade\.under_way"):
        box.carry()


def test_resumed_too_often_it_goes_back(box: Box) -> None:
    class Died(Exception):
        pass

    def answers(version: str, since_s: float) -> str | None:
        raise Died

    box.answers = answers
    box.take()
    for _ in range(carrying.RESUMED_MAX + 1):
        with pytest.raises(Died):
            box.carry()
    assert box.carry() is UpgradeState.RETURNED
    assert box.end() == ("returned", "upgrade.broken_off")
    assert pending.turned_away(box.place) == {}


def test_a_full_disk_does_not_keep_a_sick_release(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """The paper of the way back finds the room that was kept for it."""
    real = place.write_whole

    def write(path: Path, data: bytes, mode: int = 0o644) -> None:
        if path.name == pending.PENDING_FILE and b'"returning"' in data and ballast.exists():
            raise OSError(28, "No space left on device")
        real(path, data, mode)

    ballast = box.place.own / pending.BALLAST_FILE
    monkeypatch.setattr(pending, "write_whole", write)
    box.answers = lambda version, since_s: None
    box.take()
    assert box.carry() is UpgradeState.RETURNED
    assert box.runs == OLD


@pytest.mark.parametrize("file", [pending.HISTORY_FILE, pending.STATUS_FILE, "."])
def test_what_the_agent_plants_below_its_folder_leads_nowhere(file: str, box: Box, tmp_path: Path) -> None:
    """Root writes there through no link: a file of the system stays as it is."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").write_text("kept", encoding="ascii")
    if file == ".":
        box.place.asked.symlink_to(victim)
    else:
        box.place.asked.mkdir()
        (box.place.asked / file).symlink_to(victim / "file")
    box.take()
    assert box.carry() is UpgradeState.COMMITTED
    assert [path.name for path in victim.iterdir()] == ["file"]
    assert (victim / "file").read_text(encoding="ascii") == "kept"


def test_a_request_names_a_bundle_by_its_digest_only(box: Box) -> None:
    box.place.asked.mkdir()
    for text in (b"", b"[]", b'{"bundle": "../../etc/passwd"}', b'{"bundle": 5}', b"\xff"):
        (box.place.asked / intake.REQUEST_FILE).write_bytes(text)
        assert intake.asked_for(box.place) is None
        assert not (box.place.asked / intake.REQUEST_FILE).exists()


def test_what_was_fetched_and_is_refused_stands_in_the_history(box: Box) -> None:
    name = f"{'a' * 64}{intake.SUFFIX}"
    folder = box.place.asked / intake.INCOMING
    folder.mkdir(parents=True)
    (folder / name).write_bytes(b"no bundle")
    (box.place.asked / intake.REQUEST_FILE).write_text(f'{{"bundle":"{name}"}}', encoding="ascii")
    carrying.take_what_is_asked(box.place, box.world())
    assert box.end() == ("refused", "release.not_a_bundle")
    assert pending.load(box.place) is None


def test_the_gate_wants_good_answers_only() -> None:
    assert trial.answering_version(1, 0.2) is None


def test_the_newer_of_two_key_lists_counts(box: Box) -> None:
    """That of the running release, and that which a bundle brought."""
    publisher = box.publisher
    second = signed_list(2, publisher.roots, publisher.keys, publisher.roots)
    assert box.place.keys().version == 1
    box.place.make_folders()
    box.place.keep_keys(parse_key_list(second))
    assert box.place.keys().version == 2
    third = signed_list(3, publisher.roots, publisher.keys, publisher.roots)
    (box.place.release(OLD) / place.KEYS_FILE).write_bytes(canonical_bytes(third))
    assert box.place.keys().version == 3


def test_a_bundle_that_brings_newer_keys_leaves_them_here(box: Box, tmp_path: Path) -> None:
    publisher = box.publisher
    fresh = Publisher(tmp_path / "fresh")
    publisher.key_list = signed_list(2, publisher.roots, fresh.keys, publisher.roots)
    publisher.keys = fresh.keys
    box.take(publisher.bundle(make_tree(tmp_path / "newer", "1.2.0"), tmp_path / "newer.bundle", "1.2.0", 3))
    assert box.place.keys().version == 2
    with pytest.raises(Refused, match=r"release\.wrong_signature"):
        box.take(box.bundle)
