"""`storebox-hq bill`, `fee`, `day` and `job` as a person types them; and the jobs as the server runs them."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sync.hq.books.day_states import DayState
from sync.hq.books.days import states
from sync.hq.books.jobs import running_jobs
from sync.hq.cli import app
from sync.hq.people.accounts import add_person, change_password
from sync.hq.people.rights import Role
from tests.unit.sync.hq.books.chain import ACCOUNT, DAY, MORNING_MS, Chain, bill, closed, paid

PASSWORD = "drei Kohlköpfe"


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    made = Chain(tmp_path / "hq", None)
    made.add_store()
    yield made
    made.close()


def run(chain: Chain, *words: str) -> tuple[int, str]:
    environment = {"STOREBOX_HQ_STATE": str(chain.state), "STOREBOX_HQ_PASSWORD": PASSWORD, "LANG": "en"}
    result = CliRunner().invoke(app, list(words), env=environment)
    return result.exit_code, result.output


def test_from_a_file_to_a_matched_day(chain: Chain, tmp_path: Path) -> None:
    with chain.database.write() as connection:
        add_person(connection, "li", Role.LEAD_ACCOUNTANT, None, MORNING_MS)
        change_password(connection, "li", PASSWORD)
    chain.sent([*paid(1, 1280), closed()])
    file = tmp_path / "bill.csv"
    file.write_bytes(bill((1, "12.80"), fee="0.08000"))
    day = DAY.isoformat()
    brought = ("bill", "import", str(file), "--merchant", ACCOUNT, "--day", day, "--as", "li")
    assert run(chain, "fee", "add", ACCOUNT, "60", "--as", "li") == (0, f"{ACCOUNT}: 0.60 %\n")
    code, output = run(chain, *brought)
    assert code == 0 and "version 1" in output
    assert run(chain, *brought) == (0, f"{ACCOUNT} {day}: here already\n")
    code, output = run(chain, "job", "run", "--json")
    ran = {one["name"]: one for one in json.loads(output)["jobs"]}
    assert code == 0 and ran["matching"]["did"] and not any(one["code"] for one in ran.values())
    code, output = run(chain, "bill", "list", "--from", day, "--to", day, "--json")
    (row,) = json.loads(output)["bills"]
    assert (row["bill"], row["matched"], row["classes"]["matched"]["lines"]) == ("ready", True, 2)
    code, output = run(chain, "day", "show", "S001", day, "--json")
    assert json.loads(output)["state"] == "matched" and "en" in json.loads(output)["reasons"][0]
    assert run(chain, "day", "show", "S001", day)[1].startswith(f"S001 {day}: matched\n- ")
    assert run(chain, "day", "list", "--from", day) == (0, f"S001\t{day}\tmatched\n")
    assert run(chain, "job", "run", "nothing")[0] == 1
    assert "matching" in run(chain, "job", "list")[1] and "6000" in run(chain, "fee", "list")[1]
    assert run(chain, "bill", "verify") == (0, "")
    assert run(chain, "bill", "fetch", "--merchant", ACCOUNT, "--day", day)[0] == 1


def test_the_server_s_jobs_come_behind_the_uploads(chain: Chain) -> None:
    awaited, computed = [DAY], threading.Event()

    def clock() -> int:
        with chain.database.read() as connection:
            known = states(connection, ["S001"], awaited[0], awaited[0])
        if DayState.PROVISIONAL in known.values():
            computed.set()
        return MORNING_MS

    for day in (DAY, DAY + timedelta(days=1)):
        awaited[0] = day
        computed.clear()
        chain.sent([*paid(day.day, 1280, day=day.isoformat()), closed(day)])
        with running_jobs(chain.database, chain.state, clock):
            assert computed.wait(60)
