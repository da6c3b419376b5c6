"""`storebox-hq difference`: from the list to the second person's approval, as people type it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from sync.hq import registry
from sync.hq.books.difference_tables import difference
from sync.hq.books.differences import record
from sync.hq.cli import main
from sync.hq.database import Database
from sync.hq.people.accounts import add_person, change_password
from tests.unit.sync.hq.books.found import BILL_DAY, BOOK, NOW_MS, changes, found, stranger

PASSWORD = "correct horse battery"
Office = Callable[..., str]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    database = Database.open(tmp_path)
    with database.write() as connection:
        registry.add_store(connection, "S001", "东门店", NOW_MS)
        for name, role in (("li", "accountant"), ("wang", "lead_accountant")):
            add_person(connection, name, role, None, NOW_MS)
            change_password(connection, name, PASSWORD)
        record(connection, changes(found("D1"), stranger("D2")), BOOK, NOW_MS)
    database.close()
    return tmp_path


@pytest.fixture
def office(state: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Office:
    def run(*arguments: str, exit_code: int = 0) -> str:
        monkeypatch.setenv("STOREBOX_HQ_PASSWORD", PASSWORD)
        monkeypatch.setattr(sys, "argv", ["storebox-hq", "difference", *arguments, "--state", str(state)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        assert int(ended.value.code or 0) == exit_code, err
        return out + err

    return run


def test_a_difference_from_the_list_to_its_end(office: Office) -> None:
    rows = json.loads(office("list", "--json"))["differences"]
    assert [(row["difference"], row["stake_fen"], row["store"]) for row in rows] == [
        ("D2", 30_000, None),
        ("D1", 200, "S001"),
    ]
    assert "300.00\topen\tplatform_only" in office("list")
    office("assign", "D2", "--store", "S001", "--day", BILL_DAY, "--reason", "码牌", "--as", "li")
    office("comment", "D2", "问过店长", "--as", "li")
    assert "waits" in office("settle", "D2", "assign", "--reason", "认领", "--as", "li")
    assert "person.may_not" in office("approve", "D2", "--as", "li", exit_code=1)
    office("send-back", "D2", "--reason", "附上照片", "--as", "wang")
    office("settle", "D2", "assign", "--reason", "认领,附照片", "--as", "li")
    office("approve", "D2", "--as", "wang")
    shown = json.loads(office("show", "D2", "--json"))
    assert (shown["state"], shown["settled_by"], shown["approved_by"]) == ("settled", "li", "wang")
    assert [one["kind"].partition(".")[2] for one in shown["history"]] == [
        *("found", "assigned", "commented", "settlement_proposed", "sent_back", "settlement_proposed", "settled")
    ]
    office("reopen", "D2", "--reason", "弄错了", "--as", "wang")
    assert "is settled" in office("settle", "D1", "confirm", "--reason", "照平台", "--as", "li")
    assert "照平台" in office("show", "D1")


def test_what_is_typed_wrong_is_a_usage_error(office: Office) -> None:
    for arguments in (("list", "--standing", "done"), ("list", "--day", "today"), ("assign", "D1", "--reason", "x",
        "--as", "li"), ("assign", "D1", "--to", "li", "--day", BILL_DAY, "--reason", "x", "--as", "li")):  # fmt: skip
        office(*arguments, exit_code=2)


def test_a_row_that_was_changed_is_named(office: Office, state: Path) -> None:
    assert BOOK in office("verify")
    database = Database.open(state)
    with database.write() as connection:
        connection.execute(update(difference).where(difference.c.difference == "D1").values(stake_fen=1))
    database.close()
    assert "difference.book_changed" in office("verify", exit_code=1)
