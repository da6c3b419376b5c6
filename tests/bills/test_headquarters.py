"""Planted bills against facts out of headquarters' own database, SQLite and PostgreSQL, line by line and in bulk."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from agent.core.canonical import canonical
from agent.core.reconcile.classes import LineClass
from agent.core.reconcile.fees import FeeContract
from agent.core.reconcile.finding import Finding, Match
from sync.hq import tables
from sync.hq.matching.one_day import DayMatch, match_day
from sync.hq.months import month_of, write_entries
from sync.hq.office import Office
from sync.hq.projection import project
from sync.platforms.bill_files import open_bill
from sync.wire import SentEntry
from tests.bills.test_planted import PLATFORMS, found_as_planted
from tests.bills.writing import DAY, MIDNIGHT_MS, Day, Entry, made

pytest.importorskip("duckdb", reason="pip install duckdb (extra hq)")
NEXT_DAY_MS = MIDNIGHT_MS + 30 * 3_600_000
BATCH = 5_000


def write_down(office: Office, day: Day) -> None:
    """Write a day's entries as uploads of each store would be, up to the next morning."""
    office.months.ready(office.database, MIDNIGHT_MS)
    stores: dict[str, list[Entry]] = defaultdict(list)
    for entry in day.entries:
        stores[str(entry[2]["attempt"]).partition("_")[0]].append(entry)
    with office.database.write() as connection:
        connection.execute(
            tables.store.insert(), [{"store": name, "name": "", "created_at_ms": 0} for name in sorted(stores)]
        )
        rows: list[dict[str, object]] = []
        for name, entries in stores.items():
            entries.append((NEXT_DAY_MS, "drawer.opened", {"day": DAY}))
            project(connection, name, 1, ((_sent(seq, one), one[2]) for seq, one in enumerate(entries, 1)))
            rows.extend(_rows(name, entries))
        for place in range(0, len(rows), BATCH):
            write_entries(connection, rows[place : place + BATCH])


def _sent(seq: int, entry: Entry) -> SentEntry:
    return SentEntry(seq, entry[0], entry[1], canonical(entry[2]))


def _rows(store: str, entries: list[Entry]) -> Iterator[dict[str, object]]:
    for seq, (at_ms, kind, body) in enumerate(entries, 1):
        fixed = {"store": store, "epoch": 1, "hash": "", "received_at_ms": MIDNIGHT_MS, "month": month_of(MIDNIGHT_MS)}
        yield {**fixed, "seq": seq, "at_ms": at_ms, "kind": kind, "day": body["day"], "body": canonical(body)}


def check(tmp_path: Path, url: str | None, count: int, merchant: str, day: Day, content: bytes) -> None:
    path = tmp_path / "bill"
    path.write_bytes(content)
    bill, contracts = open_bill(path), (FeeContract(6000),)
    office = Office.open(tmp_path / "hq", url)
    write_down(office, day)
    on = date.fromisoformat(DAY)

    def matched(bulk_bytes: int) -> DayMatch:
        with office.database.read() as connection:
            return match_day(connection, bill, merchant, on, contracts, bulk_bytes)

    bulk, pure = matched(0), matched(2**40)
    office.close()
    assert (bulk.in_bulk, pure.in_bulk) == (True, False)
    assert not bulk.unreadable and not pure.unreadable
    assert found_as_planted(pure.match, day) == count + len(day.twins)
    assert bulk.match.totals == pure.match.totals and bulk.match.alarms == pure.match.alarms
    assert _listed(bulk.match) == _listed(pure.match)
    assert len(bulk.statement.lines) < len(pure.statement.lines) // 10


def _listed(found: Match) -> list[Finding]:
    """Return the findings but those in agreement, which in bulk are counted only."""
    return [one for one in found.findings if one.line_class is not LineClass.MATCHED]


@pytest.mark.parametrize(("platform", "merchant", "write"), PLATFORMS)
def test_a_thousand_orders(
    tmp_path: Path, database_url: str | None, platform: str, merchant: str, write: Callable[[Day], bytes]
) -> None:
    day = made(1_000, platform)
    check(tmp_path, database_url, 1_000, merchant, day, write(day))


@pytest.mark.torture
@pytest.mark.parametrize(("platform", "merchant", "write"), PLATFORMS)
def test_a_hundred_thousand_orders(
    tmp_path: Path, database_url: str | None, platform: str, merchant: str, write: Callable[[Day], bytes]
) -> None:
    day = made(100_000, platform)
    check(tmp_path, database_url, 100_000, merchant, day, write(day))
