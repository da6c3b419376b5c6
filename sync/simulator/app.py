"""The simulated wallet's web application: signed requests in, signed answers out, faults on `/control`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response

from agent.core.canonical import canonical_bytes, parse
from agent.core.errors import StoreboxError
from sync.platforms.wallet_signing import NONCE_HEADER, SIGNATURE_HEADER, Merchant, answer_signature, request_is_signed
from sync.simulator.behaviour import behaviour
from sync.simulator.bill import bill_lines
from sync.simulator.customer_routes import customer_routes
from sync.simulator.merchant_routes import merchant_routes
from sync.simulator.orders import Books, Order, Refund
from sync.simulator.platform_routes import PLATFORM_PATHS, platform_routes
from sync.simulator.weather import LOST_HEADER, Application, Storm, Weather
from sync.simulator.world import World


@dataclass(frozen=True, slots=True)
class Call:
    """A merchant's request whose signature was checked; `fields` is empty when its body is none."""

    nonce: str
    signed: bool
    fields: Mapping[str, object]

    def text(self, name: str) -> str:
        """Return a text field, empty when it is missing."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """Return a whole number, -1 when it is missing."""
        value = self.fields.get(name)
        return value if type(value) is int else -1


class WalletDesk:
    """Answers a merchant's requests out of the books."""

    def __init__(self, merchant: Merchant, books: Books, weather: Weather) -> None:
        self._merchant = merchant
        self._books = books
        self._weather = weather

    def pay(self, call: Call) -> Response:
        """Begin an order; the payment code says how it goes."""
        out_trade_no, amount_fen, auth_code = (
            call.text("out_trade_no"),
            call.number("amount_fen"),
            call.text("auth_code"),
        )
        if not call.signed or not out_trade_no or amount_fen <= 0:
            return self._refused(call)
        how = behaviour(auth_code)
        if not how.arrives:
            return _lost()
        order = self._books.pay(out_trade_no, amount_fen, f"payer-{auth_code[-6:-2]}", how)
        answer = self.answer(call, _order_document(order, amount_fen))
        return answer if how.answers else _lost()

    def query(self, call: Call) -> Response:
        """Tell what became of an order, named by either number."""
        if not call.signed:
            return self._refused(call)
        out_trade_no, transaction = call.text("out_trade_no"), call.text("transaction")
        order = self._books.by_transaction(transaction) if transaction else self._books.find(out_trade_no)
        if order is None:
            return self.answer(call, {"out_trade_no": out_trade_no, "state": "not_found", "code": "ORDER_NOT_FOUND"})
        return self.answer(call, _order_document(order, order.amount_fen))

    def reverse(self, call: Call) -> Response:
        """Undo an order."""
        if not call.signed or not call.text("out_trade_no"):
            return self._refused(call)
        order = self._books.reverse(call.text("out_trade_no"))
        return self.answer(call, _order_document(order, order.amount_fen))

    def refund(self, call: Call) -> Response:
        """Give money back."""
        if not call.signed or not call.text("out_refund_no"):
            return self._refused(call)
        out_trade_no, out_refund_no = call.text("out_trade_no"), call.text("out_refund_no")
        bare = {"out_trade_no": out_trade_no, "out_refund_no": out_refund_no}
        if self._weather.balance_low and self._books.find_refund(out_refund_no) is None:
            return self.answer(call, {**bare, "state": "try_later", "code": "MERCHANT_BALANCE_TOO_LOW"})
        order = self._books.find(out_trade_no)
        if order is not None and order.amount_fen != call.number("total_fen"):
            return self.answer(call, {**bare, "state": "refused", "code": "TOTAL_DIFFERS"})
        refund = self._books.refund(out_trade_no, out_refund_no, call.number("amount_fen"))
        if isinstance(refund, str):
            return self.answer(call, {**bare, "state": "refused", "code": refund})
        return self.answer(call, _refund_document(refund))

    def query_refund(self, call: Call) -> Response:
        """Tell what became of a refund."""
        if not call.signed:
            return self._refused(call)
        refund = self._books.find_refund(call.text("out_refund_no"))
        if refund is None or refund.out_trade_no != call.text("out_trade_no"):
            bare = {"out_trade_no": call.text("out_trade_no"), "out_refund_no": call.text("out_refund_no")}
            return self.answer(call, {**bare, "state": "not_found", "code": "REFUND_NOT_FOUND"})
        return self.answer(call, _refund_document(refund))

    def bill(self, call: Call, day: date) -> Response:
        """Give the bill of a day."""
        if not call.signed:
            return self._refused(call)
        text = "".join(f"{line}\n" for line in bill_lines(self._books, day))
        return self._signed(call, text.encode(), 200)

    def answer(self, call: Call, document: Mapping[str, object]) -> Response:
        """Return a signed answer."""
        return self._signed(call, canonical_bytes(document), 200)

    def _refused(self, call: Call) -> Response:
        code = "REQUEST_MALFORMED" if call.signed else "SIGNATURE_WRONG"
        return self._signed(call, canonical_bytes({"code": code}), 400 if call.signed else 401)

    def _signed(self, call: Call, body: bytes, status: int) -> Response:
        signature = answer_signature(self._merchant, call.nonce, status, body)
        return Response(body, status, {SIGNATURE_HEADER: signature}, "application/json")


