"""The page of setup mode: codes may be typed on it, and no page of another site can send one."""

import warnings
from concurrent.futures import Future
from typing import Any

import pytest

from agent.core.errors import Credentials
from agent.setup.page import FORM_BYTES_MAX, setup_app

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

TOKEN = "0123456789abcdef"
OWN = {"Origin": "http://testserver"}


class Mode:
    """Setup mode as the page sees it: it keeps what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.packets = 1

    def facts(self) -> dict[str, Any]:
        return {
            "state": "unsealing" if self.packets else "invited",
            "box": "SB<1",
            "store": None,
            "printers": [],
            "scanners": [],
            "packets": self.packets,
            "headquarters": "https://hq.example.com",
            "refusal": {"code": "enrol.token_unknown", "values": {"store": "S001"}},
        }

    def say(self, text: str) -> "Future[str]":
        self.said.append(text)
        done: Future[str] = Future()
        if "7K2M-9QXD" in text:
            done.set_result("testing")
        else:
            done.set_exception(Credentials("enrol.packet_wrong_code"))
        return done


@pytest.fixture
def mode() -> Mode:
    return Mode()


@pytest.fixture
def page(mode: Mode) -> TestClient:
    return TestClient(setup_app(mode.facts, mode.say, ["testserver"], TOKEN), follow_redirects=False)


def test_the_form_sends_what_was_typed(page: TestClient, mode: Mode) -> None:
    form = page.get("/code")
    assert TOKEN in form.text and "SB&lt;1" in form.text
    assert "refresh" not in form.text  # nobody's half-typed code is wiped
    assert "refresh" in page.get("/").text and TOKEN not in page.get("/").text
    sent = page.post("/code", data={"token": TOKEN, "code": "7K2M-9QXD"}, headers=OWN)
    assert (sent.status_code, sent.headers["location"], mode.said) == (303, "/", ["7K2M-9QXD"])


def test_without_a_packet_it_asks_for_store_and_headquarters_too(page: TestClient, mode: Mode) -> None:
    assert 'name="store"' not in page.get("/code").text
    mode.packets = 0
    assert 'name="store"' in page.get("/code").text and "https://hq.example.com" in page.get("/code").text
    fields = {"token": TOKEN, "store": " s001", "code": "7K2M-9QXD", "hq": "https://hq.example.com"}
    assert page.post("/code", data=fields, headers=OWN).status_code == 303
    assert mode.said == ["s001 7K2M-9QXD https://hq.example.com"]


def test_a_refusal_is_said_in_both_languages(page: TestClient) -> None:
    answer = page.post("/code", data={"token": TOKEN, "code": "<0>"}, headers=OWN)
    assert answer.status_code == 409
    assert "口令和开通包对不上" in answer.text and "enrol.packet_wrong_code" in answer.text and "<0>" not in answer.text


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        ({"code": "7K2M-9QXD"}, OWN),
        ({"token": "x", "code": "7K2M-9QXD"}, OWN),
        ({"token": TOKEN, "code": "7K2M-9QXD"}, {}),
        ({"token": TOKEN, "code": "7K2M-9QXD"}, {"Origin": "http://evil.example"}),
        ({"token": TOKEN, "code": "7K2M-9QXD"}, {"Origin": "null"}),
        ({"token": TOKEN, "code": "7" * FORM_BYTES_MAX}, OWN),
        ({str(number): "x" for number in range(99)}, OWN),
    ],
)
def test_no_other_page_can_send_one(
    page: TestClient, mode: Mode, data: dict[str, str], headers: dict[str, str]
) -> None:
    assert page.post("/code", data=data, headers=headers).status_code == 403
    assert mode.said == []


def test_what_headquarters_said_of_the_last_code_stands_on_the_page(page: TestClient) -> None:
    assert "enrol.token_unknown" in page.get("/").text and "没有这个开通码" in page.get("/code").text


def test_another_host_name_is_refused(page: TestClient, mode: Mode) -> None:
    headers = {"Host": "rebound.example", "Origin": "http://rebound.example"}
    assert page.post("/code", data={"token": TOKEN, "code": "7K2M-9QXD"}, headers=headers).status_code == 400
    assert mode.said == []
