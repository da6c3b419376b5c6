"""The pay page: a customer's own phone pays a box's order here, and shows the counter headquarters' proof of it.

What is in the address is all that a phone brings: an order signed by its box. Nobody logs in, no cookie decides
anything. A page in a wallet's app asks that wallet who opened it before an order can be opened there.
"""

import io
import json
import re
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader

from agent.core.errors import Credentials, Refused, StoreboxError, TryLater
from agent.core.pay_passes import Order, PayProof, can_be_proved, order_in, proof_text
from agent.core.payment import Way
from agent.core.sentences import sentence_of
from sync.hq import registry
from sync.hq.database import Database
from sync.hq.door import not_replaced
from sync.hq.errors import error_answer
from sync.hq.keys import HqKeys
from sync.hq.limits import RateLimit
from sync.hq.pay.phone import WALLETS, PhoneOrders
from sync.hq.pay.phone_book import PhoneOrder, PhoneState
from sync.platforms.payer import PayerFinder

PROOF_LIVES_S = 7 * 24 * 3600
"""A proof that is shown later is another one, of the same payment; the counter takes each payment once."""
CLOCK_GRACE_S = 300
"""An order from further in the future is of a box whose clock is wrong; its end means nothing then."""
ASK_EVERY_MS = 1_500
PIXELS = 6
"""Dots of a module: sharp on a telephone, and still a small picture."""
BACK_COOKIE = "storebox_order"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:;"
        " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # WeChat's H5 asks for a page of the registered host: the host is told, the order in the path is not.
    "Referrer-Policy": "strict-origin",
}
_HERE = Path(__file__).parent
_FILES = {"page.js": "text/javascript", "page.css": "text/css"}
_APPS = {"wechat": re.compile(r"MicroMessenger/"), "alipay": re.compile(r"AlipayClient/")}
_PAYER = re.compile(r"[0-9A-Za-z_-]{8,128}")
_CHINESE = re.compile(r"\bzh\b", re.IGNORECASE)

Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PageOffice:
    """What the page works with; `rate` bounds what one order's page may ask."""

    database: Database
    keys: HqKeys
    orders: PhoneOrders
    now_ms: Callable[[], int]
    rate: RateLimit = field(default_factory=lambda: RateLimit(per_second=4.0, burst=40))


class PayPage:
    """What the page does, without HTTP."""

    def __init__(self, office: PageOffice) -> None:
        self._office = office
        self._lock = threading.Lock()
        self._asked_at_ms: dict[str, int] = {}

    def order(self, token: str) -> Order:
        """Return the order of an address; raises `StoreboxError` for what no box of ours signed."""
        order, signed = order_in(token)
        self._office.rate.take(order.store, order.out_trade_no)
        with self._office.database.read() as connection:
            box = registry.epoch_of_store(connection, order.store, order.epoch)
        if box.identity.box != order.box or not signed.is_signed_by([box.public_key]):
            raise Refused("order.not_signed")
        if box.revoked:
            raise Credentials("box.revoked", box=order.box, epoch=order.epoch)
        if order.issued_s * 1000 > self._office.now_ms() + CLOCK_GRACE_S * 1000:
            raise Refused("order.clock")
        return order

    def shown(self, order: Order, app: str | None) -> Shown:
        """Return what the page shows, asking the wallet when it is time to."""
        held = self._office.orders.seen(order)
        if self._may_ask(held):
            held = self._office.orders.look(held)
        return self._shown(order, held, app)

    def chosen(self, order: Order, wallet: str, app: str | None, payer: str | None) -> Shown:
        """Have a wallet open the order and return what the page shows then."""
        way = Way.IN_APP if app == wallet else Way.BROWSER
        if way is Way.IN_APP and (payer is None or not _PAYER.fullmatch(payer)):
            raise Refused("payer.code_refused")
        with self._office.database.read() as connection:
            not_replaced(registry.epoch_of_store(connection, order.store, order.epoch))
        subject = self._store_name(order.store)
        held = self._office.orders.choose(order, wallet, way, payer if way is Way.IN_APP else None, subject)
        return self._shown(order, held, app)

    def payers(self, store: str, app: str) -> PayerFinder | None:
        """Return what finds out who opened the page in an app; None where the merchant has not set that up."""
        found: PayerFinder | None = getattr(self._office.orders.wallet(store, app), "payers", None)
        return found

    def _may_ask(self, held: PhoneOrder) -> bool:
        """Bound how often a wallet is asked for one order, however many pages of it are open."""
        now_ms, number = self._office.now_ms(), held.out_trade_no
        with self._lock:
            if len(self._asked_at_ms) > 10_000:
                self._asked_at_ms.clear()
            if now_ms - self._asked_at_ms.get(number, 0) < ASK_EVERY_MS:
                return False
            self._asked_at_ms[number] = now_ms
            return True

    def _shown(self, order: Order, held: PhoneOrder, app: str | None) -> Shown:
        over = held.state is PhoneState.CLOSED or held.wanted_closed
        return {
            "store": self._store_name(order.store),
            "sale": order.sale,
            "amount_fen": order.amount_fen,
            "state": held.state.value,
            "over": over,
            "seconds_left": max(0, order.expires_s - self._office.now_ms() // 1000),
            "wallet": held.wallet,
            "in_app": held.way == Way.IN_APP,
            "offer": held.parameters,
            "app": app,
            "wallets": [name for name in WALLETS if self._has(order.store, name) and name not in held.spent_wallets],
            "proof": self._proof(held) if held.state is PhoneState.PAID else None,
        }

    def _has(self, store: str, wallet: str) -> bool:
        return self._office.orders.wallet(store, wallet) is not None

    def _proof(self, held: PhoneOrder) -> Shown | None:
        """Return the proof as a picture; None for a payment that does not fit one: its box learns it by asking."""
        platform, transaction = held.wallet or "", held.transaction or ""
        if not can_be_proved(platform, transaction):
            return None
        issued_s = self._office.now_ms() // 1000
        proof = PayProof(
            out_trade_no=held.out_trade_no,
            amount_fen=held.amount_fen,
            platform=platform,
            transaction=transaction,
            paid_s=(held.paid_at_ms or 0) // 1000,
            platform_discount_fen=held.platform_discount_fen,
            merchant_discount_fen=held.merchant_discount_fen,
            issued_s=issued_s,
            expires_s=issued_s + PROOF_LIVES_S,
        )
        return {"png": png(proof_text(proof, self._office.keys.pay_key))}

    def _store_name(self, store: str) -> str:
        with self._office.database.read() as connection:
            return registry.store_name(connection, store)


def png(text: str) -> str:
    """Return a QR code at level M with its quiet zone as a PNG, in the form of a `data:` address; pages enlarge it.

    A picture, so that it can be copied and kept as one.
    """
    import segno

    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False, boost_error=False).save(drawn, kind="png", scale=PIXELS, border=4)
    return f"data:image/png;base64,{b64encode(drawn.getvalue()).decode()}"


