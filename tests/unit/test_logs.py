"""Logs: one line an event, and nothing secret in it, wherever it came in."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from agent import logs

PAYMENT_CODE = "134567890123456789"


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Logs of this test, and the root logger as it was afterwards."""
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    text = io.StringIO()
    logs.configure(stream=text)
    yield text
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"扫到{PAYMENT_CODE}了", "扫到***6789了"),
        (f"x={PAYMENT_CODE}&y=1", "x=***6789&y=1"),
        ("1345 6789 0123 4567 89", "***6789"),
        ("call 13800138000", "call 138****8000"),
        ("call 138-0013-8000 now", "call 138****8000 now"),
        ("+8613800138000", "+***8000"),
        ("?token=abc-def&x=1", "?token=***&x=1"),
        ('{"pin": "4711"}', '{"pin": "***"}'),
        ("2026-11-22 12:30:00", "2026-11-22 12:30:00"),
        ("S001_2_000421_A1K7QF", "S001_2_000421_A1K7QF"),
        ("1234567890" * 6 + "abcd", "1234567890" * 6 + "abcd"),
    ],
)
def test_text_is_masked(text: str, shown: str) -> None:
    assert logs.masked_text(text) == shown


@given(st.text(), st.from_regex(r"[1-9][0-9]{9,29}", fullmatch=True), st.text())
def test_no_payment_code_survives_in_any_text(before: str, code: str, after: str) -> None:
    assert code not in logs.masked_text(f"{before} {code} {after}")


def test_secret_keys_are_masked_at_any_depth() -> None:
    found = logs.masked({"auth_code": 134, "user_pin": "1", "deep": [{"private_key": b"x", "till": "1"}], "pinned": 2})
    assert found == {"auth_code": "***", "user_pin": "***", "deep": [{"private_key": "***", "till": "1"}], "pinned": 2}


def test_numbers_that_people_look_up_stay() -> None:
    assert logs.masked({"transaction": "4200001234567890", "at_ms": 1_700_000_000_000}) == {
        "transaction": "4200001234567890",
        "at_ms": 1_700_000_000_000,
    }


def test_an_event_is_one_json_line(stream: io.StringIO) -> None:
    logs.get("spool").info("slip.printed", till="1", note="two\nlines")
    (line,) = stream.getvalue().splitlines()
    found = json.loads(line)
    assert list(found)[:4] == ["at", "level", "part", "event"]
    assert (found["part"], found["event"], found["note"]) == ("spool", "slip.printed", "two\nlines")


def test_a_traceback_is_masked_and_stays_on_its_line(stream: io.StringIO) -> None:
    try:
        raise ValueError(f"code {PAYMENT_CODE}")
    except ValueError:
        logs.get("checkout").exception("failed")
    (line,) = stream.getvalue().splitlines()
    assert PAYMENT_CODE not in line
    assert "ValueError: code ***6789" in json.loads(line)["exception"]


def test_lines_of_libraries_are_masked_too(stream: io.StringIO) -> None:
    logging.getLogger("urllib3").warning("retry %s", f"https://x/?auth_code={PAYMENT_CODE}")
    logging.getLogger("urllib3").info("chatter")
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["event"] == "retry https://x/?auth_code=***"


def test_journald_gets_the_level(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    logs.get("spool").error("spool.full")
    assert stream.getvalue().startswith("<3>{")
