"""Releases from headquarters to a box: rings, pauses, permits, and a download that goes on where it was cut."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.chain import Identity
from agent.core.errors import Refused, StoreboxError
from agent.core.release import Installed
from agent.upgrade import fetching, intake
from agent.upgrade.permits import PERMIT_FILE, permits_of
from agent.upgrade.place import Place
from sync.enrol import Enrolment, save_enrolment
from sync.hq import registry
from sync.hq.office import Office
from sync.hq.releases import book
from sync.hq.releases.book import Asked, Ring
from sync.hq.releases.shelf import PIECE_BYTES_MAX, Shelf
from sync.hq.webhooks.alarms import Alarm, newest
from sync.keys import FileKey, device_key_path
from sync.releases import ReleaseClient
from sync.session import HttpSession
from tests.releases import Publisher, installed, make_tree
from tests.unit.sync.fakes import running_hq

AT_MS = 1_790_995_200_000
BOX = Asked(1, "1.0.0", "amd64", None)


@pytest.fixture
def office(tmp_path: Path, database_url: str | None) -> Iterator[Office]:
    made = replace(Office.open(tmp_path / "hq", database_url), now_ms=lambda: AT_MS)
    with made.database.write() as connection:
        for store in ("S001", "S002", "S003"):
            registry.add_store(connection, store, store, AT_MS)
    yield made
    made.close()


def put(office: Office, folder: Path, version: str, sequence: int, **facts: object) -> str:
    """Publish a release to this headquarters; returns its digest."""
    publisher = Publisher(folder / "publisher")
    tree = make_tree(folder / f"tree-{version}", version)
    bundle = publisher.bundle(tree, folder / f"{version}.bundle", version, sequence, arch="all", **facts)
    assert office.state is not None
    manifest, digest, size = Shelf(office.state).take(bundle)
    with office.database.write() as connection:
        assert book.add(connection, manifest, digest, size, "hq", AT_MS)
        assert not book.add(connection, manifest, digest, size, "hq", AT_MS)
    return digest


def named(office: Office, store: str, asked: Asked = BOX) -> int | None:
    with office.database.read() as connection:
        found = book.named_for(connection, store, asked)
    return None if found is None else found.sequence


def test_a_release_goes_out_ring_by_ring(office: Office, tmp_path: Path) -> None:
    put(office, tmp_path, "1.1.0", 2)
    with office.database.write() as connection:
        book.put_in_ring(connection, "S001", Ring.TEST)
        book.put_in_ring(connection, "S002", Ring.FEW)
    assert [named(office, store) for store in ("S001", "S002", "S003")] == [2, None, None]
    with office.database.write() as connection:
        book.let_out(connection, 2, Ring.FEW)
    assert [named(office, store) for store in ("S001", "S002", "S003")] == [2, 2, None]
    with office.database.write() as connection:
        book.let_out(connection, 2, Ring.ALL)
    assert named(office, "S003") == 2
    assert named(office, "S003", Asked(2, "1.1.0", "amd64", None)) is None
    with office.database.write() as connection:
        book.pause(connection, 2, "by hand", AT_MS)
    assert named(office, "S001") is None


def test_two_stores_that_turn_it_away_stop_it_for_all(office: Office, tmp_path: Path) -> None:
    put(office, tmp_path, "1.1.0", 2)
    bad = replace(BOX, turned_away=2)
    with office.database.write() as connection:
        book.let_out(connection, 2, Ring.ALL)
        book.note_asked(connection, Identity("S001", "B1", 1), bad, AT_MS)
        book.note_asked(connection, Identity("S001", "B1", 1), bad, AT_MS)
    assert named(office, "S003") == 2
    with office.database.write() as connection:
        book.note_asked(connection, Identity("S002", "B1", 1), bad, AT_MS)
    assert named(office, "S003") is None
    with office.database.read() as connection:
        (row,) = book.releases(connection)
        assert (row["turned_away"], row["paused_reason"]) == (2, "turned away by 2 stores")
        assert [one["store"] for one in book.who_has_what(connection)] == ["S001", "S002"]
        told = newest(connection, None, 9)
    assert sorted((one.store, one.kind, one.subject) for one in told) == [
        ("S001", Alarm.RELEASE_TURNED_AWAY, "2"),
        ("S002", Alarm.RELEASE_TURNED_AWAY, "2"),
    ]


def test_a_store_that_may_go_back_stays_there(office: Office, tmp_path: Path) -> None:
    put(office, tmp_path, "1.0.0", 1)
    put(office, tmp_path, "1.1.0", 2)
    newer = Asked(2, "1.1.0", "amd64", None)
    with office.database.write() as connection:
        book.let_out(connection, 2, Ring.ALL)
        assert book.permit(connection, "S001", 1, "hq", AT_MS) == 2
        with pytest.raises(Refused, match=r"release\.unknown"):
            book.permit(connection, "S001", 9, "hq", AT_MS)
    assert named(office, "S001", newer) == 1
    assert named(office, "S001", BOX) is None
    assert named(office, "S002", BOX) == 2
    put(office, tmp_path, "1.2.0", 3)
    with office.database.write() as connection:
        book.let_out(connection, 3, Ring.ALL)
    assert named(office, "S001", BOX) == 3
    with office.database.write() as connection:
        book.end_permit(connection, "S001")
    assert named(office, "S001", BOX) == 3


def test_what_is_no_release_is_not_kept(office: Office, tmp_path: Path) -> None:
    publisher = Publisher(tmp_path / "publisher")
    tree = make_tree(tmp_path / "tree", "1.1.0")
    one = publisher.bundle(tree, tmp_path / "one.bundle", "1.1.0", 2, signers=("release-1",))
    assert office.state is not None
    with pytest.raises(Refused, match=r"release\.one_signature"):
        Shelf(office.state).take(one)
    (tmp_path / "none.bundle").write_bytes(b"x" * 600)
    with pytest.raises(Refused, match=r"release\.not_a_bundle"):
        Shelf(office.state).take(tmp_path / "none.bundle")
    put(office, tmp_path / "first", "1.1.0", 2)
    other = publisher.bundle(tree, tmp_path / "two.bundle", "1.1.0", 2, arch="all", channel="beta")
    manifest, digest, size = Shelf(office.state).take(other)
    with office.database.write() as connection, pytest.raises(Refused, match=r"release\.other_bundle"):
        book.add(connection, manifest, digest, size, "hq", AT_MS)


class Box:
    """An enrolled box with a release tree, at a running headquarters."""

    def __init__(self, office: Office, url: str, folder: Path, version: str, sequence: int) -> None:
        self.place = Place(folder / "opt", folder / "state")
        self.url = url
        self.key = FileKey.load_or_create(device_key_path(self.place.state, 1))
        with office.database.write() as connection:
            self.identity = Identity("S001", "B1", 1)
            registry.register_epoch(connection, self.identity, self.key.public_key, "enrolled", AT_MS)
        enrolment = Enrolment(
            self.identity, self.key.public_key, url, office.keys.root_public_key, office.keys.key_list
        )
        save_enrolment(self.place.state, enrolment)
        tree = make_tree(folder / "tree", version, release_keys=Publisher(folder / "publisher").key_list)
        installed(self.place.root, tree, version, sequence)
        self.place.make_folders()

    def fetch(self) -> str:
        return fetching.fetch_release(self.place, self.url)


@pytest.fixture
def box(office: Office, tmp_path: Path, database_url: str | None) -> Iterator[Box]:
    with running_hq(tmp_path / "hq", database_url) as server:
        yield Box(office, server.url, tmp_path, "1.1.0", 2)


def test_a_box_fetches_asks_and_goes_on_after_a_cut(
    box: Box, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = put(office, tmp_path, "1.2.0", 3)
    assert box.fetch() == "nothing new"
    with office.database.write() as connection:
        book.let_out(connection, 3, Ring.ALL)
    monkeypatch.setattr(fetching, "PIECE_BYTES", 1000)
    pieces: list[int] = []
    real = ReleaseClient.piece

    def cut(self: ReleaseClient, sha256: str, start: int, length: int) -> bytes:
        pieces.append(start)
        if len(pieces) == 3:
            raise Refused("hq.refused")
        return real(self, sha256, start, length)

    monkeypatch.setattr(ReleaseClient, "piece", cut)
    with pytest.raises(StoreboxError):
        box.fetch()
    assert box.fetch() == "1.2.0 is asked for"
    assert pieces[:4] == [0, 1000, 2000, 2000]
    asked = intake.asked_for(box.place)
    assert asked is not None and asked.name == f"{digest}.bundle"
    intake.taken(box.place, asked, AT_MS, by_hand=False, reserve_bytes=0)
    assert box.fetch() == "1.2.0 is under way"
    with office.database.read() as connection:
        (row,) = book.who_has_what(connection)
    assert (row["store"], row["sequence"], row["version"]) == ("S001", 2, "1.1.0")


def test_a_permit_of_headquarters_opens_the_way_back_for_this_box_alone(
    box: Box, office: Office, tmp_path: Path
) -> None:
    put(office, tmp_path, "1.0.0", 1)
    assert box.fetch() == "nothing new"  # and headquarters knows now what runs there
    with office.database.write() as connection:
        assert book.permit(connection, "S001", 1, "hq", AT_MS) == 2
    assert box.fetch() == "1.0.0 is asked for"
    asked = intake.asked_for(box.place)
    assert asked is not None
    with pytest.raises(Refused, match=r"release\.not_newer"):
        intake.taken(box.place, asked, AT_MS, by_hand=False, reserve_bytes=0)
    permits = permits_of(box.place.state)
    assert intake.taken(box.place, asked, AT_MS, by_hand=False, permits=permits, reserve_bytes=0).to == "1.0.0"
    paper = box.place.asked / PERMIT_FILE
    document = paper.read_text(encoding="utf-8")
    paper.write_text(document.replace('"sequence":1', '"sequence":0'), encoding="utf-8")
    with pytest.raises(Refused, match=r"release\.not_newer"):
        intake.verified(box.place, box.place.own / "incoming" / asked.name, permits)
    paper.write_text(document, encoding="utf-8")
    other = Enrolment(
        replace(box.identity, store="S002"), box.key.public_key, box.url, office.keys.root_public_key,
        office.keys.key_list,
    )  # fmt: skip
    save_enrolment(box.place.state, other)
    with pytest.raises(Refused, match=r"release\.not_newer"):
        intake.verified(box.place, box.place.own / "incoming" / asked.name, permits)


def test_a_piece_is_a_range_of_a_known_bundle(box: Box, office: Office, tmp_path: Path) -> None:
    digest = put(office, tmp_path, "1.2.0", 3)
    session = HttpSession(box.url)
    client = ReleaseClient(session, box.identity, box.key)
    try:
        assert client.offered(Installed("1.1.0", 2, "amd64", "3.11"), 7) is None
        assert len(client.piece(digest, 5, 10)) == 10
        for sha256, start, length in (("0" * 64, 0, 10), (digest, 10**9, 10), ("../keys", 0, 10)):
            with pytest.raises(StoreboxError):
                client.piece(sha256, start, length)
    finally:
        session.close()
    assert PIECE_BYTES_MAX >= fetching.PIECE_BYTES