def create_app(merchant: Merchant, books: Books, weather: Weather, world: World | None = None) -> Application:
    """Return the application of wallet and platforms, with faults around it; without a world, the wallet's alone."""
    app = FastAPI(title="platform simulator", docs_url=None, redoc_url=None)
    if world is not None:
        app.include_router(platform_routes(world))
        app.include_router(customer_routes(world))
        app.include_router(merchant_routes(world))
    desk = WalletDesk(merchant, books, weather)

    async def call(request: Request) -> Call:
        body = await request.body()
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        signed = request_is_signed(merchant, request.headers, request.method, target, body)
        return Call(request.headers.get(NONCE_HEADER, ""), signed, _fields(body))

    handlers: Mapping[str, Callable[[Call], Response]] = {
        "pay": desk.pay,
        "query": desk.query,
        "reverse": desk.reverse,
        "refund": desk.refund,
        "query_refund": desk.query_refund,
    }

    @app.post("/wallet/{verb}")
    def act(verb: str, made: Annotated[Call, Depends(call)]) -> Response:
        """Do what a merchant asks for."""
        handler = handlers.get(verb)
        return handler(made) if handler is not None else Response("{}", 404)

    @app.get("/wallet/bill")
    def bill(day: date, made: Annotated[Call, Depends(call)]) -> Response:
        """Give the bill of a day."""
        return desk.bill(made, day)

    @app.post("/control")
    async def control(request: Request) -> Response:
        """Obey one line of words; see `weather`."""
        try:
            weather.command((await request.body()).decode("utf-8", "replace"))
        except StoreboxError as error:
            return Response(f"{error}\n", 400, media_type="text/plain")
        return Response("ok\n", media_type="text/plain")

    @app.get("/health")
    def health() -> dict[str, str]:
        """Tell that the simulator runs, whatever the weather."""
        return {"status": "ok", "weather": weather.mode}

    return Storm(app, weather, ("/wallet/", *PLATFORM_PATHS), world.now_ms if world is not None else None)


def _fields(body: bytes) -> Mapping[str, object]:
    try:
        value = parse(body) if body else {}
    except StoreboxError:
        return {}
    return value if isinstance(value, dict) else {}


def _lost() -> Response:
    return Response("", 200, {LOST_HEADER.decode(): "1"})


def _order_document(order: Order, amount_fen: int) -> dict[str, object]:
    """Return an order as a merchant sees it; another amount under a known number is a state of its own."""
    paid = order.state in ("paid", "reversed")
    return {
        "out_trade_no": order.out_trade_no,
        "state": order.state if order.amount_fen in (amount_fen, 0) else "order_differs",
        "transaction": order.transaction_no if paid else None,
        "paid_at_ms": order.paid_at_ms,
        "amount_fen": order.amount_fen,
        "customer_paid_fen": order.amount_fen - order.platform_discount_fen if paid else None,
        "platform_discount_fen": order.platform_discount_fen if paid else 0,
        "merchant_discount_fen": 0,
        "payer": order.payer if paid else None,
        "code": order.code,
    }


def _refund_document(refund: Refund) -> dict[str, object]:
    return {
        "out_trade_no": refund.out_trade_no,
        "out_refund_no": refund.out_refund_no,
        "state": "done",
        "refund_transaction": refund.refund_transaction,
        "amount_fen": refund.amount_fen,
        "customer_fen": refund.amount_fen - refund.platform_fen,
        "platform_fen": refund.platform_fen,
        "code": None,
    }
