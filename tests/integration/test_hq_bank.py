"""`storebox-hq bank`, `period`, `morning`, `exceptions` and `GET /v1/morning`, as people and programs use them."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sync.hq import registry
from sync.hq.cli import main
from sync.hq.people.accounts import add_person, change_password
from tests.unit.sync.fakes import AT_MS, RunningHq, running_hq

CONFIG = Path(__file__).resolve().parents[2] / "config" / "bank"
STATEMENT = (
    "交易日期,借方发生额,贷方发生额,对方户名,摘要,附言\n"
    "2026-10-04,,1500.00,,现金存入,D77\n"
    "2026-10-04,5000.00,,房东,房租,\n"
)
PASSWORD = "correct horse battery"


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[RunningHq]:
    with running_hq(tmp_path / "hq") as running:
        with running.office.database.write() as connection:
            registry.add_store(connection, "S001", "东门店", AT_MS)
            for name, role in (("li", "lead_accountant"), ("wang", "lead_accountant"), ("zhao", "auditor")):
                add_person(connection, name, role, None, AT_MS)
                change_password(connection, name, PASSWORD)
        (running.state / "bank").mkdir()
        (running.state / "bank" / "icbc.toml").write_bytes((CONFIG / "statement.toml").read_bytes())
        yield running


class Office:
    """Runs commands over one state folder."""

    def __init__(self, state: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._state, self._monkeypatch, self._capfd = state, monkeypatch, capfd

    def __call__(self, *arguments: str, exit_code: int = 0, password: str = PASSWORD) -> str:
        """Return what was written; fails unless the command ended with `exit_code`."""
        self._monkeypatch.setenv("STOREBOX_HQ_PASSWORD", password)
        self._monkeypatch.setattr(sys, "argv", ["storebox-hq", *arguments, "--state", str(self._state)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capfd.readouterr()
        assert int(ended.value.code or 0) == exit_code, err
        return out + err

    def document(self, *arguments: str) -> Any:
        """Return the JSON document of a command."""
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def office(hq: RunningHq, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Office:
    return Office(hq.state, monkeypatch, capfd)


def test_a_statement_from_file_to_its_place(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "october.csv"
    file.write_bytes(STATEMENT.encode("gb18030"))
    arguments = ("bank", "import", str(file), "--mapping", "icbc", "--as", "li")
    assert office.document(*arguments)["imported"][0]["new"] == 2
    assert office.document(*arguments)["imported"][0]["new"] == 0
    (rent,) = office.document("bank", "list", "--unassigned")["lines"]
    office("bank", "assign", rent["line"], "other", "--reason", "rent", "--as", "li")
    assert office.document("bank", "list", "--unassigned")["lines"] == []
    assert "every line is as it was imported" in office("bank", "verify")
    assert "1500.00" in office("bank", "list")


def test_a_slip_is_declared_and_arrives(office: Office, tmp_path: Path) -> None:
    slip = ("bank", "deposit", "S001", "2026-10-03", "D77", "1500", "--bag", "B1", "--as", "li")
    assert "in transit" in office(*slip)
    assert "declared before" in office(*slip)
    file = tmp_path / "october.csv"
    file.write_bytes(STATEMENT.encode())
    office("bank", "import", str(file), "--mapping", "icbc", "--as", "li")
    (found,) = office.document("bank", "deposits")["deposits"]
    assert (found["state"], found["days_in_transit"]) == ("arrived", 1)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("bank", "deposit", "S001", "2026-10-03", "D77", "1500", "--as", "zhao"), "person.may_not"),
        (("bank", "deposit", "S009", "2026-10-03", "D77", "1500", "--as", "li"), "store.unknown"),
        (("bank", "assign", "x", "cash", "--reason", "y", "--as", "li"), "bank.line_unknown"),
        (("period", "close", "2026-1", "--as", "li"), "period.no_month"),
        (("period", "reopen", "2020-01", "--as", "li"), "period.not_closed"),
    ],
)
def test_what_may_not_be_done_has_its_code(office: Office, arguments: tuple[str, ...], code: str) -> None:
    assert code in office(*arguments, exit_code=1)


def test_who_says_another_s_name_does_nothing(office: Office) -> None:
    slip = ("bank", "deposit", "S001", "2026-10-03", "D77", "1500", "--as", "li")
    assert "person.wrong_password" in office(*slip, exit_code=1, password="guess")
    assert office.document("bank", "deposits")["deposits"] == []


@pytest.mark.parametrize("amount", ["1,5", "1.234", "", "１", "9999999999999"])
def test_an_amount_that_is_none_is_a_usage_error(office: Office, amount: str) -> None:
    arguments = ("bank", "deposit", "S001", "2026-10-03", "D77", amount, "--as", "li")
    assert "no amount" in office(*arguments, exit_code=2)


def test_a_month_is_reopened_by_two(office: Office) -> None:
    office("period", "close", "2020-01", "--as", "li")
    office("period", "reopen", "2020-01", "--reason", "forgotten", "--as", "li")
    assert "person.not_oneself" in office("period", "reopen", "2020-01", "--as", "li", exit_code=1)
    office("period", "reopen", "2020-01", "--as", "wang")
    (found,) = office.document("period", "list")["periods"]
    assert found["reopened_at_ms"] >= found["closed_at_ms"]


def test_the_morning_list_names_whom_to_call(office: Office, hq: RunningHq) -> None:
    office("store", "change", "S001", "--phone", "0755-1234", "--entity", "Shenzhen Ltd")
    (row,) = office.document("morning")["morning"]
    assert (row["state"], row["phone"], row["problems"][0]) == ("silent", "0755-1234", "not_closed")
    assert "0755-1234" in office("morning")
    office("store", "closed", "S001", row["day"], "--reason", "stocktaking", "--as", "li")
    assert office.document("morning")["morning"] == []
    assert office.document("morning", "--all")["morning"][0]["state"] == "declared"
    assert office.document("exceptions", "--from", "2026-10-01", "--to", "2026-10-31")["exceptions"] == []
    assert office.document("bank", "payouts")["payouts"] == []


def test_programs_get_the_morning_of_the_stores_that_they_may_read(hq: RunningHq) -> None:
    with hq.office.database.write() as connection:
        registry.add_store(connection, "S777", "another", AT_MS)
        token = registry.make_access_token(connection, "monitor", ["S777"], AT_MS)
    header = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{hq.url}/v1/morning", params={"day": "2026-10-03"}, headers=header, timeout=10)
    assert [row["store"] for row in answer.json()["morning"]] == ["S777"]
    assert answer.json()["day"] == "2026-10-03"
    wrong = requests.get(f"{hq.url}/v1/morning", params={"day": "2026-02-31"}, headers=header, timeout=10)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "request.malformed")
    assert requests.get(f"{hq.url}/v1/morning", timeout=10).status_code == 401
