"""The ledger pull: one row a tender, totals that add up, and a manifest that says what is not known."""

import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

from agent.core.chain import Identity
from sync.hq import registry
from sync.hq.cli import main
from sync.hq.groups import add_to_group
from tests.unit.sync.fakes import AT_MS, FakeJournal, RunningHq, new_key, running_hq
from tests.uplinks import Box

ATTEMPT = "S001_1_000002_A1K7QF"
TRANSACTION = "4200002026100300000000000001"


def sale(
    number: int, day: str, total_fen: int, tenders: list[Mapping[str, object]], **more: object
) -> dict[str, object]:
    return {
        "sale": f"S001-1-{number:06d}",
        "day": day,
        "till": "T1",
        "shift": "1",
        "staff": "007",
        "total_fen": total_fen,
        "lines": [],
        "tenders": tenders,
        **more,
    }


def fill(journal: FakeJournal) -> None:
    journal.add("sale.completed", sale(1, "2026-10-03", 1003, [{"kind": "cash", "amount_fen": 1000}], rounding_fen=3))
    journal.add(
        "attempt.started", {"attempt": ATTEMPT, "sale": "S001-1-000002", "platform": "wallet", "merchant": "M1"}
    )
    journal.add(
        "attempt.ended",
        {"attempt": ATTEMPT, "outcome": "paid", "transaction": TRANSACTION, "platform_at_ms": 1_791_043_200_000},
    )
    mixed: list[Mapping[str, object]] = [
        {"kind": "wallet", "amount_fen": 700, "attempt": ATTEMPT},
        {"kind": "cash", "amount_fen": 300, "given_fen": 500, "change_fen": 200},
    ]
    journal.add("sale.completed", sale(2, "2026-10-03", 1000, mixed))
    journal.add("sale.completed", sale(3, "2026-10-03", 0, []))
    journal.add(
        "sale.refunded",
        {**sale(2, "2026-10-03", 200, [{"kind": "wallet", "amount_fen": 200, "attempt": ATTEMPT}]), "refund": "R1"},
    )
    journal.add("day.closed", {"day": "2026-10-03", "staff": "007", "till": "T1"})
    journal.add("sale.completed", sale(4, "2026-10-04", 500, [{"kind": "cash", "amount_fen": 500}]))
    journal.add("sale.completed", sale(5, "2026-10-04", 500, [{"kind": "cash", "amount_fen": 400}]))
    journal.add("sale.completed", sale(6, "2026-10-04", 500, [{"kind": "cash"}]))
    journal.add_seal()


@pytest.fixture
def hq(tmp_path: Path, database_url: str | None) -> Iterator[RunningHq]:
    with running_hq(tmp_path / "hq", database_url) as running:
        journal = FakeJournal(Identity("S001", "B1", 1), new_key())
        running.register(journal)
        fill(journal)
        Box(running, journal).run()
        yield running


def bearer(hq: RunningHq) -> str:
    with hq.office.database.write() as connection:
        return registry.make_access_token(connection, "accounts", None, AT_MS)


