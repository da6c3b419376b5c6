"""Wishes taken: committed, then done at the platform, then answered. What every wish of an order goes through.

The box's own and headquarters' (the pay page, the keeper) come through here alike, so that one table decides.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from agent.core.canonical import canonical, parse
from agent.core.chain import Identity
from agent.core.payment import (
    NUMBER_USED,
    OfferVerdict,
    Platform,
    PlatformAnswer,
    RefundAnswer,
    RefundVerdict,
    Verdict,
    Way,
    number_used,
)
from agent.core.wish import (
    ACTS,
    BOX_REPLACED,
    REFUND_OVER_CAP,
    TAKING,
    UNDOING,
    Verb,
    Wish,
    WishAnswer,
    answer_fields,
    parse_answer,
    refused,
    unknown,
)
from sync.hq.database import Database
from sync.hq.pay.book import PHONE, Act, Admission, Order, Step, admit, as_wished, hear, order_of
from sync.hq.pay.merchants import Merchants
from sync.hq.pay.notes import Note, Notes
from sync.hq.pay.plan import PayPlan

SUBMIT_WITHIN_S = 10.0
"""A submission that was held up longer after its commit is left out: who undoes it may be at work by then."""
SILENT_MS = 2 * 3600 * 1000
"""After so long without a word of its box, headquarters bring an order to its end."""
HEARD_EVERY_MS = 60_000

_ENDS = frozenset({Verdict.PAID, Verdict.DECLINED, Verdict.REVERSED, Verdict.CLOSED})
_CODES = {
    Step.UNDER_WAY: "wish.under_way",
    Step.DIFFERS: "wish.differs",
    Step.FORBIDDEN: "wish.forbidden",
    Step.CAPPED: "wish.over_cap",
    Step.NO_MERCHANT: "wish.no_merchant",
    Step.REPLACED: BOX_REPLACED,
    Step.FENCED: "box.replaced",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """An answer, and which merchant gave it ("" when none was asked)."""

    answer: WishAnswer
    merchant: str = ""


class WishDesk:
    """Takes wishes; several threads and several processes over one database may."""

    def __init__(
        self,
        database: Database,
        merchants: Merchants,
        plan: PayPlan,
        notes: Notes,
        now_ms: Callable[[], int],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._merchants = merchants
        self._plan = plan
        self._notes = notes
        self._now_ms = now_ms
        self._monotonic_s = monotonic_s

    def take(self, sender: Identity, wish: Wish, *, kept: bool = False) -> Taken:
        """Do what a box wishes, at most once, and return what is known then. Never raises for the platform.

        `kept`: headquarters wish it themselves, for a box that is silent.
        """
        return self._act(sender, wish, kept=kept) if wish.verb in ACTS else self._ask(sender, wish, kept=kept)

    # Acts

    def _act(self, sender: Identity, wish: Wish, *, kept: bool) -> Taken:
        self._notes.written(sender.store, wish.out_trade_no)
        plan, merchant = self._plan.of(sender.store), self._merchants.merchant(sender.store, wish.platform)
        now_ms, began_s = self._now_ms(), self._monotonic_s()
        with self._database.write() as connection:
            admitted = admit(connection, Act(sender, wish, merchant, plan, now_ms, kept))
        platform = self._merchants.platform(sender.store, wish.platform, admitted.merchant)
        if admitted.step is Step.SUBMIT:
            return self._submitted(sender, wish, platform, admitted, began_s, kept=kept)
        return Taken(self._present(wish, platform, admitted), admitted.merchant)

    def _submitted(
        self,
        sender: Identity,
        wish: Wish,
        platform: Platform | None,
        admitted: Admission,
        began_s: float,
        *,
        kept: bool,
    ) -> Taken:
        if platform is None:
            answer = unknown(wish, "wish.no_merchant")
        elif self._monotonic_s() - began_s > SUBMIT_WITHIN_S:
            answer = unknown(wish, "wish.held_up")
        else:
            answer = done(platform, wish)
        note = self._noted(sender, wish, answer, heard=not kept)
        self._notes.put(note)
        if wish.verb is Verb.OFFER:
            self._notes.written(sender.store, wish.out_trade_no)
        return Taken(answer, admitted.merchant)

    def _noted(self, sender: Identity, wish: Wish, answer: WishAnswer, *, heard: bool) -> Note:
        now_ms = self._now_ms()
        note = Note(sender.store, wish.out_trade_no, wish.verb.value, wish.out_refund_no or "", now_ms, heard=heard)
        if isinstance(answer, PlatformAnswer):
            end = answer.verdict.value if answer.verdict in _ENDS else None
            return replace(note, outcome=end, order_outcome=end, transaction=answer.transaction)
        text = canonical(answer_fields(answer))
        if isinstance(answer, RefundAnswer):
            ended = answer.verdict in (RefundVerdict.DONE, RefundVerdict.REFUSED)
            return replace(note, outcome=answer.verdict.value, answer=text) if ended else note
        refusal = answer.verdict is OfferVerdict.REFUSED or answer.code == NUMBER_USED
        end = Verdict.DECLINED.value if refusal else None
        known = refusal or answer.verdict is not OfferVerdict.UNKNOWN
        return replace(note, outcome=answer.verdict.value, answer=text, order_outcome=end) if known else note

    def _present(self, wish: Wish, platform: Platform | None, admitted: Admission) -> WishAnswer:
        """Return the present state of an act that is not submitted now."""
        step = admitted.step
        if step is Step.CAPPED and wish.verb is Verb.REFUND:
            return RefundAnswer(RefundVerdict.TRY_LATER, wish.out_refund_no or "", code=REFUND_OVER_CAP)
        if step in (Step.CAPPED, Step.NO_MERCHANT, Step.REPLACED):
            return refused(wish, _CODES[step])
        if step is Step.FENCED:
            return unknown(wish, _CODES[step])
        if step is Step.DIFFERS and wish.verb in TAKING:
            return refused(wish, NUMBER_USED)
        if step is Step.DIFFERS and wish.verb in UNDOING:
            return number_used(wish.out_trade_no)
        if step is Step.DIFFERS:
            return refused(wish, _CODES[step]) if wish.verb is Verb.REFUND else unknown(wish, _CODES[step])
        if wish.verb is Verb.PAY and platform is not None and step is not Step.UNDER_WAY:
            return self._present_payment(wish, platform, admitted)
        if step is Step.FORBIDDEN:
            return refused(wish, _CODES[step])
        if step is Step.AGAIN and wish.verb is Verb.OFFER and admitted.undone:
            return refused(wish, _CODES[Step.FORBIDDEN])
        if step is Step.AGAIN and admitted.answer is not None:
            return parse_answer(wish.verb, parse(admitted.answer))
        return unknown(wish, _CODES[Step.UNDER_WAY])

    def _present_payment(self, wish: Wish, platform: Platform, admitted: Admission) -> PlatformAnswer:
        answer = platform.query(wish.out_trade_no)
        if answer.verdict is not Verdict.NOT_FOUND:
            return answer
        if admitted.step is Step.FORBIDDEN:
            return PlatformAnswer(Verdict.CLOSED, wish.out_trade_no, code=_CODES[Step.FORBIDDEN])
        return PlatformAnswer(Verdict.UNKNOWN, wish.out_trade_no, code=answer.code or _CODES[Step.UNDER_WAY])

    # Questions

    def _ask(self, sender: Identity, wish: Wish, *, kept: bool) -> Taken:
        merchant = self._merchants.merchant(sender.store, wish.platform)
        if wish.verb is Verb.FIND:
            return self._find(sender, wish, merchant)
        with self._database.read() as connection:
            order = order_of(connection, sender.store, wish.out_trade_no)
        if order is not None:
            order = as_wished(order, wish, merchant)
            merchant = order.merchant
        if order is not None and order.platform != wish.platform and wish.verb is Verb.QUERY:
            return Taken(_elsewhere(order, wish), merchant)
        if order is not None and order.platform != wish.platform:
            return Taken(unknown(wish, _CODES[Step.DIFFERS]), merchant)
        if order is not None and not kept and not self._may_ask(order):
            return Taken(unknown(wish, _CODES[Step.UNDER_WAY]), merchant)
        platform = self._merchants.platform(sender.store, wish.platform, merchant)
        if platform is None:
            return Taken(unknown(wish, _CODES[Step.NO_MERCHANT]), merchant)
        answer = done(platform, wish)
        if order is not None:
            self._note_question(order, wish, answer, heard=not kept)
        return Taken(answer, merchant)

    def _find(self, sender: Identity, wish: Wish, merchant: str) -> Taken:
        """Ask by the platform's number, which notes nothing. Who paid in another store is that store's business."""
        platform = self._merchants.platform(sender.store, wish.platform, merchant)
        if platform is None:
            return Taken(unknown(wish, _CODES[Step.NO_MERCHANT]), merchant)
        answer = platform.find(wish.transaction or "")
        own = answer.out_trade_no.startswith(f"{sender.store}_")
        return Taken(answer if own else replace(answer, payer=None), merchant)

    def _may_ask(self, order: Order) -> bool:
        """Take an order back out of headquarters' care when its box comes back after a long silence."""
        now_ms = self._now_ms()
        if order.outcome is not None or order.heard_at_ms > now_ms - SILENT_MS // 2:
            return True
        with self._database.write() as connection:
            return hear(connection, order, now_ms)

    def _note_question(self, order: Order, wish: Wish, answer: WishAnswer, *, heard: bool) -> None:
        now_ms = self._now_ms()
        note = Note(order.store, order.out_trade_no, "", "", now_ms, heard=heard)
        if isinstance(answer, RefundAnswer):
            if answer.verdict is RefundVerdict.DONE:
                ended = replace(note, verb=Verb.REFUND.value, out_refund_no=wish.out_refund_no or "")
                text = canonical(answer_fields(answer))
                self._notes.put(replace(ended, outcome=answer.verdict.value, answer=text))
            return
        assert isinstance(answer, PlatformAnswer)
        end = answer.verdict.value if answer.verdict in _ENDS else None
        if (end is not None and end != order.outcome) or order.heard_at_ms < now_ms - HEARD_EVERY_MS:
            self._notes.put(replace(note, order_outcome=end, transaction=answer.transaction))
        if end == Verdict.PAID and order.undone_at_ms is not None:
            # the box will count it as paid: nothing may undo it later because of a note that a crash took away
            self._notes.written(order.store, order.out_trade_no)


