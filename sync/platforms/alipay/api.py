"""Alipay as a `Platform`: which method, under which number, and what is asked again before it is believed."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

from agent.core.bill import Bill, BillLine, BillSource, BillType, FundLine
from agent.core.errors import StoreboxError, UnknownOutcome
from agent.core.payment import (
    NUMBER_USED,
    Custody,
    Offer,
    OfferVerdict,
    Platform,
    PlatformAnswer,
    RefundAnswer,
    RefundVerdict,
    Verdict,
    Way,
    number_used,
)
from agent.core.ports import Entropy
from sync.platforms.alipay import answers
from sync.platforms.alipay.answers import unknown
from sync.platforms.alipay.bills import fetch, read
from sync.platforms.alipay.bills_funds import read_funds
from sync.platforms.alipay.errors import ORDER_CODES, REFUND_CODES
from sync.platforms.alipay.gateway import Gateway
from sync.platforms.alipay.payer import AlipayPayers
from sync.platforms.alipay.settings import read_settings
from sync.platforms.amounts import yuan
from sync.platforms.base import NowMs, Outcome, wall_ms
from sync.platforms.examination import Examined, asked
from sync.platforms.notified import Notified, NotifyAnswer
from sync.platforms.payer import PayerFinder
from sync.platforms.situations import Meaning
from sync.platforms.timings import refund_limits_of, timing_of

SUBJECT_CHARACTERS = 256
NOTICE_FIELDS_MAX = 100
_ENDS_OF_CANCEL = frozenset({Verdict.REVERSED, Verdict.CLOSED, Verdict.NOT_FOUND})


class Alipay:
    """One merchant of Alipay. Several threads may use it."""

    name = "alipay"
    custody = Custody.DIRECT
    timing = timing_of("alipay")
    refund_limits = refund_limits_of("alipay")

    def __init__(self, gateway: Gateway, now_ms: NowMs) -> None:
        self._gateway = gateway
        self._merchant = gateway.merchant
        self._now_ms = now_ms
        self.merchant = self._merchant.seller_id or self._merchant.app_id

    @property
    def payers(self) -> PayerFinder:
        """Return what finds out who opened a page in Alipay."""
        return AlipayPayers(self._gateway)

    # Paying

    def pay(self, out_trade_no: str, amount_fen: int, auth_code: str, subject: str) -> PlatformAnswer:
        """Take money by the customer's payment code; an order that is there already is not ours."""
        content = {
            **self._trade(out_trade_no, amount_fen, subject),
            "scene": "security_code" if auth_code.startswith("fp") else "bar_code",
            "auth_code": auth_code,
            "product_code": "FACE_TO_FACE_PAYMENT",
            "timeout_express": self._merchant.timeout_express,
        }
        try:
            reply = self._gateway.call("alipay.trade.pay", content, notify_url=self._merchant.notify_url)
        except StoreboxError as error:
            return unknown(out_trade_no, error.code)
        if reply.code is None:
            return _for_amount(answers.paid(reply.fields, out_trade_no), amount_fen)
        return _for_amount(self._after_refusal(out_trade_no, reply.code), amount_fen)

    def query(self, out_trade_no: str) -> PlatformAnswer:
        """Ask what became of an order."""
        return self._asked({"out_trade_no": out_trade_no})

    def find(self, transaction: str) -> PlatformAnswer:
        """Ask which order has Alipay's number."""
        return self._asked({"trade_no": transaction})

    def _asked(self, named: Mapping[str, str]) -> PlatformAnswer:
        """Ask about a trade by one of its numbers; the answer has to be about that one."""
        number = named.get("out_trade_no", "")
        try:
            reply = self._gateway.call("alipay.trade.query", named)
        except StoreboxError as error:
            return unknown(number, error.code)
        if reply.code is None and any(reply.fields.get(name) != value for name, value in named.items()):
            return unknown(number, "platform.answer_of_another")
        if reply.code is None:
            return answers.trade(reply.fields, number or str(reply.fields.get("out_trade_no")))
        if _meaning(reply.code) is Meaning.NOT_FOUND:
            return PlatformAnswer(Verdict.NOT_FOUND, number, code=reply.code)
        return unknown(number, reply.code)

    def reverse(self, out_trade_no: str) -> PlatformAnswer:
        """Undo an order, paid or not; only what a query confirms afterwards counts."""
        try:
            reply = self._gateway.call("alipay.trade.cancel", {"out_trade_no": out_trade_no})
        except StoreboxError as error:
            return unknown(out_trade_no, error.code)
        if reply.code is None and reply.fields.get("retry_flag") == "Y":
            return unknown(out_trade_no, "20000")
        looks = (Meaning.LOOK_UP, Meaning.REFUSED, Meaning.NOT_FOUND)
        if reply.code is not None and _meaning(reply.code) not in looks:
            return unknown(out_trade_no, reply.code)
        answer = self.query(out_trade_no)
        if answer.verdict in _ENDS_OF_CANCEL or (answer.verdict is Verdict.PAID and reply.code is not None):
            return answer
        return unknown(out_trade_no, reply.code or answer.code)

    # Giving back

    def refund(self, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int) -> RefundAnswer:
        """Give money back; the same number again never pays twice. Its own figures come from its query."""
        content = {
            "out_trade_no": out_trade_no,
            "out_request_no": out_refund_no,
            "refund_amount": yuan(amount_fen),
            "store_id": self._merchant.store,
            "terminal_id": self._merchant.terminal,
        }
        try:
            reply = self._gateway.call("alipay.trade.refund", {name: text for name, text in content.items() if text})
        except StoreboxError as error:
            return RefundAnswer(RefundVerdict.UNKNOWN, out_refund_no, code=error.code)
        if reply.code is not None:
            return self._refund_refused(out_trade_no, out_refund_no, amount_fen, reply.code)
        answer = self._asked_refund(out_trade_no, out_refund_no, amount_fen)
        if answer.verdict is RefundVerdict.NOT_FOUND:
            return RefundAnswer(RefundVerdict.UNKNOWN, out_refund_no)
        return answer

    def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundAnswer:
        """Ask what became of a refund."""
        return self._asked_refund(out_trade_no, out_refund_no, None)

    def _asked_refund(self, out_trade_no: str, out_refund_no: str, amount_fen: int | None) -> RefundAnswer:
        content = {"out_trade_no": out_trade_no, "out_request_no": out_refund_no}
        try:
            reply = self._gateway.call("alipay.trade.fastpay.refund.query", content)
        except StoreboxError as error:
            return RefundAnswer(RefundVerdict.UNKNOWN, out_refund_no, code=error.code)
        if reply.code is None:
            return answers.refund(reply.fields, out_refund_no, amount_fen)
        found = _meaning(reply.code)
        verdict = RefundVerdict.NOT_FOUND if found is Meaning.NOT_FOUND else RefundVerdict.UNKNOWN
        return RefundAnswer(verdict, out_refund_no, code=reply.code)

    def _refund_refused(self, out_trade_no: str, out_refund_no: str, amount_fen: int, code: str) -> RefundAnswer:
        """Return what a refund's error code means; for an order in another state the refund itself is asked about."""
        listed = REFUND_CODES.get(code)
        meaning = listed.meaning if listed is not None else Meaning.UNKNOWN
        if meaning is Meaning.LOOK_UP:
            answer = self._asked_refund(out_trade_no, out_refund_no, amount_fen)
            if answer.verdict is not RefundVerdict.NOT_FOUND:
                return answer
            meaning = Meaning.REFUSED
        verdict = {
            Meaning.TRY_LATER: RefundVerdict.TRY_LATER,
            Meaning.REFUSED: RefundVerdict.REFUSED,
            Meaning.MERCHANT: RefundVerdict.TRY_LATER,
        }.get(meaning, RefundVerdict.UNKNOWN)
        return RefundAnswer(verdict, out_refund_no, code=code)

    # The customer's own phone

    def offer(
        self, way: Way, out_trade_no: str, amount_fen: int, subject: str, expires_at_ms: int, payer: str | None = None
    ) -> Offer:
        """Open an order for the customer's phone: a QR code, a trade in the app, or the WAP page where it is on."""
        if way is Way.BROWSER and not self._merchant.wap:
            return Offer(OfferVerdict.REFUSED, out_trade_no, code="platform.not_offered")
        if way is Way.IN_APP and not payer:
            return Offer(OfferVerdict.REFUSED, out_trade_no, code="platform.setting_missing")
        minutes = max(1, -(-(expires_at_ms - self._now_ms()) // 60_000))
        content = {**self._trade(out_trade_no, amount_fen, subject), "timeout_express": f"{minutes}m"}
        if way is Way.BROWSER:
            page = {**content, "product_code": "QUICK_WAP_WAY"}
            told = {"notify_url": self._merchant.notify_url, "return_url": self._merchant.return_url}
            return Offer(
                OfferVerdict.OPEN, out_trade_no, url=self._gateway.page_url("alipay.trade.wap.pay", page, **told)
            )
        method = "alipay.trade.precreate"
        if way is Way.IN_APP:
            method = "alipay.trade.create"
            content["buyer_id" if str(payer).startswith("2088") else "buyer_open_id"] = str(payer)
        else:
            content["qr_code_timeout_express"] = f"{minutes}m"
        try:
            reply = self._gateway.call(method, content, notify_url=self._merchant.notify_url)
        except StoreboxError as error:
            return Offer(OfferVerdict.UNKNOWN, out_trade_no, code=error.code)
        return _opened(out_trade_no, reply.fields, reply.code)

    def close(self, out_trade_no: str) -> PlatformAnswer:
        """Close an order that was offered; one that nobody has scanned is cancelled, so that nobody can any more."""
        try:
            reply = self._gateway.call("alipay.trade.close", {"out_trade_no": out_trade_no})
        except StoreboxError as error:
            return unknown(out_trade_no, error.code)
        if reply.code is None:
            return PlatformAnswer(Verdict.CLOSED, out_trade_no)
        if _meaning(reply.code) is Meaning.NOT_FOUND:
            return self.reverse(out_trade_no)
        answer = self.query(out_trade_no)
        return answer if answer.verdict is not Verdict.PENDING else unknown(out_trade_no, reply.code)

    # Bills

    def fetch_bill(self, day: date, bill_type: BillType = BillType.TRADE) -> Bill:
        """Fetch the business bill or the account ledger of a day."""
        return fetch(self._gateway, day, bill_type, self._now_ms())

    def read_bill(self, source: BillSource) -> Iterator[BillLine]:
        """Yield the lines of a business bill."""
        return read(source)

    def read_funds(self, source: BillSource) -> Iterator[FundLine]:
        """Yield the lines of an account ledger."""
        return read_funds(source)

    def examine(self, out_trade_no: str) -> list[Examined]:
        """Ask about a trade that cannot exist, to see whether merchant, keys and clock are right."""
        return [asked("query", lambda: self._examined(out_trade_no))]

    def notified(self, headers: Mapping[str, str], body: bytes) -> Notified:
        """Return a believed notification of this merchant's; raises `StoreboxError` for any other.

        A refund is told of as a change of its trade, under the trade's number.
        """
        try:
            fields = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=NOTICE_FIELDS_MAX))
        except ValueError as error:
            raise UnknownOutcome("platform.garbage_answer") from error
        told = self._gateway.checked_notification(fields)
        return Notified(told.get("notify_id", ""), told.get("out_trade_no", ""))

    def notify_answer(self, *, accepted: bool) -> NotifyAnswer:
        """Return `success`; every other text makes the notification come again."""
        return NotifyAnswer(200, "success" if accepted else "fail")

    # Within

    def _examined(self, out_trade_no: str) -> str | None:
        code = self._gateway.call("alipay.trade.query", {"out_trade_no": out_trade_no}).code
        if code is not None and _meaning(code) is Meaning.NOT_FOUND:
            return None
        return code or "platform.answer_of_another"

    def _trade(self, out_trade_no: str, amount_fen: int, subject: str) -> dict[str, Any]:
        merchant = self._merchant
        named = {
            "out_trade_no": out_trade_no,
            "total_amount": yuan(amount_fen),
            "subject": subject.strip()[:SUBJECT_CHARACTERS] or "-",
            "seller_id": merchant.seller_id,
            "store_id": merchant.store,
            "terminal_id": merchant.terminal,
        }
        return {name: value for name, value in named.items() if value}

    def _after_refusal(self, out_trade_no: str, code: str) -> PlatformAnswer:
        meaning = _meaning(code)
        if meaning is Meaning.PENDING:
            return PlatformAnswer(Verdict.PENDING, out_trade_no, code=code)
        if meaning in (Meaning.DECLINED, Meaning.MERCHANT):
            return PlatformAnswer(Verdict.DECLINED, out_trade_no, code=code)
        return number_used(out_trade_no) if meaning is Meaning.LOOK_UP else unknown(out_trade_no, code)


