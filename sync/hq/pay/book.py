"""The wish table: what decides, in one transaction before the platform hears of it, whether an act is submitted.

The first to insert an act's row submits it, whichever process that is; everybody after gets the present state. The
row of the order is the gate of its number: it is locked while an act is admitted. `sending_until_ms` says how long a
call to the platform may still be under way, so that nothing is undone or repeated across it, also after a process died.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Table, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from agent.core.chain import Identity
from agent.core.errors import Broken
from agent.core.moment import platform_day
from agent.core.wish import OF_REFUNDS, TAKING, UNDOING, Wish
from sync.hq import registry
from sync.hq.pay.plan import StorePlan
from sync.hq.tables import wish, wish_day, wish_order

PHONE = "phone"
"""The platform of an order for which the customer's phone chooses a wallet (`sync.hq.pay.phone`)."""
SENDING_MS = 60_000
"""Longer than a platform's adapter may take for one call."""


class Step(StrEnum):
    """What to do about an act that a box wishes."""

    SUBMIT = "submit"
    """It is ours: committed, and nobody else will."""
    AGAIN = "again"
    """It was submitted before."""
    UNDER_WAY = "under_way"
    """The platform may be hearing of it, or of what it would undo, right now."""
    DIFFERS = "differs"
    """The number stands for something else."""
    FORBIDDEN = "forbidden"
    """It came after the wish to undo the number, and was never submitted."""
    CAPPED = "capped"
    """It is above what the store may on a day, and was never submitted."""
    NO_MERCHANT = "no_merchant"
    """The store has no merchant on that platform, and it was never submitted."""
    REPLACED = "replaced"
    """Another box trades in the sender's place, and it was never submitted."""
    FENCED = "fenced"
    """Another box trades in the sender's place; whether it was submitted before is not for this one to hear."""


_UNSUBMITTED = (Step.FORBIDDEN, Step.CAPPED, Step.NO_MERCHANT, Step.REPLACED)


@dataclass(frozen=True, slots=True)
class Act:
    """An act that comes in: whose, what, under which plan; `merchant` holds where the order has none yet.

    `kept`: headquarters wish it, for a box that is silent; no cap stands in its way.
    """

    sender: Identity
    wished: Wish
    merchant: str
    plan: StorePlan
    now_ms: int
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Admission:
    """What was decided; `answer` is what the platform said to an earlier submission, where that is kept."""

    step: Step
    merchant: str
    answer: str | None = None
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """An order as far as it is known here."""

    store: str
    out_trade_no: str
    box: str
    epoch: int
    platform: str
    merchant: str
    amount_fen: int | None
    taken_by: str | None
    expires_at_ms: int | None
    undone_at_ms: int | None
    begun_at_ms: int
    heard_at_ms: int
    outcome: str | None
    ended_at_ms: int | None
    kept_until_ms: int
    keep_after_ms: int


_ORDER_FIELDS = tuple(Order.__dataclass_fields__)


def order_of(connection: Connection, store: str, out_trade_no: str, *, locked: bool = False) -> Order | None:
    """Return an order, or None when no act of it was wished here; `locked` holds it until the transaction ends."""
    query = select(*(wish_order.c[name] for name in _ORDER_FIELDS)).where(_of_order(wish_order, store, out_trade_no))
    row = connection.execute(query.with_for_update() if locked else query).first()
    return None if row is None else Order(**row._mapping)


def admit(connection: Connection, act: Act) -> Admission:
    """Commit an act under its key and say what to do about it; the caller ends the transaction before it acts."""
    order, new = _gate(connection, act)
    order = as_wished(order, act.wished, act.merchant)
    if order.platform != act.wished.platform or (not new and _is_another(connection, order, act.wished)):
        return Admission(Step.DIFFERS, order.merchant)
    if not act.kept and _is_replaced(connection, act.sender):
        return _fenced(connection, order, act)
    if order.kept_until_ms > act.now_ms and not act.kept:
        return Admission(Step.UNDER_WAY, order.merchant, undone=True)
    if act.wished.verb in TAKING:
        return _taking(connection, order, act, new=new)
    if act.wished.verb in UNDOING:
        return _undoing(connection, order, act, new=new)
    return _refunding(connection, order, act)


def as_wished(order: Order, wished: Wish, merchant: str) -> Order:
    """Return an order as a wish about it means it: a refund of one that a phone paid names the wallet that took it."""
    if order.platform != PHONE or wished.verb not in OF_REFUNDS:
        return order
    return replace(order, platform=wished.platform, merchant=merchant)


def hear(connection: Connection, order: Order, now_ms: int) -> bool:
    """Note that an order's box is back; False while headquarters bring the order to its end themselves."""
    place = _of_order(wish_order, order.store, order.out_trade_no) & (wish_order.c.kept_until_ms <= now_ms)
    return connection.execute(update(wish_order).where(place).values(heard_at_ms=now_ms)).rowcount == 1


