"""Orders that customers pay on their own phones: what the pay page asks for, and what their boxes ask for.

To a box this is a platform, `phone`, with two verbs: it asks what became of an order, and closes it when its time is
over. Which wallet took the money stands in the answer. No method of the platform raises for the network.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from agent.core.bill import Bill, BillLine, BillSource, BillType, BillVerdict, FundLine
from agent.core.errors import Refused, TryLater
from agent.core.pay_passes import Order
from agent.core.payment import (
    Custody,
    Offer,
    OfferVerdict,
    Platform,
    PlatformAnswer,
    RefundAnswer,
    RefundLimits,
    RefundVerdict,
    Verdict,
    Way,
    counts_as_paid,
)
from sync.hq.database import Database
from sync.hq.pay import phone_book as book
from sync.hq.pay.book import PHONE
from sync.hq.pay.merchants import Merchants
from sync.hq.pay.phone_book import PhoneOrder, PhoneState
from sync.platforms.timings import timing_of

NAME = PHONE
WALLETS = ("wechat", "alipay")
SUBMIT_WITHIN_S = 10.0
"""An offer that was held up longer after its commit is left out: who closes it may be at work by then."""
SHORTEST_LIFE_MS = 61_000
"""No platform opens an order for less than a minute."""
LATE_MS = 120_000
"""So long after its end a page of a platform opens no order any more."""
_OVER = frozenset({Verdict.CLOSED, Verdict.REVERSED, Verdict.DECLINED})


class PhoneOrders:
    """Takes orders through their lives; several threads and several processes over one database may."""

    name = NAME
    merchant = NAME
    custody = Custody.DIRECT
    timing = timing_of(NAME)
    refund_limits = RefundLimits()

    def __init__(
        self,
        database: Database,
        merchants: Merchants,
        now_ms: Callable[[], int],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._merchants = merchants
        self._now_ms = now_ms
        self._monotonic_s = monotonic_s

    # The page

    def wallet(self, store: str, wallet: str) -> Platform | None:
        """Return the platform on which a store is paid by a wallet; None where it has none."""
        merchant = self._merchants.merchant(store, wallet) if wallet in WALLETS else ""
        return self._merchants.platform(store, wallet, merchant) if merchant else None

    def seen(self, order: Order) -> PhoneOrder:
        """Return an order whose signature was checked, as it stands; the platform is not asked."""
        with self._database.write() as connection:
            return book.begun(connection, order)

    def choose(self, order: Order, wallet: str, way: Way, payer: str | None, subject: str) -> PhoneOrder:
        """Have a wallet open the order, and return it with what the page needs, or as it stands when that is not known.

        Another wallet's order is closed before, and that confirmed. Refuses with `order.…`: closed, expired, still open
        at the other wallet, had by another phone, or a wallet that gave it back.
        """
        platform = self.wallet(order.store, wallet)
        if platform is None:
            raise Refused("order.wallet_not_taken", platform=wallet[:20])
        self._leave_others(self.seen(order), wallet)
        began_s = self._monotonic_s()
        with self._database.write() as connection:
            held = self._checked(book.begun(connection, order), wallet, way, payer)
            if held.state is PhoneState.FREE:
                held = book.taken(held, wallet, way, payer, self._now_ms())
                book.keep(connection, held)
            elif held.offer is not None or held.state is PhoneState.PAID:
                return held
        if self._monotonic_s() - began_s > SUBMIT_WITHIN_S:
            raise TryLater("hq.busy")
        expires_at_ms = max(held.expires_at_ms, self._now_ms() + SHORTEST_LIFE_MS)
        offer = platform.offer(way, held.out_trade_no, held.amount_fen, subject, expires_at_ms, payer)
        return self._offered(held, offer)

    def look(self, order: PhoneOrder) -> PhoneOrder:
        """Ask the wallet that has an order what became of it, and return it as it stands then."""
        if order.state not in (PhoneState.TAKEN, PhoneState.LEAVING) or order.wallet is None:
            return order
        platform = self.wallet(order.store, order.wallet)
        if platform is None:
            return order
        return self._heard(order, platform.query(order.out_trade_no))

    # The box

    def query(self, out_trade_no: str) -> PlatformAnswer:
        """Tell what became of an order. PENDING as long as a page may still be opened for it, or is."""
        held = self._order(out_trade_no)
        if held is None:
            return PlatformAnswer(Verdict.NOT_FOUND, out_trade_no)
        return _answer(self.look(held))

    def close(self, out_trade_no: str) -> PlatformAnswer:
        """Let no wallet have the order any more: CLOSED when none has it, PAID when one was paid before."""
        with self._database.write() as connection:
            held = self._locked(connection, out_trade_no)
            if held is None:
                book.shut(connection, out_trade_no.partition("_")[0], out_trade_no)
                held = self._locked(connection, out_trade_no)
            if held is not None:
                held = _asked_to_close(held)
                book.keep(connection, held)
        if held is None or held.state is not PhoneState.LEAVING:
            return _answer(held) if held else PlatformAnswer(Verdict.UNKNOWN, out_trade_no)
        return _answer(self._left(held))

    def pay(self, out_trade_no: str, amount_fen: int, auth_code: str, subject: str) -> PlatformAnswer:
        """Refuse: the customer's phone pays."""
        return PlatformAnswer(Verdict.DECLINED, out_trade_no, code="platform.not_offered")

    def find(self, transaction: str) -> PlatformAnswer:
        """Refuse: a transaction is a wallet's, and is asked for there."""
        return PlatformAnswer(Verdict.UNKNOWN, "", code="platform.not_offered")

    def reverse(self, out_trade_no: str) -> PlatformAnswer:
        """Close what can be closed; money that was taken goes back by a refund at the wallet that took it."""
        return self.close(out_trade_no)

    def offer(
        self, way: Way, out_trade_no: str, amount_fen: int, subject: str, expires_at_ms: int, payer: str | None = None
    ) -> Offer:
        """Refuse: only the page opens orders, with the box's signature."""
        return Offer(OfferVerdict.REFUSED, out_trade_no, code="platform.not_offered")

    def refund(self, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int) -> RefundAnswer:
        """Give money back at the wallet that took it; boxes name that wallet themselves, and meet the same refund."""
        took = self._took(out_trade_no)
        if took is None:
            return RefundAnswer(RefundVerdict.REFUSED, out_refund_no, code="platform.not_offered")
        return took.refund(out_trade_no, out_refund_no, amount_fen, total_fen)

    def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundAnswer:
        """Ask the wallet that took the money."""
        took = self._took(out_trade_no)
        if took is None:
            return RefundAnswer(RefundVerdict.NOT_FOUND, out_refund_no, code="platform.not_offered")
        return took.query_refund(out_trade_no, out_refund_no)

    def _took(self, out_trade_no: str) -> Platform | None:
        held = self._order(out_trade_no)
        return (
            self.wallet(held.store, held.wallet or "") if held is not None and held.state is PhoneState.PAID else None
        )

    def fetch_bill(self, day: date, bill_type: BillType = BillType.TRADE) -> Bill:
        """Refuse: bills are the wallets'."""
        return Bill(BillVerdict.REFUSED, day, code="platform.not_offered")

    def read_bill(self, source: BillSource) -> Iterator[BillLine]:
        """Refuse with `platform.not_offered`."""
        raise Refused("platform.not_offered")

    def read_funds(self, source: BillSource) -> Iterator[FundLine]:
        """Refuse with `platform.not_offered`, likewise."""
        raise Refused("platform.not_offered")

    # Within

    def _leave_others(self, held: PhoneOrder, wallet: str) -> None:
        """Close the order at the wallet that has it, when that is another one; refuses until it is confirmed."""
        if held.wallet in (None, wallet) or held.state not in (PhoneState.TAKEN, PhoneState.LEAVING):
            return
        with self._database.write() as connection:
            now = self._locked(connection, held.out_trade_no)
            if now is None or now.wallet != held.wallet or now.state is PhoneState.PAID:
                return
            if now.state is PhoneState.TAKEN:
                now = book.moved(now, PhoneState.LEAVING)
                book.keep(connection, now)
        after = self._left(now)
        if after.state is PhoneState.LEAVING:
            raise TryLater("order.still_open", platform=after.wallet)

    def _left(self, held: PhoneOrder) -> PhoneOrder:
        """Close an order that is LEAVING at its wallet, and return it as it stands then."""
        platform = self.wallet(held.store, held.wallet or "")
        if platform is None or held.sending_until_ms > self._now_ms():
            return held
        return self._heard(held, platform.close(held.out_trade_no), closing=True)

    def _heard(self, held: PhoneOrder, answer: PlatformAnswer, *, closing: bool = False) -> PhoneOrder:
        """Write down what a wallet says of an order, unless it has moved on meanwhile; returns it as it stands."""
        with self._database.write() as connection:
            now = self._locked(connection, held.out_trade_no)
            if now is None or now.wallet != held.wallet or now.wallet is None or now.state is PhoneState.PAID:
                return now or held
            now = self._said(now, now.wallet, answer, closing=closing)
            book.keep(connection, now)
            return now

    def _said(self, held: PhoneOrder, wallet: str, answer: PlatformAnswer, *, closing: bool) -> PhoneOrder:
        if answer.verdict is Verdict.PAID:
            counts = counts_as_paid(answer, held.amount_fen, held.issued_at_ms) is None
            return book.paid(held, wallet, answer) if counts else held
        closed = closing and held.state is PhoneState.LEAVING and self._is_confirmed(held, answer)
        gone = answer.verdict in _OVER and held.sending_until_ms <= self._now_ms()
        return book.given_back(held) if closed or gone else held

    def _is_confirmed(self, held: PhoneOrder, answer: PlatformAnswer) -> bool:
        """Tell whether an order can't be paid at its wallet any more.

        One that the platform does not know is closed, except where the phone itself opens it: the address of Alipay's
        page is good until its end, whoever asks before.
        """
        if answer.verdict is not Verdict.NOT_FOUND:
            return answer.verdict in _OVER
        opened_by_phone = held.wallet == "alipay" and held.way == Way.BROWSER
        return not opened_by_phone or self._now_ms() > held.expires_at_ms + LATE_MS

    def _checked(self, held: PhoneOrder, wallet: str, way: Way, payer: str | None) -> PhoneOrder:
        if held.state is PhoneState.PAID:
            return held
        if held.state is PhoneState.CLOSED or held.wanted_closed:
            raise Refused("order.closed")
        if self._now_ms() > held.expires_at_ms:
            raise Refused("order.expired")
        if held.state is PhoneState.FREE and wallet in held.spent_wallets:
            raise Refused("order.wallet_spent", platform=wallet)
        if held.state is PhoneState.LEAVING:
            raise TryLater("order.still_open", platform=held.wallet)
        if held.state is PhoneState.TAKEN and not held.is_had_by(wallet, way, payer):
            raise Refused("order.other_phone", platform=held.wallet)
        return held

    def _offered(self, held: PhoneOrder, offer: Offer) -> PhoneOrder:
        with self._database.write() as connection:
            now = self._locked(connection, held.out_trade_no)
            if now is None or now.wallet != held.wallet or now.state is PhoneState.PAID:
                return now or held
            if offer.verdict is OfferVerdict.OPEN:
                given = {"url": offer.url} if offer.parameters is None else {"parameters": dict(offer.parameters)}
                now = _with_offer(now, json.dumps(given))
            elif offer.verdict is OfferVerdict.REFUSED and now.state is PhoneState.TAKEN:
                now = book.given_back(now)
            book.keep(connection, now)
        if offer.verdict is OfferVerdict.REFUSED:
            raise Refused("order.wallet_refused", platform=held.wallet, reason=offer.code or "")
        return now

    def _order(self, out_trade_no: str) -> PhoneOrder | None:
        with self._database.read() as connection:
            return book.found(connection, out_trade_no.partition("_")[0], out_trade_no)

    def _locked(self, connection: Connection, out_trade_no: str) -> PhoneOrder | None:
        return book.found(connection, out_trade_no.partition("_")[0], out_trade_no, locked=True)


