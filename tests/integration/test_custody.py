"""Payments through headquarters over real sockets and processes: failover, kills, forged answers, revoked boxes."""

import itertools
import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from agent.core.chain import Identity
from agent.core.moment import platform_day
from agent.core.payment import NUMBER_USED, PlatformAnswer, RefundVerdict, Verdict
from agent.core.signing import document_message
from agent.core.wish import BOX_REPLACED
from sync.addresses import Addresses
from sync.hq import registry
from sync.hq.database import Database
from sync.hq.keys import HqKeys
from sync.hq.limits import RateLimit
from sync.hq.pay.book import SENDING_MS
from sync.keylist import KeyRing, key_list_message
from sync.keys import FileKey
from sync.platforms.base import open_platform, wall_ms
from sync.platforms.wallet import Wallet
from sync.session import HttpSession
from sync.simulator.serve import wallet_settings
from sync.wishes import HqCustody, HqPlatform
from tests.custody import IDENTITY, PayingBox, RunningPay, key_ring, register, write_merchants
from tests.integration.running import Running, wait_for
from tests.proxy import Proxy
from tests.simulators import RunningSimulator
from tests.unit.sync.fakes import SeededEntropy, new_key

HQ = (sys.executable, "-c", "from sync.hq.cli import main; main()")
_CODES = itertools.count(1)


class Street:
    """The wallet's simulator, and a state folder of headquarters whose stores take money on it."""

    def __init__(self, folder: Path) -> None:
        self.simulator = RunningSimulator(folder / "wallet")
        self.hq = folder / "hq"
        settings = {**wallet_settings(self.simulator.state, self.simulator.url), "read_timeout_s": "5"}
        write_merchants(self.hq, {"wallet": settings})
        wallet = open_platform("wallet", settings, SeededEntropy())
        assert isinstance(wallet, Wallet)
        self.wallet = wallet

    def payments(self) -> dict[str, int]:
        """Return how often each order was paid, as the wallet's bill says."""
        lines = self.wallet.bill(platform_day(wall_ms()))
        paid = [str(line["out_trade_no"]) for line in lines if line.get("kind") == "payment"]
        return {number: paid.count(number) for number in paid}


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    made = Street(tmp_path)
    yield made
    made.simulator.close()


@pytest.fixture
def pay(street: Street) -> Iterator[RunningPay]:
    made = RunningPay(street.hq)
    yield made
    made.stop()


def code(behaviour: str = "00") -> str:
    return f"29{next(_CODES):014d}{behaviour}"


def number(count: int) -> str:
    return f"S001_1_{count:06d}_A1ABCD"


@contextmanager
def process(*arguments: str) -> Iterator[tuple[Running, str]]:
    """Run `storebox-hq …` on a free port; gives it and its URL."""
    running = Running(*arguments, "--port", "0", program=HQ)
    try:
        yield running, running.line().rpartition(" ")[2]
    finally:
        running.end(signal.SIGKILL)


# Two processes


