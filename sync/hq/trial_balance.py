"""The trial balance: every account's sum for each store and the chain, out of the entries that are here.

Each entry sums to nothing, so each store and day does, and so does the chain; what does not is named.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from sync.hq.manifest import store_states
from sync.hq.pull import Selection, pull_rows
from sync.hq.pull_books import book_rows
from sync.hq.pull_columns import Rows, column_names
from sync.hq.pull_days import DayStates
from sync.hq.pull_place import Place, Tally
from sync.hq.pull_postings import PostingRows

CHAIN = "*"
Sums = Mapping[str, Mapping[str, int]]


@dataclass(slots=True)
class TrialBalance:
    """Sums in fen, debits positive: of each store (and book) by account, and of the store's days that are not zero.

    `incomplete` counts entries that can't be read, whose money is missing here.
    """

    accounts: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    days: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    incomplete: int = 0

    @property
    def chain(self) -> dict[str, int]:
        """Return the sums over all stores."""
        sums: dict[str, int] = defaultdict(int)
        for accounts in self.accounts.values():
            for account, amount_fen in accounts.items():
                sums[account] += amount_fen
        return dict(sums)

    @property
    def unbalanced(self) -> dict[tuple[str, str], int]:
        """Return the stores' days whose postings do not sum to nothing."""
        return {place: amount_fen for place, amount_fen in sorted(self.days.items()) if amount_fen}


def trial_balance(
    connection: Connection, state: Path | None, stores: Sequence[str], last_day: str | None, chain: bool, now_ms: int
) -> TrialBalance:
    """Return the balance up to a day, both trade and headquarters' books; days of every state count.

    With `chain` it holds what concerns no one store too. Refuses with `bank.mapping_wrong`.
    """
    found, tally = TrialBalance(), Tally()
    asked = Selection(stores, None, last_day, DayStates.ANY, Rows.POSTINGS, chain=chain)
    for page in pull_rows(connection, asked, PostingRows(), tally):
        if not isinstance(page, Place):
            _add(found, page, Rows.POSTINGS)
    for page in book_rows(connection, asked, state, now_ms, Tally()):
        _add(found, page, Rows.BOOKS)
    found.incomplete = tally.unreadable_count
    return found


def document(connection: Connection, found: TrialBalance, stores: Sequence[str]) -> dict[str, object]:
    """Return a balance as plain data: a row an account of each store, the chain's as store `*`, and what is known."""
    listed = {**found.accounts, CHAIN: found.chain}
    return {
        "balance": [
            {
                "store": store,
                "account": account,
                "debit_fen": max(amount_fen, 0),
                "credit_fen": max(-amount_fen, 0),
            }
            for store, accounts in sorted(listed.items())
            for account, amount_fen in sorted(accounts.items())
            if amount_fen
        ],
        "unbalanced": [
            {"store": store, "day": day, "difference_fen": amount_fen}
            for (store, day), amount_fen in found.unbalanced.items()
        ],
        "unreadable_count": found.incomplete,
        "stores": store_states(connection, stores),
    }


def _add(found: TrialBalance, rows: Sequence[tuple[object, ...]], kind: Rows) -> None:
    names = column_names(kind)
    store, day, account, amount = (names.index(name) for name in ("store", "day", "account", "amount_fen"))
    for row in rows:
        amount_fen = int(row[amount])  # type: ignore[call-overload]
        found.accounts[str(row[store])][str(row[account])] += amount_fen
        found.days[str(row[store]), str(row[day])] += amount_fen
