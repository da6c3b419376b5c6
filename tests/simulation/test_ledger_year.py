"""A replayed shop's ledger in every form: one sum in files, journal, Z reports, the platform's bill and the books."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.clock import SystemEntropy
from sync.hq import registry
from sync.hq.pull_client import PullRequest, from_state, from_url, write_file
from sync.hq.pull_columns import COLUMNS, Kind, Rows
from sync.hq.pull_files import beancount_account
from sync.hq.trial_balance import TrialBalance, trial_balance
from sync.platforms.base import open_platform
from sync.platforms.wallet import Wallet
from sync.simulator.serve import wallet_settings
from tests.surroundings import (
    ALL_BASKETS,
    OWN,
    SHARED,
    Around,
    Replay,
    around,
    baskets_of,
    money_of,
    needs_real_baskets,
    new_replay,
)

__all__ = ["around"]
FORMS = ("csv", "jsonl", "xlsx", "parquet")
PARQUET = {Kind.TEXT: "VARCHAR", Kind.NUMBER: "BIGINT", Kind.DAY: "DATE", Kind.MOMENT: "TIMESTAMP WITH TIME ZONE"}
ARROW = {Kind.TEXT: "string", Kind.NUMBER: "int64", Kind.DAY: "date32[day]", Kind.MOMENT: "timestamp[us, tz=UTC]"}
Cells = list[dict[str, Any]]


@dataclass
class Pulls:
    """The ledger of one replayed store in files."""

    replay: Replay
    folder: Path

    def write(self, form: str, rows: Rows) -> Path:
        """Pull into a file: text over the network, the others out of headquarters' folder."""
        path = self.folder / f"{rows}.{form}"
        request = PullRequest(store=self.replay.store, rows=rows)
        state, office = self.replay.around.hq_state, self.replay.around.office
        if form in ("csv", "jsonl"):
            with office.database.write() as connection:
                token = registry.make_access_token(connection, "accounts", [self.replay.store], office.now_ms())
            pages = from_url(self.replay.around.hq_url, token, request)
        else:
            pages = from_state(state, request)
        books = from_state(state, PullRequest(store=self.replay.store, rows=Rows.BOOKS))
        manifest = write_file(pages, form, rows, path, books if form == "beancount" else None)
        assert manifest["hidden"]["rows"] == 0  # type: ignore[index]
        assert manifest["unbalanced"] == manifest["unreadable"] == []
        known = manifest["stores"][self.replay.store]  # type: ignore[index]
        assert known["chain_verified"]
        assert known["complete_up_to"] == self.replay.one("SELECT max(seq) FROM journal")
        return path

    def read(self, form: str, rows: Rows) -> Cells:
        """Return the rows of a file as a judge reads them that shares no code with its writer."""
        path = self.write(form, rows)
        if form == "csv":
            return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
        if form == "jsonl":
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()][:-1]
        if form == "xlsx":
            openpyxl = pytest.importorskip("openpyxl", reason="pip install openpyxl (extra dev)")
            heading, *cells = openpyxl.load_workbook(path, read_only=True)["ledger"].values
            return [dict(zip(heading, row, strict=True)) for row in cells]
        check_types(path, rows)
        parquet = pytest.importorskip("pyarrow.parquet", reason="pip install pyarrow (extra dev)")
        return list(parquet.read_table(path).to_pylist())


def check_types(path: Path, rows: Rows) -> None:
    """Compare a Parquet file's types with those that are documented, as DuckDB and as pyarrow see them."""
    duckdb = pytest.importorskip("duckdb", reason="pip install duckdb (extra hq)")
    parquet = pytest.importorskip("pyarrow.parquet", reason="pip install pyarrow (extra dev)")
    with duckdb.connect() as connection:
        described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
        (total_fen,) = connection.execute("SELECT sum(amount_fen) FROM read_parquet(?)", [str(path)]).fetchall()[0]
    assert [(row[0], row[1]) for row in described] == [(one.name, PARQUET[one.kind]) for one in COLUMNS[rows]]
    fields = [(field.name, str(field.type)) for field in parquet.read_schema(path)]
    assert fields == [(one.name, ARROW[one.kind]) for one in COLUMNS[rows]]
    assert total_fen == sum(parquet.read_table(path).column("amount_fen").to_pylist())


def sums(rows: Iterable[Mapping[str, Any]], name: str) -> dict[str, int]:
    """Return fen by the texts of a column; what is zero is left out."""
    found: Counter[str] = Counter()
    for row in rows:
        found[str(row[name]).rstrip("\t")] += int(row["amount_fen"])
    return {text: amount_fen for text, amount_fen in found.items() if amount_fen}


