"""The real uplink against the real HQ over a loopback socket: everything that may go wrong between them."""

import json
import shutil
import socket
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from agent.core.canonical import canonical
from agent.core.chain import Entry, Identity
from agent.core.errors import Credentials, Refused, TryLater
from agent.core.signing import SIGNATURE_HEADER, request_header, request_message
from sync.enrol import PastEpoch, device_key, enrol, load_enrolment
from sync.hq import registry
from sync.hq.limits import RateLimit
from sync.keylist import KeyRing
from sync.pace import Pace
from sync.session import HttpSession
from sync.wire import compress
from tests.unit.sync.fakes import (
    AT_MS,
    FakeJournal,
    RunningHq,
    chained,
    enrolled_body,
    new_key,
    running_hq,
)
from tests.uplinks import BOX, Box, OddServer, forged, http, key_list, mirrored, published, raw_post, upload_of


@pytest.fixture
def hq(tmp_path: Path, database_url: str | None) -> Iterator[RunningHq]:
    with running_hq(tmp_path / "hq", database_url) as running:
        yield running


@pytest.fixture
def journal(hq: RunningHq) -> FakeJournal:
    made = FakeJournal(BOX, new_key())
    hq.register(made)
    return made


def test_everything_arrives_in_order_and_is_acknowledged(hq: RunningHq, journal: FakeJournal) -> None:
    journal.add_many(1200)
    journal.add_seal()
    box = Box(hq, journal)
    box.run()
    assert mirrored(hq, journal)
    assert journal.watermark(1).next_seq == 1203
    assert hq.rows("SELECT valid FROM seal") == [(1,)]
    assert hq.rows("SELECT count(*) FROM alarm") == [(0,)]
    assert box.uplink.status.acknowledged_entries == 1202
    assert box.uplink.status.last_error is None


def test_an_idle_uplink_beats_once_a_minute_and_records_nothing(hq: RunningHq, journal: FakeJournal) -> None:
    box = Box(hq, journal)
    box.run()
    receipts = len(journal.receipts)
    assert box.uplink.step() == pytest.approx(60, abs=1)
    box.clock.now += 61
    box.uplink.step()
    assert box.beat.asked == 2
    assert len(journal.receipts) == receipts
    assert hq.rows("SELECT count(*) FROM heartbeat") == [(1,)]