def pulled(hq: RunningHq, query: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    headers = {"Authorization": f"Bearer {bearer(hq)}"}
    text = requests.get(f"{hq.url}/v1/ledger?{query}", headers=headers, timeout=5).text
    *rows, last = [json.loads(line) for line in text.splitlines()]
    return rows, last["manifest"]


def test_all_days_add_up_to_sales_minus_refunds(hq: RunningHq) -> None:
    rows, manifest = pulled(hq, "day_state=any")
    total_fen = sum(row["amount_fen"] for row in rows)
    assert total_fen == manifest["total_fen"] == 1003 + 1000 - 200 + 500 + 400
    assert (manifest["sales"], manifest["sales_fen"]) == (5, 3003)
    assert (manifest["refunds"], manifest["refunds_fen"]) == (1, 200)
    assert [item["difference_fen"] for item in manifest["unbalanced"]] == [100]
    assert len(manifest["unreadable"]) == 1
    assert manifest["rows"] == len(rows) == 7
    assert manifest["hidden"]["rows"] == 0


def test_rows_say_all_that_a_platform_bill_is_matched_with(hq: RunningHq) -> None:
    rows, _ = pulled(hq, "day_state=any&store=S001")
    assert [(row["seq"], row["line"], row["tender"], row["amount_fen"]) for row in rows[:5]] == [
        (2, 1, "cash", 1000),
        (2, 2, "rounding", 3),
        (5, 1, "wallet", 700),
        (5, 2, "cash", 300),
        (7, 1, "wallet", -200),
    ]
    assert rows[2] == {
        "store": "S001",
        "epoch": 1,
        "seq": 5,
        "line": 1,
        "day": "2026-10-03",
        "platform_day": "2026-10-04",
        "at": "2026-10-03T12:00:00+08:00",
        "till": "T1",
        "kind": "sale",
        "sale": "S001-1-000002",
        "tender": "wallet",
        "platform": "wallet",
        "out_trade_no": ATTEMPT,
        "transaction": TRANSACTION,
        "amount_fen": 700,
        "state": "closed",
        "settlement_day": None,
        "posting_period": "2026-10",
        "day_state": "closed",
    }
    assert rows[4]["kind"] == "refund"
    assert rows[3]["platform_day"] is None


def test_closed_days_only_unless_asked_and_what_is_hidden_is_said(hq: RunningHq) -> None:
    rows, manifest = pulled(hq, "")
    assert {row["day"] for row in rows} == {"2026-10-03"}
    assert manifest["total_fen"] == 1803
    assert manifest["hidden"] == {"rows": 2, "total_fen": 900, "day_count": 1, "days": {"S001 2026-10-04": "open"}}
    rows, manifest = pulled(hq, "from=2026-10-04&to=2026-10-04&day_state=any")
    assert {row["state"] for row in rows} == {"open"}
    assert len(rows) == 2


def test_the_manifest_tells_what_is_known_of_each_store(hq: RunningHq) -> None:
    hq.add_store("S002")
    headers = {"Authorization": f"Bearer {bearer(hq)}"}
    manifest = requests.get(f"{hq.url}/v1/ledger/manifest", headers=headers, timeout=5).json()["manifest"]
    first, second = manifest["stores"]["S001"], manifest["stores"]["S002"]
    assert (first["epoch"], first["complete_up_to"], first["sealed_up_to"]) == (1, 12, 11)
    assert first["chain_verified"] is True
    assert first["last_seen_ms"] is not None
    assert (second["epoch"], second["complete_up_to"], second["last_seen_ms"]) == (None, 0, None)


def test_many_pages_keep_their_order(hq: RunningHq, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = pulled(hq, "day_state=any")
    monkeypatch.setattr("sync.hq.pull.PAGE_ENTRIES", 1)
    assert pulled(hq, "day_state=any")[0] == whole


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


class CommandLine:
    """Runs `storebox-hq` in this process."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], database_url: str | None
    ) -> None:
        self._database_url = database_url
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def __call__(self, *arguments: str, token: str = "") -> Done:
        self._monkeypatch.setattr(sys, "argv", ["storebox-hq", *arguments])
        self._monkeypatch.setenv("STOREBOX_HQ_TOKEN", token)
        self._monkeypatch.setenv("STOREBOX_HQ_DATABASE", self._database_url or "")
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capfd.readouterr()
        return Done(int(ended.value.code or 0), out, err)


@pytest.fixture
def run_cli(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], database_url: str | None
) -> CommandLine:
    return CommandLine(monkeypatch, capfd, database_url)


def test_the_command_line_pulls_the_same_from_state_and_url(hq: RunningHq, run_cli: CommandLine) -> None:
    local = run_cli("pull", "--state", str(hq.state), "--format", "jsonl", "--day-state", "any")
    remote = run_cli("pull", "--url", hq.url, "--format", "jsonl", "--day-state", "any", token=bearer(hq))
    assert (local.returncode, remote.returncode) == (0, 0), local.stderr + remote.stderr
    assert local.stdout.splitlines()[:-1] == remote.stdout.splitlines()[:-1]
    assert json.loads(remote.stdout.splitlines()[-1])["manifest"]["rows"] == 7


def test_csv_keeps_every_digit_and_has_its_manifest_beside_it(
    hq: RunningHq, run_cli: CommandLine, tmp_path: Path
) -> None:
    output = tmp_path / "pull.csv"
    done = run_cli("pull", "--state", str(hq.state), "--output", str(output))
    assert done.returncode == 0
    assert "2 rows are not shown (S001 2026-10-04 open)" in done.stderr
    assert "entries can't be read, their money is missing (S001 1 #" in done.stderr
    assert output.read_bytes().startswith(b"\xef\xbb\xbfstore,")
    rows = list(csv.DictReader(io.StringIO(output.read_text(encoding="utf-8-sig"))))
    assert rows[2]["transaction"] == f"{TRANSACTION}\t"
    manifest = json.loads((tmp_path / "pull.csv.manifest.json").read_text())["manifest"]
    assert sum(int(row["amount_fen"]) for row in rows) == manifest["total_fen"] == 1803


def test_the_command_line_refuses_with_a_code_and_exit_1(hq: RunningHq, run_cli: CommandLine, tmp_path: Path) -> None:
    for arguments, code, exit_code in (
        (["pull", "--url", hq.url], "", 2),
        (["pull", "--state", str(hq.state), "--from", "soon"], "", 2),
        (["pull", "--state", str(hq.state), "--store", "S009"], "store.unknown", 1),
        (["store", "token", "S009", "--state", str(hq.state)], "store.unknown", 1),
    ):
        done = run_cli(*arguments)
        assert done.returncode == exit_code, done.stderr
        assert code in done.stderr
    wrong = run_cli("pull", "--url", hq.url, token="wrong")
    assert (wrong.returncode, "access.token_unknown" in wrong.stderr) == (1, True)


def test_the_trial_balance_names_what_it_can_not_read(hq: RunningHq, run_cli: CommandLine) -> None:
    with hq.office.database.write() as connection:
        add_to_group(connection, "north", ["S001"])
    for chosen in ((), ("--store", "S001"), ("--group", "north", "--to", "2026-10-31")):
        done = run_cli("ledger", "balance", "--state", str(hq.state), "--json", *chosen)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert told["unbalanced"] == []
        assert told["unreadable_count"] == 7
        assert told["stores"]["S001"]["complete_up_to"] == 12
    shown = run_cli("ledger", "balance", "--state", str(hq.state))
    assert "7 entries can't be read" in shown.stderr
    groups = json.loads(run_cli("group", "list", "--state", str(hq.state), "--json").stdout)
    assert groups == {"groups": [{"group": "north", "stores": ["S001"]}]}


def test_groups_books_and_the_balance_over_the_network(hq: RunningHq) -> None:
    hq.add_store("S002")
    with hq.office.database.write() as connection:
        add_to_group(connection, "north", ["S001"])
        add_to_group(connection, "south", ["S002"])
    assert pulled(hq, "day_state=any&group=north")[1]["rows"] == 7
    assert pulled(hq, "day_state=any&group=south")[1]["rows"] == 0
    rows, manifest = pulled(hq, "rows=books")
    assert (rows, manifest["kind"], manifest["rows"]) == ([], "books", 0)
    headers = {"Authorization": f"Bearer {bearer(hq)}"}
    told = requests.get(f"{hq.url}/v1/ledger/balance?group=north&to=2026-10-03", headers=headers, timeout=5).json()
    assert (told["unbalanced"], list(told["stores"])) == ([], ["S001"])
    answer = requests.get(f"{hq.url}/v1/ledger?group=east", headers=headers, timeout=5)
    assert (answer.status_code // 100, "store.group_unknown" in answer.text) == (4, True)


def test_a_folder_without_a_headquarters_is_no_empty_ledger(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    done = CommandLine(monkeypatch, capfd, None)("pull", "--state", str(tmp_path / "none"))
    assert (done.returncode, "hq.no_state" in done.stderr) == (1, True)
