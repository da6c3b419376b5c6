"""A box that enrols from a stick: it trades at once, headquarters hears of it later, and two boxes are told apart."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.chain import Identity
from agent.core.errors import Credentials, Refused, TryLater
from sync.enrol import Enrolment, device_key, enrol, load_enrolment
from sync.grant import enrol_from_packet, make_known, waiting_grant
from sync.headquarters import HqClient
from sync.hq.commissioning.offline_packets import PACKET_LIFE_MS, MadePacket, make_packet
from sync.hq.commissioning.tokens import make_token
from sync.session import HttpSession
from tests.unit.sync.fakes import RunningHq, running_hq


@pytest.fixture
def hq(tmp_path: Path, database_url: str | None) -> Iterator[RunningHq]:
    with running_hq(tmp_path / "hq", database_url) as running:
        running.add_store("S001")
        yield running


def packed(hq: RunningHq, box: str = "B1", reason: str = "", now_ms: int | None = None) -> MadePacket:
    office = hq.office
    made_ms = office.now_ms() if now_ms is None else now_ms
    with office.database.write() as connection:
        return make_packet(connection, office.keys, "S001", "小刘", made_ms, hq_url=hq.url, box=box, reason=reason)


def opened(hq: RunningHq, state: Path, packet: MadePacket) -> Enrolment:
    return enrol_from_packet(
        state, packet.data, packet.code, hq.office.now_ms(), fingerprint=hq.office.keys.fingerprint
    )


def met(hq: RunningHq, state: Path) -> Enrolment:
    enrolment = load_enrolment(state)
    assert enrolment is not None
    return make_known(HttpSession(hq.url), state, enrolment, device_key(state, enrolment))


def beats(hq: RunningHq, state: Path) -> int | None:
    enrolment = load_enrolment(state)
    assert enrolment is not None
    client = HqClient(HttpSession(hq.url), device_key(state, enrolment))
    return client.beat(enrolment.identity, {}).receipt.replaced_by


def test_it_is_enrolled_without_a_line_and_known_at_first_contact(hq: RunningHq, tmp_path: Path) -> None:
    packet, state = packed(hq), tmp_path / "box"
    enrolment = opened(hq, state, packet)
    assert (enrolment.identity, enrolment.hq_url) == (Identity("S001", "B1", 1), hq.url)
    assert opened(hq, state, packet) == enrolment, "opened twice on one box"
    with pytest.raises(Refused, match=r"box\.unknown"):
        beats(hq, state)
    known = met(hq, state)
    assert known.key_ring() is not None and waiting_grant(state) is None
    assert beats(hq, state) is None
    assert met(hq, state) == known, "nothing waits any more"


def test_a_lost_answer_of_the_first_contact_is_asked_for_again(hq: RunningHq, tmp_path: Path) -> None:
    state = tmp_path / "box"
    opened(hq, state, packed(hq))
    waiting = (state / "keys" / "grant.json").read_bytes()
    first = met(hq, state)
    (state / "keys" / "grant.json").write_bytes(waiting)
    assert met(hq, state) == first
    assert hq.rows("SELECT code FROM enrolment_outcome ORDER BY at_ms, code") == [("enrol.done",), ("enrol.again",)]


def test_the_second_box_with_one_packet_is_refused_and_named(hq: RunningHq, tmp_path: Path) -> None:
    packet, first, second = packed(hq), tmp_path / "first", tmp_path / "second"
    opened(hq, first, packet)
    opened(hq, second, packet)
    met(hq, first)
    with pytest.raises(Refused, match=r"enrol\.packet_used") as refused:
        met(hq, second)
    assert (refused.value.values["box"], refused.value.values["epoch"]) == ("B1", 1)
    assert waiting_grant(second) is not None
    assert hq.rows("SELECT code, store, epoch FROM alarm") == [("epoch.claimed_twice", "S001", 1)]
    assert hq.rows("SELECT kind FROM alarm_told") == [("alarm.fork",)]


def test_a_spare_takes_the_place_of_the_box_that_was_there(hq: RunningHq, tmp_path: Path) -> None:
    old, spare = tmp_path / "old", tmp_path / "spare"
    with hq.office.database.write() as connection:
        token = make_token(connection, "S001", "小刘", hq.office.now_ms()).token
    enrol(HttpSession(hq.url), old, token, "S001", "B1")
    with pytest.raises(Refused, match=r"box\.reason_missing"):
        packed(hq, "B2")
    opened(hq, spare, packed(hq, "B2", "spare in the shop"))
    assert beats(hq, old) is None, "the packet by itself ends nothing"
    met(hq, spare)
    assert beats(hq, old) == 2


def test_a_packet_that_was_overtaken_comes_up_late(hq: RunningHq, tmp_path: Path) -> None:
    late, now = tmp_path / "late", tmp_path / "now"
    opened(hq, late, packed(hq))
    with hq.office.database.write() as connection:
        token = make_token(connection, "S001", "小刘", hq.office.now_ms()).token
    assert enrol(HttpSession(hq.url), now, token, "S001", "B3").identity.epoch == 2, "the packet's number is kept free"
    assert met(hq, late).identity.epoch == 1
    assert beats(hq, late) == 2 and beats(hq, now) is None


def test_it_opens_in_time_only_and_never_by_another_root(hq: RunningHq, tmp_path: Path) -> None:
    long_ago_ms = hq.office.now_ms() - 10 * PACKET_LIFE_MS
    packet, state = packed(hq, now_ms=long_ago_ms), tmp_path / "box"
    with pytest.raises(Credentials, match=r"enrol\.other_root"):
        enrol_from_packet(state, packet.data, packet.code, 0, fingerprint="00" * 16)
    with pytest.raises(Refused, match=r"enrol\.packet_expired"):
        enrol_from_packet(state, packet.data, packet.code, packet.expires_at_ms + 1)
    assert not (state / "keys").exists(), "nothing is left behind"
    enrolment = enrol_from_packet(state, packet.data, packet.code, 0)
    waiting = waiting_grant(state)
    assert waiting is not None and waiting.opened_at_ms == long_ago_ms, "a clock without a battery"
    with pytest.raises(TryLater):
        make_known(HttpSession("http://127.0.0.1:1"), state, enrolment, device_key(state, enrolment))
    assert waiting_grant(state) == waiting
    assert met(hq, state).identity == enrolment.identity, "it traded for weeks without a line"


def test_a_packet_that_was_opened_too_late_is_refused_at_headquarters_too(hq: RunningHq, tmp_path: Path) -> None:
    packet, state = packed(hq), tmp_path / "box"
    opened(hq, state, packet)
    path = state / "keys" / "grant.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "opened_at_ms": packet.expires_at_ms + 1}))
    with pytest.raises(Refused, match=r"enrol\.packet_expired"):
        met(hq, state)


def test_a_grant_that_is_not_ours_is_unknown(hq: RunningHq, tmp_path: Path) -> None:
    state = tmp_path / "box"
    opened(hq, state, packed(hq))
    path = state / "keys" / "grant.json"
    document = json.loads(path.read_text())
    for change in ({"packet": "00" * 16}, {"signature": "00" * 64}, {"expires_at_ms": 2**52}, {"epoch": "1"}):
        path.write_text(json.dumps({**document, "grant": {**document["grant"], **change}}))
        if "epoch" in change:
            met(hq, state)
            assert not path.exists(), "a grant of another epoch than the box has was overtaken"
            continue
        with pytest.raises(Credentials, match=r"enrol\.packet_unknown"):
            met(hq, state)
    assert hq.rows("SELECT count(*) FROM epoch") == [(0,)]


def test_by_command_from_headquarters_to_the_stick_to_the_box(tmp_path: Path) -> None:
    hq_state, stick, state = tmp_path / "hq", tmp_path / "packet.bin", tmp_path / "box"
    at_hq = ("sync.hq.cli", "--state", str(hq_state))
    command(at_hq, "store", "add", "S001")
    made = json.loads(
        command(at_hq, "store", "packet", "S001", "-o", str(stick), "--hq", "http://127.0.0.1:8090", "--code", "--json")
    )
    box = ("agent.cli", "--state", str(state))
    wrong = command(box, "enrol", "--packet", str(stick), "--code", "0000-0000", status=1)
    assert "口令" in wrong or "code" in wrong
    said = json.loads(command(box, "enrol", "--packet", str(stick), "--code", made["code"], "--json"))
    assert (said["store"], said["epoch"], said["new"], made["epoch"]) == ("S001", 1, True, 1)
    again = json.loads(command(box, "enrol", "--packet", str(stick), "--code", made["code"], "--json"))
    assert (again["public_key"], again["new"]) == (said["public_key"], False)


def command(program: tuple[str, ...], *arguments: str, status: int = 0) -> str:
    module, *where = program
    done = subprocess.run(
        [sys.executable, "-c", f"from {module} import main; main()", *arguments, *where],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done.stdout or done.stderr
