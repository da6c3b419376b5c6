"""Client of the simulated wallet. What it can't believe, for whatever reason, has the verdict UNKNOWN."""

from collections.abc import Iterator, Mapping
from datetime import date
from hashlib import sha256

from agent.core.bill import Bill, BillKind, BillLine, BillSource, BillType, BillVerdict, FundLine
from agent.core.canonical import canonical_bytes, parse
from agent.core.errors import Broken, Refused, StoreboxError, UnknownOutcome
from agent.core.payment import (
    Custody,
    Offer,
    OfferVerdict,
    Platform,
    PlatformAnswer,
    RefundAnswer,
    RefundLimits,
    RefundVerdict,
    Verdict,
    Way,
)
from agent.core.ports import Entropy
from agent.core.timing import Timing
from sync.platforms.base import NowMs, Outcome, seconds_setting, setting, wall_ms
from sync.platforms.bill_lines import lines_of, stream_of, unreadable
from sync.platforms.wallet_signing import Merchant, answer_is_signed, request_headers
from sync.session import HttpSession

_VERDICTS: Mapping[str, Verdict] = {
    "paid": Verdict.PAID,
    "waiting": Verdict.PENDING,
    "declined": Verdict.DECLINED,
    "reversed": Verdict.REVERSED,
    "closed": Verdict.CLOSED,
    "not_found": Verdict.NOT_FOUND,
}
_REFUND_VERDICTS: Mapping[str, RefundVerdict] = {
    "done": RefundVerdict.DONE,
    "accepted": RefundVerdict.ACCEPTED,
    "refused": RefundVerdict.REFUSED,
    "try_later": RefundVerdict.TRY_LATER,
    "not_found": RefundVerdict.NOT_FOUND,
}


class Wallet:
    """The simulated wallet as a `Platform`. Several threads may use it."""

    name = "wallet"
    custody = Custody.DIRECT
    timing = Timing()
    refund_limits = RefundLimits()

    def __init__(
        self, session: HttpSession, merchant: Merchant, entropy: Entropy, on_outcome: Outcome | None = None
    ) -> None:
        self.merchant = merchant.number
        self._session = session
        self._merchant = merchant
        self._entropy = entropy
        self._on_outcome = on_outcome

    def pay(self, out_trade_no: str, amount_fen: int, auth_code: str, subject: str) -> PlatformAnswer:
        """Take money by the customer's payment code."""
        request = {
            "out_trade_no": out_trade_no,
            "amount_fen": amount_fen,
            "auth_code": auth_code,
            "subject": subject,
        }
        return self._order("/pay", out_trade_no, request)

    def query(self, out_trade_no: str) -> PlatformAnswer:
        """Ask what became of an order."""
        return self._order("/query", out_trade_no, {"out_trade_no": out_trade_no})

    def find(self, transaction: str) -> PlatformAnswer:
        """Ask which order has the wallet's number."""
        return self._order("/query", None, {"transaction": transaction})

    def reverse(self, out_trade_no: str) -> PlatformAnswer:
        """Undo an order, paid or not; an order that never arrived is closed for ever."""
        return self._order("/reverse", out_trade_no, {"out_trade_no": out_trade_no})

    def refund(self, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int) -> RefundAnswer:
        """Give money back under a number of its own."""
        request = {
            "out_trade_no": out_trade_no,
            "out_refund_no": out_refund_no,
            "amount_fen": amount_fen,
            "total_fen": total_fen,
        }
        return self._refund("/refund", out_refund_no, request)

    def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundAnswer:
        """Ask what became of a refund."""
        request = {"out_trade_no": out_trade_no, "out_refund_no": out_refund_no}
        return self._refund("/query_refund", out_refund_no, request)

    def offer(
        self, way: Way, out_trade_no: str, amount_fen: int, subject: str, expires_at_ms: int, payer: str | None = None
    ) -> Offer:
        """Refuse: the simulated wallet knows payment codes only."""
        return Offer(OfferVerdict.REFUSED, out_trade_no, code="platform.not_offered")

    def close(self, out_trade_no: str) -> PlatformAnswer:
        """Refuse: what was never offered is not closed."""
        return PlatformAnswer(Verdict.UNKNOWN, out_trade_no, code="platform.not_offered")

    def fetch_bill(self, day: date, bill_type: BillType = BillType.TRADE) -> Bill:
        """Fetch the trade bill of a day (GMT+8), there as soon as the day began; there is no fund bill."""
        if bill_type is not BillType.TRADE:
            return Bill(BillVerdict.REFUSED, day, code="platform.not_offered")
        try:
            content = self._signed_answer("GET", f"/wallet/bill?day={day.isoformat()}", b"")
        except StoreboxError as error:
            return Bill(BillVerdict.UNKNOWN, day, code=error.code)
        return Bill(BillVerdict.READY, day, content, sha256(content).hexdigest())

    def read_bill(self, source: BillSource) -> Iterator[BillLine]:
        """Yield the lines of a bill, whose last one is its summary."""
        return read_bill(source, self._merchant.number)

    def read_funds(self, source: BillSource) -> Iterator[FundLine]:
        """Refuse: the wallet has no fund bill."""
        raise Refused("platform.not_offered")

    def bill(self, day: date) -> list[Mapping[str, object]]:
        """Fetch the bill of a day (GMT+8), a line an object, the summary last; raises `StoreboxError`."""
        body = self._signed_answer("GET", f"/wallet/bill?day={day.isoformat()}", b"")
        lines = [parse(line) for line in body.splitlines()]
        return [line for line in lines if isinstance(line, dict)]

    def _order(self, path: str, out_trade_no: str | None, request: Mapping[str, object]) -> PlatformAnswer:
        """Ask about an order; one of which only the wallet's number is known is named by the answer."""
        fields, code = self._ask(path, request)
        number = out_trade_no or ""
        if fields is None:
            return PlatformAnswer(Verdict.UNKNOWN, number, code=code)
        verdict = _VERDICTS.get(str(fields.get("state")), Verdict.UNKNOWN)
        answered = _text(fields, "out_trade_no")
        if answered is None or (out_trade_no is not None and answered != out_trade_no):
            return PlatformAnswer(Verdict.UNKNOWN, number, code="platform.answer_of_another")
        return PlatformAnswer(
            verdict,
            answered,
            transaction=_text(fields, "transaction"),
            platform_at_ms=_number(fields, "paid_at_ms"),
            amount_fen=_number(fields, "amount_fen"),
            customer_paid_fen=_number(fields, "customer_paid_fen"),
            platform_discount_fen=_number(fields, "platform_discount_fen") or 0,
            merchant_discount_fen=_number(fields, "merchant_discount_fen") or 0,
            payer=_text(fields, "payer"),
            code=_text(fields, "code"),
        )

    def _refund(self, path: str, out_refund_no: str, request: Mapping[str, object]) -> RefundAnswer:
        fields, code = self._ask(path, request)
        if fields is None:
            return RefundAnswer(RefundVerdict.UNKNOWN, out_refund_no, code=code)
        if fields.get("out_refund_no") != out_refund_no:
            return RefundAnswer(RefundVerdict.UNKNOWN, out_refund_no, code="platform.answer_of_another")
        return RefundAnswer(
            _REFUND_VERDICTS.get(str(fields.get("state")), RefundVerdict.UNKNOWN),
            out_refund_no,
            refund_transaction=_text(fields, "refund_transaction"),
            amount_fen=_number(fields, "amount_fen"),
            customer_fen=_number(fields, "customer_fen"),
            platform_fen=_number(fields, "platform_fen") or 0,
            code=_text(fields, "code"),
        )

    def _ask(self, path: str, request: Mapping[str, object]) -> tuple[Mapping[str, object] | None, str | None]:
        """Return the fields of a believed answer, or None and the code of why there is none."""
        try:
            fields = parse(self._signed_answer("POST", f"/wallet{path}", canonical_bytes(request)))
        except StoreboxError as error:
            return None, error.code
        return (fields, None) if isinstance(fields, dict) else (None, "platform.garbage_answer")

    def _signed_answer(self, method: str, target: str, body: bytes) -> bytes:
        try:
            answer_body = self._believed(method, target, body)
        except StoreboxError as error:
            self._told(error.code)
            raise
        self._told(None)
        return answer_body

    def _believed(self, method: str, target: str, body: bytes) -> bytes:
        nonce = self._entropy.random_bytes(16).hex()
        headers = {"Content-Type": "application/json"}
        answer = self._session.send(
            method,
            target,
            body,
            headers,
            lambda verb, path, data: request_headers(self._merchant, nonce, verb, path, data),
        )
        if not answer_is_signed(self._merchant, nonce, answer.status, answer.headers, answer.body):
            raise UnknownOutcome("platform.answer_not_signed", status=answer.status)
        if answer.status != 200:
            raise UnknownOutcome("platform.failed", status=answer.status)
        return answer.body

    def _told(self, code: str | None) -> None:
        if self._on_outcome is not None:
            self._on_outcome(code)