def test_the_same_batch_again_is_acknowledged_and_stored_once(hq: RunningHq, journal: FakeJournal) -> None:
    journal.add_many(20)
    batch = upload_of(journal, 1, 21)
    answers = [raw_post(hq, journal, batch) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert {answer.json()["receipt"]["next_seq"] for answer in answers} == {22}
    assert mirrored(hq, journal)


def test_an_overlap_is_trimmed(hq: RunningHq, journal: FakeJournal) -> None:
    journal.add_many(20)
    assert raw_post(hq, journal, upload_of(journal, 1, 10)).json()["receipt"]["next_seq"] == 11
    assert raw_post(hq, journal, upload_of(journal, 5, 17)).json()["receipt"]["next_seq"] == 22
    assert mirrored(hq, journal)


def test_a_gap_is_refused_with_the_wanted_number(hq: RunningHq, journal: FakeJournal) -> None:
    journal.add_many(20)
    answer = raw_post(hq, journal, upload_of(journal, 5, 3))
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "upload.gap"
    assert answer.json()["receipt"]["next_seq"] == 1
    assert hq.bodies("S001", 1) == []


def test_a_fork_is_kept_aside_alarmed_and_stops_the_box(hq: RunningHq, journal: FakeJournal) -> None:
    journal.add_many(10)
    Box(hq, journal).run()
    other = FakeJournal(BOX, journal.key)
    for number in range(12):
        other.add("drawer.moved", {"amount_fen": number if number < 4 else 900 + number})
    before = hq.bodies("S001", 1)
    box = Box(hq, other)
    box.run()
    assert other.stopped == ["hq.forked"]
    assert hq.bodies("S001", 1) == before
    assert hq.rows("SELECT code, seq FROM alarm") == [("upload.fork", 2)]
    assert hq.rows("SELECT count(*), min(differs_at) FROM fork") == [(1, 2)]
    assert other.receipts == []
    assert box.uplink.status.blocked == {1: "hq.forked"}
    box.clock.now += 3600
    box.run()
    assert other.stopped == ["hq.forked"]


def test_a_box_that_knows_less_than_hq_stops_its_epoch(hq: RunningHq, journal: FakeJournal) -> None:
    journal.add_many(10)
    Box(hq, journal).run()
    restored = FakeJournal(BOX, journal.key)
    restored.rows[1] = journal.rows[1][:6]
    Box(hq, restored).run()
    assert restored.stopped == ["hq.knows_more"]
    assert restored.receipts == []
    assert mirrored(hq, journal)


def test_hq_from_an_older_backup_gets_the_rest_again(
    hq: RunningHq, journal: FakeJournal, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    journal.add_many(10)
    box = Box(hq, journal)
    box.run()
    hq.stop()
    shutil.copytree(hq.state, tmp_path / "backup")
    older = hq.database_url and request.getfixturevalue("postgres").copy_of(hq.database_url)
    hq.start()
    journal.add_many(30)
    box.run()
    assert journal.watermark(1).next_seq == 42
    hq.stop()
    shutil.rmtree(hq.state)
    shutil.copytree(tmp_path / "backup", hq.state)
    hq.database_url = older
    hq.start()
    box.clock.now += 61
    box.run()
    assert journal.rolled_back == 1
    assert mirrored(hq, journal)
    assert journal.watermark(1).next_seq == 42


def test_a_revoked_box_is_refused_and_keeps_its_entries(hq: RunningHq, journal: FakeJournal) -> None:
    with hq.office.database.write() as connection:
        registry.revoke(connection, "S001", 1, "stolen", AT_MS)
    box = Box(hq, journal)
    wait_s = box.uplink.step()
    assert box.uplink.status.last_error == "box.revoked"
    assert wait_s >= 60
    assert hq.bodies("S001", 1) == []


def test_a_replaced_box_stops_selling_and_sends_what_it_still_has(hq: RunningHq, journal: FakeJournal) -> None:
    journal.add_many(5)
    box = Box(hq, journal)
    hq.register(FakeJournal(Identity("S001", "B2", 2), new_key()))
    box.run()
    assert journal.stopped == ["box.replaced"], "once, however many receipts say so"
    assert mirrored(hq, journal) and journal.watermark(1).next_seq == 7
    assert box.uplink.status.last_error is None
    assert hq.rows("SELECT code, epoch, detail FROM box_notice") == [("upload.late", 1, "#1 → #6")]
    assert all(receipt["replaced_by"] == 2 for receipt in journal.receipts)
    with pytest.raises(Credentials, match=r"box\.replaced"):
        box.client.look_up(BOX, b"{}")


def test_the_box_that_took_its_place_is_told_of_nothing(hq: RunningHq, journal: FakeJournal) -> None:
    present = FakeJournal(Identity("S001", "B2", 2), new_key())
    hq.register(present)
    Box(hq, present).run()
    assert present.stopped == [] and "replaced_by" not in present.receipts[-1]


def test_an_unknown_box_and_a_wrong_signature(hq: RunningHq, journal: FakeJournal) -> None:
    stranger = FakeJournal(Identity("S001", "B9", 1), new_key())
    assert raw_post(hq, stranger, upload_of(stranger, 1, 1)).status_code == 404
    impostor = FakeJournal(BOX, new_key())
    answer = raw_post(hq, impostor, upload_of(impostor, 1, 1))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "request.wrong_signature")
    unsigned = requests.post(f"{hq.url}/v1/boxes/B1/entries", data=b"{}", timeout=5)
    assert unsigned.status_code == 401


def test_a_body_changed_on_the_way_is_refused(hq: RunningHq, journal: FakeJournal) -> None:
    identity, target = journal.identity(), "/v1/boxes/B1/entries"
    body = upload_of(journal, 1, 1)
    headers = {
        SIGNATURE_HEADER: request_header(identity, journal.key.sign(request_message(identity, "POST", target, body))),
        "Content-Encoding": "deflate",
    }
    changed = compress(zlib.decompress(body).replace(b'"first_seq":1', b'"first_seq":2'))
    assert requests.post(hq.url + target, data=changed, headers=headers, timeout=5).status_code == 401


def test_a_damaged_journal_sends_only_what_is_sound(hq: RunningHq, journal: FakeJournal) -> None:
    journal.add_many(10)
    damaged = journal.rows[1][6]
    journal.rows[1][6] = Entry(damaged.seq, damaged.at_ms, damaged.kind, '{"amount_fen":1}', damaged.hash)
    box = Box(hq, journal)
    box.run()
    assert len(hq.bodies("S001", 1)) == 6
    assert box.uplink.status.blocked == {1: "uplink.journal_damaged"}
    assert journal.stopped == []
    journal.rows[1][6] = damaged
    box.clock.now += Pace().blocked_s
    box.run()
    assert mirrored(hq, journal) and box.uplink.status.blocked is None, "what is repaired is no trouble any more"


def test_what_inflates_too_far_is_refused(hq: RunningHq, journal: FakeJournal) -> None:
    bomb = compress(b"x" * (5 * 1024 * 1024))
    answer = raw_post(hq, journal, bomb)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "upload.too_large")
    assert raw_post(hq, journal, b"\x00" * 10).status_code == 400
    assert raw_post(hq, journal, compress(b"[]")).status_code == 400
    assert raw_post(hq, journal, b"{}", "br").status_code == 400