def test_two_processes_submit_once_and_the_one_that_is_left_goes_on(street: Street) -> None:
    state = ["--state", str(street.hq)]
    with process("pay", *state) as (first, first_url), process("pay", *state) as (_, second_url):
        key = new_key()
        register(street.hq, IDENTITY, key)
        answers: list[PlatformAnswer] = []

        def pays(urls: list[str], count: int) -> None:
            addresses = Addresses([HttpSession(url) for url in urls])
            custody = HqCustody(IDENTITY, key, key_ring(street.hq), addresses, SeededEntropy(count))
            answers.append(HqPlatform("wallet", custody).pay(number(1), 1000, code(), "店"))

        orders = ([first_url, second_url], [second_url, first_url])
        threads = [threading.Thread(target=pays, args=(orders[count % 2], count)) for count in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert len(answers) == 6
        assert sorted(answer.code or answer.verdict.value for answer in answers) == [NUMBER_USED] * 5 + ["paid"]
        assert street.payments() == {number(1): 1}

        addresses = Addresses([HttpSession(url) for url in (first_url, second_url)])
        box = HqPlatform("wallet", HqCustody(IDENTITY, key, key_ring(street.hq), addresses, SeededEntropy()))
        assert box.pay(number(2), 500, code(), "店").verdict is Verdict.PAID
        first.end(signal.SIGKILL)
        assert box.query(number(2)).verdict is Verdict.PAID
        assert box.pay(number(3), 500, code(), "店").verdict is Verdict.PAID
        assert box.reverse(number(3)).verdict is Verdict.REVERSED


def test_ledger_and_pages_may_be_down(street: Street) -> None:
    with (
        process("serve", "--state", str(street.hq)) as (serve, _),
        process("pay", "--state", str(street.hq)) as (_, url),
    ):
        box = PayingBox(street.hq, [url]).platform("wallet")
        assert box.pay(number(1), 100, code(), "店").verdict is Verdict.PAID
        serve.end(signal.SIGKILL)
        assert box.pay(number(2), 100, code(), "店").verdict is Verdict.PAID
        assert box.refund(number(2), "S001_1_000002_R1ABCD", 40, 100).verdict is RefundVerdict.DONE


def test_a_process_that_is_killed_while_it_pays_leaves_an_order_that_can_be_ended(street: Street) -> None:
    street.simulator.control("silence")
    with process("pay", "--state", str(street.hq)) as (killed, url):
        box = PayingBox(street.hq, [url])
        told: list[PlatformAnswer] = []
        paying = threading.Thread(target=lambda: told.append(box.platform("wallet").pay(number(1), 100, code(), "店")))
        paying.start()
        database = Database.open(street.hq)
        with closing(database):
            wait_for(lambda: committed(database))
        killed.end(signal.SIGKILL)
        paying.join(10)
    assert [answer.verdict for answer in told] == [Verdict.UNKNOWN]
    street.simulator.control("ok")
    early, late = (RunningPay(street.hq, lambda ahead=ahead: wall_ms() + ahead) for ahead in (0, SENDING_MS))
    box = PayingBox.known(box, [early.url])
    assert box.platform("wallet").reverse(number(1)).code == "wish.under_way"
    box = PayingBox.known(box, [late.url])
    assert box.platform("wallet").pay(number(1), 100, code(), "店").code == NUMBER_USED, "never submitted again"
    assert box.platform("wallet").reverse(number(1)).verdict is Verdict.CLOSED
    early.stop()
    late.stop()
    assert street.payments() == {}


def committed(database: Database) -> bool:
    with database.read() as connection:
        return bool(connection.exec_driver_sql("SELECT count(*) FROM wish").scalar())


# Two addresses


def switch(line: Proxy, mode: str) -> None:
    """Let a line behave otherwise, and wait until it does: its thread may still hold an older connection."""
    line.switch(mode)

    def behaves() -> bool:
        try:
            status = requests.get(f"{line.url}/v1/keys", timeout=1).status_code
        except requests.exceptions.RequestException as error:
            refused = "refused" in str(error)
            return mode in ("refused", "cut") and refused == (mode == "refused")
        return status == (500 if mode == "error_500" else 200)

    wait_for(behaves)


def test_the_second_address_only_when_nothing_was_sent(pay: RunningPay, street: Street) -> None:
    port = int(pay.url.rpartition(":")[2])
    with Proxy(port) as first, Proxy(port) as second:
        box = PayingBox(street.hq, [first.url, second.url])
        wallet = box.platform("wallet")
        switch(first, "refused")
        assert wallet.pay(number(1), 100, code(), "店").verdict is Verdict.PAID
        switch(first, "open")
        used = first.connections
        assert wallet.pay(number(2), 100, code(), "店").verdict is Verdict.PAID
        assert first.connections == used, "the address that last worked is asked first"

        switch(second, "cut")
        used = first.connections
        assert wallet.pay(number(3), 100, code(), "店").verdict is Verdict.UNKNOWN
        assert first.connections == used, "what may have been sent goes nowhere else"
        assert box.addresses.urls[0] == first.url, "the next one begins elsewhere"
        switch(second, "open")
        assert wallet.query(number(3)).verdict is Verdict.NOT_FOUND

        switch(first, "error_500")
        assert wallet.query(number(1)).verdict is Verdict.PAID, "a question goes to the other one"
        switch(first, "refused")
        switch(second, "refused")
        answer = wallet.pay(number(4), 100, code(), "店")
        assert (answer.verdict, answer.code) == (Verdict.UNKNOWN, "network.unreachable")
    assert number(4) not in street.payments()


# What is believed


class Meddler:
    """Between box and headquarters: keeps answers, and gives what it is told to instead."""

    def __init__(self, target: str) -> None:
        self.seen: list[bytes] = []
        self.give: bytes | None = None
        meddler = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name: self.headers[name] for name in ("Storebox-Signature", "Content-Type")}
                answer = requests.post(target + self.path, data=body, headers=headers, timeout=5)
                meddler.seen.append(answer.content)
                self._say(answer.content if meddler.give is None else meddler.give, answer.status_code)

            def do_GET(self) -> None:
                self._say(requests.get(target + self.path, timeout=5).content, 200)

            def _say(self, answer: bytes, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *arguments: object) -> None:
                del format, arguments

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_only_a_signed_answer_to_this_very_request_is_believed(pay: RunningPay, street: Street) -> None:
    meddler = Meddler(pay.url)
    box = PayingBox(street.hq, [meddler.url])
    wallet = box.platform("wallet")
    assert wallet.query(number(1)).verdict is Verdict.NOT_FOUND
    assert wallet.pay(number(1), 100, code(), "店").verdict is Verdict.PAID
    nothing, paid = meddler.seen
    document = json.loads(paid)["answer"]

    def told(given: bytes) -> tuple[Verdict, str | None]:
        meddler.give = given
        answer = wallet.query(number(1))
        return answer.verdict, answer.code

    def signed(key: FileKey, identity: Identity, **changes: object) -> bytes:
        forged = {**document, **changes}
        return json.dumps(
            {"answer": {**forged, "signature": key.sign(document_message("wish", identity, forged)).hex()}}
        ).encode()

    replayed = (Verdict.UNKNOWN, "wish.answer_of_another")
    assert told(nothing) == told(paid) == replayed
    for given in (b"", b"{}", b"[]", b'{"answer":1}', b'{"answer":{}}', b"<html>"):
        assert told(given)[0] is Verdict.UNKNOWN
    assert told(signed(new_key(), IDENTITY)) == replayed

    body_digest: list[str] = []
    wish = box.custody._check
    box.custody._check = lambda doc, digest: (body_digest.append(digest), wish({**doc, "request": digest}, digest))[1]
    changed = {**document, "answer": {**document["answer"], "verdict": "declined"}}
    assert told(json.dumps({"answer": changed}).encode()) == (Verdict.UNKNOWN, "keys.bad_signature")
    assert told(json.dumps({"answer": {**document, "kid": "receipt-1"}}).encode()) == (
        Verdict.UNKNOWN,
        "keys.not_for_this",
    )
    assert told(json.dumps({"answer": {**document, "kid": "nobody"}}).encode()) == (Verdict.UNKNOWN, "keys.unknown_kid")
    assert len(set(body_digest)) == len(body_digest), "no two requests are the same"
    meddler.close()