def _elsewhere(order: Order, wish: Wish) -> PlatformAnswer:
    """Answer about a platform that never got an order of this number, nor will: the number is another platform's.

    Who asks may be an older copy of the box that gave the number first. A phone's order may yet come to any wallet.
    """
    if PHONE in (order.platform, wish.platform):
        return PlatformAnswer(Verdict.UNKNOWN, wish.out_trade_no, code=_CODES[Step.DIFFERS])
    return number_used(wish.out_trade_no)


def done(platform: Platform, wish: Wish) -> WishAnswer:
    """Do at a platform what a complete wish says."""
    number, amount_fen, refund = wish.out_trade_no, wish.amount_fen or 0, wish.out_refund_no or ""
    match wish.verb:
        case Verb.PAY:
            return platform.pay(number, amount_fen, wish.auth_code or "", wish.subject)
        case Verb.OFFER:
            way, expires_at_ms = wish.way or Way.QR, wish.expires_at_ms or 0
            return platform.offer(way, number, amount_fen, wish.subject, expires_at_ms, wish.payer)
        case Verb.QUERY:
            return platform.query(number)
        case Verb.FIND:
            return platform.find(wish.transaction or "")
        case Verb.REVERSE:
            return platform.reverse(number)
        case Verb.CLOSE:
            return platform.close(number)
        case Verb.REFUND:
            return platform.refund(number, refund, amount_fen, wish.total_fen or amount_fen)
        case Verb.QUERY_REFUND:
            return platform.query_refund(number, refund)
