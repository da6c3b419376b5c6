"""Enrolment when everything goes wrong: each request and answer lost, doubled, late; tokens of all kinds; wrong clocks.

The box's half is the product's own, headquarters is a process, the line between is told what to lose.
"""

import itertools
import random
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.errors import Credentials, Refused, StoreboxError
from agent.core.setup_codes import EnrolmentCode, enrolment_code, read_enrolment_code
from agent.daemon.clock import SystemClock, SystemEntropy
from agent.setup.enrolling import CLOCK_REQUEST, Enrolled, enrol_by_code, is_final
from sync.enrol import load_enrolment
from tests.lossy import FAULTS, Fault, LossyLine
from tests.setup_stage import Headquarters

TEN_YEARS_MS = 10 * 365 * 24 * 3600 * 1000
TRIES_MAX = 12
STORES = [f"S{number:03d}" for number in range(1000)]


class OffClock(SystemClock):
    """A clock that is off."""

    def __init__(self, off_ms: int) -> None:
        self._off_ms = off_ms

    def now_ms(self) -> int:
        return super().now_ms() + self._off_ms


class Street:
    """One headquarters for all tests, a store for each, and a bad line."""

    def __init__(self, headquarters: Headquarters, line: LossyLine) -> None:
        self.headquarters = headquarters
        self.line = line
        self._free = iter(STORES)

    def code(self, life_ms: int = 900_000) -> EnrolmentCode:
        """Return a code of a store that has no box, leading through the bad line."""
        return read_enrolment_code(self.headquarters.code(next(self._free), self.line.port, life_ms))


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with (
        Headquarters(tmp_path_factory.mktemp("hq"), *STORES) as headquarters,
        LossyLine(headquarters.port) as line,
    ):
        yield Street(headquarters, line)


@pytest.fixture(autouse=True)
def _a_good_line(street: Street) -> None:
    street.line.suffers()
    street.line.bodies.clear()


def enrol(state: Path, code: EnrolmentCode, clock: SystemClock | None = None, box: str = "B1", **more: str) -> Enrolled:
    return enrol_by_code(state, code, box, clock or SystemClock(), SystemEntropy(), **more)


def enrol_in_the_end(state: Path, code: EnrolmentCode) -> int:
    """Enrol as setup mode does: what is not final is tried again. Returns how often it was tried."""
    for tries in range(1, TRIES_MAX):
        try:
            enrol(state, code)
        except StoreboxError as error:
            assert not is_final(error), error
        else:
            return tries
    raise AssertionError(f"not enrolled after {TRIES_MAX} tries")


def assert_enrolled_once(street: Street, state: Path, code: EnrolmentCode) -> None:
    """The rule: one epoch at headquarters, the same at the box, one journal that begins with it."""
    assert street.headquarters.epochs(code.store) == ["B1"]
    enrolment = load_enrolment(state)
    assert enrolment is not None
    assert (enrolment.identity.store, enrolment.identity.epoch) == (code.store, 1)
    assert sorted(path.name for path in (state / "keys").glob("device*.key")) == ["device-1.key"]
    with sqlite3.connect(state / "journal.db") as journal:
        rows = journal.execute("SELECT seq, kind FROM journal").fetchall()
    assert rows == [(1, "box.enrolled")]


def sample(count: int) -> list[tuple[Fault, ...]]:
    """Return each single fault at each of the two exchanges, then longer runs of bad luck, the same each time."""
    single = [(*[Fault.NONE] * place, fault) for place in (0, 1) for fault in FAULTS[1:]]
    drawn = random.Random(10)
    return [*single, *(tuple(drawn.choices(FAULTS, k=6)) for _ in range(count))]


@pytest.mark.parametrize("plan", sample(4), ids=lambda plan: ", ".join(fault.value for fault in plan))
def test_a_lost_doubled_or_late_exchange_enrols_once(street: Street, tmp_path: Path, plan: tuple[Fault, ...]) -> None:
    code = street.code()
    street.line.suffers(*plan)
    enrol_in_the_end(tmp_path, code)
    assert_enrolled_once(street, tmp_path, code)