def test_a_wrong_seal_is_kept_and_alarmed(hq: RunningHq, journal: FakeJournal) -> None:
    journal.add_many(3)
    journal.add("seal", {"head": "00" * 32, "signature": "00" * 64})
    head = journal.rows[1][-1].hash.hex()
    journal.add("seal", {"head": head, "signature": "ab" * 64})
    Box(hq, journal).run()
    assert mirrored(hq, journal)
    assert hq.rows("SELECT seq, valid, code FROM seal ORDER BY seq") == [
        (5, 0, "seal.other_head"),
        (6, 0, "seal.wrong_signature"),
    ]
    assert hq.rows("SELECT code FROM alarm ORDER BY seq") == [("seal.other_head",), ("seal.wrong_signature",)]


def test_the_first_entry_must_be_the_enrolment(hq: RunningHq, journal: FakeJournal) -> None:
    journal.rows[1] = chained(BOX, [("day.opened", {"day": "2026-10-03"})])
    answer = raw_post(hq, journal, upload_of(journal, 1, 1))
    assert answer.json()["error"]["code"] == "upload.first_not_enrolment"
    journal.rows[1] = chained(BOX, [("box.enrolled", enrolled_body(BOX, new_key()))])
    assert raw_post(hq, journal, upload_of(journal, 1, 1)).json()["error"]["code"] == "upload.other_key"


def test_a_past_epoch_of_another_box_goes_up_too(hq: RunningHq, tmp_path: Path) -> None:
    old_identity, old_key = Identity("S001", "OLD", 1), new_key()
    old = FakeJournal(old_identity, old_key)
    old.add_many(700)
    hq.register(old)
    new = FakeJournal(Identity("S001", "B1", 2), new_key())
    hq.register(new)
    new.add_past(old_identity, old.rows[1])
    new.add_many(700)
    Box(hq, new).run()
    assert mirrored(hq, new, 1)
    assert mirrored(hq, new, 2)
    assert new.stopped == []


def test_a_box_speaks_for_no_other_store(hq: RunningHq, journal: FakeJournal) -> None:
    other = FakeJournal(Identity("S002", "B1", 1), new_key())
    hq.register(other)
    assert raw_post(hq, other, upload_of(journal, 1, 1)).status_code == 403
    assert raw_post(hq, other, upload_of(other, 1, 1)).status_code == 200
    assert hq.bodies("S001", 1) == []


