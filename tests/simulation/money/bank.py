"""A bank of its own: the model of a payment platform whose books the property test believes, and nothing else.

It shares no code with adapters, simulator or journal. What it does is what WeChat Pay and Alipay do: an order number is
one order for ever; a payment code serves one order; an unpaid order closes by itself; an undone one that was paid goes
back in full; a refund number pays once. What no caller may do is written down as a complaint.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

REVERSE_NOT_BEFORE_S = 15.0
"""WeChat Pay V2, doc 4011937125: reverse at the earliest 15 seconds after the payment was submitted."""


class Habit(Enum):
    """What the holder of a payment code does, or what the platform does with it."""

    PAYS = "pays at once"
    PASSWORD = "types the password after"
    REFUSES = "cancels on the phone after"
    SLEEPS = "never answers the phone"
    LAST_MOMENT = "types the password in the very moment in which it is undone"
    POOR = "has no money"
    USED = "shows a code that was used before"
    BUSY_PAID = "pays, says the platform after a system error, after"
    BUSY_NOTHING = "meets a system error and nothing comes of it"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who shows a code, and how long it takes; `code` is unique in a world."""

    code: str
    habit: Habit
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class House:
    """What one platform does otherwise than the other."""

    name: str
    buries: bool
    """An undo of a number that it never saw closes that number."""


WECHAT = House("wechat", buries=True)
ALIPAY = House("alipay", buries=False)


class State(Enum):
    """Where an order stands at the bank."""

    WAITING = "waiting"
    PAID = "paid"
    DECLINED = "declined"
    CLOSED = "closed"
    REVERSED = "reversed"


@dataclass(slots=True)
class Refund:
    """Money on its way back; it has moved when `done_s` is past."""

    number: str
    amount_fen: int
    done_s: float
    transaction: str


@dataclass(slots=True)
class Order:
    """One order number."""

    number: str
    amount_fen: int
    made_s: float
    transaction: str
    state: State = State.WAITING
    pays_s: float | None = None
    refuses_s: float | None = None
    last_moment: bool = False
    closes_s: float = 0.0
    paid_s: float | None = None
    refunds: dict[str, Refund] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """What the bank answers about an order; `state` None: it knows no such order."""

    state: State | None
    order: Order | None = None
    code: str | None = None
    fault: bool = False
    """It says only that something went wrong."""
    used: bool = False
    """It says that the number stands for an earlier order."""


@dataclass(frozen=True, slots=True)
class Movement:
    """Money between a customer and the merchant; positive towards the merchant."""

    at_s: float
    number: str
    amount_fen: int
    why: str


