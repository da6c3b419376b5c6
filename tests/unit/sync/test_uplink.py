"""The uplink alone, against an HQ played by the test: waits, backoff, what it believes and what it refuses."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from agent.core.chain import Identity
from agent.core.errors import Credentials, Refused, StoreboxError, TryLater, UnknownOutcome
from agent.core.signing import document_message
from sync.headquarters import HqClient, Reply
from sync.keylist import KeyRing, key_list_message
from sync.pace import Pace
from sync.threads import UplinkThread
from sync.uplink import Uplink
from sync.wire import parse_receipt, parse_upload
from tests.unit.sync.fakes import Beat, FakeClock, FakeJournal, SeededEntropy, new_key

BOX = Identity("S001", "B1", 1)
ROOT, RECEIPT = new_key(), new_key()


def key_list() -> Mapping[str, object]:
    key = {
        "kid": "r1",
        "public_key": RECEIPT.public_key.hex(),
        "uses": ["receipt"],
        "scope": None,
        "not_before": None,
        "not_after": None,
    }
    document: dict[str, object] = {"version": 1, "keys": [key]}
    return {**document, "signature": ROOT.sign(key_list_message(document)).hex()}


class PlayedHq:
    """Takes uploads as HQ would, unless it is told to fail."""

    def __init__(self, journal: FakeJournal) -> None:
        self.journal = journal
        self.next_seq = 1
        self.uploads: list[tuple[int, int]] = []
        self.beats = 0
        self.fail: Callable[[], StoreboxError | None] = lambda: None

    def upload(self, sender: Identity, body: bytes) -> Reply:
        upload = parse_upload(body)
        self.uploads.append((upload.first_seq, len(upload.entries)))
        self._maybe_fail()
        accepted = upload.first_seq <= self.next_seq
        if accepted:
            self.next_seq = max(self.next_seq, upload.first_seq + len(upload.entries))
        return Reply(accepted, self.receipt(upload.identity))

    def beat(self, sender: Identity, heartbeat: Mapping[str, object]) -> Reply:
        self.beats += 1
        self._maybe_fail()
        return Reply(True, self.receipt(sender))

    def cursor(self, sender: Identity, epoch: int) -> Reply:
        self._maybe_fail()
        return Reply(True, self.receipt(replace(sender, epoch=epoch)))

    def key_list(self) -> Mapping[str, object]:
        return key_list()

    def receipt(self, identity: Identity, head: str | None = None) -> object:
        head = head or self.journal.head_before(identity.epoch, self.next_seq).hex()
        document: dict[str, object] = {
            "store": identity.store,
            "box": identity.box,
            "epoch": identity.epoch,
            "next_seq": self.next_seq,
            "head": head,
            "at_ms": 5,
            "kid": "r1",
        }
        signature = RECEIPT.sign(document_message("receipt", identity, document)).hex()
        return parse_receipt({**document, "signature": signature})

    def _maybe_fail(self) -> None:
        error = self.fail()
        if error is not None:
            raise error


class Played:
    """An uplink with everything played."""

    def __init__(self, entries: int = 0) -> None:
        self.journal = FakeJournal(BOX, new_key())
        self.journal.add_many(entries)
        self.hq = PlayedHq(self.journal)
        self.clock = FakeClock()
        self.beat = Beat()
        client: HqClient = self.hq  # type: ignore[assignment]
        ring = KeyRing(ROOT.public_key, key_list())
        self.uplink = Uplink(self.journal, client, ring, self.beat, self.clock, SeededEntropy(), pace=Pace())

    def run(self, seconds: float) -> None:
        ends = self.clock.now + seconds
        while self.clock.now < ends:
            self.clock.now += max(0.001, self.uplink.step())


def test_drains_in_batches_then_waits_a_minute() -> None:
    played = Played(1100)
    assert [played.uplink.step() for _ in range(3)] == [0.0, 0.0, 60.0]
    assert played.hq.uploads == [(1, 500), (501, 500), (1001, 101)]
    assert played.journal.watermark(1).next_seq == 1102


def test_a_new_entry_goes_at_the_next_step() -> None:
    played = Played()
    played.uplink.step()
    played.journal.add_many(1)
    assert played.uplink.step() == 60.0
    assert played.hq.uploads[-1] == (2, 1)


def test_idle_costs_one_heartbeat_a_minute() -> None:
    played = Played()
    played.run(600)
    assert played.hq.beats == 9
    assert len(played.hq.uploads) == 1
    assert len(played.journal.receipts) == 1


def test_backoff_is_jittered_bounded_and_forgotten() -> None:
    played = Played(3)
    played.hq.fail = lambda: TryLater("network.unreachable")
    waits = []
    for _ in range(12):
        wait_s = played.uplink.step()
        waits.append(wait_s)
        assert played.uplink.step() == pytest.approx(wait_s)
        played.clock.now += wait_s
    assert len(played.hq.uploads) == 12
    assert max(waits) <= 60
    assert len({round(wait_s, 3) for wait_s in waits}) > 8
    played.hq.fail = lambda: None
    played.uplink.step()
    assert played.uplink.status.failures == 0
    assert played.journal.watermark(1).next_seq == 5


def test_retry_after_is_a_floor_that_hurry_respects() -> None:
    played = Played(3)
    played.hq.fail = lambda: TryLater("hq.backlog", retry_after_s=40)
    wait_s = played.uplink.step()
    assert 40 <= wait_s <= 60
    played.uplink.hurry()
    assert played.uplink.step() == wait_s
    played.clock.now += wait_s
    played.hq.fail = lambda: TryLater("network.unreachable")
    played.uplink.step()
    played.uplink.hurry()
    played.hq.fail = lambda: None
    played.uplink.step()
    assert played.journal.watermark(1).next_seq == 5


def test_a_slow_line_gets_smaller_uploads_then_larger_again() -> None:
    played = Played(1000)
    failing = iter([True] * 3)
    played.hq.fail = lambda: UnknownOutcome("network.no_answer") if next(failing, False) else None
    played.run(120)
    assert [count for _, count in played.hq.uploads] == [500, 250, 125, 62, 124, 248, 496, 71]
    assert played.journal.watermark(1).next_seq == 1002


def test_a_refused_entry_is_found_and_the_lane_left_for_a_while() -> None:
    played = Played(40)

    def refuse_seventeen() -> StoreboxError | None:
        first, count = played.hq.uploads[-1]
        return Refused("upload.malformed") if first <= 17 < first + count else None

    played.hq.fail = refuse_seventeen
    played.run(300)
    assert played.journal.watermark(1).next_seq == 17
    assert played.uplink.status.blocked == {1: "upload.malformed"}
    sent = len(played.hq.uploads)
    played.hq.fail = lambda: None
    played.run(800)
    assert len(played.hq.uploads) > sent
    assert played.journal.watermark(1).next_seq == 42


def test_a_box_that_may_not_asks_seldom() -> None:
    played = Played(3)
    played.hq.fail = lambda: Credentials("box.revoked")
    played.run(600)
    assert len(played.hq.uploads) <= 10


def test_a_contradicting_hq_does_not_spin() -> None:
    played = Played(3)
    played.hq.upload = lambda sender, body: (  # type: ignore[method-assign]
        played.hq.uploads.append((0, 0)),
        Reply(True, played.hq.receipt(sender)),
    )[1]
    played.run(120)
    assert 2 < len(played.hq.uploads) < 30
    assert played.uplink.status.last_error == "hq.contradicts_itself"


def test_an_hq_that_swings_back_and_forth_does_not_spin() -> None:
    played = Played(3)
    real = played.hq.upload

    def forgetful(sender: Identity, body: bytes) -> Reply:
        reply = real(sender, body)
        played.hq.next_seq = 1
        return reply

    played.hq.upload = forgetful  # type: ignore[method-assign]
    played.run(300)
    assert len(played.hq.uploads) < 60


def test_other_history_stops_the_present_epoch_once_and_a_past_one_never() -> None:
    played = Played(3)
    played.run(1)
    played.hq.next_seq = 9
    played.hq.receipt = lambda identity, head=None: PlayedHq.receipt(played.hq, identity, "00" * 32)  # type: ignore[method-assign]
    played.run(400)
    assert played.journal.stopped == ["hq.knows_more"]
    assert played.hq.beats >= 5


def test_epochs_take_turns_present_first() -> None:
    journal = FakeJournal(Identity("S001", "B1", 2), new_key())
    old = FakeJournal(BOX, new_key())
    old.add_many(1200)
    journal.add_past(BOX, old.rows[1])
    journal.add_many(1200)
    sent: list[int] = []

    class Taking:
        def upload(self, sender: Identity, body: bytes) -> Reply:
            upload = parse_upload(body)
            sent.append(upload.identity.epoch)
            hq = PlayedHq(journal)
            hq.next_seq = upload.first_seq + len(upload.entries)
            return Reply(True, hq.receipt(upload.identity))

    client: HqClient = Taking()  # type: ignore[assignment]
    ring = KeyRing(ROOT.public_key, key_list())
    uplink = Uplink(journal, client, ring, Beat(), FakeClock(), SeededEntropy())
    while uplink.step() == 0:
        continue
    assert sent == [2, 1, 2, 1, 2, 1]


def test_a_heartbeat_that_cannot_be_written_keeps_nothing_back() -> None:
    played = Played(3)
    played.beat.heartbeat = lambda: {"load": 0.5}  # type: ignore[method-assign]
    played.uplink.step()
    assert played.journal.watermark(1).next_seq == 5


def test_the_thread_sends_when_woken_and_survives_a_defect() -> None:
    import threading

    calls = []
    twice = threading.Event()

    class Stub:
        def step(self) -> float:
            calls.append(1)
            if len(calls) == 1:
                raise RuntimeError("defect")
            twice.set()
            return 60.0

        def hurry(self) -> None:
            calls.append(0)

    thread = UplinkThread(Stub())  # type: ignore[arg-type]
    thread.start()
    thread.hurry()
    thread.wake()
    assert twice.wait(5)
    assert thread.stop()