def test_an_answer_to_another_box_is_worth_nothing(pay: RunningPay, street: Street) -> None:
    meddler = Meddler(pay.url)
    box = PayingBox(street.hq, [meddler.url])
    other = PayingBox.known(box, [meddler.url], replace(IDENTITY, epoch=2))
    assert other.platform("wallet").query(number(1)).code == "box.unknown"
    elsewhere = PayingBox(street.hq, [meddler.url], Identity("S002", "B1", 1))
    assert elsewhere.platform("wallet").query("S002_1_000001_A1ABCD").verdict is Verdict.NOT_FOUND
    assert elsewhere.platform("wallet").query(number(1)).code == "wish.of_another_store"
    assert elsewhere.platform("wallet").reverse(number(1)).code == "wish.of_another_store"
    meddler.close()


def test_a_revoked_box_gets_nothing(pay: RunningPay, street: Street) -> None:
    box = PayingBox(street.hq, [pay.url])
    wallet = box.platform("wallet")
    assert wallet.pay(number(1), 100, code(), "店").verdict is Verdict.PAID
    with pay.office.database.write() as connection:
        registry.revoke(connection, "S001", 1, "stolen", wall_ms())
    answer = wallet.pay(number(2), 100, code(), "店")
    assert (answer.verdict, answer.code) == (Verdict.UNKNOWN, "box.revoked")
    assert wallet.query(number(1)).code == "box.revoked"
    assert wallet.refund(number(1), "S001_1_000001_R1ABCD", 100, 100).verdict is RefundVerdict.UNKNOWN
    assert street.payments() == {number(1): 1}
    with pay.office.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM wish").scalar() == 1


