"""The gate of a trial, on a made-up supervisor: which starts count, and from when time does."""

from collections.abc import Callable

import pytest

from agent.upgrade.trial import NEVER, Limits, Systemd, Trial

NEW = "1.1.0"


class Kept:
    """A supervisor whose starts are told; `restart` takes effect some seconds later, as a stop takes its time."""

    def __init__(self, stop_s: float = 0.0) -> None:
        self.now_s = 0.0
        self.stop_s = stop_s
        self.started_at_s = [-100.0]
        self.killed = 0
        self.coming: tuple[float, Callable[[], None]] | None = None

    def restart(self, *, by_force: bool = False) -> None:
        self.killed += by_force
        self.started_at_s = [at_s for at_s in self.started_at_s if at_s <= self.now_s]
        self.started_at_s.append(self.now_s + (0.1 if by_force else self.stop_s))

    def starts(self) -> str:
        return str(sum(at_s <= self.now_s for at_s in self.started_at_s))

    def start_ms(self) -> int | None:
        return None

    def at(self, at_s: float, what: Callable[[], None]) -> None:
        self.coming = (at_s, what)

    def dies(self) -> None:
        """Have the supervisor start it anew twice."""
        self.started_at_s += [self.now_s, self.now_s + 0.5]

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        if self.coming is not None and self.coming[0] <= self.now_s:
            what, self.coming = self.coming[1], None
            what()

    def trial(self, answering: Callable[[], str | None], **limits: float) -> Trial:
        return Trial(self, answering, Limits(**limits), lambda: self.now_s, self.sleep)


def test_time_counts_from_the_start_not_from_the_stop_of_the_one_before() -> None:
    kept = Kept(stop_s=4.5)
    trial = kept.trial(lambda: NEW if kept.now_s > 11 else None)
    assert trial.answers(NEW, 8.0) is None
    assert kept.killed == 0


def test_an_old_release_that_does_not_stop_is_killed_and_the_new_one_has_its_time() -> None:
    kept = Kept(stop_s=600.0)
    assert kept.trial(lambda: NEW if kept.now_s > 12 else None).answers(NEW, 8.0) is None
    assert kept.killed == 1


def test_what_a_boot_started_at_the_same_time_is_no_death() -> None:
    """It starts between the look and the restart, is stopped, and the restarted one is the first that counts."""
    kept = Kept(stop_s=1.0)
    restart = kept.restart

    def boot_comes_first(*, by_force: bool = False) -> None:
        kept.started_at_s.append(kept.now_s)
        restart(by_force=by_force)

    kept.restart = boot_comes_first  # type: ignore[method-assign]
    assert kept.trial(lambda: NEW if kept.now_s > 3 else None).answers(NEW, 8.0) is None


def test_a_boot_that_has_not_started_it_yet_is_no_start() -> None:
    kept = Kept()
    kept.started_at_s = [3.0]
    assert kept.starts() == NEVER
    assert kept.trial(lambda: NEW if kept.now_s > 9 else None).answers(NEW, 8.0, restart=False) is None


def test_who_dies_is_not_awaited_again() -> None:
    kept = Kept()
    kept.at(4.0, kept.dies)
    assert kept.trial(lambda: None).answers(NEW, 30.0) == "upgrade.keeps_dying"
    assert kept.now_s < 5.0


@pytest.mark.parametrize("measured", [True, False])
def test_a_limit_that_is_told_stands_for_the_gate_but_not_for_the_way_back(measured: bool) -> None:
    kept = Kept()
    assert kept.trial(lambda: None, gate_s=3.0).answers(NEW, 8.0, gate=measured) == "upgrade.no_good_answer"
    assert kept.now_s == pytest.approx(3.0 if measured else 8.0, abs=0.5)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("ExecMainStartTimestampMonotonic=1000000\nActiveEnterTimestampMonotonic=3500000", 2500),
        ("ActiveEnterTimestampMonotonic=3500000\nExecMainStartTimestampMonotonic=1000000", 2500),
        ("ExecMainStartTimestampMonotonic=9000000\nActiveEnterTimestampMonotonic=3500000", None),  # starting anew
        ("ExecMainStartTimestampMonotonic=0\nActiveEnterTimestampMonotonic=0", None),
        ("", None),
        ("ExecMainStartTimestampMonotonic=\nActiveEnterTimestampMonotonic=n/a", None),
    ],
)
def test_systemd_tells_how_long_a_start_took(
    said: str, wanted: int | None, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "systemctl"
    program.write_text(f"#!/bin/sh\nprintf '{said}'\n", encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    assert Systemd().start_ms() == wanted


def test_a_unit_without_processes_is_restarted_by_force_all_the_same(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`systemctl kill` refuses when there is nothing to kill."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$1" >>{folder}/said\n[ "$1" != kill ]\n', encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    Systemd().restart(by_force=True)
    assert (folder / "said").read_text().split() == ["kill", "restart"]


def test_who_dies_at_the_end_of_the_probation_has_died_whoever_answers_the_question() -> None:
    """The socket is the supervisor's: a question to the dead waits there, and who is started next answers it well."""
    kept = Kept()

    def answering() -> str:
        if kept.now_s >= 58.5:
            kept.now_s = max(kept.now_s, 60.5)
            kept.started_at_s.append(60.5)
        return NEW

    assert kept.trial(answering, probation_s=60.0).lasts(NEW) == "upgrade.died_on_probation"