def test_a_500_loses_nothing_and_doubles_nothing(
    hq: RunningHq, journal: FakeJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.add_many(10)
    box = Box(hq, journal)
    real = hq.office.keys.signed_receipt
    failures = iter([True, True, False])

    def sometimes(*arguments: object) -> object:
        if next(failures, False):
            raise RuntimeError("defect")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(hq.office.keys, "signed_receipt", sometimes)
    box.run()
    assert box.outcomes[:2] == ["hq.failed", "hq.failed"]
    assert mirrored(hq, journal)


def test_too_many_requests_are_told_when_to_come_back(hq: RunningHq, journal: FakeJournal) -> None:
    hq.stop()
    hq.rate = RateLimit(per_second=0.5, burst=3, monotonic_s=lambda: 0.0)
    hq.start()
    box = Box(hq, journal)
    for _ in range(3):
        box.client.cursor(BOX, 1)
    with pytest.raises(TryLater, match=r"box\.too_many_requests") as refused:
        box.client.cursor(BOX, 1)
    assert refused.value.values["retry_after_s"] == 2
    wait_s = box.uplink.step()
    assert 2 <= wait_s <= 3
    assert box.uplink.status.last_error == "box.too_many_requests"


def test_enrolment_over_the_wire(hq: RunningHq, tmp_path: Path) -> None:
    hq.add_store("S001")
    with hq.office.database.write() as connection:
        token = registry.make_enrolment_token(connection, "S001", hq.office.now_ms())
    session, state = HttpSession(hq.url), tmp_path / "box"
    alone = new_key()
    past = [PastEpoch(1, "B0", alone.public_key)]
    with pytest.raises(Credentials, match=r"enrol\.other_root"):
        enrol(session, state, token, "S001", "B1", fingerprint="00" * 16, past=past)
    enrolment = enrol(session, state, token, "S001", "B1", fingerprint=hq.office.keys.fingerprint, past=past)
    assert enrolment.identity == Identity("S001", "B1", 2)
    assert enrolment.previous == {
        "epoch": 1,
        "next_seq": 1,
        "head": FakeJournal(Identity("S001", "B0", 1), alone).genesis[1].hex(),
    }
    kept = load_enrolment(state)
    assert kept == enrolment
    assert device_key(state, enrolment).public_key == enrolment.public_key
    assert (state / "keys" / "device-2.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(Refused, match=r"enrol\.token_used"):
        enrol(session, state, token, "S001", "B1")
    with pytest.raises(Credentials, match=r"enrol\.token_unknown"):
        enrol(session, state, "nonsense", "S001", "B1")
    with pytest.raises(Refused):
        enrol(session, state, token, "s1", "B1")


def test_a_lost_answer_of_enrolment_gives_the_same_epoch(hq: RunningHq, tmp_path: Path) -> None:
    hq.add_store("S001")
    with hq.office.database.write() as connection:
        token = registry.make_enrolment_token(connection, "S001", hq.office.now_ms())
    state = tmp_path / "box"
    first = enrol(HttpSession(hq.url), state, token, "S001", "B1")
    (state / "keys" / "device-1.key").rename(state / "keys" / "device-new.key")
    (state / "keys" / "enrolment.json").unlink()
    assert enrol(HttpSession(hq.url), state, token, "S001", "B1") == first


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http(b"<html>portal</html>"), "hq.garbage_answer"),
        (http(b'{"receipt": {"next_seq": 9}}'), "hq.garbage_answer"),
        (http(b"{", "500 Oops"), "hq.failed"),
        (http(b'{"rec', length=400), "network.answer_cut"),
        (b"", "network.answer_cut"),
        (http(b"{}", "302 Found"), "hq.failed"),
        (http(b"{}", "503 Busy"), "hq.busy"),
        (http(b"x" * 40, length=10**9), "network.answer_cut"),
        (None, "network.no_answer"),
    ],
)
def test_answers_that_are_none(hq: RunningHq, journal: FakeJournal, answer: bytes | None, code: str) -> None:
    odd = OddServer(answer)
    box = Box(hq, journal, odd.url, read_timeout_s=0.3)
    wait_s = box.uplink.step()
    odd.close()
    assert box.uplink.status.last_error == code
    assert 0 <= wait_s <= 60
    assert journal.receipts == []
    assert journal.stopped == []


