"""The counter of a replay: one till that opens days and shifts by the baskets' clock, sells, refunds and closes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from agent.core.errors import Broken, Family, StoreboxError
from agent.core.moment import business_day
from agent.core.payment import AttemptState
from agent.core.shift import DENOMINATIONS_FEN
from agent.replay.baskets import Basket, GivenBack, RefusedBasket, Sold
from agent.replay.clock import BasketClock
from agent.services import baskets as drafts
from agent.services import checkout, days, payments, refunds, shifts, tendering
from agent.services.reports import drawer_sums
from agent.services.resolver import Resolver
from agent.services.shop import Actor, Shop
from agent.services.trade import open_day, open_shift

FLOAT_FEN = 50_000
WALLET_SHARE = 4
"""Every fourth basket is paid by wallet."""
RESOLVE_STEPS_MAX = 200
_NOTE_FEN = 5_000
_SKIPPED = (Family.REFUSED, Family.CREDENTIALS)
"""What the shop's rules, or the rights of who replays, do not allow: the basket is skipped and named."""


@dataclass
class Tally:
    """What a replay did in this run."""

    baskets: int = 0
    known: int = 0
    refused: list[RefusedBasket] = field(default_factory=list)


class Counter:
    """Rings baskets up in the order of the file."""

    def __init__(self, shop: Shop, actor: Actor, clock: BasketClock, wallet: str | None) -> None:
        self._shop = shop
        self._actor = actor
        self._clock = clock
        self._wallet = wallet
        self._resolver = Resolver(shop)

    def known(self, number: str) -> bool:
        """Tell whether a basket is recorded already."""
        connection = self._shop.read()
        row = connection.execute(
            "SELECT EXISTS(SELECT 1 FROM view_sale WHERE reference = ?1)"
            " OR EXISTS(SELECT 1 FROM view_refund WHERE reference = ?1)",
            (number,),
        ).fetchone()
        return bool(row[0])

    def take_up(self) -> None:
        """Finish what an interrupted run left: resolve an open payment, then clear the till's basket.

        A basket that was not paid is rung up again from the file; its draft is cancelled, so no number is lost.
        """
        self._resolve_all()
        basket = drafts.current(self._shop.read(), self._actor.till)
        if basket is None:
            return
        if basket.tenders:
            tendering.pay_cash(self._shop, self._actor, None)
            return
        checkout.cancel(self._shop, self._actor, "replay was interrupted")

    def ring_up(self, basket: Basket) -> None:
        """Record one basket; raises what the use cases refuse."""
        self._go_to(basket.at_ms)
        if isinstance(basket.meaning, GivenBack):
            self._give_back(basket, basket.meaning)
            return
        try:
            self._sell(basket, basket.meaning)
        except StoreboxError as error:
            if error.family in _SKIPPED:
                self._clear("not accepted")
            raise

    def _clear(self, reason: str) -> None:
        """Cancel what stands on the till, so that the next customer does not pay for it."""
        if drafts.current(self._shop.read(), self._actor.till) is not None:
            checkout.cancel(self._shop, self._actor, reason)

    def _give_back(self, basket: Basket, meaning: GivenBack) -> None:
        refunds.refund_goods(
            self._shop,
            self._actor,
            meaning.lines,
            "goods back without a receipt",
            reference=basket.number,
            key=f"replay {basket.number}",
        )

    def _sell(self, basket: Basket, meaning: Sold) -> None:
        shown = checkout.add_lines(
            self._shop,
            self._actor,
            meaning.lines,
            meaning.discounts,
            reference=basket.number,
            member=basket.member,
        )
        due_fen = shown["due_fen"]
        key = f"replay {basket.number}"
        if due_fen == 0:
            tendering.finish_free(self._shop, self._actor, key)
        elif not (self._by_wallet(basket) and self._pay_by_wallet(basket)):
            given_fen = -(-due_fen // _NOTE_FEN) * _NOTE_FEN
            tendering.pay_cash(self._shop, self._actor, given_fen, key)

    def _by_wallet(self, basket: Basket) -> bool:
        return self._wallet is not None and _drawn(basket.number) % WALLET_SHARE == 0

    def _pay_by_wallet(self, basket: Basket) -> bool:
        """Pay by wallet; False when it came to nothing and the customer pays cash."""
        code = f"28{_drawn(basket.number) % 10**14:014d}00"
        started, submit = payments.start_code_payment(
            self._shop, self._actor, self._wallet or "", code, f"replay wallet {basket.number}"
        )
        submit()
        state = AttemptState(payments.attempt(self._shop, started["attempt"])["state"])
        if state is AttemptState.OPEN:
            self._resolve_all()
            state = AttemptState(payments.attempt(self._shop, started["attempt"])["state"])
        return state is AttemptState.PAID

    def _resolve_all(self) -> None:
        for _ in range(RESOLVE_STEPS_MAX):
            if not payments.unresolved(self._shop.read()):
                return
            self._clock.advance(self._resolver.step())
        raise Broken("replay.payment_unresolved")

    def _go_to(self, at_ms: int) -> None:
        """Set the clock, which never goes back; on a new business day close the old one with its Z and open it."""
        at_ms = max(at_ms, self._clock.now_ms())
        day = business_day(at_ms, self._shop.store.zone, self._shop.store.day_starts).isoformat()
        opened = open_day(self._shop.read())
        if opened is not None and opened != day:
            self.close_day()
            opened = None
        self._clock.set(at_ms)
        if opened is None:
            days.open_the_day(self._shop, self._actor)
        if open_shift(self._shop.read(), self._actor.till) is None:
            shifts.open_a_shift(self._shop, self._actor, FLOAT_FEN)

    def close_day(self) -> None:
        """Close shift and day: the drawer is counted as it should be, by denomination."""
        connection = self._shop.read()
        shift = open_shift(connection, self._actor.till)
        if shift is not None:
            expected_fen = drawer_sums(connection, shift["shift"]).expected_fen
            shifts.close_shift(self._shop, self._actor, denominations(max(expected_fen, 0)))
        if open_day(connection) is not None:
            days.close_the_day(self._shop, self._actor)


def _drawn(number: str) -> int:
    """Return a number that stands for a basket's number, whatever characters it has."""
    return int.from_bytes(sha256(number.encode()).digest()[:8], "big")


def denominations(amount_fen: int) -> dict[str, int]:
    """Return the fewest notes and coins that make an amount."""
    pieces: dict[str, int] = {}
    for denomination in DENOMINATIONS_FEN:
        count, amount_fen = divmod(amount_fen, denomination)
        if count:
            pieces[str(denomination)] = count
    return pieces


def attempted(ring: Callable[[Basket], None], basket: Basket) -> RefusedBasket | None:
    """Ring one basket up; returns a refusal of the shop's rules instead of raising it."""
    try:
        ring(basket)
    except StoreboxError as error:
        if error.family not in _SKIPPED:
            raise
        return RefusedBasket(basket.number, error.code)
    return None