def test_a_replaced_box_moves_no_money(pay: RunningPay, street: Street) -> None:
    box = PayingBox(street.hq, [pay.url])
    wallet = box.platform("wallet")
    assert wallet.pay(number(1), 100, code(), "店").verdict is Verdict.PAID
    register(street.hq, replace(IDENTITY, box="B2", epoch=2), new_key())
    answer = wallet.pay(number(2), 100, code(), "店")
    assert (answer.verdict, answer.code) == (Verdict.DECLINED, BOX_REPLACED), "not sent, and said so"
    foreign = wallet.pay("S001_2_000001_A1ABCD", 100, code(), "店")
    assert (foreign.verdict, foreign.code) == (Verdict.UNKNOWN, "box.replaced"), "a number of the box that followed"
    assert wallet.refund(number(1), "S001_1_000001_R1ABCD", 100, 100).verdict is RefundVerdict.UNKNOWN
    assert wallet.reverse(number(1)).code == "box.replaced"
    assert street.payments() == {number(1): 1}


def test_a_box_that_asks_too_often_is_slowed_before_anything_is_done(pay: RunningPay, street: Street) -> None:
    pay.office.rate.__init__(per_second=0.001, burst=2)  # type: ignore[misc]
    assert isinstance(pay.office.rate, RateLimit)
    wallet = PayingBox(street.hq, [pay.url]).platform("wallet")
    answers = [wallet.pay(number(count), 100, code(), "店") for count in range(3)]
    assert [answer.code for answer in answers] == [None, None, "box.too_many_requests"]
    assert len(street.payments()) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"verb": "steal"}, "verb"),
        ({"nonce": "1"}, "nonce"),
        ({"amount_fen": -1}, "amount_fen"),
        ({"amount_fen": 0}, "amount_fen"),
        ({"amount_fen": 10**13}, "amount_fen"),
        ({"amount_fen": "1"}, "amount_fen"),
        ({"amount_fen": True}, "amount_fen"),
        ({"amount_fen": None}, "amount_fen"),
        ({"platform": "../hq"}, "platform"),
        ({"out_trade_no": "S001_1_000001' OR 1=1"}, "out_trade_no"),
        ({"auth_code": ""}, "auth_code"),
        ({"subject": "x" * 300}, "subject"),
    ],
)
def test_a_wish_that_is_none_is_refused_by_its_field(
    pay: RunningPay, street: Street, changes: dict[str, object], field: str
) -> None:
    from sync.session import signed_by

    box = PayingBox(street.hq, [pay.url])
    wish = {"nonce": "0" * 32, "verb": "pay", "platform": "wallet", "out_trade_no": number(1), "amount_fen": 1}
    body = json.dumps({**wish, "auth_code": code(), **changes}).encode()
    answer = box.addresses.send("POST", "/v1/boxes/B1/wishes", body, signed_by(IDENTITY, box.key))
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"], error["values"]["field"]) == (400, "wish.malformed", field)
    assert street.payments() == {}


# Keys


def test_an_older_state_folder_gets_the_key_and_old_boxes_learn_it(street: Street) -> None:
    folder = street.hq / "keys"
    root, receipt = FileKey.load_or_create(folder / "root.key"), FileKey.load_or_create(folder / "receipt.key")
    row = {"kid": "receipt-1", "public_key": receipt.public_key.hex(), "uses": ["receipt"], "scope": None}
    old: dict[str, object] = {"version": 1, "keys": [{**row, "not_before": None, "not_after": None}]}
    old["signature"] = root.sign(key_list_message(old)).hex()
    (folder / "key-list.json").write_text(json.dumps(old))
    (folder / "root.pub").write_text(root.public_key.hex())
    known = KeyRing(root.public_key, old)
    pay = RunningPay(street.hq)
    assert HqKeys.load_or_create(street.hq).key_list["version"] == 2
    box = PayingBox(street.hq, [pay.url])
    custody = HqCustody(IDENTITY, box.key, known, box.addresses, SeededEntropy())
    assert HqPlatform("wallet", custody).pay(number(1), 100, code(), "店").verdict is Verdict.PAID
    assert known.version == 2
    pay.stop()


def test_with_the_root_elsewhere_the_list_must_know_the_key(street: Street) -> None:
    HqKeys.load_or_create(street.hq)
    for name in ("root.key", "pay.key"):
        (street.hq / "keys" / name).unlink()
    running = Running("pay", "--state", str(street.hq), "--port", "0", program=HQ)
    assert running.process.wait(20) == 1
    assert running.process.stderr is not None and "key.not_listed" in running.process.stderr.read()
    assert HqKeys.load_or_create(street.hq).signed_receipt(IDENTITY, 1, "00", 1)["kid"] == "receipt-1"
