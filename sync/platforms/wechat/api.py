"""WeChat Pay as a `Platform`: which call, under which number, and what is asked again before it is believed."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from agent.core.bill import Bill, BillLine, BillSource, BillType, FundLine
from agent.core.errors import StoreboxError
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
from sync.platforms.amounts import rfc3339
from sync.platforms.base import NowMs, Outcome, wall_ms
from sync.platforms.examination import Examined
from sync.platforms.notified import Notified, NotifyAnswer
from sync.platforms.payer import PayerFinder
from sync.platforms.situations import Meaning
from sync.platforms.timings import refund_limits_of, timing_of
from sync.platforms.wechat import answers
from sync.platforms.wechat.answers import unknown
from sync.platforms.wechat.billed_refunds import BilledRefunds
from sync.platforms.wechat.bills import fetch, fetch_refunds, read
from sync.platforms.wechat.bills_funds import read_funds
from sync.platforms.wechat.channel import Channel, Reply
from sync.platforms.wechat.errors import ORDER_CODES, REFUND_CODES
from sync.platforms.wechat.examination import examine
from sync.platforms.wechat.notifications import read_notification
from sync.platforms.wechat.payer import WechatPayers
from sync.platforms.wechat.settings import WechatMerchant, read_settings
from sync.platforms.wechat.sign import page_message, rsa_signature

SUBJECT_BYTES = 127
_SAYS_LITTLE = frozenset({"INVALID_REQUEST"})
"""V2 says a number that is in use so, and other faults of a request too."""
_NOTHING_THERE = frozenset({Verdict.NOT_FOUND, Verdict.UNKNOWN})
_ENDS_OF_REVERSE = frozenset({Verdict.REVERSED, Verdict.CLOSED, Verdict.NOT_FOUND})


class WechatPay:
    """One merchant of WeChat Pay. Several threads may use it."""

    name = "wechat"
    custody = Custody.DIRECT
    timing = timing_of("wechat")
    refund_limits = refund_limits_of("wechat")

    def __init__(self, channel: Channel, now_ms: NowMs) -> None:
        self._channel = channel
        self._merchant = channel.merchant
        self._now_ms = now_ms
        self.merchant = "/".join(filter(None, (self._merchant.mchid, self._merchant.sub_mchid)))
        self._billed = BilledRefunds(lambda day: fetch_refunds(channel, day), now_ms)

    @property
    def payers(self) -> PayerFinder | None:
        """Return what finds out who opened a page in WeChat; None without the application's secret."""
        return None if self._merchant.app_secret is None else WechatPayers(self._merchant, self._merchant.app_secret)

    # Paying

    def pay(self, out_trade_no: str, amount_fen: int, auth_code: str, subject: str) -> PlatformAnswer:
        """Take money by the customer's payment code; an order that is there already is not ours."""
        over_v2 = self._merchant.code_pay == "v2"
        submit = self._micropay if over_v2 else self._codepay
        try:
            reply = submit(out_trade_no, amount_fen, auth_code, _cut(subject))
        except StoreboxError as error:
            return unknown(out_trade_no, error.code)
        if reply.code is None:
            read_order = answers.paid_v2 if over_v2 else answers.order
            return self._for_amount(read_order(reply.fields, out_trade_no), amount_fen)
        return self._for_amount(self._after_refusal(out_trade_no, reply.code), amount_fen)

    def query(self, out_trade_no: str) -> PlatformAnswer:
        """Ask what became of an order; one that ended in PAYERROR is reversed before it is called declined."""
        answer = self._asked(out_trade_no)
        if answer.verdict is Verdict.DECLINED:
            undone = self.reverse(out_trade_no)
            return answer if undone.verdict in _ENDS_OF_REVERSE else undone
        return answer

    def find(self, transaction: str) -> PlatformAnswer:
        """Ask which order has WeChat's number."""
        try:
            reply = self._channel.v3("GET", f"{self._transactions}/id/{transaction}?{self._asker}")
        except StoreboxError as error:
            return unknown("", error.code)
        number = reply.fields.get("out_trade_no") if reply.code is None else ""
        if reply.code is None and (reply.fields.get("transaction_id") != transaction or not isinstance(number, str)):
            return unknown("", "platform.answer_of_another")
        return self._told(str(number), reply)

    def reverse(self, out_trade_no: str) -> PlatformAnswer:
        """Undo an order, paid or not; only what a query confirms afterwards counts."""
        try:
            reply = self._reverse(out_trade_no)
        except StoreboxError as error:
            return unknown(out_trade_no, error.code)
        if reply.code is None and reply.fields.get("recall") == "Y":
            return unknown(out_trade_no, "SYSTEMERROR")
        looks = (Meaning.LOOK_UP, Meaning.REFUSED, Meaning.NOT_FOUND)
        if reply.code is not None and _meaning(reply.code) not in looks:
            return unknown(out_trade_no, reply.code)
        answer = self._asked(out_trade_no)
        if answer.verdict in _ENDS_OF_REVERSE:
            return answer
        if answer.verdict is Verdict.PAID and reply.code is not None:
            return answer
        return unknown(out_trade_no, reply.code or answer.code)

    # Giving back

    def refund(self, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int) -> RefundAnswer:
        """Give money back; the same number again never pays twice."""
        give = self._refund_v2 if self._merchant.refunds == "v2" else self._refund_v3
        try:
            reply = give(out_trade_no, out_refund_no, amount_fen, total_fen)
        except StoreboxError as error:
            return RefundAnswer(RefundVerdict.UNKNOWN, out_refund_no, code=error.code)
        if reply.code is not None:
            return self._refund_refused(out_refund_no, amount_fen, reply.code)
        if self._merchant.refunds == "v3":
            return answers.refund(reply.fields, out_refund_no, amount_fen)
        answer = self._asked_refund(out_refund_no, amount_fen)
        found = answer.verdict is not RefundVerdict.NOT_FOUND
        return answer if found else RefundAnswer(RefundVerdict.UNKNOWN, out_refund_no, code=answer.code)

    def _refund_v3(self, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int) -> Reply:
        amount = {"refund": amount_fen, "total": total_fen, "currency": "CNY"}
        request: dict[str, Any] = {"out_trade_no": out_trade_no, "out_refund_no": out_refund_no, "amount": amount}
        if self._merchant.sub_mchid is not None:
            request["sub_mchid"] = self._merchant.sub_mchid
        if self._merchant.notify_url:
            request["notify_url"] = self._merchant.notify_url
        return self._channel.v3("POST", "/v3/refund/domestic/refunds", request)

    def _refund_v2(self, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int) -> Reply:
        """Give money back over V2, which says less: what became of it is asked over v3."""
        fields = {
            **self._who_v2(),
            "out_trade_no": out_trade_no,
            "out_refund_no": out_refund_no,
            "total_fee": str(total_fen),
            "refund_fee": str(amount_fen),
        }
        return self._channel.v2("/secapi/pay/refund", fields, certificate=True)

    def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundAnswer:
        """Ask what became of a refund."""
        return self._asked_refund(out_refund_no, None)

    def _asked_refund(self, out_refund_no: str, amount_fen: int | None) -> RefundAnswer:
        partner = f"?sub_mchid={self._merchant.sub_mchid}" if self._merchant.is_partner else ""
        try:
            reply = self._channel.v3("GET", f"/v3/refund/domestic/refunds/{out_refund_no}{partner}")
        except StoreboxError as error:
            return RefundAnswer(RefundVerdict.UNKNOWN, out_refund_no, code=error.code)
        if reply.code is None:
            return answers.refund(reply.fields, out_refund_no, amount_fen)
        found = _meaning(reply.code)
        verdict = RefundVerdict.NOT_FOUND if found is Meaning.NOT_FOUND else RefundVerdict.UNKNOWN
        return RefundAnswer(verdict, out_refund_no, code=reply.code)

    def _refund_refused(self, out_refund_no: str, amount_fen: int, code: str) -> RefundAnswer:
        """Return what a refund's error code means; for an order in another state the refund itself is asked about."""
        listed = REFUND_CODES.get(code)
        meaning = listed.meaning if listed is not None else Meaning.UNKNOWN
        if meaning is Meaning.LOOK_UP:
            answer = self._asked_refund(out_refund_no, amount_fen)
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
        """Open an order for the customer's phone: native QR, JSAPI with the payer's openid, or H5 where it is on."""
        if way is Way.BROWSER and not self._merchant.h5:
            return Offer(OfferVerdict.REFUSED, out_trade_no, code="platform.not_offered")
        if not self._merchant.notify_url or (way is Way.IN_APP and not payer):
            return Offer(OfferVerdict.REFUSED, out_trade_no, code="platform.setting_missing")
        request = self._order(out_trade_no, amount_fen, _cut(subject))
        request["notify_url"] = self._merchant.notify_url
        request["time_expire"] = rfc3339(expires_at_ms)
        kind = {Way.QR: "native", Way.IN_APP: "jsapi", Way.BROWSER: "h5"}[way]
        if way is Way.IN_APP:
            request["payer"] = {"sp_openid" if self._merchant.is_partner else "openid": payer}
        if way is Way.BROWSER:
            request["scene_info"] = {"payer_client_ip": self._merchant.client_ip, "h5_info": {"type": "Wap"}}
        try:
            reply = self._channel.v3("POST", f"{self._transactions}/{kind}", request)
        except StoreboxError as error:
            return Offer(OfferVerdict.UNKNOWN, out_trade_no, code=error.code)
        if reply.code is not None:
            listed = ORDER_CODES.get(reply.code)
            if listed is not None and listed.meaning is Meaning.LOOK_UP and reply.code not in _SAYS_LITTLE:
                return Offer(OfferVerdict.UNKNOWN, out_trade_no, code=NUMBER_USED)
            refused = listed is not None and listed.meaning in (Meaning.DECLINED, Meaning.MERCHANT, Meaning.TRY_LATER)
            return Offer(OfferVerdict.REFUSED if refused else OfferVerdict.UNKNOWN, out_trade_no, code=reply.code)
        return self._opened(out_trade_no, reply.fields)

    def close(self, out_trade_no: str) -> PlatformAnswer:
        """Close an order that was offered; what the platform does not close is looked up."""
        try:
            target = f"{self._transactions}/out-trade-no/{out_trade_no}/close"
            reply = self._channel.v3("POST", target, self._who())
        except StoreboxError as error:
            return unknown(out_trade_no, error.code)
        if reply.code is None:
            return PlatformAnswer(Verdict.CLOSED, out_trade_no)
        answer = self._asked(out_trade_no)
        return answer if answer.verdict is not Verdict.PENDING else unknown(out_trade_no, reply.code)

    # Bills

    def fetch_bill(self, day: date, bill_type: BillType = BillType.TRADE) -> Bill:
        """Fetch the trade or fund bill of a day and compare it with its hash."""
        return fetch(self._channel, day, bill_type)

    def read_bill(self, source: BillSource) -> Iterator[BillLine]:
        """Yield the lines of a trade bill."""
        return read(source)

    def read_funds(self, source: BillSource) -> Iterator[FundLine]:
        """Yield the lines of a fund bill."""
        return read_funds(source)

    def examine(self, out_trade_no: str) -> list[Examined]:
        """Ask about an order that cannot exist, to see whether merchant, keys and clock are right."""
        return examine(self._channel, self._query_target(out_trade_no), self._who_v2(), out_trade_no)

    def notified(self, headers: Mapping[str, str], body: bytes) -> Notified:
        """Return a believed notification of this merchant's; raises `StoreboxError` for any other."""
        self._channel.learn_for_notice(headers.get("wechatpay-serial", ""))
        told = read_notification(self._merchant, self._channel.trust, headers, body)
        return Notified(told.number, told.out_trade_no, told.refund.out_refund_no if told.refund else None)

    def notify_answer(self, *, accepted: bool) -> NotifyAnswer:
        """Return 204, or a FAIL that makes the notification come again."""
        if accepted:
            return NotifyAnswer(204)
        return NotifyAnswer(500, '{"code":"FAIL","message":"again"}', "application/json")

    # Within

    def _query_target(self, out_trade_no: str) -> str:
        return f"{self._transactions}/out-trade-no/{out_trade_no}?{self._asker}"

    @property
    def _asker(self) -> str:
        return "&".join(f"{name}={value}" for name, value in self._who().items())

    @property
    def _transactions(self) -> str:
        return "/v3/pay/partner/transactions" if self._merchant.is_partner else "/v3/pay/transactions"

    def _who(self) -> dict[str, Any]:
        merchant = self._merchant
        if merchant.sub_mchid is None:
            return {"mchid": merchant.mchid}
        return {"sp_mchid": merchant.mchid, "sub_mchid": merchant.sub_mchid}

    def _who_with_app(self) -> dict[str, Any]:
        merchant = self._merchant
        who = {**self._who(), "sp_appid" if merchant.is_partner else "appid": merchant.appid}
        if merchant.is_partner and merchant.sub_appid:
            who["sub_appid"] = merchant.sub_appid
        return who

    def _order(self, out_trade_no: str, amount_fen: int, subject: str) -> dict[str, Any]:
        return {
            **self._who_with_app(),
            "description": subject,
            "out_trade_no": out_trade_no,
            "amount": {"total": amount_fen, "currency": "CNY"},
        }

    def _micropay(self, out_trade_no: str, amount_fen: int, auth_code: str, subject: str) -> Reply:
        merchant = self._merchant
        fields = {
            **self._who_v2(),
            "device_info": merchant.device,
            "body": subject,
            "out_trade_no": out_trade_no,
            "total_fee": str(amount_fen),
            "spbill_create_ip": merchant.client_ip,
            "auth_code": auth_code,
        }
        return self._channel.v2("/pay/micropay", fields)

    def _codepay(self, out_trade_no: str, amount_fen: int, auth_code: str, subject: str) -> Reply:
        merchant = self._merchant
        scene = {
            "device_id": merchant.device,
            "device_ip": merchant.client_ip,
            "store_info": {"out_id": merchant.store},
        }
        request = {
            **self._order(out_trade_no, amount_fen, subject),
            "payer": {"auth_code": auth_code},
            "scene_info": scene,
        }
        return self._channel.v3("POST", f"{self._transactions}/codepay", request)

    def _reverse(self, out_trade_no: str) -> Reply:
        if self._merchant.code_pay == "v3":
            target = f"{self._transactions}/out-trade-no/{out_trade_no}/reverse"
            return self._channel.v3("POST", target, self._who_with_app())
        fields = {**self._who_v2(), "out_trade_no": out_trade_no}
        return self._channel.v2("/secapi/pay/reverse", fields, certificate=True)

    def _who_v2(self) -> dict[str, str]:
        merchant = self._merchant
        named = {
            "appid": merchant.appid,
            "mch_id": merchant.mchid,
            "sub_appid": merchant.sub_appid,
            "sub_mch_id": merchant.sub_mchid,
        }
        return {name: value for name, value in named.items() if value}

    def _asked(self, out_trade_no: str) -> PlatformAnswer:
        try:
            reply = self._channel.v3("GET", self._query_target(out_trade_no))
        except StoreboxError as error:
            return unknown(out_trade_no, error.code)
        return self._told(out_trade_no, reply)

    def _told(self, out_trade_no: str, reply: Reply) -> PlatformAnswer:
        """Return what the answer to a query says."""
        if reply.code is None and reply.fields.get("trade_state") == "REFUND":
            try:
                return self._partly_refunded(out_trade_no, reply.fields)
            except StoreboxError as error:
                return unknown(out_trade_no, error.code)
        if reply.code is None:
            return answers.order(reply.fields, out_trade_no)
        if _meaning(reply.code) is Meaning.NOT_FOUND:
            return PlatformAnswer(Verdict.NOT_FOUND, out_trade_no, code=reply.code)
        return unknown(out_trade_no, reply.code)

    def _partly_refunded(self, out_trade_no: str, order: Mapping[str, Any]) -> PlatformAnswer:
        """Tell an order of which a part went back (paid) from one of which all did (reversed)."""
        answer = answers.paid(order, out_trade_no)
        if order.get("out_trade_no") != out_trade_no or answer.amount_fen is None or answer.platform_at_ms is None:
            return answers.order(order, out_trade_no)
        if self._merchant.api_v2_key is None:
            returned_fen = self._billed.returned_fen(out_trade_no, answer.platform_at_ms, answer.amount_fen)
            if returned_fen is None:
                return answers.order(order, out_trade_no)
        else:
            reply = self._channel.v2("/pay/refundquery", {**self._who_v2(), "out_trade_no": out_trade_no})
            if reply.code is not None:
                return unknown(out_trade_no, reply.code)
            returned_fen = answers.refunded_fen(reply.fields)
        if returned_fen >= answer.amount_fen:
            return PlatformAnswer(Verdict.REVERSED, out_trade_no)
        return answer

    def _after_refusal(self, out_trade_no: str, code: str) -> PlatformAnswer:
        meaning = _meaning(code)
        if meaning is Meaning.PENDING:
            return PlatformAnswer(Verdict.PENDING, out_trade_no, code=code)
        if meaning in (Meaning.DECLINED, Meaning.MERCHANT):
            return PlatformAnswer(Verdict.DECLINED, out_trade_no, code=code)
        if meaning is not Meaning.LOOK_UP:
            return unknown(out_trade_no, code)
        if code in _SAYS_LITTLE:
            found = self._asked(out_trade_no)
            if found.verdict in _NOTHING_THERE:
                return found
        return number_used(out_trade_no)

    def _for_amount(self, answer: PlatformAnswer, amount_fen: int) -> PlatformAnswer:
        """Return an answer to a payment; one about another amount is another order's."""
        if answer.verdict is Verdict.PAID and answer.amount_fen != amount_fen:
            return unknown(answer.out_trade_no, "platform.order_differs")
        return answer

    def _opened(self, out_trade_no: str, fields: Mapping[str, Any]) -> Offer:
        qr, url, prepay = fields.get("code_url"), fields.get("h5_url"), fields.get("prepay_id")
        if isinstance(qr, str):
            return Offer(OfferVerdict.OPEN, out_trade_no, qr=qr)
        if isinstance(url, str):
            return Offer(OfferVerdict.OPEN, out_trade_no, url=url)
        if isinstance(prepay, str):
            return Offer(OfferVerdict.OPEN, out_trade_no, parameters=self._page_parameters(prepay))
        return Offer(OfferVerdict.UNKNOWN, out_trade_no, code="platform.garbage_answer")

    def _page_parameters(self, prepay: str) -> Mapping[str, str]:
        appid, timestamp = self._merchant.appid, str(self._now_ms() // 1000)
        nonce, package = self._channel.nonce(), f"prepay_id={prepay}"
        signature = rsa_signature(self._merchant.private_key, page_message(appid, timestamp, nonce, package))
        return {
            "appId": appid,
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": signature,
        }


def open_from(
    settings: Mapping[str, str], entropy: Entropy, on_outcome: Outcome | None = None, now_ms: NowMs = wall_ms
) -> Platform:
    """Return WeChat Pay for a merchant's settings; see `settings` for their names."""
    merchant: WechatMerchant = read_settings(settings)
    return WechatPay(Channel(merchant, entropy, now_ms, on_outcome), now_ms)


def _meaning(code: str) -> Meaning:
    listed = ORDER_CODES.get(code)
    return listed.meaning if listed is not None else Meaning.UNKNOWN


def _cut(subject: str) -> str:
    """Return what both protocols take as a description: at most 127 bytes, no half character, never empty."""
    return subject.encode("utf-8", "replace")[:SUBJECT_BYTES].decode("utf-8", "ignore").strip() or "-"
