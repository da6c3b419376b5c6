"""Alarms on their way: once for each subject, signed, again after a failure, given up where people see it."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from sqlalchemy import select

from agent.core.errors import Refused, TryLater
from sync.hq import registry
from sync.hq.database import Database
from sync.hq.webhooks.alarms import Alarm, newest, tell
from sync.hq.webhooks.endpoints import Endpoint, add_endpoint, endpoints, remove_endpoint
from sync.hq.webhooks.message import ROBOT_BYTES_MAX, Form
from sync.hq.webhooks.sender import GIVE_UP_AFTER_MS, RUN_MS, WAIT_MAX_MS, Sent, over_http, send_due, send_test, wait_ms
from sync.hq.webhooks.tables import delivery
from sync.session import Answer

NOW_MS = 1_795_000_000_000
URL = "https://alarms.example/hook?key=s3cret"


class Receiver:
    """Somebody who takes alarms, or does not."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    def __call__(self, target: Endpoint, headers: dict[str, str], body: bytes) -> Answer:
        self.got.append((target.name, headers, body))
        answer = self.answers.pop(0) if self.answers else Answer(204, {}, b"")
        if isinstance(answer, Exception):
            raise answer
        return answer


class Time:
    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def database(tmp_path: Path, database_url: str | None) -> Iterator[Database]:
    made = Database.open(tmp_path, database_url)
    with made.write() as connection:
        registry.add_store(connection, "S001", "一号店", NOW_MS)
    yield made
    made.close()


def add(database: Database, name: str = "ops", **options: object) -> str:
    with database.write() as connection:
        return add_endpoint(connection, name, URL, NOW_MS, **options)  # type: ignore[arg-type]


def fork(database: Database, subject: str = "1.7", book: str = "S001", **values: int | str | None) -> bool:
    with database.write() as connection:
        return tell(connection, Alarm.FORK, subject, {"epoch": 1, "seq": 7, **values}, NOW_MS, book)


