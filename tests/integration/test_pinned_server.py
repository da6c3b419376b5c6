"""The server's key, pinned by headquarters' root: right, wrong, exchanged, lost, self-signed; TLS on loopback."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.core.chain import Identity
from agent.core.errors import Credentials, TryLater
from agent.core.setup_codes import EnrolmentCode, enrolment_code, read_enrolment_code
from agent.daemon.clock import SystemClock, SystemEntropy
from agent.diagnosis.certificates import examine_certificate, now_of
from agent.diagnosis.targets import HQ, target_of
from agent.diagnosis.way import way_to
from agent.setup.enrolling import enrol_by_code
from sync.enrol import Enrolment, load_enrolment, save_enrolment
from sync.first_contact import first_contact, server_fault
from sync.headquarters import HqClient
from sync.hq.cli import app
from sync.hq.commissioning.tokens import make_token
from sync.hq.keys import HqKeys, set_tls_pins
from sync.keylist import KeyRing
from sync.pins import Pins, pins_of
from sync.session import HttpSession
from sync.uplink import Uplink
from tests.tls_front import ServerKey, TlsFront, server_key
from tests.unit.sync.fakes import (
    AT_MS,
    Beat,
    FakeClock,
    FakeJournal,
    RunningHq,
    SeededEntropy,
    new_key,
    running_hq,
)

BOX = Identity("S001", "B1", 1)
NONCE = bytes(16)


class House:
    """Headquarters behind TLS, with the key in use, the spare in the safe, and a stranger's."""

    def __init__(self, folder: Path, hq: RunningHq) -> None:
        self.folder, self.hq = folder, hq
        self.used, self.spare = server_key(folder, "used"), server_key(folder, "spare")
        self.stranger = server_key(folder, "stranger")
        self.front = TlsFront(int(hq.url.rpartition(":")[2]), self.used)

    @property
    def keys(self) -> HqKeys:
        return self.hq.office.keys

    def pin(self, *keys: ServerKey) -> int:
        return set_tls_pins(self.hq.state, [key.pin for key in keys])

    def box(self, name: str = "box") -> Path:
        """Return the state folder of a box that knows the key list of this moment."""
        state = self.folder / name
        save_enrolment(
            state, Enrolment(BOX, bytes(32), self.front.url, self.keys.root_public_key, dict(self.keys.key_list))
        )
        return state

    def code(self) -> EnrolmentCode:
        with self.hq.office.database.write() as connection:
            made = make_token(connection, "S001", "x", self.hq.office.now_ms())
        host = self.front.url.removeprefix("https://")
        fingerprint = bytes.fromhex(self.keys.fingerprint)
        written = enrolment_code(EnrolmentCode(bytes.fromhex(made.token), fingerprint, "S001", 0, host))
        return read_enrolment_code(written)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with running_hq(tmp_path / "hq") as hq:
        hq.add_store("S001")
        made = House(tmp_path, hq)
        with made.front:
            yield made


def asks(state: Path, url: str) -> str | None:
    """Ask something through a box's pins; return the code of what is in the way."""
    session = HttpSession(url, pins=pins_of(state))
    try:
        session.send("POST", "/v1/enrol", b"a secret of the box")
    except TryLater as error:
        return error.code
    finally:
        session.close()
    return None


def test_a_pinned_self_signed_certificate_is_as_good_as_a_bought_one(house: House) -> None:
    house.pin(house.used, house.spare)
    state = house.box()
    assert asks(state, house.front.url) is None
    house.front.shows(house.spare)
    assert asks(state, house.front.url) is None, "the spare is pinned already"
    house.front.shows(replace(server_key(house.folder, "old", years_ago=9, host="other.example"), pin=""))
    assert asks(state, house.front.url) == "tls.pin_mismatch"


def test_a_key_that_is_not_listed_hears_nothing(house: House) -> None:
    house.pin(house.used, house.spare)
    state = house.box()
    house.front.shows(house.stranger)
    assert asks(state, house.front.url) == "tls.pin_mismatch"
    assert b"secret" not in house.front.heard


def test_without_pins_the_authorities_decide(house: House) -> None:
    assert asks(house.box(), house.front.url) == "network.certificate"


def test_the_dates_and_the_name_of_a_pinned_certificate_do_not_count(house: House) -> None:
    old = server_key(house.folder, "old", years_ago=9, host="other.example")
    house.pin(old, house.spare)
    house.front.shows(old)
    assert asks(house.box(), house.front.url) is None


def test_a_key_that_was_lost_is_exchanged_without_a_visit(house: House) -> None:
    """Neither pinned key is left: the root signs another list, and the box takes it from the unpinned server."""
    house.pin(house.used, house.spare)
    state, fresh = house.box(), server_key(house.folder, "fresh")
    house.front.shows(fresh)
    assert asks(state, house.front.url) == "tls.pin_mismatch"
    version = house.pin(fresh, house.spare)
    assert asks(state, house.front.url) is None, "served without a restart, believed by its signature"
    kept = load_enrolment(state)
    assert kept is not None and kept.key_list is not None and kept.key_list["version"] == version
    house.front.shows(house.used)
    assert asks(state, house.front.url) == "tls.pin_mismatch", "the old key is out"


def test_an_older_list_and_a_strangers_list_bring_nothing_back(house: House, tmp_path: Path) -> None:
    house.pin(house.stranger, house.spare)
    older = dict(house.keys.key_list)
    house.pin(house.used, house.spare)
    pins = Pins(KeyRing(house.keys.root_public_key, house.keys.key_list))
    assert not pins.renew(older)
    other = HqKeys.load_or_create(tmp_path / "other")
    set_tls_pins(tmp_path / "other", [house.stranger.pin, house.spare.pin])
    assert not pins.renew({**other.key_list, "version": 99})
    assert pins.accepted() == {house.used.pin, house.spare.pin}
    with pytest.raises(Credentials, match=r"keys\.malformed"):
        KeyRing(house.keys.root_public_key, _signed(house.hq.state, ["no pin"]))


