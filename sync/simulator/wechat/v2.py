"""The simulated WeChat Pay over V2: XML signed with the merchant's key, for code pay and what belongs to it."""

import gzip
from collections.abc import Callable, Mapping
from datetime import date, datetime
from secrets import token_hex

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from fastapi import Response

from sync.platforms.wechat import envelope
from sync.platforms.wechat.sign import v2_signature, v2_verified
from sync.simulator.accounts import Account
from sync.simulator.bills import asked
from sync.simulator.call import Call, lost
from sync.simulator.orders import Order, Refund
from sync.simulator.wechat.behaviours import said
from sync.simulator.wechat.bill import has_none, trade_bill
from sync.simulator.wechat.counter import OUT_TRADE_NO, Begun, Counter
from sync.simulator.wechat.documents import order_v2, refunds_v2, trade_state
from sync.simulator.world import World

Fields = dict[str, str]
_REFUND_SAID = {
    "MERCHANT_BALANCE_TOO_LOW": ("NOTENOUGH", "基本账户余额不足"),
    "ORDER_NOT_PAID": ("ORDERNOTEXIST", "订单不存在"),
    "TOTAL_DIFFERS": ("INVALID_REQUEST", "订单金额与之前请求不一致"),
    "REFUND_DIFFERS": ("INVALID_REQUEST", "退款金额与之前请求不一致"),
    "AMOUNT_TOO_LARGE": ("INVALID_REQUEST", "申请退款金额大于订单可退金额"),
    "TOO_MANY_REFUNDS": ("INVALID_REQUEST", "部分退款次数超过限制"),
}