def read_bill(source: BillSource, merchant: str) -> Iterator[BillLine]:
    """Yield the lines of a merchant's bill; raises `Refused` (`platform.bill_unreadable`) where it is none."""
    for line in lines_of(stream_of(source)):
        try:
            fields = parse(line.rstrip(b"\n"))
        except Broken as error:
            raise unreadable("JSON") from error
        if not isinstance(fields, dict) or "kind" not in fields:
            return
        yield _bill_line(fields, merchant)
    raise unreadable("summary")


def _bill_line(fields: Mapping[str, object], merchant: str) -> BillLine:
    kind = BillKind(str(fields["kind"]))
    amount_fen = _number(fields, "amount_fen") or 0
    return BillLine(
        kind,
        merchant,
        out_trade_no=_text(fields, "out_trade_no") or "",
        transaction=_text(fields, "transaction") or "",
        out_refund_no=_text(fields, "out_refund_no"),
        refund_transaction=_text(fields, "transaction") if kind is BillKind.REFUND else None,
        at_ms=_number(fields, "at_ms") or 0,
        amount_fen=amount_fen,
        settled_fen=amount_fen,
        fee_fen=_number(fields, "fee_fen") or 0,
    )


def open_from(
    settings: Mapping[str, str], entropy: Entropy, on_outcome: Outcome | None = None, now_ms: NowMs = wall_ms
) -> Platform:
    """Return the wallet of settings `url`, `merchant`, `secret` (hex), and optionally `read_timeout_s`."""
    try:
        secret = bytes.fromhex(setting(settings, "secret"))
    except ValueError as error:
        raise Refused("platform.setting_malformed", platform="wallet") from error
    read_timeout_s = seconds_setting(settings, "read_timeout_s", 10)
    session = HttpSession(setting(settings, "url"), read_timeout_s=read_timeout_s)
    return Wallet(session, Merchant(setting(settings, "merchant"), secret), entropy, on_outcome)


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None


def _number(fields: Mapping[str, object], name: str) -> int | None:
    value = fields.get(name)
    return value if type(value) is int else None
