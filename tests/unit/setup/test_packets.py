"""Setup mode and the stick: each way in which a packet opens or does not, without a device and without a line."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.errors import StoreboxError
from agent.core.setup import SILENCE_S
from agent.core.setup_codes import packet_code
from agent.rescue import inbox
from agent.setup import packets, stick, takeover
from agent.setup.destination import Known
from agent.setup.stick import Carried
from sync.enrol import load_enrolment
from sync.grant import waiting_grant
from sync.hq.keys import HqKeys
from sync.packet import PACKET_BYTES_MAX
from tests.unit.setup.packed import CODE, LIFE_MS, MADE_AT_MS, OTHER_CODE, hq_keys, packet
from tests.unit.setup.test_mode import NOWHERE, WITHIN_S, Room


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> HqKeys:
    return hq_keys(tmp_path_factory.mktemp("hq"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real cost of a code is measured by tests/unit/sync/test_packet.py."""
    monkeypatch.setattr("sync.packet.MEMORY_KIB", 64)


class Counter(Room):
    """A box in setup mode, and a stick that a technician plugs in."""

    def __init__(self, state: Path) -> None:
        super().__init__(state)
        self.state = state
        self.stick = state / "on-the-stick"
        self.stick.mkdir()

    def plug(self, *files: bytes) -> str:
        """Put files on the stick, have root's part carry them in, and return where setup stands then."""
        for number, data in enumerate(files):
            (self.stick / f"packet{number}.bin").write_bytes(data)
        stick.carry_in(self.stick, self.state)
        return self.mode.look().result(WITHIN_S)

    def code_of(self, text: str) -> str:
        """Return how a code is refused."""
        with pytest.raises(StoreboxError) as refused:
            self.say(text)
        return refused.value.code


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    found = Counter(tmp_path)
    yield found
    found.mode.stop()


def test_a_packet_and_its_scanned_code_enrol_without_a_line(counter: Counter, keys: HqKeys) -> None:
    assert counter.code_of(packet_code(CODE)) == "enrol.no_packet"
    assert counter.plug(packet(keys)) == "unsealing"
    assert counter.mode.facts()["packets"] == 1
    assert counter.say(packet_code(CODE)) == "testing"
    enrolment = load_enrolment(counter.state)
    assert enrolment is not None
    assert (enrolment.identity.store, enrolment.identity.epoch) == ("S001", 1)
    assert waiting_grant(counter.state) is not None
    assert counter.mode.facts()["box"] == "B1"  # the packet says what the box is called
    assert not (counter.state / packets.FOLDER).exists(), "the secrets of a stick stay on the stick"
    assert counter.code_of(packet_code(CODE)) == "enrol.already"


def test_a_technician_types_the_code_and_has_the_stick_of_a_whole_tour(counter: Counter, keys: HqKeys) -> None:
    others = [packet(keys, f"S00{number}", OTHER_CODE) for number in range(2, 5)]
    counter.plug(*others, packet(keys, "S009"), b"minutes of the meeting", b"")
    assert counter.mode.facts()["packets"] == 4
    assert counter.say("7k2m-9qxd") == "testing"
    enrolment = load_enrolment(counter.state)
    assert enrolment is not None and enrolment.identity.store == "S009"


def test_the_third_wrong_code_puts_the_packet_away_until_the_stick_comes_again(counter: Counter, keys: HqKeys) -> None:
    counter.plug(packet(keys))
    assert [counter.code_of(OTHER_CODE) for _ in range(2)] == ["enrol.packet_wrong_code"] * 2
    assert counter.code_of(OTHER_CODE) == "enrol.packet_locked"
    assert counter.mode.facts()["state"] == "invited"
    assert counter.code_of(packet_code(CODE)) == "enrol.no_packet"
    assert counter.plug() == "unsealing"
    assert counter.say(CODE) == "testing"


@pytest.mark.parametrize(
    ("made_at_ms", "refusal"), [(MADE_AT_MS - LIFE_MS - 1, "enrol.packet_expired"), (MADE_AT_MS + LIFE_MS, None)]
)
def test_it_opens_in_time_and_a_clock_that_is_behind_hinders_nobody(
    counter: Counter, keys: HqKeys, made_at_ms: int, refusal: str | None
) -> None:
    counter.plug(packet(keys, made_at_ms=made_at_ms))
    if refusal is None:
        assert counter.say(CODE) == "testing"
        return
    assert counter.code_of(CODE) == refusal
    assert counter.mode.facts()["state"] == "invited"
    assert load_enrolment(counter.state) is None


