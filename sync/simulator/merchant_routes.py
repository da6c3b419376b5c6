"""The merchant's side of the simulator that no till sees: refunds in the merchant's portal, and the static code.

Nothing here is part of a platform's protocol; it stands for the portal's page and for a printed code on the counter.
"""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Body, HTTPException

from sync.simulator.account_books import AccountBooks
from sync.simulator.accounts import Account
from sync.simulator.behaviour import AT_ONCE
from sync.simulator.orders import Order
from sync.simulator.world import World

Shown = dict[str, Any]
AMOUNT_FEN_MAX = 10**9


def merchant_routes(world: World) -> APIRouter:
    """Return the routes of the merchant's own acts."""
    router = APIRouter()

    def books_of(name: str) -> tuple[Account, AccountBooks]:
        account = next((one for one in world.accounts.all() if one.name == name), None)
        if account is None:
            raise HTTPException(404, "no such merchant")
        return account, world.books(account)

    @router.post("/sim/merchants/{name}/refund")
    def refund(name: str, wish: Annotated[dict[str, str], Body()]) -> Shown:
        """Refund in the portal: the order `out_trade_no`, or the newest one paid of which nothing went back.

        409 when the platform refuses it.
        """
        account, books = books_of(name)
        number = wish.get("out_trade_no")
        order = books.find(number) if number else books.newest_kept()
        if order is None:
            raise HTTPException(404, "no such order")
        done = books.refund(order.out_trade_no, f"PORTAL{secrets.token_hex(8).upper()}", order.amount_fen)
        if isinstance(done, str):
            raise HTTPException(409, done)
        return {"merchant": account.name, "out_refund_no": done.out_refund_no, **_order(order)}

    @router.post("/sim/merchants/{name}/static-code")
    def static_code(name: str, wish: Annotated[dict[str, str], Body()]) -> Shown:
        """Let the customer `customer` pay `amount_fen` to the code that hangs on the counter: no till hears of it."""
        account, books = books_of(name)
        customer = world.customers.find(wish.get("customer", ""))
        amount = wish.get("amount_fen", "")
        if customer is None or not amount.isdecimal() or not 0 < int(amount) <= AMOUNT_FEN_MAX:
            raise HTTPException(404, "no such customer or amount")
        number = f"STATIC{secrets.token_hex(8).upper()}"
        said = {"subject": "收款码收款", "trade_type": "NATIVE"}
        order, _ = books.begin(number, int(amount), customer.payer, AT_ONCE, said)
        return {"merchant": account.name, **_order(order)}

    return router


def _order(order: Order) -> Shown:
    return {"out_trade_no": order.out_trade_no, "amount_fen": order.amount_fen}
