"""What is not finished, by name: unknown payments, queued refunds, slips nobody saw, held baskets, unsent entries."""

from typing import Any

from agent.core.events import Unfinished
from agent.core.sale import BasketState
from agent.services import baskets
from agent.services.shop import Shop
from agent.store.drafts import load_drafts

LISTED_MAX = 200


def listed(shop: Shop, connection: Any, till: str | None = None) -> tuple[Unfinished, ...]:
    """Return the unfinished things of a till, or of the whole store; bounded at 200."""
    found = [*_attempts(connection, till), *_refunds(connection, till), *_slips(connection)]
    found += _baskets(connection, till)
    return tuple(found[:LISTED_MAX])


def _attempts(connection: Any, till: str | None) -> list[Unfinished]:
    rows = connection.execute(
        "SELECT attempt, amount_fen FROM view_attempt WHERE state IN ('open', 'parked') AND (?1 IS NULL OR till = ?1)"
        " ORDER BY started_ms",
        (till,),
    ).fetchall()
    return [Unfinished("attempt", name, amount_fen) for name, amount_fen in rows]


def _refunds(connection: Any, till: str | None) -> list[Unfinished]:
    rows = connection.execute(
        "SELECT out_refund_no, amount_fen FROM view_platform_refund WHERE state = 'started'"
        " AND (?1 IS NULL OR till = ?1) ORDER BY started_ms",
        (till,),
    ).fetchall()
    return [Unfinished("refund", name, amount_fen) for name, amount_fen in rows]


def _slips(connection: Any) -> list[Unfinished]:
    rows = connection.execute("SELECT slip FROM spool WHERE state = 'unconfirmed' ORDER BY number").fetchall()
    return [Unfinished("slip", slip) for (slip,) in rows]


def _baskets(connection: Any, till: str | None) -> list[Unfinished]:
    found = []
    for draft in load_drafts(connection):
        basket = baskets.basket_from(draft.body)
        held = basket.state is BasketState.HELD
        if basket.lines and (held or till is None):
            found.append(Unfinished("basket", basket.label or basket.sale, basket.priced().total_fen))
    return found


def unsent(shop: Shop, connection: Any) -> tuple[int, int]:
    """Return how many entries HQ has not acknowledged, and the money of the sales and refunds among them."""
    epoch = shop.identity.epoch
    row = connection.execute(
        "SELECT next_seq FROM receipt WHERE epoch = ? ORDER BY id DESC LIMIT 1", (epoch,)
    ).fetchone()
    next_seq = 1 if row is None else row[0]
    last = connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0]
    money_fen = connection.execute(
        "SELECT coalesce((SELECT sum(total_fen) FROM view_sale WHERE epoch = ?1 AND seq >= ?2), 0)"
        " + coalesce((SELECT sum(total_fen) FROM view_refund WHERE epoch = ?1 AND seq >= ?2), 0)",
        (epoch, next_seq),
    ).fetchone()[0]
    return max(0, last - next_seq + 1), money_fen
