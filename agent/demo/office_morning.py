"""Headquarters of the demo on the next morning: bills fetched, matched, and what became of a store's day.

A process of its own beside `storebox-hq serve`, whose jobs would come to the same when a bill is due.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from agent.core.bill import BillType
from agent.core.reconcile.workflow import DifferenceState
from agent.core.sentences import sentence_for
from sync.hq.books.accounts import Accounts
from sync.hq.books.days import document, view
from sync.hq.books.difference_tables import difference
from sync.hq.books.fetching import fetch_bill
from sync.hq.books.jobs import run_to_the_end
from sync.hq.office import Office

ACTOR = "job:demo"


def main() -> None:
    """Print `{state, reasons, differences}` as one line of JSON.

    Arguments: headquarters' folder, store, business day, then days of the platforms.
    """
    folder, store, store_day, *days = sys.argv
    office = Office.open(Path(folder))
    try:
        found = _matched(office, Path(folder), store, date.fromisoformat(store_day), days)
    finally:
        office.close()
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")


def _matched(office: Office, folder: Path, store: str, store_day: date, days: Sequence[str]) -> dict[str, Any]:
    accounts, now_ms = Accounts.open(folder, office.now_ms), office.now_ms
    for day in map(date.fromisoformat, days):
        for book in accounts.books():
            fetch_bill(office.database, folder, accounts, book, day, BillType.TRADE, now_ms, ACTOR)
    run_to_the_end(office.database, folder, now_ms)
    with office.database.read() as connection:
        state = document(view(connection, store, store_day))["state"]
        reasons = list(_reasons(connection, days))
    return {"state": state, "reasons": reasons, "differences": len(reasons)}


def _reasons(connection: Connection, days: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the sentence of each difference of some bills that nobody has settled."""
    row = difference.c
    query = select(row.found).where(row.bill_day.in_(days) & (row.state != DifferenceState.SETTLED))
    for (found,) in connection.execute(query.order_by(row.store, row.difference)):
        body = json.loads(found)
        said = sentence_for(str(body["code"]), body["values"])
        yield {"zh": said.zh_detail, "en": said.en_detail}
