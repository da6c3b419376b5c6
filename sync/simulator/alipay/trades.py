"""What a merchant may do at the simulated Alipay, method by method, out of the books."""

import re
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any

from sync.platforms.amounts import fen, yuan
from sync.simulator.account_books import AccountBooks
from sync.simulator.accounts import Account
from sync.simulator.alipay.bill import bill_zip
from sync.simulator.alipay.documents import is_undone, paid, queried, refund_queried, refunded
from sync.simulator.alipay.ledger_bill import ledger_zip
from sync.simulator.bills import asked
from sync.simulator.customers import code_digest
from sync.simulator.orders import Order
from sync.simulator.world import World

_OUT_TRADE_NO = re.compile(r"\w{1,64}", re.ASCII)
_MINUTES = re.compile(r"(\d+)m")
_DEFAULT_MINUTES = 120
_SAID = {
    "AUTH_CODE_INVALID": ("ACQ.PAYMENT_AUTH_CODE_INVALID", "支付失败，获取顾客账户信息失败[SOUNDWAVE_PARSER_FAIL]"),
    "AUTH_CODE_EXPIRED": ("ACQ.PAYMENT_AUTH_CODE_INVALID", "支付失败，付款码已失效"),
    "BALANCE_TOO_LOW": ("ACQ.BUYER_BALANCE_NOT_ENOUGH", "支付失败，顾客余额不足"),
    "PAYER_BARRED": ("ACQ.BUYER_ENABLE_STATUS_FORBID", "支付失败，顾客账户被限制"),
}
_REFUND_SAID = {
    "REFUND_DIFFERS": ("ACQ.DISCORDANT_REPEAT_REQUEST", "重复请求，信息不一致"),
    "AMOUNT_TOO_LARGE": ("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效"),
    "ORDER_NOT_PAID": ("ACQ.TRADE_STATUS_ERROR", "交易状态不合法"),
}

Answer = Mapping[str, Any]
Content = Mapping[str, Any]


class Failed(Exception):
    """The request is answered with an error: code, `sub_code`, text, and further fields of the node."""

    def __init__(self, code: str, sub_code: str, text: str, **more: str) -> None:
        super().__init__(sub_code)
        self.code, self.sub_code, self.text, self.more = code, sub_code, text, more


