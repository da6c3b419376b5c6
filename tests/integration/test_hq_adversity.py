"""Hostile and broken boxes at a real headquarters: refused or kept as evidence, named, and nothing accepted changes.

Each case plays one of them over a real socket, with the keys and chains that it would have, and says which code the
answer holds, where the API tells of it, and what a person reads on the store's page.
"""

import gzip
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from agent.core.canonical import canonical_bytes
from agent.core.chain import Entry, Identity
from agent.core.signing import SIGNATURE_HEADER, request_header, request_message, seal_message
from agent.store.connection import Readers
from agent.store.journal import enrol
from agent.store.outgoing import Outgoing
from agent.store.writer import Writer
from sync.headquarters import HqClient
from sync.hq import registry
from sync.hq.people.accounts import add_person, change_password
from sync.hq.webhooks.endpoints import add_endpoint
from sync.keylist import KeyRing
from sync.session import HttpSession
from sync.uplink import Uplink
from sync.wire import compress, upload_bytes
from tests.unit.store.support import START_MS, VIEWS, KeySigner, noted, writer_on
from tests.unit.sync.fakes import (
    FakeClock,
    FakeJournal,
    RunningHq,
    SeededEntropy,
    chained,
    new_key,
    running_hq,
)

NAME, PASSWORD = "王审计", "correct horse"