def _gate(connection: Connection, act: Act) -> tuple[Order, bool]:
    """Return the order, locked, and whether this act made it."""
    wished, now_ms = act.wished, act.now_ms
    taking, undoing = wished.verb in TAKING, wished.verb in UNDOING
    made = Order(
        store=act.sender.store,
        out_trade_no=wished.out_trade_no,
        box=act.sender.box,
        epoch=act.sender.epoch,
        platform=wished.platform,
        merchant=act.merchant,
        amount_fen=wished.amount_fen if taking else None,
        taken_by=wished.verb.value if taking else None,
        expires_at_ms=wished.expires_at_ms,
        undone_at_ms=now_ms if undoing else None,
        begun_at_ms=now_ms,
        heard_at_ms=now_ms,
        outcome=None,
        ended_at_ms=None,
        kept_until_ms=0,
        keep_after_ms=0,
    )
    if insert_if_new(connection, wish_order, {name: getattr(made, name) for name in _ORDER_FIELDS}):
        return made, True
    found = order_of(connection, act.sender.store, wished.out_trade_no, locked=True)
    if found is None:
        raise Broken("wish.order_gone", order=wished.out_trade_no)
    return replace(found, merchant=found.merchant or act.merchant), False


def _is_replaced(connection: Connection, sender: Identity) -> bool:
    """Read in the act's own transaction, after its gate: nothing is admitted that begins after the fence."""
    known = registry.find_epoch(connection, sender.store, sender.epoch)
    return known is not None and known.replaced_by is not None


def _fenced(connection: Connection, order: Order, act: Act) -> Admission:
    """Refuse a taking that was never submitted, for ever; say nothing of any other act."""
    if act.wished.verb not in TAKING:
        return Admission(Step.FENCED, order.merchant)
    before = _inserted(connection, order, act, sending=True)
    if before is None:
        _change(connection, order, undone_at_ms=act.now_ms, outcome="declined", ended_at_ms=act.now_ms)
        return _unsubmitted(connection, order, act.wished, Step.REPLACED)
    again = _again(order, act.wished, before)
    return again if again.step is not Step.AGAIN else Admission(Step.FENCED, order.merchant)


def _taking(connection: Connection, order: Order, act: Act, *, new: bool) -> Admission:
    wished = act.wished
    before = _inserted(connection, order, act, sending=True)
    if before is not None:
        return _again(order, wished, before)
    if not new and order.undone_at_ms is not None:
        return _unsubmitted(connection, order, wished, Step.FORBIDDEN)
    if not order.merchant or not _counted(connection, act):
        _change(connection, order, undone_at_ms=act.now_ms, outcome="declined", ended_at_ms=act.now_ms)
        return _unsubmitted(connection, order, wished, Step.CAPPED if order.merchant else Step.NO_MERCHANT)
    if not new:
        taken = {"taken_by": wished.verb.value, "amount_fen": wished.amount_fen, "merchant": order.merchant}
        _change(connection, order, **taken, expires_at_ms=wished.expires_at_ms)
    return Admission(Step.SUBMIT, order.merchant)


def _is_another(connection: Connection, order: Order, wished: Wish) -> bool:
    """Return whether a number that is to take money stands for an earlier attempt: a box may be an older copy."""
    if wished.verb not in TAKING:
        return False
    if order.taken_by not in (None, wished.verb) or order.amount_fen not in (None, wished.amount_fen):
        return True
    content = connection.execute(select(wish.c.content).where(_of_wish(order, wished))).scalar()
    return content is not None and content != wished.content()


def _undoing(connection: Connection, order: Order, act: Act, *, new: bool) -> Admission:
    """Forbid every later taking of the number, whatever else is decided.

    Undoing may be repeated: it is what drives an order to its end, and twice changes nothing.
    """
    if not new:
        undone_at_ms = act.now_ms if order.undone_at_ms is None else order.undone_at_ms
        _change(connection, order, undone_at_ms=undone_at_ms, outcome=None, ended_at_ms=None, **_heard(act))
    before = _inserted(connection, order, act, sending=False)
    uncounted = before is None or before["outcome"] == Step.CAPPED
    if uncounted and not act.kept and not _counted(connection, act):
        return _unsubmitted(connection, order, act.wished, Step.CAPPED)
    if uncounted and before is not None:
        connection.execute(update(wish).where(_of_wish(order, act.wished)).values(outcome=None))
    if not new and _sending(connection, order, act.now_ms):
        return Admission(Step.UNDER_WAY, order.merchant, undone=True)
    return Admission(Step.SUBMIT, order.merchant, undone=True)