@pytest.mark.torture
def test_every_run_of_four_faults_enrols_once(street: Street, tmp_path: Path) -> None:
    """All 7⁴ would be a store each; every third of them, which meets each fault at each place with each other."""
    plans = list(itertools.product(FAULTS, repeat=4))[:: len(FAULTS) ** 4 // 800 or 1]
    for number, plan in enumerate(plans[:800]):
        code = street.code()
        street.line.suffers(*plan)
        state = tmp_path / str(number)
        enrol_in_the_end(state, code)
        assert_enrolled_once(street, state, code)


@pytest.mark.parametrize("off_ms", [-TEN_YEARS_MS, TEN_YEARS_MS])
def test_a_clock_off_by_ten_years_enrols_and_asks_for_the_time(street: Street, tmp_path: Path, off_ms: int) -> None:
    code = street.code()
    enrolled = enrol(tmp_path, code, OffClock(off_ms))
    assert abs(enrolled.clock_off_ms + off_ms) < 60_000
    assert (tmp_path / "setup" / CLOCK_REQUEST).exists()
    assert_enrolled_once(street, tmp_path, code)


def test_a_right_clock_asks_nobody(street: Street, tmp_path: Path) -> None:
    enrol(tmp_path, street.code())
    assert not (tmp_path / "setup" / CLOCK_REQUEST).exists()


def test_a_second_box_with_the_same_code_is_refused_and_the_first_goes_on(street: Street, tmp_path: Path) -> None:
    code = street.code()
    street.line.suffers(Fault.NONE, Fault.ANSWER_LOST)
    with pytest.raises(StoreboxError) as lost:
        enrol(tmp_path / "first", code)
    assert not is_final(lost.value)
    with pytest.raises(Refused, match=r"enrol\.token_used") as refused:
        enrol(tmp_path / "second", code, box="B2")
    assert is_final(refused.value)
    assert load_enrolment(tmp_path / "second") is None
    enrol(tmp_path / "first", code)
    assert_enrolled_once(street, tmp_path / "first", code)


def test_two_boxes_at_the_same_moment_are_one(street: Street, tmp_path: Path) -> None:
    code, said = street.code(), dict[str, str]()

    def run(name: str) -> None:
        try:
            enrol(tmp_path / name, code, box=name)
        except StoreboxError as error:
            said[name] = error.code
        else:
            said[name] = "enrolled"

    racing = [threading.Thread(target=run, args=(name,)) for name in ("B1", "B2")]
    for one in racing:
        one.start()
    for one in racing:
        one.join(30)
    assert sorted(said.values()) == ["enrol.token_used", "enrolled"]
    assert len(street.headquarters.epochs(code.store)) == 1


def test_a_used_code_says_the_same_to_its_own_box_for_ever(street: Street, tmp_path: Path) -> None:
    code = street.code()
    first = enrol(tmp_path, code)
    again = enrol(tmp_path, code)
    assert again.enrolment.identity == first.enrolment.identity
    assert_enrolled_once(street, tmp_path, code)


def test_an_expired_code_is_final(street: Street, tmp_path: Path) -> None:
    code = street.code(life_ms=1)
    with pytest.raises(Refused, match=r"enrol\.token_expired") as refused:
        enrol(tmp_path, code)
    assert is_final(refused.value)
    assert street.headquarters.epochs(code.store) == []


def test_an_answer_that_was_lost_before_the_code_expired_is_given_after_it(street: Street, tmp_path: Path) -> None:
    code = street.code(life_ms=1_500)
    enrol(tmp_path, code)
    (tmp_path / "keys" / "enrolment.json").unlink()
    (tmp_path / "keys" / "device-1.key").rename(tmp_path / "keys" / "device-new.key")
    threading.Event().wait(max(0.0, code.expires_s + 1 - SystemClock().now_ms() / 1000))
    enrol(tmp_path, code)
    assert_enrolled_once(street, tmp_path, code)


def test_a_token_of_another_store_is_unknown(street: Street, tmp_path: Path) -> None:
    code, other = street.code(), street.code()
    with pytest.raises(Credentials, match=r"enrol\.token_unknown"):
        enrol(tmp_path, replace(code, store=other.store))
    assert street.headquarters.epochs(other.store) == []


def test_a_second_new_code_of_a_store_that_got_its_box_is_refused(street: Street, tmp_path: Path) -> None:
    code = street.code()
    second = read_enrolment_code(street.headquarters.code(code.store, street.line.port))
    enrol(tmp_path / "first", code)
    with pytest.raises(Refused, match=r"enrol\.store_has_box"):
        enrol(tmp_path / "second", second, box="B2")
    assert_enrolled_once(street, tmp_path / "first", code)


def test_the_token_is_told_to_nobody_but_the_codes_headquarters(street: Street, tmp_path: Path) -> None:
    code = street.code()
    forged = replace(code, fingerprint=bytes(16))
    with pytest.raises(Credentials, match=r"enrol\.other_root"):
        enrol(tmp_path, forged)
    assert street.line.bodies
    assert not [body for body in street.line.bodies if code.token_text.encode() in body]
    assert not (tmp_path / "keys" / "enrolment.json").exists()


def test_a_box_with_a_pinned_root_follows_no_other(street: Street, tmp_path: Path) -> None:
    code = street.code()
    with pytest.raises(Credentials, match=r"setup\.other_headquarters"):
        enrol(tmp_path, code, pinned="0" * 32)
    assert street.line.bodies == []
    enrol(tmp_path, code, pinned=street.headquarters.fingerprint)


def test_plain_http_leads_nowhere_but_to_this_machine(tmp_path: Path) -> None:
    code = EnrolmentCode(bytes(16), bytes(16), "S001", 0, "hq.example.com", plain=True)
    with pytest.raises(Refused, match=r"setup\.plain_http"):
        enrol(tmp_path, read_enrolment_code(enrolment_code(code)))
    assert list(tmp_path.iterdir()) == []