@dataclass
class Office:
    """Headquarters with somebody who reads its pages, and a program that reads its API."""

    hq: RunningHq
    folder: Path
    token: str = ""
    browser: requests.Session = field(default_factory=requests.Session)

    def opened(self) -> "Office":
        with self.hq.office.database.write() as connection:
            add_person(connection, NAME, "auditor", None, 0)
            change_password(connection, NAME, PASSWORD)
            self.token = registry.make_access_token(connection, "audit", None, 0)
            add_endpoint(connection, "ops", "https://alarms.example/", 0)
        self.log_in()
        return self

    def log_in(self) -> None:
        form = {"name": NAME, "password": PASSWORD}
        headers = {"Origin": self.hq.url}
        answer = self.browser.post(f"{self.hq.url}/login", form, headers=headers, allow_redirects=False, timeout=10)
        assert answer.status_code == 303, answer.text

    def page(self, store: str, language: str) -> str:
        headers = {"Accept-Language": language}
        answer = self.browser.get(f"{self.hq.url}/stores/{store}", headers=headers, timeout=10)
        assert answer.status_code == 200
        return answer.text

    def read(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.get(f"{self.hq.url}/v1/stores/{path}", headers=headers, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def accepted(self, store: str) -> list[tuple[str, str]]:
        return list(zip(self.hq.hashes(store, 1), self.hq.bodies(store, 1), strict=True))


@dataclass
class Played:
    """One case at its own store: a journal of which headquarters has everything."""

    office: Office
    journal: FakeJournal

    @property
    def store(self) -> str:
        return self.journal.identity().store

    def post(self, body: bytes, encoding: str = "deflate", journal: FakeJournal | None = None) -> requests.Response:
        """Send a body with a true signature."""
        whose = journal or self.journal
        identity = whose.identity()
        target = f"/v1/boxes/{identity.box}/entries"
        signature = whose.key.sign(request_message(identity, "POST", target, body))
        headers = {SIGNATURE_HEADER: request_header(identity, signature), "Content-Encoding": encoding}
        return requests.post(self.office.hq.url + target, data=body, headers=headers, timeout=10)

    def upload(self, journal: FakeJournal, first: int = 1, last: int | None = None) -> requests.Response:
        return self.post(self.body(journal, first, last), journal=journal)

    def body(self, journal: FakeJournal, first: int = 1, last: int | None = None) -> bytes:
        entries = journal.rows[1][first - 1 : last]
        return compress(upload_bytes(journal.identity(), journal.head_before(1, first), entries, {})[0])

    def twin(self, facts: list[tuple[str, Any]]) -> FakeJournal:
        """Return another history under the same key, chained as it must be."""
        made = FakeJournal(self.journal.identity(), self.journal.key)
        made.rows[1] = chained(made.identity(), facts)
        return made

    def facts(self) -> list[tuple[str, Any]]:
        return [(entry.kind, entry.body) for entry in self.journal.rows[1]]


def codes(answer: requests.Response) -> set[str]:
    """Return the codes that an answer names."""
    said = answer.json()
    return {*said.get("notices", []), *([said["error"]["code"]] if "error" in said else [])}


def fork(played: Played) -> set[str]:
    other = [*played.facts()[:4], *(("drawer.moved", {"amount_fen": 9_000 + number}) for number in range(9))]
    return codes(played.upload(played.twin(other)))


def edited_entry(played: Played) -> set[str]:
    """An accepted sale is made smaller, and everything after it hashed anew."""
    facts = played.facts()
    facts[4] = ("drawer.moved", {"day": "2026-10-03", "till": "T1", "amount_fen": 1})
    return codes(played.upload(played.twin(facts)))


def edited_before_its_seal(played: Played) -> set[str]:
    """An entry that was sealed but not sent yet is made smaller: the chain fits again, the seal does not."""
    journal = played.journal
    journal.add("drawer.moved", {"amount_fen": 500})
    journal.add_seal()
    facts = played.facts()
    facts[-2] = ("drawer.moved", {"amount_fen": 5})
    return codes(played.upload(played.twin(facts), len(facts) - 1))


def forged_seal(played: Played) -> set[str]:
    journal = played.journal
    last = journal.rows[1][-1]
    forged = new_key().sign(seal_message(journal.identity(), last.seq, last.hash)).hex()
    journal.add("seal", {"head": last.hash.hex(), "signature": forged})
    return codes(played.upload(journal, last.seq + 1))


def wrong_key(played: Played) -> set[str]:
    impostor = FakeJournal(played.journal.identity(), new_key())
    return codes(played.upload(impostor))


def stranger(played: Played) -> set[str]:
    nobody = FakeJournal(Identity(played.store, "B9", 7), new_key())
    return codes(played.post(b"{}", "identity", nobody))


def replayed(played: Played) -> set[str]:
    return codes(played.upload(played.journal, 3, 8))


def inflated(played: Played) -> set[str]:
    return codes(played.post(compress(b"x" * (64 * 1024 * 1024))))


def gzip_bomb(played: Played) -> set[str]:
    return codes(played.post(gzip.compress(b"x" * 1_000_000), "gzip"))


def bomb_behind_an_upload(played: Played) -> set[str]:
    """A sound upload, and a bomb behind the end of its stream."""
    return codes(played.post(played.body(played.journal) + zlib.compress(b"x" * 5_000_000)))


def revoked(played: Played) -> set[str]:
    with played.office.hq.office.database.write() as connection:
        registry.revoke(connection, played.store, 1, "stolen", 0)
    played.journal.add("drawer.moved", {"amount_fen": 1})
    return codes(played.upload(played.journal, len(played.journal.rows[1])))


def gap(played: Played) -> set[str]:
    played.journal.add_many(5)
    return codes(played.upload(played.journal, len(played.journal.rows[1]) - 1))


def of_another_store(played: Played) -> set[str]:
    """A box with a key of its own sends entries under the name of another store's box."""
    other = FakeJournal(Identity("VICTIM", "B1", 1), new_key())
    return codes(played.post(played.body(other)))


def truncated(played: Played) -> set[str]:
    """A box that lost its last entries says so after it was told: what it says stands in its next heartbeat."""
    identity, target = played.journal.identity(), "/v1/boxes/B1/heartbeat"
    said = {"unsent_entries": 0, "trouble": "hq.knows_more"}
    place = {"store": identity.store, "box": identity.box, "epoch": identity.epoch}
    body = canonical_bytes({**place, "heartbeat": said})
    signature = played.journal.key.sign(request_message(identity, "POST", target, body))
    headers = {SIGNATURE_HEADER: request_header(identity, signature)}
    return codes(requests.post(played.office.hq.url + target, data=body, headers=headers, timeout=10))


@dataclass(frozen=True)
class Case:
    """What is played, and how it must be told: `kind` is the list of the API in which its code stands."""

    play: Callable[[Played], set[str]]
    code: str
    kind: str
    chinese: str
    english: str
    alarm: str | None = None
    forks: int = 0


CASES = (
    Case(fork, "upload.fork", "alarms", "这个盒子送来了另一本账", "A second history of this box", "alarm.fork", 1),
    Case(edited_entry, "upload.fork", "alarms", "这个盒子送来了另一本账", "A second history", "alarm.fork", 1),
    Case(edited_before_its_seal, "seal.other_head", "alarms", "封条", "A seal does not fit", "alarm.chain_broken"),
    Case(forged_seal, "seal.wrong_signature", "alarms", "封条", "signature of a seal is wrong", "alarm.chain_broken"),
    Case(gap, "upload.gap", "alarms", "账中间缺了一段", "A part of the journal is missing"),
    Case(wrong_key, "request.wrong_signature", "notices", "请求的签名不对", "signature is wrong", "alarm.wrong_key"),
    Case(stranger, "box.unknown", "notices", "总部没有这台盒子", "HQ does not know this box"),
    Case(replayed, "upload.replayed", "notices", "送来的账总部都已经有", "All of it was here already"),
    Case(inflated, "upload.too_large", "notices", "上传的内容太大", "An upload too large"),
    Case(gzip_bomb, "upload.unknown_encoding", "notices", "上传的压缩不认识", "An unknown encoding"),
    Case(bomb_behind_an_upload, "upload.not_deflate", "notices", "上传没压好", "An upload not deflated"),
    Case(revoked, "box.revoked", "notices", "这台盒子被总部停用", "HQ revoked this box", "alarm.revoked_box"),
    Case(of_another_store, "upload.of_another_box", "notices", "上传的不是自己的账", "Entries of another box"),
    Case(
        truncated, "alarm.truncated", "notices", "盒子的账比总部少", "knows less than headquarters", "alarm.truncated"
    ),
)


@contextmanager
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from argon2 import PasswordHasher

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("sync.hq.people.accounts._hasher", lambda: cheap)
    yield


@pytest.fixture
def office(tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with quick_hashes(monkeypatch), running_hq(tmp_path / "hq", database_url) as hq:
        yield Office(hq, tmp_path).opened()


def store_with_a_journal(office: Office, store: str) -> Played:
    journal = FakeJournal(Identity(store, "B1", 1), new_key())
    office.hq.register(journal)
    journal.add_many(10)
    journal.add_seal()
    played = Played(office, journal)
    assert played.upload(journal).status_code == 200
    return played


def problems(office: Office, case: Case, store: str) -> Iterator[str]:
    """Play a case and yield whatever is not as it must be."""
    played = store_with_a_journal(office, store)
    before = office.accepted(store)
    said = case.play(played)
    if case.code not in said:
        yield f"the answer names {said}"
    if office.accepted(store)[: len(before)] != before:
        yield "what was accepted before changed"
    evidence = office.read(f"{store}/evidence")
    if case.code not in {one["code"] for one in evidence[case.kind]}:
        yield f"the API tells of {evidence[case.kind]}"
    if {one["type"] for one in evidence["told"]} != ({case.alarm} - {None}):
        yield f"told outside was {evidence['told']}"
    if len(evidence["forks"]) != case.forks:
        yield f"kept as evidence is {evidence['forks']}"
    for language, sentence in (("zh-CN", case.chinese), ("en", case.english)):
        if sentence not in office.page(store, language).replace("&#39;", "'"):
            yield f"the page in {language} does not say {sentence}"


def test_each_is_refused_or_kept_named_and_changes_nothing(office: Office) -> None:
    found = {
        case.play.__name__: wrong
        for number, case in enumerate(CASES)
        if (wrong := list(problems(office, case, f"S{number:03d}")))
    }
    assert found == {}


def test_another_history_can_be_read_as_it_was_sent(office: Office) -> None:
    played = store_with_a_journal(office, "S001")
    fork(played)
    (kept,) = office.read("S001/evidence")["forks"]
    text = office.read(f"S001/forks/{kept['sha256']}")
    assert kept["differs_at"] == 5
    assert [row[3] for row in text["entries"][4:]] == [f'{{"amount_fen":{9_000 + number}}}' for number in range(9)]


def test_a_gap_that_is_filled_is_none_any_more(office: Office) -> None:
    played = store_with_a_journal(office, "S001")
    gap(played)
    assert "账中间缺了一段" in office.page("S001", "zh-CN") and "(后来补上了)" not in office.page("S001", "zh-CN")
    assert played.upload(played.journal, 13).status_code == 200
    (alarm,) = office.read("S001/evidence")["alarms"]
    assert not alarm["stands"] and "(后来补上了)" in office.page("S001", "zh-CN")


class Disk:
    """A box whose journal is the real one, on a disk that can be copied and put back."""

    def __init__(self, office: Office, store: str) -> None:
        self.office, self.key, self.clock = office, KeySigner(), FakeClock()
        self.identity = Identity(store, "B1", 1)
        self.folder = office.folder / store
        self.folder.mkdir()
        self.path = self.folder / "journal.db"
        enrol(self.path, self.identity, views=VIEWS, at_ms=START_MS, public_key=self.key.public_key)
        with office.hq.office.database.write() as connection:
            registry.add_store(connection, store, store, 0)
            registry.register_epoch(connection, self.identity, self.key.public_key, "enrolled", 0)
        self.open()

    def open(self) -> None:
        self.writer: Writer = writer_on(self.path, signer=self.key)
        self.readers = Readers(self.path)
        self.session = HttpSession(self.office.hq.url)
        keys = self.office.hq.office.keys
        self.uplink = Uplink(
            Outgoing(self.writer, self.readers),
            HqClient(self.session, self.key),
            KeyRing(keys.root_public_key, keys.key_list),
            self,
            self.clock,
            SeededEntropy(),
        )

    def heartbeat(self) -> Mapping[str, object]:
        return {"unsent_entries": 0, "trouble": self.writer.stopped}

    def close(self) -> None:
        self.session.close()
        self.readers.close()
        self.writer.close()

    def sell(self, count: int, article: str = "奶茶") -> None:
        for number in range(count):
            self.writer.run(noted(f"{article}{number}"))

    def sync(self) -> None:
        """Step as the thread would, until only the next heartbeat or a blocked lane is due; beat once more."""
        for _ in range(2):
            for _ in range(30):
                wait_s = self.uplink.step()
                if wait_s >= 50:
                    break
                self.clock.now += wait_s
            self.clock.now += 61

    def copy(self) -> Path:
        """Return a copy of the closed disk."""
        self.close()
        to = self.folder / "copy.db"
        shutil.copy(self.path, to)
        self.open()
        return to

    def put_back(self, copy: Path) -> None:
        self.close()
        for path in self.folder.glob("journal.db*"):
            path.unlink()
        shutil.copy(copy, self.path)
        self.open()

    def entries(self) -> list[Entry]:
        return list(Outgoing(self.writer, self.readers).entries(1, 1, 10_000, 10**9))

    def mirrored(self) -> bool:
        return self.office.accepted(self.identity.store) == [(one.hash.hex(), one.body) for one in self.entries()]


@pytest.fixture
def disk(office: Office) -> Iterator[Disk]:
    made = Disk(office, "S001")
    yield made
    made.close()


def test_an_old_disk_that_is_put_back_stops_and_is_named(office: Office, disk: Disk) -> None:
    disk.sell(4)
    disk.sync()
    old = disk.copy()
    disk.sell(6)
    disk.sync()
    before = office.accepted("S001")
    disk.put_back(old)
    disk.sync()
    assert disk.writer.stopped == "hq.knows_more"
    assert office.accepted("S001") == before
    evidence = office.read("S001/evidence")
    assert [one["code"] for one in evidence["notices"]] == ["alarm.truncated"]
    assert "盒子的账比总部少" in office.page("S001", "zh-CN")
    assert "A box knows less than headquarters" in office.page("S001", "en")


def test_an_old_disk_that_sold_on_is_a_fork_and_stops(office: Office, disk: Disk) -> None:
    disk.sell(4)
    disk.sync()
    old = disk.copy()
    disk.sell(6)
    disk.sync()
    before = office.accepted("S001")
    disk.put_back(old)
    disk.sell(20, "咖啡")
    disk.sync()
    assert disk.writer.stopped == "hq.forked"
    assert office.accepted("S001") == before
    evidence = office.read("S001/evidence")
    assert {one["code"] for one in evidence["alarms"]} == {"upload.fork"} and evidence["forks"]
    assert "这个盒子送来了另一本账" in office.page("S001", "zh-CN")


def test_headquarters_that_went_back_gets_the_rest_again_and_says_so(
    office: Office, disk: Disk, request: pytest.FixtureRequest
) -> None:
    hq = office.hq
    disk.sell(4)
    disk.sync()
    hq.stop()
    shutil.copytree(hq.state, office.folder / "backup")
    older = hq.database_url and request.getfixturevalue("postgres").copy_of(hq.database_url)
    hq.start()
    disk.sell(6)
    disk.sync()
    acknowledged = office.accepted("S001")
    assert len(acknowledged) == 11
    hq.stop()
    shutil.rmtree(hq.state)
    shutil.copytree(office.folder / "backup", hq.state)
    hq.database_url = older
    hq.start()
    assert len(office.accepted("S001")) == 5
    disk.sync()
    assert office.accepted("S001")[:11] == acknowledged, "what was acknowledged is here again, unchanged"
    assert disk.mirrored() and [one.kind for one in disk.entries()].count("hq.rolled_back") == 1
    office.log_in()
    evidence = office.read("S001/evidence")
    (notice,) = evidence["notices"]
    assert (notice["code"], notice["detail"], notice["times"]) == ("alarm.hq_went_back", "#12 → #6", 1)
    assert [one["type"] for one in evidence["told"]] == ["alarm.hq_went_back"]
    assert "总部回到了旧备份 <small>#12 → #6" in office.page("S001", "zh-CN")
    assert "Headquarters went back to an older copy <small>#12 → #6" in office.page("S001", "en")
    assert "Money at risk" in office.page("S001", "en") and all(not one["stands"] for one in evidence["alarms"])