def _with_offer(held: PhoneOrder, offer: str) -> PhoneOrder:
    return replace(held, offer=offer, sending_until_ms=0)


def _asked_to_close(held: PhoneOrder) -> PhoneOrder:
    wanted = replace(held, wanted_closed=True)
    if held.state is PhoneState.FREE:
        return book.moved(wanted, PhoneState.CLOSED)
    return book.moved(wanted, PhoneState.LEAVING) if held.state is PhoneState.TAKEN else wanted


def _answer(held: PhoneOrder) -> PlatformAnswer:
    """Return what an order's state is to its box."""
    if held.state is PhoneState.CLOSED:
        return PlatformAnswer(Verdict.CLOSED, held.out_trade_no)
    if held.state is not PhoneState.PAID:
        verdict = Verdict.UNKNOWN if held.wanted_closed else Verdict.PENDING
        return PlatformAnswer(verdict, held.out_trade_no)
    discounts_fen = held.platform_discount_fen + held.merchant_discount_fen
    return PlatformAnswer(
        Verdict.PAID,
        held.out_trade_no,
        transaction=held.transaction,
        platform_at_ms=held.paid_at_ms,
        amount_fen=held.amount_fen,
        customer_paid_fen=held.amount_fen - discounts_fen,
        platform_discount_fen=held.platform_discount_fen,
        merchant_discount_fen=held.merchant_discount_fen,
        platform=held.wallet,
    )