class Bank:
    """The books of one platform."""

    def __init__(self, house: House, now_s: Callable[[], float], tell: Callable[[str], None]) -> None:
        self.house = house
        self.orders: dict[str, Order] = {}
        self.movements: list[Movement] = []
        self.complaints: list[str] = []
        self.submitted_s: dict[str, float] = {}
        """When each number was first sent here, whether it arrived or not."""
        self.lives: dict[str, set[int]] = {}
        """Which of the boxes (0: the first, 1: the one that took its place) sent a number here."""
        self.poor = False
        """The merchant's balance is too low for refunds."""
        self.refund_takes_s = 0.0
        self.closes_after_s = 45.0
        """When an order that nobody paid closes by itself."""
        self.says_again = 0
        """So many undos answer that they have to be asked for once more."""
        self._now_s = now_s
        self._tell = tell
        self._holders: dict[str, Holder] = {}
        self._used: dict[str, str] = {}
        self._buried: set[str] = set()
        self._numbers = itertools.count(1)

    def hand_out(self, holder: Holder) -> str:
        """Let a customer of this bank show a code."""
        self._holders[holder.code] = holder
        return holder.code

    def pay(self, number: str, amount_fen: int, code: str) -> Said:
        """Take a payment code for an order."""
        if self._is_another_life(number):
            return self._used_before(number, amount_fen)
        if number in self.orders:
            self.complaints.append(f"{number} was submitted to {self.house.name} although it was known there")
            return self.query(number)
        if number in self._buried:
            return Said(State.CLOSED, code="ORDER_CLOSED")
        holder = self._holders[code]
        if self._used.setdefault(code, number) != number or holder.habit is Habit.USED:
            return Said(State.DECLINED, code="CODE_USED")
        order = self._begin(number, amount_fen, self.closes_after_s)
        now_s = self._now_s()
        if holder.habit in (Habit.PASSWORD, Habit.BUSY_PAID):
            order.pays_s = now_s + holder.after_s
        elif holder.habit is Habit.REFUSES:
            order.refuses_s = now_s + holder.after_s
        elif holder.habit is Habit.LAST_MOMENT:
            order.last_moment = True
        elif holder.habit is Habit.POOR:
            self._move_to(order, State.DECLINED)
        elif holder.habit is Habit.PAYS:
            order.pays_s = now_s
        if holder.habit in (Habit.BUSY_PAID, Habit.BUSY_NOTHING):
            return Said(None, code="SYSTEMERROR", fault=True)
        return self.query(number)

    def sent(self, number: str, life: int) -> None:
        """A box is about to send an order; one box sends a number once."""
        lives = self.lives.setdefault(number, set())
        if life in lives:
            self.complaints.append(f"{number} was submitted twice")
        lives.add(life)

    def _is_another_life(self, number: str) -> bool:
        return number in self.orders and len(self.lives.get(number, ())) > 1

    def _used_before(self, number: str, amount_fen: int) -> Said:
        """Refuse a used number; of one that waits for the same amount one of the platforms says only that."""
        order = self._look(number)
        assert order is not None
        same = order.amount_fen == amount_fen and order.state is State.WAITING
        if same and not self.house.buries:
            return self.query(number)
        self._tell(f"{self.house.name}: {number} is used, and {order.state.value}")
        return Said(order.state, order, code="NUMBER_USED", used=True)

    def offer(self, number: str, amount_fen: int, expires_s: float) -> Said:
        """Open an order for whoever scans it."""
        if number in self._buried:
            return Said(State.CLOSED, code="ORDER_CLOSED")
        if self._is_another_life(number):
            return self._used_before(number, amount_fen)
        if number not in self.orders:
            self._begin(number, amount_fen, max(1.0, expires_s - self._now_s()))
        return self.query(number)

    def scan(self, number: str, holder: Holder) -> None:
        """A customer scans the code of an order, and does with it what such customers do, if it still can be paid."""
        order = self._look(number)
        if order is None or order.state is not State.WAITING:
            return
        if holder.habit in (Habit.PASSWORD, Habit.BUSY_PAID):
            order.pays_s = self._now_s() + holder.after_s
        elif holder.habit is Habit.PAYS:
            order.pays_s = self._now_s()
        elif holder.habit is Habit.LAST_MOMENT:
            order.last_moment = True

    def query(self, number: str) -> Said:
        """Tell how an order stands; one that went back in full is undone, whichever way it went."""
        order = self._look(number)
        if order is None:
            return Said(State.CLOSED if number in self._buried else None, code="ORDER_NOT_FOUND")
        if order.state is State.PAID and sum(one.amount_fen for one in order.refunds.values()) >= order.amount_fen:
            return Said(State.REVERSED, order)
        return Said(order.state, order)

    def reverse(self, number: str) -> Said:
        """Undo an order: unpaid it closes, paid it goes back in full."""
        if self.says_again > 0:
            self.says_again -= 1
            return Said(None, code="RECALL", fault=True)
        order = self._touched_last(number)
        if order is None:
            if self.house.buries:
                self._buried.add(number)
            return self.query(number)
        if order.state is State.PAID and not order.refunds:
            self._move(order, -order.amount_fen, "undone")
            self._move_to(order, State.REVERSED)
        elif order.state is State.WAITING or (order.state is State.DECLINED and self.house.buries):
            self._move_to(order, State.CLOSED)
        return self.query(number)

    def close(self, number: str) -> Said:
        """Close an order that waits for a scan; one that was paid stays paid."""
        order = self._touched_last(number)
        if order is None:
            self._buried.add(number)
        elif order.state is State.WAITING:
            self._move_to(order, State.CLOSED)
        return self.query(number)

    def refund(self, number: str, refund_no: str, amount_fen: int) -> Refund | str:
        """Give money back, or tell why not; the same refund number again tells how it stands."""
        order = self._look(number)
        if order is None or order.state is not State.PAID:
            return "ORDER_NOT_PAID"
        known = order.refunds.get(refund_no)
        if known is not None:
            if known.amount_fen != amount_fen:
                self.complaints.append(f"refund {refund_no} came again with another amount")
            return known
        if self.poor:
            return "BALANCE_TOO_LOW"
        if amount_fen > order.amount_fen - sum(one.amount_fen for one in order.refunds.values()):
            self.complaints.append(f"refund {refund_no} is for more than is left of {number}")
            return "AMOUNT_TOO_LARGE"
        refund = Refund(refund_no, amount_fen, self._now_s() + self.refund_takes_s, self._transaction("50"))
        order.refunds[refund_no] = refund
        self._move(order, -amount_fen, f"refund {refund_no}")
        return refund

    def find_refund(self, number: str, refund_no: str) -> Refund | None:
        """Tell how a refund stands."""
        order = self.orders.get(number)
        return None if order is None else order.refunds.get(refund_no)

    def net_fen(self, number: str) -> int:
        """Return what the merchant has of an order, by the movements alone."""
        self._look(number)
        return sum(one.amount_fen for one in self.movements if one.number == number)

    def settle_all(self) -> None:
        """Let everything happen that is due."""
        for number in self.orders:
            self._look(number)

    def _begin(self, number: str, amount_fen: int, closes_after_s: float) -> Order:
        now_s = self._now_s()
        order = Order(number, amount_fen, now_s, self._transaction("42"), closes_s=now_s + closes_after_s)
        self.orders[number] = order
        return order

    def _look(self, number: str) -> Order | None:
        """Return an order as it is by now: the first of what is due to it has happened."""
        order = self.orders.get(number)
        if order is None or order.state is not State.WAITING:
            return order
        due = [(order.closes_s, State.CLOSED)]
        due += [(order.pays_s, State.PAID)] if order.pays_s is not None else []
        due += [(order.refuses_s, State.DECLINED)] if order.refuses_s is not None else []
        at_s, state = min(due, key=lambda one: one[0])
        if at_s <= self._now_s():
            if state is State.PAID:
                order.paid_s = at_s
                self._move(order, order.amount_fen, "paid", at_s)
            self._move_to(order, state)
        return order

    def _touched_last(self, number: str) -> Order | None:
        """Return an order that is to end; a customer may be quicker by a moment."""
        order = self._look(number)
        if order is not None and order.state is State.WAITING and order.last_moment:
            order.pays_s = self._now_s()
        return self._look(number)

    def _move(self, order: Order, amount_fen: int, why: str, at_s: float | None = None) -> None:
        self.movements.append(Movement(self._now_s() if at_s is None else at_s, order.number, amount_fen, why))
        self._tell(f"{self.house.name}: {order.number} {amount_fen:+} fen, {why}")

    def _move_to(self, order: Order, state: State) -> None:
        order.state = state
        if state not in (State.PAID, State.REVERSED):
            self._tell(f"{self.house.name}: {order.number} is {state.value}")

    def _transaction(self, prefix: str) -> str:
        return f"{prefix}{self.house.name[0]}{next(self._numbers):010d}"
