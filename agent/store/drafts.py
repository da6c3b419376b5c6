"""Baskets that are being rung up: saved at each change, outside the chain, gone once they are sold or cancelled."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Draft:
    """A saved basket; `state` is the sale's own (open, parked, paying …)."""

    till: str
    sale: str
    state: str
    body: Mapping[str, Any]
    created_ms: int
    updated_ms: int


_COLUMNS = "till, sale, state, body, created_ms, updated_ms"


def save_draft(unit: Unit, *, till: str, sale: str, state: str, body: Mapping[str, Any]) -> str:
    """Save a basket, new or changed; returns its text as stored."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    unit.connection.execute(
        "INSERT INTO draft(till, sale, state, body, created_ms, updated_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?5)"
        " ON CONFLICT(sale) DO UPDATE SET till = ?1, state = ?3, body = ?4, updated_ms = ?5",
        (till, sale, state, text, unit.now_ms),
    )
    return text


def delete_draft(unit: Unit, sale: str) -> bool:
    """Delete a basket; return whether there was one."""
    return bool(unit.connection.execute("DELETE FROM draft WHERE sale = ?", (sale,)).rowcount)


def load_draft(reader: Any, sale: str) -> Draft | None:
    """Return a basket by its sale number, or None."""
    rows = reader.execute(f"SELECT {_COLUMNS} FROM draft WHERE sale = ?", (sale,)).fetchall()
    return _draft(rows[0]) if rows else None


def live_draft_text(reader: Any, till: str) -> str | None:
    """Return the JSON text of the basket that a till works on (state open or paying), or None."""
    row = reader.execute(
        "SELECT body FROM draft WHERE till = ? AND state IN ('open', 'paying') ORDER BY created_ms LIMIT 1", (till,)
    ).fetchone()
    return None if row is None else str(row[0])


def load_drafts(reader: Any, till: str | None = None) -> Sequence[Draft]:
    """Return the baskets of a till, or of all tills, oldest first."""
    rows = reader.execute(
        f"SELECT {_COLUMNS} FROM draft WHERE ?1 IS NULL OR till = ?1 ORDER BY created_ms, sale", (till,)
    )
    return [_draft(row) for row in rows]


def _draft(row: Sequence[Any]) -> Draft:
    till, sale, state, body, created_ms, updated_ms = row
    return Draft(till, sale, state, json.loads(body), created_ms, updated_ms)