def test_a_packet_that_was_cut_or_changed_is_named(counter: Counter, keys: HqKeys) -> None:
    whole = packet(keys)
    for damaged in (whole[:-1], whole[:60] + bytes((whole[60] ^ 1,)) + whole[61:]):
        counter.plug(damaged)
        assert counter.code_of(CODE) == "enrol.packet_wrong_code"  # can't be told from one
    (counter.state / packets.FOLDER / f"x{packets.SUFFIX}").write_bytes(b"no packet at all")
    for path in (counter.state / packets.FOLDER).glob("[!x]*"):
        path.unlink()
    counter.mode.look().result(WITHIN_S)
    assert counter.code_of(CODE) == "enrol.packet_damaged"


def test_a_packet_of_another_headquarters_is_refused_where_one_is_pinned(tmp_path: Path, keys: HqKeys) -> None:
    mine = packets.Packets(tmp_path, _Noon(), lambda: Known(root="00" * 16))
    mine.begin()
    packets.hand_over(tmp_path, packet(keys))
    assert mine.came() == 1
    with pytest.raises(StoreboxError, match=r"enrol\.other_root"):
        mine.open(CODE)
    assert (mine.waiting(), load_enrolment(tmp_path)) == ([], None)


def test_a_stick_wakes_a_box_that_rests_and_takes_over_from_a_line_that_is_dead(counter: Counter, keys: HqKeys) -> None:
    counter.clock.now_s += SILENCE_S
    assert counter.plug(packet(keys)) == "unsealing"
    counter.clock.now_s += SILENCE_S
    assert counter.code_of(CODE) == "setup.resting"
    assert counter.plug() == "unsealing"
    assert counter.say(NOWHERE) == "enrolling"  # the line after all
    assert counter.plug() == "unsealing"
    assert counter.say(CODE) == "testing"


def test_a_power_cut_asks_for_the_code_again(tmp_path: Path, keys: HqKeys) -> None:
    first = Counter(tmp_path)
    first.plug(packet(keys))
    first.mode.stop()
    second = Room(tmp_path)
    try:
        assert second.mode.look().result(WITHIN_S) == "unsealing"
        assert second.say(CODE) == "testing"
    finally:
        second.mode.stop()


def test_nothing_of_a_hostile_stick_is_followed_or_kept(tmp_path: Path, keys: HqKeys) -> None:
    state, plugged, secret = tmp_path / "box", tmp_path / "stick", tmp_path / "secret"
    mine = packets.Packets(state, _Noon(), Known)
    assert stick.carry_in(tmp_path, state) == Carried(), "no box is in setup mode"
    mine.begin()
    plugged.mkdir()
    secret.write_bytes(packet(keys))
    (plugged / "link.bin").symlink_to(secret)
    os.mkfifo(plugged / "pipe.bin")
    (plugged / "large.bin").write_bytes(packet(keys) + bytes(PACKET_BYTES_MAX))
    (plugged / "folder.bin").mkdir()
    assert stick.carry_in(plugged, state) == Carried()
    (plugged / "../../../etc.bin".replace("/", "-")).write_bytes(packet(keys))
    assert stick.carry_in(plugged, state) == Carried(packets=1)
    (kept,) = (state / packets.FOLDER).iterdir()
    assert kept.suffix == packets.SUFFIX
    mine.end()
    (state / packets.FOLDER.parent).rmdir()
    (state / packets.FOLDER.parent).symlink_to(plugged)
    assert stick.carry_in(plugged, state) == Carried(), "a link of the box's user is not followed by root"


def test_the_records_of_a_dead_box_are_copied_once_and_no_link_leads_to_others(tmp_path: Path) -> None:
    state, disk, secret = tmp_path / "box", tmp_path / "disk", tmp_path / "secret"
    mine = packets.Packets(state, _Noon(), Known)
    mine.begin()
    home = disk / "var/lib/storebox"
    home.mkdir(parents=True)
    (home / "journal.db").write_bytes(b"SQLite format 3\0" + bytes(200_000))
    (home / "journal.db-wal").write_bytes(b"wal")
    secret.write_text("root's own")
    (disk / "journal.db").symlink_to(secret)
    (disk / "storebox").symlink_to(tmp_path)
    (tmp_path / "journal.db").write_text("root's own")
    assert stick.carry_in(disk, state) == stick.carry_in(disk, state) == Carried(records=1)
    (folder,) = (state / packets.FOLDER).iterdir()
    assert {path.name: path.stat().st_size for path in folder.iterdir()} == {
        "0-journal.db": 200_016,
        "0-journal.db-wal": 3,
    }
    assert takeover.adopt_old(state) == 1
    assert takeover.adopt_old(state) == 0
    (order,) = inbox.waiting(state)
    assert order.source.read_bytes().startswith(b"SQLite")
    assert order.source.is_relative_to(state / takeover.FROM_STICK)


class _Noon:
    def now_ms(self) -> int:
        return MADE_AT_MS

    def monotonic_s(self) -> float:
        return 0.0
