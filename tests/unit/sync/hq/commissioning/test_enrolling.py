"""What becomes of a request to enrol: each rule, its status and what is kept of it, on every database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from agent.core.canonical import canonical_bytes
from agent.core.chain import Identity
from agent.core.errors import Refused
from agent.core.signing import SIGNATURE_HEADER, request_header, request_message
from sync.hq import registry
from sync.hq.app import create_app
from sync.hq.books.notes import notes_of, verify
from sync.hq.commissioning.attempts import BY_ADDRESS
from sync.hq.commissioning.enrolling import Enrolled, enrol
from sync.hq.commissioning.outcomes import HOUR_MS, KEPT_AN_HOUR, TYPED_TRIES_AN_HOUR, Asking, Outcome, outcomes_of
from sync.hq.commissioning.tokens import MadeToken, live_epoch, make_token
from sync.hq.office import Office
from sync.hq.registry import TOKEN_LIFE_MS, TokenMode
from sync.keys import FileKey
from tests.unit.sync.fakes import new_key

START_MS = 1_795_000_000_000


@dataclass
class Desk:
    """A headquarters without a network, its clock, and boxes that ask."""

    office: Office
    client: TestClient
    now_ms: int = START_MS

    def token(self, mode: TokenMode = TokenMode.NEW, store: str = "S001") -> MadeToken:
        reason = "broken" if mode is TokenMode.REPLACE else ""
        with self.office.database.write() as connection:
            return make_token(connection, store, "小刘", self.now_ms, mode=mode, reason=reason)

    def ask(self, token: str, key: FileKey, box: str = "B1", store: str = "S001", **more: object) -> Any:
        fields = {"token": token, "store": store, "box": box, "public_key": key.public_key.hex(), **more}
        body = canonical_bytes(fields)
        identity = Identity(store, box, 0)
        signature = key.sign(request_message(identity, "POST", "/v1/enrol", body))
        return self.client.post(
            "/v1/enrol", content=body, headers={SIGNATURE_HEADER: request_header(identity, signature)}
        )

    def said(self, answer: Any) -> tuple[int, str]:
        return answer.status_code, answer.json()["error"]["code"]

    def kept(self, store: str = "S001") -> list[str]:
        with self.office.database.read() as connection:
            return [row.code for row in reversed(outcomes_of(connection, store, 1000))]


@pytest.fixture
def desk(tmp_path: Path, database_url: str | None) -> Iterator[Desk]:
    office = Office.open(tmp_path, database_url)
    made: list[Desk] = []
    office = replace(office, now_ms=lambda: made[0].now_ms)
    made.append(Desk(office, TestClient(create_app(office))))
    for store in ("S001", "S002"):
        with office.database.write() as connection:
            registry.add_store(connection, store, store, START_MS)
    yield made[0]
    office.close()


def test_the_same_box_asks_again_after_a_lost_answer(desk: Desk) -> None:
    token, key = desk.token(), new_key()
    first = desk.ask(token.token, key)
    desk.now_ms += 10 * TOKEN_LIFE_MS
    again = desk.ask(token.token, key)
    assert (first.status_code, first.json()["epoch"]) == (200, 1) == (again.status_code, again.json()["epoch"])
    assert desk.kept() == ["enrol.done", "enrol.again"]
    with desk.office.database.read() as connection:
        row = outcomes_of(connection, "S001")[-1]
        assert (row.made_by, row.box, row.sender, row.epoch) == ("小刘", "B1", "testclient", 1)
        assert [note.kind for note in notes_of(connection, "S001")] == ["enrolment.token_made", "box.enrolled"]
        assert verify(connection, "S001") is None


def test_another_box_with_the_token_is_told_which_has_it(desk: Desk) -> None:
    token, key = desk.token(), new_key()
    desk.ask(token.token, key)
    refused = desk.ask(token.token, new_key(), "B2")
    assert desk.said(refused) == (409, "enrol.token_used")
    assert refused.json()["error"]["values"] == {"store": "S001", "box": "B1", "epoch": 1}
    assert desk.said(desk.ask(token.token, key, "B9")) == (409, "enrol.token_used"), "the key under another name"


def test_unknown_expired_and_foreign_tokens(desk: Desk) -> None:
    key = new_key()
    assert desk.said(desk.ask("00" * 16, key)) == (403, "enrol.token_unknown")
    assert desk.said(desk.ask("nonsense, and long", key)) == (403, "enrol.token_unknown")
    assert desk.said(desk.ask(desk.token(store="S002").token, key)) == (403, "enrol.token_unknown")
    assert desk.said(desk.ask(desk.token().token, key, store="S999")) == (403, "enrol.token_unknown")
    token = desk.token()
    desk.now_ms += TOKEN_LIFE_MS + 1
    assert desk.said(desk.ask(token.token, key)) == (410, "enrol.token_expired")
    assert desk.kept() == ["enrol.token_unknown", "enrol.token_expired"], "one row a moment"
    assert desk.kept("S999") == [], "none of no store"


def test_a_token_is_read_in_either_case(desk: Desk) -> None:
    assert desk.ask(desk.token().token.upper(), new_key()).status_code == 200


def test_a_store_that_has_a_box_takes_another_only_in_its_place(desk: Desk) -> None:
    early, late = desk.token(), desk.token()
    desk.ask(early.token, new_key())
    refused = desk.ask(late.token, new_key(), "B2")
    assert desk.said(refused) == (409, "enrol.store_has_box")
    assert refused.json()["error"]["values"]["box"] == "B1"
    with pytest.raises(Refused, match=r"enrol\.store_has_box"):
        desk.token()
    with pytest.raises(Refused, match=r"box\.reason_missing"), desk.office.database.write() as connection:
        make_token(connection, "S001", "小刘", desk.now_ms, mode=TokenMode.REPLACE)
    replacing = desk.token(TokenMode.REPLACE)
    with desk.office.database.read() as connection:
        live = live_epoch(connection, "S001")
        assert live is not None and live.identity == Identity("S001", "B1", 1), "it trades until the other has come"
    assert desk.ask(replacing.token, new_key(), "B2").json()["epoch"] == 2
    with desk.office.database.read() as connection:
        assert registry.epoch_of_store(connection, "S001", 1).replaced_by == 2
        assert registry.epoch_of_store(connection, "S001", 2).replaced_by is None


def test_a_lost_answer_and_a_fresh_token_do_not_end_the_box_that_asks(desk: Desk) -> None:
    key = new_key()
    desk.ask(desk.token().token, key)
    other = desk.token(TokenMode.REPLACE)
    assert desk.ask(other.token, key).json()["epoch"] == 1
    assert desk.said(desk.ask(other.token, new_key())) == (409, "enrol.token_used"), "it is used up all the same"


def test_a_stolen_box_leaves_its_store_free(desk: Desk) -> None:
    desk.ask(desk.token().token, new_key())
    with desk.office.database.write() as connection:
        registry.revoke(connection, "S001", 1, "stolen", desk.now_ms)
    assert desk.ask(desk.token().token, new_key()).json()["epoch"] == 2


def test_the_short_form_is_typed_and_bounded(desk: Desk) -> None:
    token = desk.token()
    wrong = "0000-0000"
    for _ in range(TYPED_TRIES_AN_HOUR):
        desk.now_ms += 1
        assert desk.said(desk.ask(wrong, new_key())) == (403, "enrol.token_unknown")
    refused = desk.ask(token.short, new_key())
    assert desk.said(refused) == (429, "enrol.too_many_tries") and int(refused.headers["Retry-After"]) > 0
    assert desk.ask(desk.token(store="S002").short, new_key(), store="S002").status_code == 200, "each store by itself"
    assert desk.ask(token.token, new_key()).status_code == 200, "the scanned code is not bounded"
    desk.now_ms += HOUR_MS + 1
    replacing = desk.token(TokenMode.REPLACE)
    typed = f"{replacing.short[:4]} - {replacing.short[4:]}".lower().replace("1", "l").replace("0", "o")
    assert desk.ask(typed, new_key()).json()["epoch"] == 2


def test_whoever_tries_all_day_fills_no_table(desk: Desk) -> None:
    key = new_key()
    for number in range(KEPT_AN_HOUR + 5):
        desk.now_ms += 1 if number % 25 else BY_ADDRESS.window_ms  # nobody waits for the bound of one address
        desk.ask("00" * 16, key)
    assert len(desk.kept()) == KEPT_AN_HOUR
    assert desk.ask(desk.token().token, key).status_code == 200
    assert desk.kept()[-1] == "enrol.done", "what was done is always kept"


def test_a_flood_of_other_codes_frees_nobody_from_the_bound_of_typed_ones(desk: Desk) -> None:
    token, box = desk.token(), Asking("S001", "B1", bytes(32), "192.0.2.1")
    with desk.office.database.write() as connection:
        for number in range(KEPT_AN_HOUR):
            enrol(connection, box, f"{number:032x}", (), START_MS + number)
        desk.now_ms = START_MS + KEPT_AN_HOUR
        tried = [enrol(connection, box, "0000-0000", (), desk.now_ms + number) for number in range(TYPED_TRIES_AN_HOUR)]
    assert {one.outcome for one in tried} == {Outcome.TOKEN_UNKNOWN}
    desk.now_ms += TYPED_TRIES_AN_HOUR
    assert desk.said(desk.ask(token.short, new_key())) == (429, "enrol.too_many_tries")


def test_what_a_box_lived_alone_is_adopted_and_is_no_box_in_the_way(desk: Desk) -> None:
    past = [{"epoch": 4, "box": "B0", "public_key": new_key().public_key.hex()}]
    assert desk.ask(desk.token().token, new_key(), past=past).json()["epoch"] == 5


@pytest.mark.parametrize("tokens", [1, 4])
def test_of_boxes_that_come_at_once_one_gets_the_store(desk: Desk, tokens: int) -> None:
    made = [desk.token() for _ in range(tokens)]

    def comes(number: int) -> Enrolled:
        asking = Asking("S001", f"B{number}", new_key().public_key, "192.0.2.7")
        with desk.office.database.write() as connection:
            return enrol(connection, asking, made[number % tokens].token, [], desk.now_ms)

    with ThreadPoolExecutor(4) as pool:
        ends = sorted(one.outcome for one in pool.map(comes, range(4)))
    assert ends == ["enrol.done", *["enrol.token_used" if tokens == 1 else "enrol.store_has_box"] * 3]
    with desk.office.database.read() as connection:
        assert registry.epoch_of_store(connection, "S001", 1).replaced_by is None