def test_an_alarm_is_told_once_for_its_subject_and_arrives_signed(database: Database) -> None:
    secret = add(database)
    assert [fork(database), fork(database), fork(database, "1.8")] == [True, False, True]
    receiver = Receiver()
    assert send_due(database, Time(), receiver) == Sent(delivered=2)
    assert send_due(database, Time(), receiver) == Sent()
    _, headers, body = receiver.got[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    said = json.loads(body)
    assert (said["id"], said["type"], said["store_name"]) == (headers["webhook-id"], "alarm.fork", "一号店")
    assert said["zh"]["title"] == "盒子送来另一本账" and said["en"]["title"] == "A box sent a second history"


def test_an_alarm_of_a_transaction_that_is_taken_back_was_never_told(database: Database) -> None:
    add(database)
    with pytest.raises(RuntimeError), database.write() as connection:
        tell(connection, Alarm.FORK, "1.7", {}, NOW_MS, "S001")
        raise RuntimeError
    receiver = Receiver()
    assert send_due(database, Time(), receiver) == Sent() and receiver.got == []


def test_nothing_leaves_the_house_that_was_not_meant_to(database: Database) -> None:
    secret = add(database)
    fork(database, auth_code="134567890123456789", token="t0ken", reason="x" * 900)
    receiver = Receiver()
    send_due(database, Time(), receiver)
    said = json.loads(receiver.got[0][2])
    assert said["values"] == {"epoch": 1, "seq": 7, "reason": "x" * 200}
    assert secret.removeprefix("whsec_").encode() not in receiver.got[0][2]
    with database.read() as connection:
        listed = endpoints(connection)
    assert "s3cret" not in str(listed) and "whsec" not in str(listed)


def test_an_endpoint_gets_what_it_wants(database: Database) -> None:
    add(database, "near", stores=["S001"])
    add(database, "bills", kinds=[Alarm.BILL_OVERDUE])
    fork(database)
    fork(database, book="S002")
    with database.write() as connection:
        tell(connection, Alarm.BILL_OVERDUE, "2026-11-18", {"day": "2026-11-18"}, NOW_MS, "@wechat:1230000109")
    receiver = Receiver()
    send_due(database, Time(), receiver)
    got = sorted((name, json.loads(body)["type"], json.loads(body)["store"]) for name, _, body in receiver.got)
    assert got == [("bills", "bill.overdue", "@wechat:1230000109"), ("near", "alarm.fork", "S001")]
    with database.read() as connection:
        assert len(newest(connection, None, 9)) == 3 and len(newest(connection, ["S001"], 9)) == 1


@pytest.mark.parametrize("answer", [Answer(500, {}, b""), Answer(302, {}, b""), TryLater("network.unreachable")])
def test_what_was_not_taken_is_sent_again_later_and_under_the_same_id(
    database: Database, answer: Answer | Exception
) -> None:
    add(database)
    fork(database)
    time, receiver = Time(), Receiver(answer)
    assert send_due(database, time, receiver) == Sent(postponed=1)
    assert send_due(database, time, receiver) == Sent()
    time.now_ms += wait_ms(1)
    assert send_due(database, time, receiver) == Sent(delivered=1)
    assert receiver.got[0][1]["webhook-id"] == receiver.got[1][1]["webhook-id"]


def test_an_endpoint_that_is_gone_is_given_up_and_listed(database: Database) -> None:
    add(database)
    fork(database)
    time, tries = Time(), 0
    while True:
        done = send_due(database, time, Receiver(TryLater("network.unreachable")))
        tries += 1
        if done.given_up:
            break
        time.now_ms += WAIT_MAX_MS
    assert time.now_ms - NOW_MS == GIVE_UP_AFTER_MS and tries == 13
    with database.read() as connection:
        (row,) = endpoints(connection)
    assert (row["given_up"], row["waiting"], row["last_code"]) == (1, 0, "network.unreachable")


def test_a_dead_endpoint_is_asked_once_a_run_and_keeps_no_other_waiting(database: Database) -> None:
    add(database, "dead")
    add(database, "well")
    for number in range(5):
        fork(database, f"1.{number}")
    receiver = Receiver(TryLater("network.unreachable"))
    assert send_due(database, Time(), receiver) == Sent(delivered=5, postponed=5)
    assert [name for name, _, _ in receiver.got] == ["dead", *["well"] * 5]


def test_a_slow_receiver_holds_nobody_up_for_long(database: Database) -> None:
    add(database)
    for number in range(10):
        fork(database, f"1.{number}")
    time = Time()

    def slow(target: Endpoint, headers: dict[str, str], body: bytes) -> Answer:
        time.now_ms += RUN_MS // 3
        return Answer(204, {}, b"")

    runs = [send_due(database, time, slow) for _ in range(5)]
    assert [run.delivered for run in runs] == [3, 3, 3, 1, 0]


def test_two_senders_at_once_send_each_alarm_once(database: Database) -> None:
    add(database)
    for number in range(20):
        fork(database, f"1.{number}")
    receiver = Receiver()
    threads = [threading.Thread(target=send_due, args=(database, Time(), receiver)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(receiver.got) == len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 20


def test_a_robot_gets_several_alarms_as_one_text_and_must_say_that_it_took_them(database: Database) -> None:
    add(database, form=Form.ROBOT)
    for number in range(16):
        fork(database, f"1.{number}")
    receiver = Receiver(Answer(200, {}, b'{"errcode":0}'), Answer(200, {}, b'{"errcode":45009}'))
    sent = send_due(database, Time(), receiver)
    assert sent.delivered > 1 and sent.postponed == 16 - sent.delivered
    text = json.loads(receiver.got[0][2])["text"]["content"]
    assert text.startswith("【盒子送来另一本账】一号店 S001 · #7") and len(text.encode()) <= 2000
    assert "webhook-signature" not in receiver.got[0][1]


def test_what_waits_for_an_endpoint_that_is_removed_is_given_up(database: Database) -> None:
    add(database)
    fork(database)
    with database.write() as connection:
        remove_endpoint(connection, "ops", NOW_MS)
    with pytest.raises(Refused, match=r"webhook\.unknown"), database.write() as connection:
        remove_endpoint(connection, "ops", NOW_MS)
    receiver = Receiver()
    assert send_due(database, Time(), receiver) == Sent() and receiver.got == []
    with database.read() as connection:
        assert connection.execute(select(delivery.c.state)).scalars().all() == ["given_up"]


def test_names_and_stores_are_checked(database: Database) -> None:
    add(database)
    for name, stores in (("ops", None), ("a b", None), ("x", ["S009"])):
        with pytest.raises(Refused):
            add(database, name, stores=stores)


def test_a_trial_goes_to_one_endpoint_over_real_http(database: Database) -> None:
    got: list[bytes] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.path.encode() + self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204 if self.path == "/hook" else 307)
            self.send_header("Location", "/hook")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place = f"http://127.0.0.1:{server.server_port}"
    try:
        with database.write() as connection:
            add_endpoint(connection, "here", f"{place}/hook", NOW_MS)
            add_endpoint(connection, "moved", f"{place}/old", NOW_MS, kinds=[Alarm.FORK])
        assert send_test(database, Time(), "here") is None
        assert send_test(database, Time(), "moved") == "webhook.not_taken"
        assert [one.split(b"{")[0] for one in got] == [b"/hook", b"/old"], "a redirect is not followed"
        inward = Endpoint("x", f"http://localhost:{server.server_port}/", Form.SIGNED, False, "whsec_")
        assert over_http(inward, {}, b"{}").status == 307
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(Refused, match=r"webhook\.unknown"):
        send_test(database, Time(), "nobody")


def test_a_robot_is_told_of_every_alarm_however_little_it_takes_at_once(database: Database) -> None:
    add(database, form=Form.ROBOT)
    for number in range(30):
        fork(database, f"1.{number}", box="B1", day="2026-11-18", seq=10_000 + number)
    receiver = Receiver(*[Answer(200, {}, b'{"errcode":0}')] * 30)
    assert send_due(database, Time(), receiver) == Sent(delivered=30)
    texts = [json.loads(body)["text"]["content"] for _, _, body in receiver.got]
    assert max(len(text.encode()) for text in texts) <= ROBOT_BYTES_MAX
    told = [line for text in texts for line in text.split("\n")]
    assert [f"#{10_000 + number} " in line for number, line in zip(range(30), sorted(told), strict=True)] == [True] * 30
