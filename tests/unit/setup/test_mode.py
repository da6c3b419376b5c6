"""Setup mode without a device: its clock, its rest, its refusals, and that a box with a store always comes to trade."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from agent.core.errors import Refused
from agent.core.setup import SILENCE_S, SetupState
from agent.core.setup_codes import EnrolmentCode, enrolment_code
from agent.daemon.clock import SystemEntropy
from agent.settings import Settings
from agent.setup.mode import RETRY_MAX_S, TESTING_SILENCE_S, SetupMode
from agent.setup.progress import Progress, load_progress, save_progress
from agent.setup.reporting import unsent_report
from drivers.discovery.found import Roots
from sync.enrol import enrol_alone

WITHIN_S = 20.0
NOWHERE = enrolment_code(EnrolmentCode(bytes(16), bytes(16), "S001", 0, "127.0.0.1:9", plain=True))
"""A code that leads to a port where nobody listens."""


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def now_ms(self) -> int:
        return 1_795_000_000_000

    def monotonic_s(self) -> float:
        return self.now_s


class Room:
    """A box in setup mode with nothing plugged in."""

    def __init__(self, state: Path) -> None:
        self.clock, self.ready = Clock(), threading.Event()
        empty = state / "empty"
        self.mode = SetupMode(Settings(state=state), self.clock, SystemEntropy(), Roots(empty, empty), self.ready.set)
        self.mode.start()

    def say(self, text: str) -> str:
        future: Future[str] = self.mode.say(text)
        return future.result(WITHIN_S)

    def refusal(self, text: str) -> str:
        with pytest.raises(Refused) as refused:
            self.say(text)
        return refused.value.code


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def room(state: Path) -> Iterator[Room]:
    found = Room(state)
    yield found
    found.mode.stop()


def test_what_is_no_code_of_setup_is_refused_by_name(room: Room) -> None:
    assert room.refusal("6901234567892") == "setup.not_enrolled_yet"
    assert room.refusal("134567890123456789") == "setup.not_enrolled_yet"
    assert room.refusal("E1AAAA") == "setup.code_damaged"
    assert room.refusal("T1AAAA") == "setup.code_damaged"
    assert room.refusal("X1ENC") == "setup.not_now"
    assert room.say("X1PASSCODE") == "invited"
    assert room.refusal("7K2M-9QXD") == room.refusal("7K2M 9QXD") == "setup.typed_incomplete"
    assert room.refusal("S001 7K2M-9QXD") == "setup.headquarters_unknown"
    assert room.refusal("WIFI:T:WEP;S:x;P:12345;;") == "setup.network_unsupported"
    assert room.mode.facts()["state"] == "invited"


def test_a_box_rests_after_half_an_hour_and_wakes_by_its_command(room: Room) -> None:
    room.clock.now_s += SILENCE_S - 1
    assert room.refusal("6901234567892") == "setup.not_enrolled_yet"
    room.clock.now_s += SILENCE_S
    assert room.refusal(NOWHERE) == "setup.resting"
    assert room.mode.facts()["state"] == "resting"
    assert room.say("X1INVITE") == "invited"


def test_headquarters_that_is_away_is_tried_again_and_the_code_is_kept(room: Room, state: Path) -> None:
    assert room.say(NOWHERE) == "enrolling"
    kept = load_progress(state)
    assert kept is not None
    assert (kept.state, kept.code) == (SetupState.ENROLLING, NOWHERE)
    assert not (state / "keys" / "enrolment.json").exists()
    room.clock.now_s += SILENCE_S
    assert room.refusal("6901234567892") == "setup.not_enrolled_yet"
    assert room.mode.facts()["state"] == "enrolling"  # headquarters may have given the store away to this box already
    room.mode.works()


def test_a_box_that_waited_for_an_answer_goes_on_after_a_power_cut(state: Path) -> None:
    save_progress(state, Progress("SB1", SetupState.ENROLLING, NOWHERE))
    room = Room(state)
    try:
        assert room.refusal("6901234567892") == "setup.not_enrolled_yet"
        assert (room.mode.facts()["state"], room.mode.facts()["box"]) == ("enrolling", "SB1")
    finally:
        room.mode.stop()


def test_a_power_cut_while_a_network_is_joined_leaves_the_code_that_waits(state: Path) -> None:
    save_progress(state, Progress("SB1", SetupState.NETWORKING, NOWHERE))
    room = Room(state)
    try:
        assert room.refusal("6901234567892") == "setup.not_enrolled_yet"
        assert (room.mode.facts()["state"], room.mode.facts()["refusal"]["code"]) == ("enrolling", "setup.no_answer")
    finally:
        room.mode.stop()


def test_a_try_that_the_disk_broke_off_is_made_again(room: Room, state: Path) -> None:
    disk = state / "keys" / "enrolment.json"
    disk.mkdir(parents=True)  # what the system refuses to read
    room.mode.say(NOWHERE)
    assert room.refusal("6901234567892") == "setup.not_enrolled_yet"
    assert (room.mode.facts()["state"], room.mode.facts()["refusal"]) == ("enrolling", None)
    disk.rmdir()
    room.clock.now_s += RETRY_MAX_S
    assert room.refusal("6901234567892") == "setup.not_enrolled_yet"
    assert room.mode.facts()["refusal"]["code"] == "setup.no_answer"


def test_a_power_cut_after_a_packet_was_opened_leaves_the_name_that_it_gave(state: Path) -> None:
    save_progress(state, Progress("SBDRAWN", SetupState.UNSEALING))
    enrol_alone(state, "S001", "B7")
    room = Room(state)
    try:
        assert (room.mode.facts()["state"], room.mode.facts()["box"]) == ("testing", "B7")
    finally:
        room.mode.stop()


def test_a_box_with_a_store_is_not_kept_from_trade_by_a_slip(state: Path) -> None:
    enrol_alone(state, "S001", "B1")
    room = Room(state)
    try:
        assert room.refusal("6901234567892") == "setup.scan_slip"
        assert room.refusal(NOWHERE) == "enrol.already"
        assert room.refusal("X1ENC") == "setup.encoding"  # no printer is there to try another set of characters on
        assert not room.ready.is_set()
        room.clock.now_s += TESTING_SILENCE_S
        room.mode.say("6901234567892")
        assert room.ready.wait(WITHIN_S)
    finally:
        room.mode.stop()
    kept = load_progress(state)
    assert kept is not None
    assert kept.state is SetupState.DONE
    report = unsent_report(state)
    assert report is not None
    assert (report["tills"], report["epoch"]) == ({}, 1)


def test_a_stopped_setup_is_told_to_the_watchdog(state: Path) -> None:
    room = Room(state)
    room.mode.stop()
    with pytest.raises(RuntimeError):
        room.mode.works()
