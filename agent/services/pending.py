"""Money whose end is not known yet: what a till lists of it, a sale set aside with its payment, the slip about it."""

from typing import Any

from agent.core import sale as rules
from agent.core.errors import Refused
from agent.core.payment import AttemptState, RefundVerdict
from agent.core.sentences import sentence_for
from agent.core.wish import REFUND_OVER_CAP
from agent.services import attempts, baskets, payments, platform_refunds
from agent.services.authority import require
from agent.services.shop import Actor, Shop
from agent.services.slips import queue_copy, queue_unpaid_slip
from agent.services.trade import trading
from agent.store.spool import find_slip
from agent.store.unit import Unit

Shown = dict[str, Any]
LISTED_MAX = 100
_LIVE = (AttemptState.OPEN, AttemptState.PARKED)


def listed(shop: Shop, actor: Actor) -> Shown:
    """Return `{attempts, refunds}` of the whole store, oldest first, each at most 100.

    Attempts without an end, and paid ones that no sale has taken: as `payments.attempt` shows them, with `till`,
    `parked`, and `aside` when their sale was set aside with them. Refunds on their way to the customer: with `ahead`,
    how many are handed in before them at the same platform, and `orphan` when no sale wanted the money.
    """
    require(shop, actor, "sell")
    connection = shop.read()
    rows = [*attempts.unresolved(connection), *attempts.unused(connection)]
    rows = [row for row in rows if row["state"] in _LIVE or not attempts.given_back_fen(connection, row["attempt"])]
    return {
        "attempts": [_attempt(shop, connection, row) for row in rows[:LISTED_MAX]],
        "refunds": refunds_on_their_way(shop, connection)[:LISTED_MAX],
    }


def counted(connection: Any) -> Shown:
    """Return how many payments have no end, and how many refunds are on their way, in the whole store."""
    unknown = connection.execute(
        "SELECT (SELECT count(*) FROM view_attempt WHERE state IN ('open', 'parked')),"
        " (SELECT count(*) FROM view_attempt a WHERE state = 'paid' AND used = 0"
        " AND NOT EXISTS (SELECT 1 FROM view_platform_refund r"
        " WHERE r.attempt = a.attempt AND r.orphan AND r.state <> 'refused'))"
    ).fetchone()
    refunds = connection.execute("SELECT count(*) FROM view_platform_refund WHERE state = 'started'").fetchone()
    return {"attempts": sum(unknown), "refunds": refunds[0]}


def _attempt(shop: Shop, connection: Any, row: Shown) -> Shown:
    basket = baskets.by_sale(connection, row["sale"])
    return {
        **payments.attempt(shop, row["attempt"]),
        "till": row["till"],
        "parked": bool(row["parked"]),
        "aside": basket is not None and basket.state is rules.BasketState.HELD and basket.attempt == row["attempt"],
    }


def refunds_on_their_way(shop: Shop, connection: Any) -> list[Shown]:
    """Return the refunds that no platform has carried out yet, oldest first; `said` is why one waits, where known."""
    before: dict[str, int] = {}
    shown = []
    for refund in platform_refunds.started(connection):
        names = ("out_refund_no", "attempt", "platform", "till", "amount_fen", "started_ms", "refund")
        ahead = before.get(refund["platform"], 0)
        before[refund["platform"]] = ahead + 1
        verdict, code = shop.refunds_in_flight.said(refund["out_refund_no"])
        shown.append(
            {
                **{name: refund[name] for name in names},
                "orphan": bool(refund["orphan"]),
                "ahead": ahead,
                "accepted": verdict is RefundVerdict.ACCEPTED,
                "said": _why(refund["platform"], code),
            }
        )
    return shown


def _why(platform: str, code: str | None) -> Shown | None:
    """Return why a refund waits, in both languages, where the platform's word or headquarters' is known."""
    if code != REFUND_OVER_CAP:
        return payments.said(platform, code, refund=True)
    words = sentence_for(code, {})
    return {"zh": words.zh_detail, "en": words.en_detail}


def set_aside(shop: Shop, actor: Actor, number: str) -> Shown:
    """Set the till's sale aside together with its open payment, so that the next customer can be served.

    The customer gets the slip of a payment to be looked up. Paid after all, the sale is completed by itself; undone, it
    waits among the held ones. Refuses an attempt that has ended (`attempt.ended`) or is of no sale at this till
    (`sale.not_held`).
    """

    def command(unit: Unit) -> Shown:
        found = attempts.known(unit.connection, number)
        if found["state"] not in _LIVE:
            raise Refused("attempt.ended", state=found["state"])
        basket = baskets.current(unit.connection, actor.till)
        if basket is None or basket.attempt != number:
            raise Refused("sale.not_held", sale=found["sale"])
        require(shop, actor, "hold_sale")
        baskets.save(unit, rules.set_aside(basket, basket.label))
        slip = queue_unpaid_slip(shop, unit, actor, trading(unit.connection, actor), number)
        return {"sale": basket.sale, "slip": slip}

    return _done(shop, actor, shop.writer.run(command))


def print_slip(shop: Shop, actor: Actor, number: str) -> Shown:
    """Print the customer's slip of a payment without an end, at this till: a copy of the one that told what was paid
    instead, if there is one. Refuses an attempt that has ended (`attempt.ended`)."""

    def command(unit: Unit) -> Shown:
        found = attempts.known(unit.connection, number)
        if found["state"] not in _LIVE:
            raise Refused("attempt.ended", state=found["state"])
        require(shop, actor, "sell")
        trade = trading(unit.connection, actor)
        told = find_slip(unit.connection, f"{number}-P0")
        if told is None:
            slip = queue_unpaid_slip(shop, unit, actor, trade, number)
        else:
            slip = queue_copy(shop, unit, trade, told)
        return {"sale": found["sale"], "slip": slip}

    return _done(shop, actor, shop.writer.run(command))


def _done(shop: Shop, actor: Actor, answer: Shown) -> Shown:
    shop.wake_printer(shop.tills[actor.till].printer)
    shop.changed(actor.till)
    return answer