class Failed(Exception):
    """The request is answered with an error code."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code, self.text = code, text


class NotUnderstood(Exception):
    """The request is answered with `return_code` FAIL, unsigned."""


class WechatV2:
    """Answers V2 requests of every merchant."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._verbs: Mapping[str, Callable[[Counter, Fields], Fields | None]] = {
            "/pay/micropay": self._micropay,
            "/pay/orderquery": self._query,
            "/secapi/pay/reverse": self._reverse,
            "/secapi/pay/refund": self._refund,
            "/secapi/pay/refundv2": self._refund,
            "/pay/refundquery": self._refund_query,
            "/pay/closeorder": self._close,
            "/tools/authcodetoopenid": self._openid,
        }

    def answer(self, call: Call) -> Response:
        """Do what a merchant asks for; over https `/secapi/` is for who shows the merchant's certificate."""
        demands = call.path.startswith("/secapi/") and call.base_url.startswith("https:")
        if demands and call.client_certificate is None:
            return Response("<html>400 No required SSL certificate was sent</html>", 400, media_type="text/html")
        try:
            account, fields = self._checked(call)
        except NotUnderstood as error:
            return _xml({"return_code": "FAIL", "return_msg": str(error)})
        if demands and call.client_certificate != _der(account.values["certificate"]):
            return _xml({"return_code": "FAIL", "return_msg": "证书验证失败"})
        counter = Counter(self._world, account)
        if call.path == "/pay/downloadbill":
            return self._bill(counter, fields)
        verb = self._verbs.get(call.path)
        if verb is None:
            return Response("", 404)
        try:
            found = verb(counter, fields)
            if call.fault == "busy":
                raise Failed("SYSTEMERROR", "系统超时")
        except Failed as failed:
            why = {"result_code": "FAIL", "err_code": failed.code, "err_code_des": failed.text}
            return self._signed(call, account, fields, why)
        return lost() if found is None else self._signed(call, account, fields, {"result_code": "SUCCESS", **found})

    def _checked(self, call: Call) -> tuple[Account, Fields]:
        """Return who asks for what; raises `NotUnderstood`."""
        if call.method != "POST":
            raise NotUnderstood("请使用post方法")
        try:
            fields = envelope.read(call.body)
        except envelope.NotAnEnvelope as error:
            raise NotUnderstood("XML格式错误") from error
        account = self._world.accounts.find("wechat", "mchid", fields.get("mch_id", ""))
        if account is None:
            raise NotUnderstood("mch_id参数格式错误")
        if not v2_verified(fields, account.values["api_v2_key"]):
            raise NotUnderstood("签名错误")
        if fields.get("appid") != account.values["appid"]:
            raise NotUnderstood("appid和mch_id不匹配")
        if account.values.get("sub_mchid", "") != fields.get("sub_mch_id", ""):
            raise NotUnderstood("sub_mch_id参数格式错误")
        return account, fields

    def _signed(self, call: Call, account: Account, asked_for: Fields, found: Fields) -> Response:
        values = account.values
        sign_type = asked_for.get("sign_type", "MD5")
        fields = {
            "return_code": "SUCCESS",
            "return_msg": "OK",
            "appid": values["appid"],
            "mch_id": values["mchid"],
            "nonce_str": token_hex(16),
            **found,
        }
        if "sub_mchid" in values:
            fields["sub_mch_id"] = values["sub_mchid"]
        if "device_info" in asked_for:
            fields["device_info"] = asked_for["device_info"]
        if call.fault != "unsigned":
            key = token_hex(16) if call.fault in ("forged", "probe") else values["api_v2_key"]
            fields["sign"] = v2_signature(fields, key, sign_type)
        return _xml(fields)

    def _micropay(self, counter: Counter, fields: Fields) -> Fields | None:
        for name in ("body", "out_trade_no", "total_fee", "spbill_create_ip", "auth_code"):
            if not fields.get(name):
                raise Failed("LACK_PARAMS", f"缺少参数{name}")
        amount_fen = _amount(fields, "total_fee")
        if not OUT_TRADE_NO.fullmatch(fields["out_trade_no"]):
            raise Failed("PARAM_ERROR", "out_trade_no格式有误")
        particulars = {
            "subject": fields["body"],
            "attach": fields.get("attach", ""),
            "device": fields.get("device_info", ""),
        }
        begun = counter.pay_by_code(fields["out_trade_no"], amount_fen, fields["auth_code"], particulars)
        if begun is None or begun.state == "lost":
            return None
        return self._paid(counter, begun)

    def _paid(self, counter: Counter, begun: Begun) -> Fields:
        order = begun.order
        if order.state == "closed":
            raise Failed("ORDERCLOSED", "订单已关闭")
        if order.state == "reversed":
            raise Failed("ORDERREVERSED", "订单已撤销")
        if begun.state == "paid":
            raise Failed("ORDERPAID", "订单已支付")
        if begun.state == "differs":
            raise Failed("INVALID_REQUEST", "201 商户订单号重复")
        if order.state == "waiting":
            raise Failed("USERPAYING", "需要用户输入支付密码")
        if order.state == "declined":
            how = said(order.code)
            raise Failed(how.v2, how.text)
        return order_v2(order, counter.books.particulars(order.out_trade_no))

    def _query(self, counter: Counter, fields: Fields) -> Fields:
        order = self._found(counter, fields)
        particulars = counter.books.particulars(order.out_trade_no)
        state = trade_state(order, particulars, counter.books.refunds_of(order.out_trade_no))
        known = {"trade_state": state, "trade_state_desc": state, "out_trade_no": order.out_trade_no}
        return {**(order_v2(order, particulars) if order.paid_at_ms is not None else {}), **known}

    def _reverse(self, counter: Counter, fields: Fields) -> Fields:
        number = fields.get("out_trade_no", "")
        if fields.get("transaction_id"):
            number = self._found(counter, fields).out_trade_no
        if not number:
            raise Failed("LACK_PARAMS", "缺少参数out_trade_no")
        if self._world.weather.recall:
            return {"recall": "Y"}
        if counter.books.particulars(number).get("trade_type", "MICROPAY") != "MICROPAY":
            raise Failed("INVALID_REQUEST", "非付款码支付订单不支持撤销")
        counter.books.reverse(number)
        return {"recall": "N"}

    def _refund(self, counter: Counter, fields: Fields) -> Fields:
        amount_fen, total_fen = _amount(fields, "refund_fee"), _amount(fields, "total_fee")
        order = counter.find(fields.get("out_trade_no", ""), fields.get("transaction_id", ""))
        number = order.out_trade_no if order is not None else ""
        particulars = {"notify_url": fields.get("notify_url", "")}
        found = counter.refund(number, fields.get("out_refund_no", ""), amount_fen, total_fen, particulars)
        if isinstance(found, str) or order is None:
            raise Failed(*_REFUND_SAID[found if isinstance(found, str) else "ORDER_NOT_PAID"])
        return {
            "transaction_id": order.transaction_no,
            "out_trade_no": order.out_trade_no,
            "out_refund_no": found.out_refund_no,
            "refund_id": found.refund_transaction,
            "refund_fee": str(found.amount_fen),
            "settlement_refund_fee": str(found.amount_fen),
            "total_fee": str(order.amount_fen),
            "cash_fee": str(order.amount_fen - order.platform_discount_fen),
            "cash_refund_fee": str(found.amount_fen - found.platform_fen),
        }

    def _refund_query(self, counter: Counter, fields: Fields) -> Fields:
        rows: list[Refund] = []
        if fields.get("out_refund_no"):
            one = counter.books.find_refund(fields["out_refund_no"])
            rows = [] if one is None else [one]
            order = counter.books.find(one.out_trade_no) if one is not None else None
        else:
            order = self._found(counter, fields)
            rows = counter.books.refunds_of(order.out_trade_no)
        if order is None or not rows:
            raise Failed("REFUNDNOTEXIST", "退款单不存在")
        now_ms = self._world.now_ms()
        return refunds_v2(order, [(refund, counter.done_at_ms(refund) <= now_ms) for refund in rows])

    def _close(self, counter: Counter, fields: Fields) -> Fields:
        order = self._found(counter, fields)
        if order.state in ("paid", "reversed"):
            raise Failed("ORDERPAID", "订单已支付")
        counter.books.close_order(order.out_trade_no)
        return {}

    def _openid(self, counter: Counter, fields: Fields) -> Fields:
        return {"openid": f"o{fields.get('auth_code', '')[-6:-2]}".ljust(28, "0")}

    def _found(self, counter: Counter, fields: Fields) -> Order:
        order = counter.find(fields.get("out_trade_no", ""), fields.get("transaction_id", ""))
        if order is None:
            raise Failed("ORDERNOTEXIST", "订单不存在")
        return order

    def _bill(self, counter: Counter, fields: Fields) -> Response:
        try:
            day: date = datetime.strptime(fields.get("bill_date", ""), "%Y%m%d").date()
        except ValueError:
            return _xml({"return_code": "FAIL", "return_msg": "invalid bill_date", "error_code": "20001"})
        found = asked(counter.books, day, self._world.weather.bill, self._world.now_ms())
        said_so = {"late": ("Bill Creating", "20003"), "missing": ("No Bill Exist", "20002")}
        kind = fields.get("bill_type", "ALL")
        state = "missing" if has_none(found.trades, kind) else found.state
        if state != "ready":
            text, number = said_so.get(state, ("invalid bill_date", "20001"))
            return _xml({"return_code": "FAIL", "return_msg": text, "error_code": number})
        content = trade_bill(counter.account, counter.books, found.trades, kind)
        return Response(gzip.compress(content, mtime=0) if fields.get("tar_type") == "GZIP" else content)


def _der(pem: str) -> bytes:
    return load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)


def _amount(fields: Fields, name: str) -> int:
    text = fields.get(name, "")
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:12]) <= 10**10):
        raise Failed("PARAM_ERROR", f"{name}格式有误")
    return int(text)


def _xml(fields: Fields) -> Response:
    return Response(envelope.written(fields), 200, media_type="text/plain")
