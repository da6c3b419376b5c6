"""What the shop knows about itself: lamps, what is unsent, the whole state that a page shows."""

from typing import Any

from agent.core.roles import Answer
from agent.services import baskets, checkout, ended, messages, payments, pending, printing, tendering, unfinished
from agent.services.shop import Actor, Shop
from agent.services.trade import open_shift
from agent.store.connection import snapshot

Shown = dict[str, Any]


def lamps(shop: Shop) -> dict[str, Shown]:
    """Return the lamps of devices, link and platforms: `{name: {state, code}}`; state is ok, degraded, down or absent.

    Those of platforms say `platform` and since when they do not answer (`since_ms`).
    """
    return {**shop.lamps(), **shop.uplink_lamp(), **shop.platform_health.lamps()}


def unsent(shop: Shop) -> Shown:
    """Return how many entries, and how much money in them, HQ has not acknowledged."""
    entries, amount_fen = unfinished.unsent(shop, shop.read())
    return {"entries": entries, "amount_fen": amount_fen}


def heartbeat(shop: Shop) -> Shown:
    """Return what the box tells HQ with each upload."""
    connection = shop.read()
    waiting = unfinished.unsent(shop, connection)
    open_attempts = connection.execute("SELECT count(*) FROM view_attempt WHERE state IN ('open','parked')").fetchone()
    slips = connection.execute("SELECT count(*) FROM spool WHERE state = 'unconfirmed'").fetchone()
    return {
        "unsent_entries": waiting[0],
        "unsent_fen": waiting[1],
        "open_attempts": open_attempts[0],
        "unconfirmed_slips": slips[0],
        "devices": {name: str(lamp.get("state")) for name, lamp in shop.lamps().items()},
    }


def state(shop: Shop, actor: Actor) -> Shown:
    """Return `State` of docs/decisions/002: everything that a till's page shows, as of one moment."""
    with snapshot(shop.read()) as connection:
        return _state(shop, actor, connection)


def _state(shop: Shop, actor: Actor, connection: Any) -> Shown:
    day = connection.execute("SELECT day, state FROM view_day ORDER BY opened_ms DESC LIMIT 1").fetchone()
    shift = open_shift(connection, actor.till)
    basket = baskets.current(connection, actor.till)
    return {
        "now_ms": shop.clock.now_ms(),
        "till": actor.till,
        "staff": actor.staff,
        "name": actor.name,
        "role": actor.role,
        "language": shop.store.language,
        "store": {"id": shop.identity.store, "name": shop.store.name, "branch": shop.store.branch},
        "day": None if day is None else {"day": day[0], "state": day[1]},
        "shift": None if shift is None else {"shift": shift["shift"], "opened_ms": shift["opened_ms"]},
        "basket": baskets.shown(basket),
        "held": len(checkout.held(shop)),
        "attempt": payments.attempt(shop, basket.attempt) if basket is not None and basket.attempt else None,
        "last": ended.last_sale(connection, actor.till),
        "last_attempt": ended.last_attempt(shop, connection, actor.till),
        "last_refund": ended.last_refund(connection, actor.till),
        "pending": pending.counted(connection),
        "unconfirmed": printing.unconfirmed(shop),
        "messages": messages.unread(shop, connection, actor.till),
        "lamps": lamps(shop),
        "unsent": unsent(shop),
        "tenders": tendering.offered(shop, actor),
        "acts": _acts(shop, actor),
    }


def _acts(shop: Shop, actor: Actor) -> dict[str, str]:
    answers: dict[str, str] = {}
    for act in shop.matrix.acts:
        verdict: Answer = shop.matrix.may(actor.role, act).answer
        answers[act] = verdict.value
    return answers
