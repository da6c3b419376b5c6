"""Rows of the pull, one a posting of headquarters' own double entry (`sync.hq.books.book_entries`).

They come without cursors: who is cut off asks again. Their days have no state, so all of them are shown.
"""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection

from agent.core.errors import Broken
from sync.hq.books.book_entries import book_entries
from sync.hq.pull import Row, Selection
from sync.hq.pull_dates import Periods
from sync.hq.pull_place import Tally

PAGE_ROWS = 4000


def book_rows(
    connection: Connection, selection: Selection, state: Path | None, now_ms: int, tally: Tally
) -> Iterator[list[Row]]:
    """Yield pages of rows, counted; what concerns no one store only for a whole chain.

    Raises `Broken` (`hq.no_state`) without headquarters' folder, which holds the terms of payouts.
    """
    if state is None:
        raise Broken("hq.no_state", state="-")
    stores, periods, page = frozenset(selection.stores), dict[str, Periods](), list[Row]()
    for entry in sorted(book_entries(connection, state, now_ms), key=lambda one: (one.store, one.day, one.entry)):
        day = entry.day.isoformat()
        mine = entry.store in stores or (selection.chain and entry.store.startswith("@"))
        if not mine or not (selection.first_day or "") <= day <= (selection.last_day or "9999"):
            continue
        if entry.store not in periods:
            periods[entry.store] = Periods(connection, entry.store)
        dates = (
            entry.platform_day and entry.platform_day.isoformat(),
            entry.settlement_day and entry.settlement_day.isoformat(),
            periods[entry.store].of(day, entry.known_at_ms),
        )
        place, named = (entry.store, entry.entry), (day, entry.kind, entry.reference)
        page += [
            (*place, number, *named, account, amount_fen, *dates)
            for number, (account, amount_fen) in enumerate(entry.postings.items(), 1)
        ]
        tally.rows += len(entry.postings)
        tally.total_fen += sum(entry.postings.values())
        if len(page) >= PAGE_ROWS:
            yield page
            page = []
    yield page
