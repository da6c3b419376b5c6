"""People at a till: they ring up, show codes, lose patience, pay otherwise; a dead box is waited for, asked again."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from agent.core.errors import StoreboxError
from agent.services import checkout, payments, refunds, tendering
from agent.services.shop import Actor, Approval
from tests.shops import CASHIER
from tests.simulation.money.bank import Bank, Holder
from tests.simulation.money.box import Box, Incarnation
from tests.simulation.money.case import Impatience, Purchase, Try
from tests.simulation.world import World

T = TypeVar("T")
LEAD = Approval("03", "shift_lead")
MANAGER = Approval("01", "store_manager")
ENDED = frozenset({"paid", "declined", "reversed", "closed", "never_existed"})
SKUS = ("D001", "D002", "D003", "D004", "D005")
HOUSE_PREFIX = {"wechat": "13", "alipay": "28"}
SHOWN_WITHIN_S = 60.0
GIVES_UP_S = 3 * 3_600.0
"""A customer is gone by then, whatever the box shows."""


class Counter:
    """One till and its customers."""

    def __init__(
        self,
        world: World,
        box: Box,
        banks: Mapping[str, Bank],
        till: str,
        tell: Callable[[str], None],
        *,
        same_goods: bool = False,
    ) -> None:
        self._same_goods = same_goods
        self._world = world
        self._box = box
        self._banks = banks
        self._actor: Actor = dataclasses.replace(CASHIER, till=till)
        self._tell = tell
        self._keys = itertools.count(1)

    def serve(self, purchases: tuple[Purchase, ...]) -> None:
        """Serve one customer after the other."""
        for purchase in purchases:
            self._world.wait(lambda: False, purchase.begins_s)
            self._serve(purchase)

    def _serve(self, purchase: Purchase) -> None:
        sale = self._ring_up()
        for attempt in purchase.tries:
            if self._is_over(sale):
                break
            self._try(sale, attempt)
        if not self._is_over(sale) and purchase.cash:
            self._refusable(lambda box: tendering.pay_cash(box.shop, self._actor, None, self._key()))
        if not self._is_over(sale):
            self._refusable(lambda box: checkout.cancel(box.shop, self._actor, "left", MANAGER))
        if purchase.refund:
            self._world.wait(lambda: False, 30.0)
            key = self._key()
            self._refusable(
                lambda box: refunds.refund_sale(box.shop, self._actor, sale, None, "quality", False, MANAGER, key=key)
            )

    def _ring_up(self) -> str:
        number = next(self._keys)
        sku = SKUS[0 if self._same_goods else number % len(SKUS)]
        found = self._ask(lambda box: checkout.basket(box.shop, self._actor))
        if found is None:
            self._ask(lambda box: checkout.add_code(box.shop, self._actor, sku))
        found = self._refusable(lambda box: checkout.ask_total(box.shop, self._actor))
        return "" if found is None else str(found["sale"])

    def _is_over(self, sale: str) -> bool:
        """Return whether the till has no such basket any more: paid, cancelled, or gone with a lost disk."""
        found = self._ask(lambda box: checkout.basket(box.shop, self._actor))
        return found is None or found["sale"] != sale

    def _try(self, sale: str, attempt: Try) -> None:
        bank = self._banks[attempt.platform]
        digits = f"{HOUSE_PREFIX[attempt.platform]}{self._actor.till}{next(self._keys):015d}"
        holder = Holder(digits, attempt.habit, attempt.after_s)
        code = bank.hand_out(holder)
        key = self._key()

        def start(box: Incarnation) -> str:
            self._box.begins_attempt()
            if attempt.by_qr:
                started, submit = payments.start_qr_payment(box.shop, self._actor, attempt.platform, key)
            else:
                started, submit = payments.start_code_payment(box.shop, self._actor, attempt.platform, code, key)
            box.spawn("submit", submit)
            return str(started["attempt"])

        began = self._refusable(start)
        if began is None:
            return
        number = began
        self._tell(f"till {self._actor.till}: {number} begins, {attempt}")
        if attempt.by_qr:
            self._world.spawn("a phone", lambda: self._scan(bank, number, holder))
        if self._ends_within(number, attempt.patience_s):
            return
        if attempt.then is Impatience.GIVE_UP:
            self._tell(f"till {self._actor.till}: {number} is given up")
            self._refusable(lambda box: payments.give_up(box.shop, self._actor, number))
            self._ends_within(number, GIVES_UP_S)
        elif attempt.then is Impatience.PARK:
            self._tell(f"till {self._actor.till}: {number} is parked")
            self._refusable(lambda box: payments.park(box.shop, self._actor, number, LEAD))
        else:
            self._ends_within(number, GIVES_UP_S)

    def _scan(self, bank: Bank, number: str, holder: Holder) -> None:
        """A customer looks at the screen until there is a code, and scans it."""
        gives_up_s = self._world.now_s + SHOWN_WITHIN_S
        while self._world.now_s < gives_up_s:
            self._world.wait(lambda: False, 1.0)
            found = self._refusable(lambda box: payments.attempt(box.shop, number))
            if found is None or found["state"] in ENDED:
                return
            if found["qr"]:
                bank.scan(number, holder)
                return

    def _ends_within(self, number: str, patience_s: float) -> bool:
        """Wait for the end of an attempt; an attempt that a restored box does not know has one, for the people."""
        gives_up_s = self._world.now_s + patience_s
        while self._world.now_s < gives_up_s:
            seen = self._box.now
            found = self._refusable(lambda box: payments.attempt(box.shop, number))
            if found is None or found["state"] in ENDED:
                return True
            changes = 0 if seen is None else seen.changes

            def moved(seen: Incarnation | None = seen, changes: int = changes) -> bool:
                return self._box.now is not seen or (seen is not None and seen.changes != changes)

            self._world.wait(moved, gives_up_s - self._world.now_s)
        return False

    def _key(self) -> str:
        return f"{self._actor.till}-{next(self._keys)}"

    def _refusable(self, act: Callable[[Incarnation], T]) -> T | None:
        """Ask the box; None when it refuses."""
        try:
            return self._ask(act)
        except StoreboxError as error:
            self._tell(f"till {self._actor.till}: refused, {error.code}")
            return None

    def _ask(self, act: Callable[[Incarnation], T]) -> T:
        """Have the box do something; when it dies meanwhile, wait until it is back and ask the same again."""
        while True:
            self._world.wait(lambda: self._box.now is not None, None)
            box = self._box.now
            assert box is not None
            came: list[Any] = []

            def request(box: Incarnation = box, came: list[Any] = came) -> None:
                try:
                    came.append((True, act(box)))
                except StoreboxError as error:
                    came.append((False, error))

            task = box.spawn("request", request)
            self._world.wait(lambda task=task, box=box: task.ended or box.life.dead, None)  # type: ignore[misc]
            if came:
                done, answer = came[0]
                if done:
                    return answer  # type: ignore[no-any-return]
                raise answer
