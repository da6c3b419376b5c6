"""What a merchant may do at the simulated WeChat Pay, the same for v3 and V2; each returns an outcome, no protocol."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from sync.simulator.account_books import AccountBooks
from sync.simulator.accounts import Account
from sync.simulator.customers import code_digest
from sync.simulator.orders import Order, Refund
from sync.simulator.world import World

OUT_TRADE_NO = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
OUT_REFUND_NO = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
REFUNDS_MAX = 50

State = Literal["new", "same", "differs", "paid", "lost"]


@dataclass(frozen=True, slots=True)
class Begun:
    """An order that was asked for: new, the same as before, or another one under a used number, paid or not."""

    state: State
    order: Order


class Counter:
    """One merchant's dealings. Stateless but for the books."""

    def __init__(self, world: World, account: Account) -> None:
        self.world = world
        self.account = account
        self.books: AccountBooks = world.books(account)

    def pay_by_code(
        self, out_trade_no: str, amount_fen: int, auth_code: str, particulars: Mapping[str, str]
    ) -> Begun | None:
        """Begin an order by a payment code; None when the request is to get lost before it arrives."""
        known = self.books.find(out_trade_no)
        if known is not None:
            return Begun(self._known(known, amount_fen, code_digest(auth_code)), known)
        holder = self.world.customers.use(
            auth_code, out_trade_no, amount_fen, lambda payer: self.world.spent_by(payer, "wechat")
        )
        if not holder.how.arrives:
            return None
        said = {**particulars, "trade_type": "MICROPAY", "code_digest": code_digest(auth_code)}
        order, _ = self.books.begin(out_trade_no, amount_fen, holder.payer, holder.how, said)
        return Begun("new" if holder.how.answers else "lost", order)

    def _known(self, order: Order, amount_fen: int, digest: str) -> State:
        """Return how a payment stands to an order of its number: the same code again is the same payment."""
        if self.books.particulars(order.out_trade_no).get("code_digest", digest) == digest:
            return self._compared(order, amount_fen, "MICROPAY")
        return "paid" if order.state == "paid" else "differs"

    def offer(
        self, trade_type: str, out_trade_no: str, amount_fen: int, expires_at_ms: int, particulars: Mapping[str, str]
    ) -> Begun:
        """Begin an order that waits for a phone."""
        said = {**particulars, "trade_type": trade_type, "token": self.token(out_trade_no)}
        order, new = self.books.offer(out_trade_no, amount_fen, expires_at_ms, said)
        return Begun("new" if new else self._compared(order, amount_fen, trade_type), order)

    def token(self, out_trade_no: str) -> str:
        """Return what stands in an order's QR code or page."""
        return sha256(f"{self.account.name} {out_trade_no}".encode()).hexdigest()[:18]

    def refund(
        self, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int, particulars: Mapping[str, str]
    ) -> Refund | str:
        """Give money back, or return our word for why not."""
        order = self.books.find(out_trade_no)
        if self.world.weather.balance_low and self.books.find_refund(out_refund_no) is None:
            return "MERCHANT_BALANCE_TOO_LOW"
        if order is None or order.state != "paid":
            return "ORDER_NOT_PAID"
        if total_fen != order.amount_fen:
            return "TOTAL_DIFFERS"
        if len(self.books.refunds_of(out_trade_no)) >= REFUNDS_MAX and self.books.find_refund(out_refund_no) is None:
            return "TOO_MANY_REFUNDS"
        found = self.books.refund(out_trade_no, out_refund_no, amount_fen)
        if isinstance(found, Refund):
            done_at_ms = found.at_ms + self.world.refund_ms
            self.books.note(out_refund_no, {**particulars, "done_at_ms": str(done_at_ms)})
            self.world.tell(self.account, "refund", out_refund_no)
        return found

    def done_at_ms(self, refund: Refund) -> int:
        """Return when a refund reaches the customer."""
        return int(self.books.particulars(refund.out_refund_no).get("done_at_ms", refund.at_ms))

    def find(self, out_trade_no: str, transaction: str) -> Order | None:
        """Return an order by either number; the platform's own wins."""
        return self.books.by_transaction(transaction) if transaction else self.books.find(out_trade_no)

    def _compared(self, order: Order, amount_fen: int, trade_type: str) -> State:
        said = self.books.particulars(order.out_trade_no)
        same = order.amount_fen == amount_fen and said.get("trade_type") == trade_type
        return "same" if same else "differs"