def _signed(state: Path, pins: list[str]) -> dict[str, object]:
    set_tls_pins(state, pins)
    document = json.loads((state / "keys" / "key-list.json").read_bytes())
    assert isinstance(document, dict)
    return document


def test_an_open_connection_is_left_when_its_key_is_no_longer_listed(house: House) -> None:
    house.pin(house.used, house.spare)
    pins = Pins(KeyRing(house.keys.root_public_key, house.keys.key_list))
    session = HttpSession(house.front.url, pins=pins)
    assert session.send("GET", "/v1/time").status == 200
    house.pin(house.stranger, house.spare)
    assert pins.renew(house.keys.key_list)
    with pytest.raises(TryLater, match=r"tls\.pin_mismatch"):
        session.send("GET", "/v1/time")
    session.close()


def test_the_uplink_learns_of_new_pins_by_the_next_receipt(house: House) -> None:
    journal = FakeJournal(BOX, new_key())
    house.hq.register(journal)
    ring, kept = KeyRing(house.keys.root_public_key, house.keys.key_list), []
    client = HqClient(HttpSession(house.hq.url), journal.key)
    uplink = Uplink(journal, client, ring, Beat(), FakeClock(), SeededEntropy(), on_key_list=kept.append)
    house.pin(house.used, house.spare)
    uplink.step()
    assert uplink.status.last_error is None
    assert ring.tls_pins == {house.used.pin, house.spare.pin}
    assert [document["version"] for document in kept] == [ring.version]


# The first contact


def test_a_token_leaves_only_for_a_key_that_the_root_listed(house: House, tmp_path: Path) -> None:
    house.pin(house.used, house.spare)
    code = house.code()
    house.front.shows(house.stranger)
    with pytest.raises(TryLater, match=r"tls\.pin_mismatch"):
        enrol_by_code(tmp_path / "box", code, "B1", SystemClock(), SystemEntropy())
    assert code.token_text.encode() not in house.front.heard
    house.front.shows(house.used)
    assert enrol_by_code(tmp_path / "box", code, "B1", SystemClock(), SystemEntropy()).enrolment.identity == BOX
    assert pins_of(tmp_path / "box").accepted() == {house.used.pin, house.spare.pin}


def test_without_pins_a_token_leaves_only_for_whom_the_authorities_vouch(house: House, tmp_path: Path) -> None:
    code = house.code()
    with pytest.raises(TryLater, match=r"network\.certificate"):
        enrol_by_code(tmp_path / "box", code, "B1", SystemClock(), SystemEntropy())
    assert code.token_text.encode() not in house.front.heard


def test_an_older_list_in_the_introduction_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is between has a list of before the pins, signed by the root: the time's signature names the newer."""
    older = dict(house.keys.key_list)
    house.pin(house.used, house.spare)
    honest = HqKeys.introduction
    monkeypatch.setattr(HqKeys, "introduction", lambda keys, *asked: {**honest(keys, *asked), "key_list": older})
    with (
        pytest.raises(Credentials, match=r"keys\.older_list"),
        first_contact(house.front.url, NONCE, house.keys.fingerprint, "S001"),
    ):
        pass


def test_the_layers_of_the_network_slip_name_what_is_in_the_way(house: House) -> None:
    def fault() -> str | None:
        found = server_fault(house.front.url, NONCE, house.keys.fingerprint, "S001")
        return None if found is None else found.code

    assert fault() == "network.certificate"
    house.pin(house.used, house.spare)
    assert fault() is None
    house.front.shows(house.stranger)
    assert fault() == "tls.pin_mismatch"
    assert server_fault(house.front.url, NONCE, "00" * 16, "S001") is not None


# For people


def test_doctor_names_a_key_that_is_not_listed(house: House) -> None:
    target = target_of(HQ, house.front.url)
    assert target is not None

    def examined(pins: frozenset[str]) -> tuple[str, str | None]:
        found = examine_certificate(way_to(target), None, 5.0, now_of(AT_MS), pins)
        return found.state, found.code

    assert examined(frozenset({house.used.pin})) == ("ok", None)
    assert examined(frozenset({house.spare.pin})) == ("fail", "tls.pin_mismatch")
    assert examined(frozenset())[1] == "tls.self_signed"


def test_pins_by_command(house: House) -> None:
    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["tls", *words, "--state", str(house.hq.state)])
        assert done.exit_code == code, done.output
        return done.stdout

    before = json.loads(run("list", "--json"))
    assert before["pins"] == []
    run("pin", str(house.used.certificate), code=1)
    run("pin", str(house.used.certificate), str(house.used.key), code=1)
    made = json.loads(run("pin", str(house.used.certificate), house.spare.pin, "--json"))
    assert made == {"version": before["version"] + 1, "pins": sorted([house.used.pin, house.spare.pin])}
    again = json.loads(run("pin", house.spare.pin, str(house.used.certificate), "--json"))
    assert again == made, "the same again is no new list"
    assert json.loads(run("unpin", "--json")) == {"version": made["version"] + 1, "pins": []}
    (house.hq.state / "keys" / "root.key").rename(house.folder / "root.key")
    run("unpin", code=1)
    assert HqKeys.load_or_create(house.hq.state).key_list["version"] == made["version"] + 1