def _refunding(connection: Connection, order: Order, act: Act) -> Admission:
    """The same refund is submitted again only when the earlier call is over and has left no end behind.

    One above the day's cap is no end: the customer is owed it, so it is taken on a later day or under a higher cap.
    """
    before = _inserted(connection, order, act, sending=True)
    if before is None:
        if not _counted(connection, act):
            return _unsubmitted(connection, order, act.wished, Step.CAPPED)
        return Admission(Step.SUBMIT, order.merchant)
    again = _again(order, act.wished, before)
    if again.step is Step.CAPPED and _counted(connection, act):
        claimed = {"outcome": None, "sending_until_ms": act.now_ms + SENDING_MS, **_heard(act)}
        connection.execute(update(wish).where(_of_wish(order, act.wished)).values(**claimed))
        return Admission(Step.SUBMIT, order.merchant)
    if again.step is not Step.AGAIN or before["outcome"] is not None:
        return again
    if before["sending_until_ms"] > act.now_ms:
        return Admission(Step.UNDER_WAY, order.merchant)
    claimed = {"sending_until_ms": act.now_ms + SENDING_MS, **_heard(act)}
    connection.execute(update(wish).where(_of_wish(order, act.wished)).values(**claimed))
    return Admission(Step.SUBMIT, order.merchant)


def _inserted(connection: Connection, order: Order, act: Act, *, sending: bool) -> Mapping[str, Any] | None:
    """Insert the row of an act and return None; when there is one already, return that."""
    wished, now_ms = act.wished, act.now_ms
    values = {
        "store": order.store,
        "out_trade_no": order.out_trade_no,
        "verb": wished.verb.value,
        "out_refund_no": wished.out_refund_no or "",
        "content": wished.content(),
        "amount_fen": wished.amount_fen,
        "total_fen": wished.total_fen,
        "begun_at_ms": now_ms,
        "sending_until_ms": now_ms + SENDING_MS if sending else 0,
        "heard_at_ms": now_ms,
        "kept_until_ms": 0,
        "keep_after_ms": 0,
    }
    if insert_if_new(connection, wish, values):
        return None
    row = connection.execute(select(wish).where(_of_wish(order, wished))).one()
    return dict(row._mapping)


def _again(order: Order, wished: Wish, before: Mapping[str, Any]) -> Admission:
    if before["content"] != wished.content():
        return Admission(Step.DIFFERS, order.merchant)
    step = next((step for step in _UNSUBMITTED if step == before["outcome"]), Step.AGAIN)
    return Admission(step, order.merchant, before["answer"], undone=order.undone_at_ms is not None)


def _unsubmitted(connection: Connection, order: Order, wished: Wish, step: Step) -> Admission:
    """Keep that an act was refused: under its key it stays so, whenever it comes again."""
    values = {"outcome": step.value, "sending_until_ms": 0}
    connection.execute(update(wish).where(_of_wish(order, wished)).values(**values))
    return Admission(step, order.merchant, undone=True)


def _sending(connection: Connection, order: Order, now_ms: int) -> bool:
    verbs = [verb.value for verb in TAKING]
    place = _of_order(wish, order.store, order.out_trade_no) & wish.c.verb.in_(verbs)
    until_ms = connection.execute(select(func.max(wish.c.sending_until_ms)).where(place)).scalar()
    return (until_ms or 0) > now_ms


def _counted(connection: Connection, act: Act) -> bool:
    """Count an act to its day and return True, or leave it and return False when the day's caps are reached."""
    store, verb, day = act.sender.store, act.wished.verb, platform_day(act.now_ms).isoformat()
    place = (wish_day.c.store == store) & (wish_day.c.day == day) & (wish_day.c.verb == verb.value)
    first = {"store": store, "day": day, "verb": verb.value, "wishes": 0, "amount_fen": 0}
    insert_if_new(connection, wish_day, first)
    row = connection.execute(select(wish_day.c.wishes, wish_day.c.amount_fen).where(place).with_for_update()).one()
    wishes, amount_fen = row.wishes + 1, row.amount_fen + (act.wished.amount_fen or 0)
    if not act.plan.holds(verb, wishes, amount_fen):
        return False
    connection.execute(update(wish_day).where(place).values(wishes=wishes, amount_fen=amount_fen))
    return True


def _change(connection: Connection, order: Order, **values: object) -> None:
    connection.execute(
        update(wish_order).where(_of_order(wish_order, order.store, order.out_trade_no)).values(**values)
    )


def _heard(act: Act) -> dict[str, int]:
    return {} if act.kept else {"heard_at_ms": act.now_ms}


def insert_if_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is taken, and tell whether it was new; waits for whoever is inserting the same."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(**values).on_conflict_do_nothing().returning(table.c.store)
    return connection.execute(statement).first() is not None


def _of_order(table: Table, store: str, out_trade_no: str) -> Any:
    return (table.c.store == store) & (table.c.out_trade_no == out_trade_no)


def _of_wish(order: Order, wished: Wish) -> Any:
    keys = (wish.c.verb == wished.verb.value) & (wish.c.out_refund_no == (wished.out_refund_no or ""))
    return _of_order(wish, order.store, order.out_trade_no) & keys