def open_from(
    settings: Mapping[str, str], entropy: Entropy, on_outcome: Outcome | None = None, now_ms: NowMs = wall_ms
) -> Platform:
    """Return Alipay for a merchant's settings; see `settings` for their names. It needs no randomness."""
    return Alipay(Gateway(read_settings(settings), now_ms, on_outcome), now_ms)


def _meaning(code: str) -> Meaning:
    listed = ORDER_CODES.get(code)
    return listed.meaning if listed is not None else Meaning.UNKNOWN


def _for_amount(answer: PlatformAnswer, amount_fen: int) -> PlatformAnswer:
    """Return an answer to a payment; one about another amount is another order's."""
    if answer.verdict is Verdict.PAID and answer.amount_fen != amount_fen:
        return unknown(answer.out_trade_no, "platform.order_differs")
    return answer


def _opened(out_trade_no: str, fields: Mapping[str, Any], code: str | None) -> Offer:
    if code is not None:
        if _meaning(code) is Meaning.LOOK_UP:
            return Offer(OfferVerdict.UNKNOWN, out_trade_no, code=NUMBER_USED)
        refused = _meaning(code) in (Meaning.DECLINED, Meaning.MERCHANT, Meaning.TRY_LATER)
        return Offer(OfferVerdict.REFUSED if refused else OfferVerdict.UNKNOWN, out_trade_no, code=code)
    if fields.get("out_trade_no") != out_trade_no:
        return Offer(OfferVerdict.UNKNOWN, out_trade_no, code="platform.answer_of_another")
    qr, number = fields.get("qr_code"), fields.get("trade_no")
    if isinstance(qr, str):
        return Offer(OfferVerdict.OPEN, out_trade_no, qr=qr)
    if isinstance(number, str):
        return Offer(OfferVerdict.OPEN, out_trade_no, parameters={"tradeNO": number})
    return Offer(OfferVerdict.UNKNOWN, out_trade_no, code="platform.garbage_answer")
