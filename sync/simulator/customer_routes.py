"""The customers' side of the simulator: fresh payment codes, prompts, paying what was scanned, and the phone page.

Nothing here is part of a platform's protocol; it stands for the telephones and for whoever holds them.
"""

import io
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import segno
from fastapi import APIRouter, Body, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from sync.simulator.accounts import Account, Kind
from sync.simulator.customers import Customer, decision
from sync.simulator.orders import Order
from sync.simulator.world import World

KEPT = 200
_PAGE = Path(__file__).parent / "templates" / "phone.html"

Shown = dict[str, Any]


class Phones:
    """What customers do."""

    def __init__(self, world: World) -> None:
        self._world = world

    def customer(self, number: str) -> Customer:
        """Return a customer; 404 without one."""
        found = self._world.customers.find(number)
        if found is None:
            raise HTTPException(404, "no such customer")
        return found

    def balance_fen(self, customer: Customer, kind: Kind) -> int:
        """Return what is left in a wallet."""
        return customer.balance_fen - self._world.spent_by(customer.payer, kind)

    def shown(self, customer: Customer, kind: Kind) -> Shown:
        """Return what a phone shows: balance, orders that wait for a password, the latest payments."""
        waiting = self._world.waiting_for(customer.payer, kind)
        mine = [one for one in self._world.accounts.all() if one.kind == kind]
        latest = [(one, order) for one in mine for order in self._world.books(one).latest_of(customer.payer)]
        latest.sort(key=lambda pair: -(pair[1].paid_at_ms or 0))
        return {
            "id": customer.id,
            "name": customer.name,
            "name_en": customer.name_en,
            "balance_fen": self.balance_fen(customer, kind),
            "prompts": [self.order_shown(account, order) for account, order in waiting],
            "latest": [self.order_shown(account, order) for account, order in latest[:10]],
        }

    def scanned(self, kind: Kind, text: str) -> tuple[Account, Order]:
        """Return the order of a QR code, a page or a prepay number; 404 without one."""
        token = text.rpartition("=")[2].rpartition("/")[2].removeprefix("wx")
        for account in self._world.accounts.all():
            order = self._world.books(account).by_token(token) if account.kind == kind and token else None
            if order is not None:
                return account, order
        raise HTTPException(404, "no such order")

    def pay(self, customer: Customer, kind: Kind, account: Account, order: Order) -> Shown:
        """Pay an order that waits, with the password entered; 409 when it does not wait or money is missing."""
        spent_fen = self._world.spent_by(customer.payer, kind)
        how, _ = decision(customer, order.amount_fen, spent_fen)
        if how.ends == "declined":
            raise HTTPException(409, how.code or "declined")
        taken = self._world.books(account).take(order.out_trade_no, customer.payer, customer.discount_percent)
        if taken is None:
            raise HTTPException(409, "order is not waiting")
        self._world.tell(account, "order", order.out_trade_no)
        return self.order_shown(account, taken)

    def give_up(self, account: Account, order: Order) -> Shown:
        """Cancel an order that waits for a password."""
        ended = self._world.books(account).give_up(order.out_trade_no)
        if ended is None:
            raise HTTPException(409, "order is not waiting")
        return self.order_shown(account, ended)

    def order(self, kind: Kind, wish: Mapping[str, str]) -> tuple[Account, Order]:
        """Return the order that a wish names, by merchant and number or by what was scanned."""
        if wish.get("text"):
            return self.scanned(kind, wish["text"])
        account = next((one for one in self._world.accounts.all() if one.name == wish.get("merchant")), None)
        order = self._world.books(account).find(wish.get("out_trade_no", "")) if account is not None else None
        if account is None or order is None:
            raise HTTPException(404, "no such order")
        return account, order

    def code(self, customer: Customer, kind: Kind) -> Shown:
        """Return a fresh payment code, its end, and its QR code as SVG."""
        code, ends_at_ms = self._world.customers.new_code(customer, kind)
        drawn = io.BytesIO()
        segno.make(code, error="m", micro=False).save(drawn, kind="svg", border=2, xmldecl=False, omitsize=True)
        return {"code": code, "expires_at_ms": ends_at_ms, "svg": drawn.getvalue().decode()}

    def order_shown(self, account: Account, order: Order) -> Shown:
        """Return an order as a phone shows it."""
        said = self._world.books(account).particulars(order.out_trade_no)
        return {
            "merchant": account.name,
            "out_trade_no": order.out_trade_no,
            "amount_fen": order.amount_fen,
            "to_pay_fen": order.amount_fen - order.platform_discount_fen,
            "subject": said.get("subject", ""),
            "state": order.state,
            "paid_at_ms": order.paid_at_ms,
        }


def customer_routes(world: World) -> APIRouter:
    """Return the routes of customers, phone page, and the box in which notifications of practice merchants arrive."""
    router = APIRouter()
    phones = Phones(world)
    arrived: defaultdict[str, deque[Shown]] = defaultdict(lambda: deque(maxlen=KEPT))

    @router.get("/sim/customers")
    def customers() -> list[Shown]:
        """List everybody with what is left in both wallets."""
        kinds: tuple[Kind, Kind] = ("wechat", "alipay")
        return [
            {**asdict(one), "balances": {kind: phones.balance_fen(one, kind) for kind in kinds}}
            for one in world.customers.all()
        ]

    @router.get("/sim/customers/{number}")
    def customer(number: str, platform: Literal["wechat", "alipay"] = "wechat") -> Shown:
        """Show a phone."""
        return phones.shown(phones.customer(number), platform)

    @router.get("/sim/customers/{number}/code")
    def code(number: str, platform: Literal["wechat", "alipay"] = "wechat") -> Shown:
        """Give a fresh payment code: good for a minute, and once."""
        return phones.code(phones.customer(number), platform)

    @router.get("/sim/scan")
    def scan(text: str, platform: Literal["wechat", "alipay"] = "wechat") -> Shown:
        """Show the order of a QR code."""
        account, order = phones.scanned(platform, text)
        return phones.order_shown(account, order)

    @router.post("/sim/customers/{number}/pay")
    def pay(number: str, wish: Annotated[dict[str, str], Body()]) -> Shown:
        """Enter the password: `{platform, text}` or `{platform, merchant, out_trade_no}`."""
        kind: Kind = "alipay" if wish.get("platform") == "alipay" else "wechat"
        return phones.pay(phones.customer(number), kind, *phones.order(kind, wish))

    @router.post("/sim/customers/{number}/cancel")
    def cancel(number: str, wish: Annotated[dict[str, str], Body()]) -> Shown:
        """Close the password prompt."""
        phones.customer(number)
        return phones.give_up(*phones.order("alipay" if wish.get("platform") == "alipay" else "wechat", wish))

    @router.post("/sim/notified/{name}")
    async def notified(name: str, request: Request) -> Response:
        """Take a notification as a merchant's server would, and say so."""
        body = (await request.body()).decode("utf-8", "replace")
        arrived[name].append({"headers": dict(request.headers), "body": body})
        return Response("success" if name.startswith("alipay") else "", media_type="text/plain")

    @router.get("/sim/notified/{name}")
    def notifications(name: str) -> list[Shown]:
        """List what arrived for a merchant, oldest first."""
        return list(arrived[name])

    @router.get("/phone", response_class=HTMLResponse)
    def phone() -> str:
        """Show the customer's phone."""
        return _PAGE.read_text(encoding="utf-8")

    return router
