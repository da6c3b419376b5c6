"""The book of orders that customers pay on their own phones: which wallet has an order now, in one row each.

The row decides before any platform hears of it, whichever process it is: it is locked while an order changes hands. At
most one wallet has an order at a time; another gets it only when the first one's was closed, and that was confirmed.
A wallet that had it once never gets it again, for a platform takes a number once.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select, update

from agent.core.errors import Broken
from agent.core.pay_passes import Order
from agent.core.payment import PlatformAnswer, Way
from sync.hq.pay.book import insert_if_new
from sync.hq.tables import phone_order

SENDING_MS = 60_000
"""Longer than a platform's adapter may take to open an order."""


class PhoneState(StrEnum):
    """Where an order stands."""

    FREE = "free"
    """No wallet has it."""
    TAKEN = "taken"
    """A wallet has it, and may be paid there."""
    LEAVING = "leaving"
    """It is being closed at the wallet that had it."""
    CLOSED = "closed"
    """Nobody can pay it any more."""
    PAID = "paid"


_S = PhoneState
TRANSITIONS: dict[PhoneState, frozenset[PhoneState]] = {
    _S.FREE: frozenset({_S.TAKEN, _S.CLOSED, _S.PAID}),
    _S.TAKEN: frozenset({_S.FREE, _S.LEAVING, _S.PAID}),
    _S.LEAVING: frozenset({_S.FREE, _S.CLOSED, _S.PAID}),
    _S.CLOSED: frozenset({_S.PAID}),
    _S.PAID: frozenset(),
}
"""FREE and CLOSED become PAID when a platform corrects itself: it said closed, and has the money."""


@dataclass(frozen=True, slots=True)
class PhoneOrder:
    """An order as the book has it; `spent` are the wallets that had it and gave it back, `offer` what a page needs.

    `wanted_closed` says that its box asked to close it: no wallet gets it any more.
    """

    store: str
    out_trade_no: str
    box: str
    epoch: int
    amount_fen: int
    issued_at_ms: int
    expires_at_ms: int
    state: PhoneState = PhoneState.FREE
    wanted_closed: bool = False
    wallet: str | None = None
    way: str | None = None
    payer: str | None = None
    offer: str | None = None
    sending_until_ms: int = 0
    spent: str = ""
    transaction: str | None = None
    paid_at_ms: int | None = None
    platform_discount_fen: int = 0
    merchant_discount_fen: int = 0

    @property
    def spent_wallets(self) -> frozenset[str]:
        """Return the wallets that can't have it any more."""
        return frozenset(self.spent.split())

    @property
    def parameters(self) -> Mapping[str, Any] | None:
        """Return what the page needs to pay: `{url}` or `{parameters}`; None before the platform opened the order."""
        found: Mapping[str, Any] | None = None if self.offer is None else json.loads(self.offer)
        return found

    def is_had_by(self, wallet: str, way: Way, payer: str | None) -> bool:
        """Tell whether this wallet has it in this way, for this payer."""
        return (self.wallet, self.way, self.payer) == (wallet, way.value, payer)


_FIELDS = tuple(PhoneOrder.__dataclass_fields__)


def moved(order: PhoneOrder, to: PhoneState, **changes: Any) -> PhoneOrder:
    """Return the order in another state; raises `Broken` for what the table does not allow."""
    if to not in TRANSITIONS[order.state]:
        raise Broken("attempt.bad_transition", state=order.state.value, to=to.value)
    return replace(order, state=to, **changes)


def taken(order: PhoneOrder, wallet: str, way: Way, payer: str | None, now_ms: int) -> PhoneOrder:
    """Return a free order given to a wallet; it is being sent from now on."""
    had = {"wallet": wallet, "way": way.value, "payer": payer, "offer": None}
    return moved(order, PhoneState.TAKEN, sending_until_ms=now_ms + SENDING_MS, **had)


def given_back(order: PhoneOrder) -> PhoneOrder:
    """Return the order without its wallet, which never gets it again; closed for good when its box asked for that."""
    to = PhoneState.CLOSED if order.wanted_closed and order.state is PhoneState.LEAVING else PhoneState.FREE
    spent = " ".join(sorted(order.spent_wallets | {order.wallet or ""})).strip()
    return moved(order, to, wallet=None, way=None, payer=None, offer=None, sending_until_ms=0, spent=spent)


def paid(order: PhoneOrder, wallet: str, answer: PlatformAnswer) -> PhoneOrder:
    """Return the order as a wallet's believed answer says it was paid."""
    return moved(
        order,
        PhoneState.PAID,
        wallet=wallet,
        transaction=answer.transaction,
        paid_at_ms=answer.platform_at_ms,
        platform_discount_fen=answer.platform_discount_fen,
        merchant_discount_fen=answer.merchant_discount_fen,
        sending_until_ms=0,
    )


def found(connection: Connection, store: str, out_trade_no: str, *, locked: bool = False) -> PhoneOrder | None:
    """Return an order, or None when no page was opened for it; `locked` holds it until the transaction ends."""
    place = (phone_order.c.store == store) & (phone_order.c.out_trade_no == out_trade_no)
    query = select(*(phone_order.c[name] for name in _FIELDS)).where(place)
    row = connection.execute(query.with_for_update() if locked else query).first()
    if row is None:
        return None
    values = dict(row._mapping)
    return PhoneOrder(
        **{**values, "state": PhoneState(values["state"]), "wanted_closed": bool(values["wanted_closed"])}
    )


def begun(connection: Connection, order: Order) -> PhoneOrder:
    """Return the row of an order whose signature was checked, locked; makes it where it is the first time."""
    fresh = PhoneOrder(
        store=order.store,
        out_trade_no=order.out_trade_no,
        box=order.box,
        epoch=order.epoch,
        amount_fen=order.amount_fen,
        issued_at_ms=order.issued_s * 1000,
        expires_at_ms=order.expires_s * 1000,
    )
    insert_if_new(connection, phone_order, _row(fresh))
    return found(connection, order.store, order.out_trade_no, locked=True) or fresh


def shut(connection: Connection, store: str, out_trade_no: str) -> None:
    """Make the row of an order that no page was opened for, closed: no page ever opens it."""
    fresh = PhoneOrder(store, out_trade_no, "", 0, 0, 0, 0, PhoneState.CLOSED, wanted_closed=True)
    insert_if_new(connection, phone_order, _row(fresh))


def keep(connection: Connection, order: PhoneOrder) -> None:
    """Write an order back; the caller holds its row."""
    place = (phone_order.c.store == order.store) & (phone_order.c.out_trade_no == order.out_trade_no)
    connection.execute(update(phone_order).where(place).values(**_row(order)))


def _row(order: PhoneOrder) -> dict[str, Any]:
    return {**asdict(order), "state": order.state.value, "wanted_closed": int(order.wanted_closed)}