def app_of(user_agent: str) -> str | None:
    """Return in which wallet's app a page is open, by its own words; None in a browser."""
    return next((name for name, form in _APPS.items() if form.search(user_agent)), None)


def page_router(office: PageOffice) -> APIRouter:
    """Return the routes of the pay page; upper case, as the code on the till has them."""
    router = APIRouter(prefix="/O", include_in_schema=False)
    page = PayPage(office)
    texts = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True)

    def answered(work: Callable[[], Mapping[str, Any]]) -> Response:
        try:
            return JSONResponse(dict(work()), headers=HEADERS)
        except StoreboxError as error:
            refused = error_answer(error)
            retry = {name: refused.headers[name] for name in ("retry-after",) if name in refused.headers}
            words = {"error": {"code": error.code, **said(error)}}
            return JSONResponse(words, refused.status_code, {**HEADERS, **retry})

    def written(request: Request, state: Mapping[str, Any], payer: str | None, status: int = 200) -> Response:
        language = "zh-CN" if _is_chinese(request) else "en"
        text = texts.get_template("page.html").render(state=json.dumps(dict(state)), payer=payer or "", lang=language)
        return HTMLResponse(text, status, HEADERS)

    @router.get("/page.js")
    @router.get("/page.css")
    def file(request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        return FileResponse(_HERE / "static" / name, media_type=_FILES[name], headers={"Cache-Control": "max-age=3600"})

    @router.get("/back")
    def back(request: Request) -> Response:
        """Lead back from a wallet's page, which knows one address for all orders."""
        token = request.cookies.get(BACK_COOKIE, "")
        return RedirectResponse(f"/O/{token}" if re.fullmatch(r"[A-Z2-7]{1,400}", token) else "/O/", 302, HEADERS)

    @router.get("/{token}/state")
    def state(token: str, request: Request) -> Response:
        return answered(lambda: page.shown(page.order(token), _app(request)))

    @router.post("/{token}/wallet")
    def wallet(token: str, request: Request, wish: Annotated[dict[str, str], Body()]) -> Response:
        chosen = wish.get("wallet", ""), _app(request), wish.get("payer") or None
        return answered(lambda: page.chosen(page.order(token), *chosen))

    @router.get("/{token}")
    def opened(token: str, request: Request) -> Response:
        try:
            order, app, payer = page.order(token), _app(request), None
            finder = page.payers(order.store, app) if app is not None else None
            shown = {**page.shown(order, app), "outside": app is not None and finder is None}
            if finder is not None and shown["state"] != PhoneState.PAID and not shown["over"]:
                code = request.query_params.get(finder.code_field)
                if not code:
                    return RedirectResponse(finder.redirect_url(_own_url(request), "1"), 302, HEADERS)
                payer = finder.payer(code)
        except StoreboxError as error:
            return written(
                request, {"error": {"code": error.code, **said(error)}}, None, error_answer(error).status_code
            )
        response = written(request, shown, payer)
        response.set_cookie(BACK_COOKIE, token, max_age=3600, path="/O", httponly=True, samesite="lax")
        return response

    return router


def said(error: StoreboxError) -> Shown:
    """Return what a customer reads about a refusal, in both languages."""
    words = sentence_of(error)
    return {
        "title": {"zh": words.zh_title, "en": words.en_title},
        "detail": {"zh": words.zh_detail, "en": words.en_detail},
        "again": isinstance(error, TryLater),
    }


def _app(request: Request) -> str | None:
    return app_of(request.headers.get("user-agent", ""))


def _own_url(request: Request) -> str:
    """Return the page's own address as its reader typed it; a proxy in front says how it was reached."""
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme)
    return f"{scheme}://{request.headers.get('host', '')}{request.url.path}"


def _is_chinese(request: Request) -> bool:
    asked = request.query_params.get("lang") or request.headers.get("accept-language", "zh").partition(",")[0]
    return _CHINESE.search(asked.replace("-", " ").replace("_", " ")) is not None