def test_a_server_that_drips_is_left_at_the_deadline(hq: RunningHq, journal: FakeJournal) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(40):
            try:
                connection.sendall(b"x")
            except OSError:
                return
            threading.Event().wait(0.05)

    threading.Thread(target=drip, daemon=True).start()
    box = Box(hq, journal, f"http://127.0.0.1:{listener.getsockname()[1]}", read_timeout_s=0.4)
    box.uplink.step()
    listener.close()
    assert box.uplink.status.last_error == "network.no_answer"


def test_nobody_listens(hq: RunningHq, journal: FakeJournal) -> None:
    box = Box(hq, journal, "http://127.0.0.1:9")
    box.uplink.step()
    assert box.uplink.status.last_error == "network.unreachable"
    assert box.outcomes == ["network.unreachable"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"next_seq": 3}, "hq.receipt_not_signed"),
        ({"store": "S002"}, "hq.receipt_of_another"),
        ({"box": "B2"}, "hq.receipt_of_another"),
        ({"epoch": 2}, "hq.receipt_of_another"),
        ({"signature": "00" * 64}, "hq.receipt_not_signed"),
    ],
)
def test_a_receipt_is_believed_only_by_its_signature(
    hq: RunningHq, journal: FakeJournal, changes: dict[str, object], code: str
) -> None:
    odd = OddServer(forged(hq, journal, **changes))
    box = Box(hq, journal, odd.url)
    box.uplink.step()
    odd.close()
    assert box.uplink.status.last_error == code
    assert (journal.receipts, journal.stopped) == ([], [])


def test_people_need_a_token_and_see_their_stores(hq: RunningHq, journal: FakeJournal) -> None:
    Box(hq, journal).run()
    hq.add_store("S002")
    with hq.office.database.write() as connection:
        token = registry.make_access_token(connection, "accounts", ["S001"], AT_MS)
    bearer = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{hq.url}/v1/stores", timeout=5).status_code == 401
    stores = requests.get(f"{hq.url}/v1/stores", headers=bearer, timeout=5).json()["stores"]
    assert list(stores) == ["S001"]
    assert stores["S001"]["complete_up_to"] == 1
    other = requests.get(f"{hq.url}/v1/ledger?store=S002", headers=bearer, timeout=5)
    assert (other.status_code, other.json()["error"]["code"]) == (403, "access.not_this_store")
    assert requests.get(f"{hq.url}/v1/ledger?from=soon", headers=bearer, timeout=5).status_code == 400
    assert requests.get(f"{hq.url}/health", timeout=5).json()["status"] == "ok"
    assert requests.get(f"{hq.url}/nothing", timeout=5).status_code == 404


def test_errors_have_one_shape(hq: RunningHq, journal: FakeJournal) -> None:
    body = compress(canonical({"store": "S001"}).encode())
    error = raw_post(hq, journal, body).json()["error"]
    assert (error["code"], error["family"]) == ("upload.malformed", "refused")
    assert json.dumps(error["values"])


def test_a_newer_key_list_is_fetched_and_kept(hq: RunningHq, journal: FakeJournal) -> None:
    root, old_key = new_key(), new_key()
    keys = hq.office.keys
    known = KeyRing(root.public_key, key_list(root, 1, {"old": old_key.public_key}))
    newer = key_list(root, 2, {"receipt-1": bytes.fromhex(published(keys.key_list))})
    keys._key_list = newer
    box = Box(hq, journal, keys=known)
    box.run()
    assert mirrored(hq, journal)
    assert box.kept == [newer]
    assert known.version == 2
