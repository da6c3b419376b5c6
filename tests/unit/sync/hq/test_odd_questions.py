"""Questions that no page and no box of ours asks: each is refused by its code, none is a defect of headquarters."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.hq import registry
from sync.hq.books.notes import notes_of
from tests.unit.sync.hq.pages.office import NOW_MS, House, opened
from tests.unit.sync.hq.test_two_at_once import asked

NINES = "9" * 30
ANSWER = {"kind": "verb", "version": 1001, "outcome": "done", "code": None, "at_ms": 1, "detail": {}}


@pytest.fixture
def house(tmp_path: Path, database_url: str | None) -> Iterator[House]:
    made = opened(tmp_path, database_url)
    yield made
    made.office.close()


def test_no_text_holds_a_nul(house: House) -> None:
    house.person("lead", "lead_accountant")
    browser = house.browser("lead")
    with house.office.database.write() as connection:
        token = registry.make_access_token(connection, "t", None, NOW_MS)
    pulled = browser.get("/v1/ledger?group=%00", Authorization=f"Bearer {token}")
    told = [pulled.json()["error"]["code"], pulled.status_code, browser.get("/differences?owner=%00").status_code]
    assert told == ["request.malformed", 400, 400]
    for path, fields in (
        ("/login", {"name": "a\0", "password": "x"}),
        ("/people/add", {"name": "a", "role": "auditor", "store": "\0"}),
        ("/bank/deposit", {"line": "\0", "slip": "x", "reason": "why"}),
    ):
        assert browser.act(path, **fields).status_code == 400, path


def test_a_box_names_numbers_that_there_are(house: House) -> None:
    for target in ("cursor?epoch=", "past/first?epoch=", "past?epoch=0&after=", "past?epoch=-"):
        answer = asked(house, "GET", f"/v1/boxes/B1/{target}{NINES}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "request.malformed")


def test_the_page_of_a_store_that_there_is_not_says_so(house: House) -> None:
    house.person("fleet", "fleet")
    assert house.browser("fleet").get("/fleet/S999").status_code == 404


def test_an_answer_that_comes_again_is_noted_once(house: House) -> None:
    for _ in range(2):
        assert asked(house, "POST", "/v1/boxes/B1/directives/answers", {"answers": [ANSWER]}).status_code == 200
    with house.office.database.read() as connection:
        assert [one.kind for one in notes_of(connection, "S001")] == ["verb.answered"]
