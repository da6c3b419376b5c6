"""Every form of the pull holds the same ledger: read back by judges that share no code with the writers."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.core.chain import Identity
from agent.core.errors import Refused, UnknownOutcome
from sync.hq import registry
from sync.hq.formats import documents
from sync.hq.load.boxes import SimulatedBox
from sync.hq.load.comparison import register
from sync.hq.load.senders import Senders
from sync.hq.pull import Selection
from sync.hq.pull_client import Pages, PullRequest, from_state, from_url, write_file
from sync.hq.pull_columns import Rows
from tests.proxy import Proxy
from tests.unit.sync.fakes import AT_MS, RunningHq, new_key, running_hq

STORES, ENTRIES = ("L001", "L002"), 2_400


@pytest.fixture(scope="module")
def hq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHq]:
    with running_hq(tmp_path_factory.mktemp("hq")) as running:
        boxes = []
        for store in STORES:
            key = new_key()
            boxes.append(SimulatedBox(Identity(store, "B1", 1), key.public_key, key))
        with running.office.database.write() as connection:
            register(connection, boxes, AT_MS)
        assert Senders(running.url, boxes, ENTRIES, connections=2).run().lost == []
        yield running


def pulled(hq: RunningHq, path: Path, form: str, rows: Rows) -> dict[str, object]:
    request = PullRequest(day_state="any", rows=rows)
    return dict(write_file(from_state(hq.state, request), form, rows, path))


def from_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


@pytest.mark.parametrize("rows", [Rows.TENDERS, Rows.POSTINGS])
def test_totals_agree_across_all_forms(hq: RunningHq, tmp_path: Path, rows: Rows) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="pip install openpyxl (extra dev)")
    parquet = pytest.importorskip("pyarrow.parquet", reason="pip install pyarrow (extra dev)")
    manifests = [pulled(hq, tmp_path / f"pull.{form}", form, rows) for form in ("csv", "jsonl", "xlsx", "parquet")]
    plain = from_csv(tmp_path / "pull.csv")
    lines = [json.loads(line) for line in (tmp_path / "pull.jsonl").read_text(encoding="utf-8").splitlines()][:-1]
    heading, *cells = openpyxl.load_workbook(tmp_path / "pull.xlsx", read_only=True)["ledger"].values
    table = parquet.read_table(tmp_path / "pull.parquet")
    place = heading.index("amount_fen")
    counted = {
        (len(plain), sum(int(row["amount_fen"]) for row in plain)),
        (len(lines), sum(line["amount_fen"] for line in lines)),
        (len(cells), sum(row[place] for row in cells)),
        (table.num_rows, sum(table.column("amount_fen").to_pylist())),
        *((manifest["rows"], manifest["total_fen"]) for manifest in manifests),
    }
    assert len(counted) == 1
    assert [line["seq"] for line in lines] == table.column("seq").to_pylist()


def test_no_digit_of_an_id_is_lost(hq: RunningHq, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="pip install openpyxl (extra dev)")
    parquet = pytest.importorskip("pyarrow.parquet", reason="pip install pyarrow (extra dev)")
    for form in ("jsonl", "xlsx", "parquet"):
        pulled(hq, tmp_path / f"pull.{form}", form, Rows.TENDERS)
    lines = [json.loads(line) for line in (tmp_path / "pull.jsonl").read_text(encoding="utf-8").splitlines()][:-1]
    wanted = [line["transaction"] for line in lines]
    assert any(wanted)
    heading, *cells = openpyxl.load_workbook(tmp_path / "pull.xlsx", read_only=True)["ledger"].values
    place = heading.index("transaction")
    assert [row[place] for row in cells] == wanted
    assert parquet.read_table(tmp_path / "pull.parquet").column("transaction").to_pylist() == wanted


def test_parquet_has_the_documented_types_in_duckdb_and_pyarrow(hq: RunningHq, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="pip install duckdb (extra hq)")
    parquet = pytest.importorskip("pyarrow.parquet", reason="pip install pyarrow (extra dev)")
    path = tmp_path / "it's.parquet"
    pulled(hq, path, "parquet", Rows.TENDERS)
    with duckdb.connect() as connection:
        described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    types = {row[0]: row[1] for row in described}
    assert (types["store"], types["seq"], types["day"]) == ("VARCHAR", "BIGINT", "DATE")
    assert types["at"] == "TIMESTAMP WITH TIME ZONE"
    schema = parquet.read_schema(path)
    assert str(schema.field("day").type) == "date32[day]"
    assert str(schema.field("amount_fen").type) == "int64"


def test_bean_check_accepts_the_books(hq: RunningHq, tmp_path: Path) -> None:
    loader = pytest.importorskip("beancount.loader", reason="pip install beancount (extra dev)")
    path = tmp_path / "books.beancount"
    request = PullRequest(day_state="any", rows=Rows.POSTINGS)
    books = from_state(hq.state, replace(request, rows=Rows.BOOKS))
    manifest = write_file(from_state(hq.state, request), "beancount", Rows.POSTINGS, path, books)
    assert manifest["books"]["rows"] == 0  # type: ignore[index]
    entries, errors, _ = loader.load_file(str(path))
    assert errors == []
    pulled(hq, tmp_path / "rows.csv", "csv", Rows.POSTINGS)
    sales_fen = sum(
        int(row["amount_fen"]) for row in from_csv(tmp_path / "rows.csv") if row["account"] == "Income:Sales"
    )
    of_sales = [
        posting.units.number
        for entry in entries
        for posting in getattr(entry, "postings", ())
        if posting.account.endswith(":Sales")
    ]
    assert int(sum(of_sales) * 100) == sales_fen < 0


def joined(found: Pages) -> tuple[list[object], dict[str, Any]]:
    """Return all rows of a pull, and its manifest."""
    rows: list[object] = []
    for page in found:
        if isinstance(page, list):
            rows += page
        elif "manifest" in page:
            return rows, page["manifest"]  # type: ignore[return-value]
    raise AssertionError("no manifest")


def port_of(hq: RunningHq) -> int:
    return int(hq.url.rpartition(":")[2])


def token_of(hq: RunningHq) -> str:
    with hq.office.database.write() as connection:
        return registry.make_access_token(connection, "accounts", None, AT_MS)


def test_a_pull_that_breaks_off_goes_on_where_it_broke(hq: RunningHq, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.hq.pull.PAGE_ENTRIES", 100)
    request = PullRequest(day_state="any", rows=Rows.POSTINGS)
    whole = joined(from_state(hq.state, request))
    waits: list[float] = []
    with Proxy(port_of(hq), answer_bytes_max=150_000) as proxy:
        resumed = joined(from_url(proxy.url, token_of(hq), request, waits.append))
        assert proxy.cuts > 2
    assert resumed[0] == whole[0]
    manifest, wanted = resumed[1], whole[1]
    assert {**manifest, "made_at_ms": 0} == {**wanted, "made_at_ms": 0}


def test_a_server_that_breaks_before_the_first_page_is_given_up_at_once(hq: RunningHq) -> None:
    waits: list[float] = []
    with Proxy(port_of(hq), answer_bytes_max=2_000) as proxy, pytest.raises(UnknownOutcome):
        list(from_url(proxy.url, token_of(hq), PullRequest(day_state="any"), waits.append))
    assert waits == []


def test_a_cursor_of_another_question_is_refused(hq: RunningHq) -> None:
    cursor = next(row["cursor"] for row in from_state(hq.state, PullRequest(day_state="any")) if "cursor" in row)
    for after in (str(cursor), "nonsense", "", "e30", "x" * 20_000):
        selection = Selection(STORES, rows=Rows.POSTINGS, after=after or "=")
        with pytest.raises(Refused, match=r"pull\.wrong_cursor"):
            list(documents(hq.office.database, selection, AT_MS))
