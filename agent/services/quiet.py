"""What goes on at the counter, for whoever wants to restart the box in a quiet moment."""

from typing import Any

from agent.core.sale import BasketState
from agent.core.upgrade import Trade
from agent.services import baskets
from agent.services.shop import Shop
from agent.store.connection import snapshot
from agent.store.drafts import load_drafts
from agent.store.restoring import history_behind


def trade(shop: Shop) -> Trade:
    """Return open sales (held ones wait for nobody), open payments, slips on their way, and the last sale."""
    with snapshot(shop.read()) as connection:
        attempts = connection.execute("SELECT count(*) FROM view_attempt WHERE state = 'open'").fetchone()[0]
        queued = connection.execute(
            "SELECT min(queued_ms), coalesce(sum(state = 'sending'), 0) FROM spool"
            " WHERE state = 'queued' OR state = 'sending'"
        ).fetchone()
        last = connection.execute("SELECT at_ms FROM view_sale ORDER BY rowid DESC LIMIT 1").fetchone()
        return Trade(
            _open_sales(connection),
            attempts,
            queued[0],
            queued[1],
            last[0] if last else None,
            history_behind(connection),
        )


def _open_sales(connection: Any) -> int:
    found = (baskets.basket_from(draft.body) for draft in load_drafts(connection))
    return sum(1 for basket in found if basket.lines and basket.state is not BasketState.HELD)
