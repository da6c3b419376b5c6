"""Refused enrolments are bounded by address and in all, for every process that serves; tokens can be withdrawn."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from typer.testing import CliRunner

from agent.core.errors import Refused, TryLater
from agent.setup.enrolling import told_of, waits_s
from sync.hq.app import create_app
from sync.hq.books.notes import notes_of
from sync.hq.cli import app
from sync.hq.commissioning.attempts import BY_ADDRESS, IN_ALL, address_scope, counted
from sync.hq.commissioning.rollout import FirstSales, progress
from sync.hq.commissioning.tables import enrolment_refusals
from sync.hq.commissioning.withdrawing import open_tokens, withdraw
from sync.hq.office import Office
from tests.unit.sync.fakes import new_key
from tests.unit.sync.hq.commissioning.test_enrolling import Desk, desk

__all__ = ["desk"]
WRONG = "00" * 16


def refuse(desk: Desk, sender: str) -> str:
    """Let one request be refused, as the endpoint does."""
    with pytest.raises((Refused, TryLater)) as said, counted(desk.office.database, sender, lambda: desk.now_ms):
        raise Refused("enrol.token_expired")
    return said.value.code


@pytest.fixture
def second(desk: Desk, tmp_path: Path, database_url: str | None) -> Iterator[TestClient]:
    """Another process that serves the same headquarters."""
    office = replace(Office.open(tmp_path, database_url), now_ms=lambda: desk.now_ms)
    yield TestClient(create_app(office))
    office.close()


def test_an_address_that_brings_wrong_codes_waits_at_every_process(desk: Desk, second: TestClient) -> None:
    desk.now_ms -= desk.now_ms % BY_ADDRESS.window_ms
    token, key = desk.token(), new_key()
    other = Desk(desk.office, second, desk.now_ms)
    for number in range(BY_ADDRESS.refusals):
        assert desk.said((desk, other)[number % 2].ask(WRONG, key)) == (403, "enrol.token_unknown")
    for one in (desk, other):
        held_off = one.ask(token.token, key)
        assert desk.said(held_off) == (429, "enrol.too_many_from_address")
        assert held_off.headers["Retry-After"] == "600"
        assert held_off.json()["error"]["values"] == {"wait_minutes": 10}
    desk.now_ms += BY_ADDRESS.window_ms
    assert desk.ask(token.token, key).status_code == 200


def test_a_roll_out_behind_one_address_is_not_bounded(desk: Desk) -> None:
    token, key = desk.token(), new_key()
    assert all(desk.ask(token.token, key).status_code == 200 for _ in range(BY_ADDRESS.refusals + 1))


def test_what_is_no_request_counts_too(desk: Desk) -> None:
    statuses = [desk.client.post("/v1/enrol", content=b"{").status_code for _ in range(BY_ADDRESS.refusals)]
    assert set(statuses) == {400}
    assert desk.client.post("/v1/enrol/packet", content=b"{").status_code == 429


def test_many_addresses_are_bounded_in_all_and_old_windows_leave(desk: Desk) -> None:
    desk.now_ms -= desk.now_ms % BY_ADDRESS.window_ms
    for number in range(IN_ALL.refusals):
        assert refuse(desk, f"192.0.2.{number % 250}") == "enrol.token_expired"
    assert refuse(desk, "198.51.100.1") == "enrol.too_many_at_hq"
    desk.now_ms += IN_ALL.window_ms
    assert refuse(desk, "198.51.100.1") == "enrol.token_expired"
    desk.now_ms += 2 * BY_ADDRESS.window_ms
    assert refuse(desk, "198.51.100.1") == "enrol.token_expired"
    with desk.office.database.read() as connection:
        scopes = connection.execute(select(enrolment_refusals.c.scope)).scalars().all()
    assert sorted(scopes) == ["*", "198.51.100.1"]


def test_what_may_succeed_later_counts_nothing(desk: Desk) -> None:
    with pytest.raises(TryLater), counted(desk.office.database, "192.0.2.1", lambda: desk.now_ms):
        raise TryLater("hq.busy")
    with desk.office.database.read() as connection:
        assert connection.execute(select(enrolment_refusals)).first() is None


def test_an_address_of_ipv6_is_its_network() -> None:
    assert address_scope("2001:db8:1:2:3::4") == address_scope("2001:db8:1:2:ffff::1") != address_scope("2001:db8::1")
    assert address_scope("::ffff:192.0.2.1") == address_scope("192.0.2.1") == "192.0.2.1"
    assert address_scope("x" * 500) == "x" * 60


def test_the_box_waits_as_long_as_it_is_told_and_says_why() -> None:
    held_off = TryLater("enrol.too_many_from_address", retry_after_s=540, wait_minutes=9)
    assert (waits_s(held_off, 4.0), waits_s(held_off, 1000.0)) == (540, 1000)
    assert waits_s(TryLater("network.unreachable", retry_after_s=None), 4.0) == 4.0
    assert told_of(held_off, "hq.example.com") is held_off
    assert told_of(TryLater("network.unreachable"), "hq.example.com").code == "setup.no_answer"


def test_a_withdrawn_token_is_refused_by_its_own_name(desk: Desk) -> None:
    kept, lost = desk.token(), desk.token()
    with desk.office.database.write() as connection:
        first, second = open_tokens(connection, "S001", desk.now_ms)
        name = first.name if _opens(desk, first.name, lost.token) else second.name
        [taken] = withdraw(connection, "S001", name, "小刘", "sent to another shop", desk.now_ms)
        assert taken.name == name
    for form in (lost.token, lost.short):
        assert desk.said(desk.ask(form, new_key())) == (410, "enrol.token_withdrawn")
    with pytest.raises(Refused, match=r"enrol\.token_not_open"), desk.office.database.write() as connection:
        withdraw(connection, "S001", name, "小刘", "twice", desk.now_ms)
    assert desk.ask(kept.token, new_key()).json()["epoch"] == 1
    with pytest.raises(Refused, match=r"enrol\.token_not_open"), desk.office.database.write() as connection:
        withdraw(connection, "S001", None, "小刘", "used already", desk.now_ms)
    with pytest.raises(Refused, match=r"store\.unknown"), desk.office.database.write() as connection:
        withdraw(connection, "S999", None, "小刘", "no such store", desk.now_ms)
    with desk.office.database.read() as connection:
        note = next(one for one in notes_of(connection, "S001") if one.kind == "enrolment.token_withdrawn")
        assert (note.actor, note.body["token"], note.body["reason"]) == ("小刘", name, "sent to another shop")


def test_a_store_whose_codes_were_withdrawn_awaits_no_box(desk: Desk) -> None:
    desk.token()
    with desk.office.database.write() as connection:
        withdraw(connection, "S001", None, "小刘", "not opened after all", desk.now_ms)
        [row] = progress(connection, FirstSales(), ["S001"], desk.now_ms)
    assert (row.code_open, row.code_made_at_ms) == (False, None)


def test_tokens_by_command(tmp_path: Path) -> None:
    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["store", *words, "--state", str(tmp_path)])
        assert done.exit_code == code, done.output
        return done.stdout

    run("add", "S001", "--name", "One")
    made = run("token", "S001").strip()
    [listed] = json.loads(run("token", "list", "S001", "--json"))["tokens"]
    assert len(made) == 32 and listed["made_by"] == "console"
    said = run("token", "withdraw", "S001", "--token", listed["token"], "--reason", "lost", "--by", "Liu", "--json")
    assert json.loads(said) == {"store": "S001", "withdrawn": [listed["token"]]}
    assert json.loads(run("token", "list", "S001", "--json")) == {"tokens": []}


def _opens(desk: Desk, name: str, token: str) -> bool:
    from sync.hq.registry import digest

    return digest(token).startswith(name)
