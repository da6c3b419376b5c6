"""The simulated WeChat Pay over API v3: requests are verified, answers signed, codes and statuses as documented."""

import gzip
import json
import re
from collections.abc import Mapping
from datetime import date
from hashlib import sha1
from secrets import token_hex
from typing import Any

from fastapi import Response

from sync.platforms.amounts import moment_ms
from sync.platforms.wechat.sign import SCHEME, request_message, rsa_verified
from sync.simulator.accounts import Account
from sync.simulator.bills import Shelf, asked
from sync.simulator.call import Call, lost
from sync.simulator.certificates import loaded
from sync.simulator.orders import Order, Refund
from sync.simulator.wechat.behaviours import said
from sync.simulator.wechat.bill import fund_bill, has_none, trade_bill
from sync.simulator.wechat.counter import OUT_REFUND_NO, OUT_TRADE_NO, Begun, Counter
from sync.simulator.wechat.documents import order_v3, refund_v3, who_v3
from sync.simulator.wechat.requests import Body, Fields, Query, Wrong
from sync.simulator.wechat.signing import certificates, signature_headers
from sync.simulator.world import World

CLOCK_GRACE_S = 300
BILL_LIVES_S = 300
ORDER_LIVES_MS = 7_200_000
_AUTHORIZATION = re.compile(rf"{SCHEME} (.+)")
_PAIR = re.compile(r'(\w+)="([^"]*)"')
_ORDER = re.compile(r"/v3/pay/(partner/)?transactions/(out-trade-no|id)/([^/]+)(?:/(close|reverse))?")
_NEW = re.compile(r"/v3/pay/(partner/)?transactions/(codepay|native|jsapi|h5|app)")
_REFUND = re.compile(r"/v3/refund/domestic/refunds(?:/([^/]+))?")
_REFUND_SAID = {
    "MERCHANT_BALANCE_TOO_LOW": (403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起"),
    "ORDER_NOT_PAID": (404, "RESOURCE_NOT_EXISTS", "订单不存在或未支付"),
    "TOTAL_DIFFERS": (400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致，请核实后再试"),
    "REFUND_DIFFERS": (400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致，请核实后再试"),
    "AMOUNT_TOO_LARGE": (400, "INVALID_REQUEST", "申请退款金额大于订单可退金额"),
    "TOO_MANY_REFUNDS": (400, "INVALID_REQUEST", "部分退款次数超过限制"),
}


class WechatV3:
    """Answers v3 requests of every merchant."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._bills = Shelf(BILL_LIVES_S, world.now_ms)

    def answer(self, call: Call) -> Response:
        """Do what a merchant asks for."""
        if call.path == "/v3/billdownload/file":
            return self._download(call)
        try:
            account = self._account(call)
            if call.fault == "busy" and call.method == "POST":
                self._act(call, account)
                raise Wrong(500, "SYSTEM_ERROR", "系统繁忙，请稍后重试")
            document = self._act(call, account)
        except Wrong as wrong:
            error = {"code": wrong.code, "message": wrong.text}
            return self._signed(call, error, wrong.status, wrong.diagnostic)
        if isinstance(document, Response):
            return document
        return self._signed(call, document, 204 if document is None else 200, 0)

    # Who asks, and how the answer is signed

    def _account(self, call: Call) -> Account:
        found = _AUTHORIZATION.fullmatch(call.headers.get("authorization", ""))
        if found is None or "application/json" not in call.headers.get("accept", ""):
            raise Wrong(401, "SIGN_ERROR", "Http头缺少Accept或Authorization", 268443699)
        given = dict(_PAIR.findall(found[1]))
        account = self._world.accounts.find("wechat", "mchid", given.get("mchid", ""))
        if account is None or given.get("serial_no", "").upper() != account.values["serial_no"]:
            raise Wrong(401, "SIGN_ERROR", "商户证书序列号有误", 268443699)
        timestamp = given.get("timestamp", "")
        if not timestamp.isdecimal() or abs(int(timestamp) - self._world.now_ms() // 1000) > CLOCK_GRACE_S:
            raise Wrong(401, "SIGN_ERROR", "Http头Authorization值中的timestamp与发起请求的时间不得超过5分钟", 268443699)
        try:
            message = request_message(
                call.method, call.target, int(timestamp), given.get("nonce_str", ""), call.body
            ).encode()
        except UnicodeDecodeError as error:
            raise Wrong(400, "PARAM_ERROR", "请求内容不是UTF-8") from error
        key = loaded(account.values["private_key"]).public_key()
        if not rsa_verified(key, message, given.get("signature", "")):
            raise Wrong(401, "SIGN_ERROR", "错误的签名，导致验签失败", 268443699)
        return account

    def _signed(self, call: Call, document: Mapping[str, Any] | None, status: int, diagnostic: int) -> Response:
        body = b"" if document is None else json.dumps(document, ensure_ascii=False).encode()
        headers = signature_headers(self._world, body, call.headers.get("wechatpay-serial", ""), call.fault)
        headers["Request-ID"] = f"08{token_hex(12).upper()}-{diagnostic}"
        kind = None if status == 204 else "application/json; charset=utf-8"
        return Response(body, status, headers, kind)

    # What is asked for

    def _act(self, call: Call, account: Account) -> Mapping[str, Any] | Response | None:
        counter = Counter(self._world, account)
        if call.path == "/v3/certificates" and call.method == "GET":
            return certificates(self._world, account)
        if call.path in ("/v3/bill/tradebill", "/v3/bill/fundflowbill") and call.method == "GET":
            return self._bill(call, counter)
        if (found := _NEW.fullmatch(call.path)) and call.method == "POST":
            return self._begin(call, counter, found[2], partner=bool(found[1]))
        if found := _ORDER.fullmatch(call.path):
            return self._order(call, counter, found)
        if found := _REFUND.fullmatch(call.path):
            return self._refund(call, counter, found[1])
        raise Wrong(404, "RESOURCE_NOT_EXISTS", "请求的接口不存在")

    def _begin(self, call: Call, counter: Counter, way: str, *, partner: bool) -> Mapping[str, Any] | Response:
        body = Body(call.body)
        self._check_merchant(counter.account, body, partner=partner, with_app=True)
        out_trade_no, amount_fen = body.text("out_trade_no"), body.number("amount", "total")
        if not OUT_TRADE_NO.fullmatch(out_trade_no):
            raise Wrong(400, "PARAM_ERROR", "商户订单号格式有误")
        particulars = {
            "subject": body.text("description"),
            "attach": body.text("attach", needed=False),
            "device": body.text("scene_info", "device_id", needed=False),
            "notify_url": body.text("notify_url", needed=False),
            "sub_appid": body.text("sub_appid", needed=False),
        }
        if way == "codepay":
            return self._codepay(counter, body, out_trade_no, amount_fen, particulars)
        body.text("notify_url")
        expires = body.text("time_expire", needed=False)
        try:
            expires_at_ms = moment_ms(expires) if expires else self._world.now_ms() + ORDER_LIVES_MS
        except ValueError as error:
            raise Wrong(400, "PARAM_ERROR", "time_expire格式有误") from error
        trade_type = {"native": "NATIVE", "jsapi": "JSAPI", "h5": "MWEB", "app": "APP"}[way]
        if way == "jsapi" and not body.one_of(("payer", "openid"), ("payer", "sp_openid"), ("payer", "sub_openid")):
            raise Wrong(400, "PARAM_ERROR", "payer缺失")
        begun = counter.offer(trade_type, out_trade_no, amount_fen, expires_at_ms, particulars)
        if begun.order.state == "paid":
            raise Wrong(400, "ORDER_PAID", "订单已支付", 268449538)
        self._check_begun(begun)
        token = counter.token(out_trade_no)
        return {
            "native": {"code_url": f"weixin://wxpay/bizpayurl?pr={token}"},
            "h5": {"h5_url": f"{call.base_url}/phone?platform=wechat&token={token}"},
        }.get(way, {"prepay_id": f"wx{token}"})

    def _codepay(
        self, counter: Counter, body: Body, out_trade_no: str, amount_fen: int, particulars: Mapping[str, str]
    ) -> Mapping[str, Any] | Response:
        if not body.one_of(("scene_info", "store_info", "id"), ("scene_info", "store_info", "out_id")):
            raise Wrong(400, "PARAM_ERROR", "scene_info.store_info缺失")
        begun = counter.pay_by_code(out_trade_no, amount_fen, body.text("payer", "auth_code"), particulars)
        if begun is None or begun.state == "lost":
            return lost()
        self._check_begun(begun)
        if begun.order.state == "declined":
            how = said(begun.order.code)
            raise Wrong(how.status, how.v3, how.text)
        return self._document(counter, begun.order)

    def _check_begun(self, begun: Begun) -> None:
        if begun.order.state in ("closed", "reversed"):
            raise Wrong(400, "ORDER_CLOSED", "订单已关闭", 268447914)
        if begun.state == "paid":
            raise Wrong(400, "ORDER_PAID", "订单已支付", 268449538)
        if begun.state == "differs":
            raise Wrong(400, "INVALID_REQUEST", "201 商户订单号重复", 268498688)

    def _order(self, call: Call, counter: Counter, found: re.Match[str]) -> Mapping[str, Any] | None:
        partner, by, number, verb = bool(found[1]), found[2], found[3], found[4]
        if verb is None:
            self._check_merchant(counter.account, Query(call.query), partner=partner, with_app=False)
            order = counter.find(number, number if by == "id" else "")
        else:
            body = Body(call.body)
            self._check_merchant(counter.account, body, partner=partner, with_app=verb == "reverse")
            order = counter.books.find(number)
        if verb == "reverse":
            return self._reverse(counter, number, order)
        if order is None:
            raise Wrong(404, "ORDER_NOT_EXIST", "订单不存在", 268512771)
        if verb == "close":
            self._close(counter, order)
            return None
        return self._document(counter, order)

    def _reverse(self, counter: Counter, number: str, order: Order | None) -> Mapping[str, Any]:
        kind = counter.books.particulars(number).get("trade_type", "MICROPAY")
        if order is not None and kind != "MICROPAY":
            raise Wrong(400, "INVALID_REQUEST", "非付款码支付订单不支持撤销")
        counter.books.reverse(number)
        return {**who_v3(counter.account, {}), "out_trade_no": number}

    def _close(self, counter: Counter, order: Order) -> None:
        if counter.books.particulars(order.out_trade_no).get("trade_type", "MICROPAY") == "MICROPAY":
            raise Wrong(400, "INVALID_REQUEST", "付款码支付订单请调用撤销接口", 268449641)
        if order.state in ("paid", "reversed"):
            raise Wrong(400, "ORDER_PAID", "订单已支付", 268449538)
        counter.books.close_order(order.out_trade_no)

    def _document(self, counter: Counter, order: Order) -> Mapping[str, Any]:
        number = order.out_trade_no
        return order_v3(counter.account, order, counter.books.particulars(number), counter.books.refunds_of(number))

    def _refund(self, call: Call, counter: Counter, number: str | None) -> Mapping[str, Any]:
        if number is None:
            if call.method != "POST":
                raise Wrong(405, "INVALID_REQUEST", "方法有误")
            return self._new_refund(counter, Body(call.body))
        refund = counter.books.find_refund(number)
        if refund is None:
            raise Wrong(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return self._refund_document(counter, refund)

    def _new_refund(self, counter: Counter, body: Body) -> Mapping[str, Any]:
        if "sub_mchid" in counter.account.values and body.text("sub_mchid") != counter.account.values["sub_mchid"]:
            raise Wrong(403, "NO_AUTH", "无此子商户权限")
        out_refund_no = body.text("out_refund_no")
        if not OUT_REFUND_NO.fullmatch(out_refund_no):
            raise Wrong(400, "PARAM_ERROR", "商户退款单号格式有误")
        transaction = body.text("transaction_id", needed=False)
        order = counter.find("" if transaction else body.text("out_trade_no"), transaction)
        amount_fen, total_fen = body.number("amount", "refund"), body.number("amount", "total")
        said_so = {"notify_url": body.text("notify_url", needed=False), "reason": body.text("reason", needed=False)}
        number = order.out_trade_no if order is not None else ""
        found = counter.refund(number, out_refund_no, amount_fen, total_fen, said_so)
        if isinstance(found, str):
            raise Wrong(*_REFUND_SAID[found])
        return self._refund_document(counter, found)

    def _refund_document(self, counter: Counter, refund: Refund) -> Mapping[str, Any]:
        order = counter.books.find(refund.out_trade_no)
        if order is None:
            raise Wrong(404, "RESOURCE_NOT_EXISTS", "订单不存在")
        return refund_v3(order, refund, counter.done_at_ms(refund), self._world.now_ms())

    def _bill(self, call: Call, counter: Counter) -> Mapping[str, Any]:
        try:
            day = date.fromisoformat(call.query.get("bill_date", ""))
        except ValueError as error:
            raise Wrong(400, "PARAM_ERROR", "账单日期格式有误") from error
        found = asked(counter.books, day, self._world.weather.bill, self._world.now_ms())
        if found.state == "wrong_day":
            raise Wrong(400, "PARAM_ERROR", "账单日期有误，只能下载三个月内、昨天及以前的账单")
        if found.state == "late":
            raise Wrong(400, "STATEMENT_CREATING", "账单文件正在生成中，请稍后再试")
        kind = call.query.get("bill_type", "ALL")
        if found.state == "missing" or has_none(found.trades, kind):
            raise Wrong(400, "NO_STATEMENT_EXIST", "账单文件不存在")
        if call.path.endswith("fundflowbill"):
            plain = fund_bill(found.trades)
        else:
            plain = trade_bill(counter.account, counter.books, found.trades, kind)
        packed = gzip.compress(plain, mtime=0) if call.query.get("tar_type") == "GZIP" else plain
        return {
            "hash_type": "SHA1",
            "hash_value": sha1(plain, usedforsecurity=False).hexdigest(),
            "download_url": f"{call.base_url}/v3/billdownload/file?token={self._bills.put(packed)}",
        }

    def _download(self, call: Call) -> Response:
        """Give a bill: the request is signed, the answer is not."""
        try:
            self._account(call)
        except Wrong as wrong:
            return self._signed(call, {"code": wrong.code, "message": wrong.text}, wrong.status, wrong.diagnostic)
        content = self._bills.take(call.query.get("token", ""))
        if content is None:
            return self._signed(call, {"code": "INVALID_REQUEST", "message": "下载地址已失效"}, 400, 268435461)
        return Response(content, 200, media_type="application/octet-stream")

    def _check_merchant(self, account: Account, given: Fields, *, partner: bool, with_app: bool) -> None:
        values = account.values
        if partner != ("sub_mchid" in values):
            raise Wrong(403, "NO_AUTH", "商户号没有此接口的权限")
        wanted = {"sp_mchid": values["mchid"], "sub_mchid": values.get("sub_mchid", "")}
        if not partner:
            wanted = {"mchid": values["mchid"]}
        for name, value in wanted.items():
            if given.text(name) != value:
                raise Wrong(400, "PARAM_ERROR", f"{name}与签名的商户号不一致", 268447843)
        if with_app and given.text("sp_appid" if partner else "appid") != values["appid"]:
            raise Wrong(400, "APPID_MCHID_NOT_MATCH", "appid和mchid不匹配", 268445527)