def check_forms(pulls: Pulls) -> tuple[Cells, Cells]:
    """Compare all forms row by row by number, day, account and id, and return the rows of tenders and postings."""
    found = {rows: {form: pulls.read(form, rows) for form in FORMS} for rows in (Rows.TENDERS, Rows.POSTINGS)}
    for rows, by_form in found.items():
        ids = ("day", "transaction", "out_trade_no") if rows is Rows.TENDERS else ("day", "account", "reference")
        told = {
            form: [
                (int(row["seq"]), int(row["line"]), int(row["amount_fen"]), *(as_text(row[name]) for name in ids))
                for row in cells
            ]
            for form, cells in by_form.items()
        }
        for form in FORMS:
            assert told[form] == told["jsonl"], f"{rows} as {form}"
    return found[Rows.TENDERS]["jsonl"], found[Rows.POSTINGS]["jsonl"]


def as_text(value: object) -> str:
    return "" if value is None else str(value).rstrip("\t")


def check_z_reports(replay: Replay, tenders: Cells) -> None:
    """Compare the pull's days with what the box wrote when it closed them."""
    closed = replay.query(
        "SELECT json_extract(body, '$.day'), json_extract(body, '$.sales_fen') - json_extract(body, '$.refunds_fen')"
        " FROM journal WHERE kind = 'day.closed'"
    )
    assert sums(tenders, "day") == {day: amount_fen for day, amount_fen in closed if amount_fen}


def check_bills(replay: Replay, tenders: Cells) -> None:
    """Compare what was taken on each platform day with the platform's own bill of that day, order by order."""
    settings = wallet_settings(replay.around.wallet_state, replay.around.wallet_url)
    platform = open_platform("wallet", settings, SystemEntropy())
    assert isinstance(platform, Wallet)
    paid = [row for row in tenders if row["out_trade_no"]]
    mine = f"{replay.store}_"
    for day in sorted({str(row["platform_day"]) for row in paid}):
        bill = {
            (line["out_trade_no"], line["transaction"]): line["amount_fen"]
            for line in platform.bill(date.fromisoformat(day))
            if str(line.get("out_trade_no")).startswith(mine)
        }
        ours = {
            (row["out_trade_no"], row["transaction"]): row["amount_fen"] for row in paid if row["platform_day"] == day
        }
        assert ours == bill


def check_books(pulls: Pulls, postings: Cells) -> None:
    """Compare the trial balance with the postings, and with what beancount makes of its file."""
    loader = pytest.importorskip("beancount.loader", reason="pip install beancount (extra dev)")
    around_it, store = pulls.replay.around, pulls.replay.store
    with around_it.office.database.read() as connection:
        found = trial_balance(connection, around_it.hq_state, [store], None, False, around_it.office.now_ms())
    assert isinstance(found, TrialBalance)
    assert (found.unbalanced, found.incomplete, sum(found.chain.values())) == ({}, 0, 0)
    accounts = {account: amount_fen for account, amount_fen in found.accounts[store].items() if amount_fen}
    assert accounts == sums(postings, "account")
    assert accounts.keys().isdisjoint({"Liabilities:Tendered", "Liabilities:Refunds"})
    entries, errors, _ = loader.load_file(str(pulls.write("beancount", Rows.POSTINGS)))
    assert errors == []
    there: Counter[str] = Counter()
    for entry in entries:
        for posting in getattr(entry, "postings", ()):
            there[posting.account] += int(posting.units.number * Decimal(100))
    wanted = {beancount_account(account, store): amount_fen for account, amount_fen in accounts.items()}
    assert {account: amount_fen for account, amount_fen in there.items() if amount_fen} == wanted


def check_everything(replay: Replay, summary: Mapping[str, Any], folder: Path) -> None:
    pulls = Pulls(replay, folder)
    tenders, postings = check_forms(pulls)
    refused = {one["basket"] for one in summary["refused"]}
    recorded = [one for one in baskets_of(replay.file) if str(one["basket"]) not in refused]
    assert sum(row["amount_fen"] for row in tenders) == money_of(recorded)
    assert any(row["out_trade_no"] for row in tenders)
    check_z_reports(replay, tenders)
    check_bills(replay, tenders)
    check_books(pulls, postings)


def test_some_days_in_every_form(around: Around, tmp_path: Path) -> None:
    replay = new_replay(around, tmp_path, baskets_of(OWN, 24))
    check_everything(replay, replay.finish(), tmp_path)


@pytest.mark.torture
@needs_real_baskets
def test_a_year_in_every_form(around: Around, tmp_path: Path) -> None:
    baskets = baskets_of(SHARED)
    assert len(baskets) == ALL_BASKETS
    replay = new_replay(around, tmp_path, baskets)
    check_everything(replay, replay.finish(timeout_s=1_200), tmp_path)
