"""Rows of the pull, one a posting of the double entry (`agent.core.ledger`); debits are positive."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from agent.core.ledger import KINDS, postings
from sync.hq.pull import LedgerEntry, Made

_REFERENCES = ("refund", "sale", "out_refund_no", "attempt", "shift")


class PostingRows:
    """A `RowMaker` of postings."""

    kinds: Sequence[str] = KINDS

    def page(self, connection: Connection, store: str, page: Sequence[LedgerEntry]) -> None:
        """Nothing needs to be looked up: an entry holds all that is posted."""

    def made(self, entry: LedgerEntry, state: str) -> Made:
        """Return a row for each account that an entry moves."""
        try:
            moved = postings(entry.kind, entry.body)
        except (KeyError, TypeError, AttributeError):
            return Made((), None)
        if not all(type(amount_fen) is int for amount_fen in moved.values()):
            return Made((), None)
        rows = [
            {
                "store": entry.store,
                "epoch": entry.epoch,
                "seq": entry.seq,
                "line": number,
                "day": entry.day,
                "at": entry.at,
                "till": _text(entry.body, "till"),
                "kind": entry.kind,
                "reference": _reference(entry.body),
                "account": account,
                "amount_fen": amount_fen,
                "state": state,
            }
            for number, (account, amount_fen) in enumerate(moved.items(), 1)
        ]
        return Made(rows, sum(moved.values()))


def _reference(body: Mapping[str, object]) -> str | None:
    return next((found for name in _REFERENCES if (found := _text(body, name))), None)


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None
