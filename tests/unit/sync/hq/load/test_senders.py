"""Simulated boxes believe no headquarters that has another history, obey one that asks to wait, bear bad weather."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from agent.core.chain import Identity, next_hash
from sync.hq.load.boxes import PreparedBox, SimulatedBox
from sync.hq.load.senders import Outcome, Senders
from sync.hq.load.weather import Fault, Weather
from sync.wire import inflate, parse_upload
from tests.unit.sync.fakes import AT_MS, new_key

ENTRIES, UPLOAD_ENTRIES = 40, 10
Answer = tuple[int, dict[str, str], dict[str, object]]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_args: object) -> None:
        """Who left before the answer is part of the play."""


class Scripted:
    """A headquarters that answers as `answer` says, given the number of the request and what it brought."""

    def __init__(self) -> None:
        self.requests = 0
        self.answer: Callable[[int, dict[str, object]], Answer] = lambda _number, receipt: (200, {}, receipt)
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(size := int(self.headers["Content-Length"]))
                if len(body) < size:
                    self.close_connection = True
                    return
                script.requests += 1
                status, headers, document = script.answer(script.requests, receipt_for(inflate(body)))
                content = json.dumps(document).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def receipt_for(body: bytes) -> dict[str, object]:
    """Return the receipt of a headquarters that took everything; nobody here checks its signature."""
    upload = parse_upload(body)
    head = upload.previous
    for entry in upload.entries:
        head = next_hash(head, entry.seq, entry.at_ms, entry.kind, entry.body)
    identity, next_seq = upload.identity, upload.first_seq + len(upload.entries)
    place = {"store": identity.store, "box": identity.box, "epoch": identity.epoch}
    signed = {"at_ms": AT_MS, "kid": "receipt-1", "signature": "0" * 128}
    return {"receipt": {**place, "next_seq": next_seq, "head": head.hex(), **signed}}


@pytest.fixture
def hq() -> Iterator[Scripted]:
    made = Scripted()
    yield made
    made.close()


def box() -> PreparedBox:
    key = new_key()
    return PreparedBox(SimulatedBox(Identity("L001", "B1", 1), key.public_key, key), ENTRIES, UPLOAD_ENTRIES)


def sent(hq: Scripted, weather: Weather | None = None) -> Outcome:
    return Senders(hq.url, [box()], ENTRIES, weather=weather or Weather(), give_up_s=20).run()


def test_everything_is_sent_over_one_connection_after_another(hq: Scripted) -> None:
    outcome = sent(hq)
    assert (outcome.lost, outcome.entries, outcome.uploads, hq.requests) == ([], ENTRIES, 4, 4)


@pytest.mark.parametrize(
    "change", [{"head": "0" * 64}, {"next_seq": ENTRIES}, {"store": "L002"}], ids=["head", "number", "store"]
)
def test_a_receipt_for_anything_else_than_what_was_sent_is_a_loss(hq: Scripted, change: dict[str, object]) -> None:
    hq.answer = lambda _number, document: (200, {}, {"receipt": {**document["receipt"], **change}})  # type: ignore[dict-item]
    outcome = sent(hq)
    assert len(outcome.lost) == 1
    assert outcome.entries == 0


def test_a_headquarters_that_wants_another_number_has_lost_something(hq: Scripted) -> None:
    refusal = {"error": {"code": "upload.gap"}}
    hq.answer = lambda number, document: (200, {}, document) if number < 3 else (409, {}, {**refusal, **document})
    outcome = sent(hq)
    assert outcome.entries == 2 * UPLOAD_ENTRIES
    assert "upload.gap" in outcome.lost[0]


def test_who_is_told_to_wait_waits_and_brings_the_same_again(hq: Scripted) -> None:
    busy = {"error": {"code": "hq.backlog"}}
    hq.answer = lambda number, document: (429, {"Retry-After": "1"}, busy) if number == 2 else (200, {}, document)
    outcome = sent(hq)
    assert (outcome.lost, outcome.entries, outcome.refused) == ([], ENTRIES, Counter({"hq.backlog": 1}))
    assert outcome.took_s >= 1


def test_who_never_gets_an_answer_gives_up_and_says_why(hq: Scripted) -> None:
    hq.answer = lambda _number, _document: (500, {}, {"error": {"code": "hq.failed"}})
    outcome = Senders(hq.url, [box()], ENTRIES, give_up_s=0.5).run()
    assert outcome.lost == ["L001/B1/1: hq.failed"]


def test_bad_weather_costs_time_and_nothing_else(hq: Scripted) -> None:
    outcome = Senders(hq.url, [box()], ENTRIES, weather=Weather(70, slow_s=0.02), seed=7, give_up_s=20).run()
    assert (outcome.lost, outcome.entries) == ([], ENTRIES)
    assert set(outcome.faults) == set(Fault)
    again = sum(outcome.faults[fault] for fault in (Fault.CUT, Fault.LEFT, Fault.STALLED))
    assert sum(outcome.refused.values()) == again