class Trades:
    """One merchant's dealings. Stateless but for the books."""

    def __init__(self, world: World, account: Account) -> None:
        self.account = account
        self._world = world
        self._books: AccountBooks = world.books(account)

    def pay(self, content: Content, given: Mapping[str, str]) -> Answer | None:
        """Begin a trade by a payment code; None when the request or its answer gets lost."""
        number, amount_fen = self._number(content), self._amount(content, "total_amount")
        known = self._books.find(number)
        code = _text(content, "auth_code")
        if known is None:
            holder = self._world.customers.use(
                code, number, amount_fen, lambda payer: self._world.spent_by(payer, "alipay")
            )
            if not holder.how.arrives:
                return None
            order, _ = self._books.begin(
                number,
                amount_fen,
                holder.payer,
                holder.how,
                {**self._said(content, given, "PAY"), "code_digest": code_digest(code)},
            )
            if order.state == "paid":
                self._world.tell(self.account, "order", number)
            if not holder.how.answers:
                return None
        else:
            self._check_code(known, code)
            order = known
        return self._paid(order, amount_fen, "PAY")

    def precreate(self, content: Content, given: Mapping[str, str]) -> Answer:
        """Make a QR code; there is no trade until somebody scans it."""
        order = self._offered(content, given, "QR")
        return {
            "code": "10000",
            "out_trade_no": order.out_trade_no,
            "qr_code": f"https://qr.alipay.com/{self.token(order.out_trade_no)}",
        }

    def create(self, content: Content, given: Mapping[str, str]) -> Answer:
        """Begin a trade that waits in the buyer's app."""
        if not (content.get("buyer_id") or content.get("buyer_open_id")):
            raise Failed("40004", "ACQ.INVALID_PARAMETER", "买家信息缺失")
        order = self._offered(content, given, "CREATE")
        return {"code": "10000", "out_trade_no": order.out_trade_no, "trade_no": order.transaction_no}

    def open_page(self, content: Content, given: Mapping[str, str]) -> str:
        """Begin a trade that waits on a page; returns the page's token."""
        return self.token(self._offered(content, given, "WAP").out_trade_no)

    def query(self, content: Content, _given: Mapping[str, str]) -> Answer:
        """Tell what became of a trade."""
        order = self._found(content)
        return {"code": "10000", **queried(order, self._books.refunds_of(order.out_trade_no))}

    def cancel(self, content: Content, _given: Mapping[str, str]) -> Answer:
        """Undo a trade; an unknown number is answered like any other, a wrong trade_no is not."""
        number = self._found(content).out_trade_no if content.get("trade_no") else self._number(content)
        if self._world.weather.recall:
            return {"code": "10000", "out_trade_no": number, "retry_flag": "Y", "action": ""}
        before = self._books.find(number)
        after = self._books.reverse(number)
        was_paid = before is not None and before.state == "paid" and after.state == "reversed"
        action = "refund" if was_paid else "close" if before is not None else ""
        return {
            "code": "10000",
            "trade_no": after.transaction_no,
            "out_trade_no": number,
            "retry_flag": "N",
            "action": action,
        }

    def close(self, content: Content, _given: Mapping[str, str]) -> Answer:
        """Close a trade that waits."""
        order = self._found(content)
        if order.state not in ("waiting", "declined"):
            raise Failed("40004", "ACQ.REASON_TRADE_STATUS_INVALID", "交易状态不合法")
        self._books.close_order(order.out_trade_no)
        return {"code": "10000", "out_trade_no": order.out_trade_no, "trade_no": order.transaction_no}

    def refund(self, content: Content, given: Mapping[str, str]) -> Answer:
        """Give money back."""
        order, amount_fen = self._found(content), self._amount(content, "refund_amount")
        number = str(content.get("out_request_no") or order.out_trade_no)
        known = self._books.find_refund(number)
        if known is None and self._world.weather.balance_low:
            raise Failed("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")
        if known is None and is_undone(order, self._books.refunds_of(order.out_trade_no)):
            raise Failed("40004", "ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        found = self._books.refund(order.out_trade_no, number, amount_fen)
        if isinstance(found, str):
            raise Failed("40004", *_REFUND_SAID[found])
        self._books.note(number, {"done_at_ms": str(found.at_ms + self._world.refund_ms)})
        if known is None:
            self._world.tell(self.account, "order", order.out_trade_no)
        refunds = self._books.refunds_of(order.out_trade_no)
        return {"code": "10000", **refunded(order, refunds, found, again=known is not None)}

    def query_refund(self, content: Content, _given: Mapping[str, str]) -> Answer:
        """Tell what became of a refund; of one that is not there only the trade is told."""
        order = self._found(content)
        refund = self._books.find_refund(_text(content, "out_request_no"))
        if refund is None or refund.out_trade_no != order.out_trade_no:
            return {"code": "10000", "out_trade_no": order.out_trade_no, "trade_no": order.transaction_no}
        done_at_ms = int(self._books.particulars(refund.out_refund_no).get("done_at_ms", refund.at_ms))
        return {"code": "10000", **refund_queried(order, refund, done=self._world.now_ms() >= done_at_ms)}

    def bill(self, day: date, bill_type: str) -> bytes:
        """Return a day's bill, `trade` or `signcustomer`; raises `Failed` when there is none."""
        found = asked(self._books, day, self._world.weather.bill, self._world.now_ms())
        if found.state == "wrong_day":
            raise Failed("40004", "isv.invalid-parameter", "账单日期有误")
        if found.state != "ready":
            raise Failed("40004", "isp.bill_not_exist", "账单不存在")
        made = {"trade": bill_zip, "signcustomer": ledger_zip}.get(bill_type)
        if made is None:
            raise Failed("40004", "isv.invalid-parameter", "bill_type有误")
        return made(f"{self.account.number}0156", day, self._books, found.trades, self._world.now_ms())

    def token(self, number: str) -> str:
        """Return what stands in a trade's QR code or page."""
        return f"bax{sha256(f'{self.account.name} {number}'.encode()).hexdigest()[:21]}"

    def _check_code(self, order: Order, code: str) -> None:
        """Refuse another payment code for a number that is in use; a closed one is told of as such."""
        if self._books.particulars(order.out_trade_no).get("code_digest", code_digest(code)) == code_digest(code):
            return
        if order.state == "paid":
            raise Failed("40004", "ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
        if order.state in ("waiting", "declined"):
            raise Failed("40004", "ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")

    def _paid(self, order: Order, amount_fen: int, way: str) -> Answer:
        number = order.out_trade_no
        if order.amount_fen not in (amount_fen, 0) or self._books.particulars(number).get("trade_type", way) != way:
            raise Failed("40004", "ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
        if order.state in ("closed", "reversed"):
            raise Failed("40004", "ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        if order.state == "waiting":
            return {"code": "10003", "out_trade_no": number, "trade_no": order.transaction_no}
        if order.state == "declined":
            sub_code, text = _SAID.get(order.code or "", ("ACQ.PAYMENT_FAIL", "支付失败"))
            nothing = dict.fromkeys(("buyer_pay_amount", "invoice_amount", "point_amount", "receipt_amount"), "0.00")
            raise Failed("40004", sub_code, text, **nothing)
        return {"code": "10000", **paid(order, "gmt_payment")}

    def _offered(self, content: Content, given: Mapping[str, str], way: str) -> Order:
        number, amount_fen = self._number(content), self._amount(content, "total_amount")
        found = _MINUTES.fullmatch(str(content.get("timeout_express") or f"{_DEFAULT_MINUTES}m"))
        minutes = int(found[1]) if found else _DEFAULT_MINUTES
        said = {**self._said(content, given, way), "token": self.token(number)}
        order, _ = self._books.offer(number, amount_fen, self._world.now_ms() + minutes * 60_000, said)
        if order.state in ("paid", "reversed"):
            raise Failed("40004", "ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
        if order.state != "waiting":
            raise Failed("40004", "ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        if order.amount_fen != amount_fen or self._books.particulars(number).get("trade_type") != way:
            raise Failed("40004", "ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
        return order

    def _said(self, content: Content, given: Mapping[str, str], way: str) -> dict[str, str]:
        return {
            "trade_type": way,
            "subject": _text(content, "subject"),
            "store": str(content.get("store_id") or ""),
            "device": str(content.get("terminal_id") or ""),
            "operator": str(content.get("operator_id") or ""),
            "notify_url": given.get("notify_url", ""),
        }

    def _found(self, content: Content) -> Order:
        """Return the trade that is named; a QR code that nobody scanned is none yet."""
        trade_no = str(content.get("trade_no") or "")
        order = self._books.by_transaction(trade_no) if trade_no else self._books.find(self._number(content))
        if order is not None:
            way = self._books.particulars(order.out_trade_no).get("trade_type")
            if not (order.state == "waiting" and way in ("QR", "WAP")):
                return order
        raise Failed("40004", "ACQ.TRADE_NOT_EXIST", "交易不存在")

    def _number(self, content: Content) -> str:
        number = _text(content, "out_trade_no")
        if not _OUT_TRADE_NO.fullmatch(number):
            raise Failed("40004", "ACQ.INVALID_PARAMETER", "参数无效：out_trade_no")
        return number

    def _amount(self, content: Content, name: str) -> int:
        """Return an amount in fen; numbers are taken as well as texts, as the gateway does."""
        try:
            amount_fen = fen(str(content.get(name)))
        except ValueError as error:
            raise Failed("40004", "ACQ.INVALID_PARAMETER", f"参数无效：{name}") from error
        if not 0 < amount_fen <= 10**10 or fen(yuan(amount_fen)) != amount_fen:
            raise Failed("40004", "ACQ.INVALID_PARAMETER", f"参数无效：{name}")
        return amount_fen


def _text(content: Content, name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise Failed("40004", "ACQ.INVALID_PARAMETER", f"参数无效：{name}")
    return value
