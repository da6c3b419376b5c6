"""The simulated Alipay's gateway: requests are verified however they are sent, nodes signed as they are written."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, quote

from cryptography.x509 import load_pem_x509_certificate
from fastapi import Response

from sync.platforms.alipay.sign import certificate_number, joined, root_number, rsa_signature, rsa_verified
from sync.platforms.amounts import platform_time
from sync.simulator.accounts import Account
from sync.simulator.alipay.trades import Failed, Trades
from sync.simulator.bills import Shelf
from sync.simulator.call import Call, lost
from sync.simulator.certificates import loaded
from sync.simulator.who_pays import WhoPays
from sync.simulator.world import Signer, World

BILL_LIVES_S = 30
_TEXTS = {
    "10000": "Success",
    "10003": " order success pay inprocess",
    "20000": "Service Currently Unavailable",
    "40001": "Missing Required Arguments",
    "40002": "Invalid Arguments",
    "40004": "Business Failed",
    "40006": "Insufficient Permissions",
}

Fields = Mapping[str, str]
Verb = Callable[[Trades, Mapping[str, Any], Fields], Mapping[str, Any] | None]


class AlipayDesk:
    """Answers gateway requests of every merchant, and gives bills out."""

    def __init__(self, world: World, who: WhoPays) -> None:
        self._world = world
        self._who = who
        self._bills = Shelf(BILL_LIVES_S, world.now_ms)
        self._verbs: Mapping[str, Verb] = {
            "alipay.trade.pay": Trades.pay,
            "alipay.trade.precreate": Trades.precreate,
            "alipay.trade.create": Trades.create,
            "alipay.trade.query": Trades.query,
            "alipay.trade.cancel": Trades.cancel,
            "alipay.trade.close": Trades.close,
            "alipay.trade.refund": Trades.refund,
            "alipay.trade.fastpay.refund.query": Trades.query_refund,
        }

    def answer(self, call: Call) -> Response:
        """Do what a merchant asks for; HTTP 200 for everything, errors too."""
        given = {**call.query, **_form(call)}
        name = given.get("method", "")
        try:
            account = self._account(given)
        except Failed as failed:
            node = f"{name.replace('.', '_')}_response" if name in self._verbs else "error_response"
            return _body(f'{{"{node}":{_node(_error(failed))}}}')
        if name == "alipay.trade.wap.pay":
            return self._page(call, account, given)
        if name == "alipay.system.oauth.token":
            return self._signed_token(call, account, name, given)
        try:
            done = self._act(call, account, name, given)
            if call.fault == "busy" and name in ("alipay.trade.pay", "alipay.trade.refund", "alipay.trade.cancel"):
                raise Failed("20000", "isp.unknow-error", "系统繁忙")
        except Failed as failed:
            done = _error(failed)
        return lost() if done is None else self._signed(call, account, name, done)

    def download(self, call: Call) -> Response:
        """Give a bill: its address is all that is needed, for half a minute."""
        content = self._bills.take(call.query.get("fileId", ""))
        if content is None:
            return Response("<html>link expired</html>", 404, media_type="text/html")
        return Response(content, 200, media_type="application/octet-stream")

    def _account(self, given: Fields) -> Account:
        """Return who asks; raises `Failed`, which is answered without a signature."""
        for name in ("method", "app_id", "sign", "timestamp"):
            if not given.get(name):
                named = {"sign": "signature"}.get(name, name.replace("_", "-"))
                raise Failed("40001", f"isv.missing-{named}", f"缺少{name}参数")
        account = self._world.accounts.find("alipay", "app_id", given["app_id"])
        if account is None:
            raise Failed("40002", "isv.invalid-app-id", "无效的AppID参数")
        if given.get("sign_type") != "RSA2" or len(given["timestamp"]) != 19:
            raise Failed("40002", "isv.invalid-timestamp", "非法的时间戳参数或签名类型")
        message = joined(given)
        if not rsa_verified(loaded(account.values["private_key"]).public_key(), message, given["sign"]):
            why = "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为："
            raise Failed("40002", "isv.invalid-signature", why + message.decode())
        if "app_certificate" in account.values:
            self._check_certificates(account, given)
        return account

    def _check_certificates(self, account: Account, given: Fields) -> None:
        ours = certificate_number(load_pem_x509_certificate(account.values["app_certificate"].encode()))
        root = root_number(account.values["alipay_root_certificate"])
        if (given.get("app_cert_sn"), given.get("alipay_root_cert_sn")) != (ours, root):
            raise Failed("40002", "isv.app-cert-not-exist", "应用公钥证书序列号有误")

    def _act(self, call: Call, account: Account, name: str, given: Fields) -> Mapping[str, Any] | None:
        try:
            content = json.loads(given.get("biz_content") or "{}")
        except (ValueError, RecursionError) as error:
            raise Failed("40002", "isv.invalid-parameter", "biz_content不是JSON") from error
        if not isinstance(content, dict):
            raise Failed("40002", "isv.invalid-parameter", "biz_content不是对象")
        trades = Trades(self._world, account)
        if name == "alipay.data.dataservice.bill.downloadurl.query":
            return self._bill(call, trades, content)
        if name == "alipay.open.app.alipaycert.download":
            return self._certificate(content)
        verb = self._verbs.get(name)
        if verb is None:
            raise Failed("40002", "isv.invalid-method", "不存在的方法名")
        return verb(trades, content, given)

    def _bill(self, call: Call, trades: Trades, content: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            day = date.fromisoformat(str(content.get("bill_date")))
        except ValueError as error:
            raise Failed("40004", "isv.invalid-parameter", "bill_date格式有误") from error
        bill_type, seller = str(content.get("bill_type")), trades.account.number
        packed = trades.bill(day, bill_type)
        token = quote(self._bills.put(packed))
        file = f"{seller}0156_{day:%Y%m%d}.csv.zip"
        url = (
            f"{call.base_url}/downloadBillFile.resource?bizType={bill_type}&userId={seller}0156&fileType=csv.zip"
            f"&bizDates={day:%Y%m%d}&downloadFileName={file}&fileId={token}"
        )
        return {"code": "10000", "bill_download_url": url}

    def _page(self, call: Call, account: Account, given: Fields) -> Response:
        """Open the customer's telephone with an order that waits there, as the WAP page does."""
        trades = Trades(self._world, account)
        try:
            token = trades.open_page(json.loads(given.get("biz_content") or "{}"), given)
        except (Failed, ValueError) as error:
            return Response(f"<html>{error}</html>", 200, media_type="text/html")
        back_url = given.get("return_url", "")
        way_back = f"&redirect_url={quote(back_url, safe='')}" if back_url else ""
        return Response("", 302, {"Location": f"{call.base_url}/phone?platform=alipay&token={token}{way_back}"})

    def _certificate(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return one of the platform's certificates by its number, base64 of PEM with the root behind it."""
        for signer in self._world.signers("alipay"):
            if content.get("alipay_cert_sn") == _number_of(signer.certificate):
                chain = signer.certificate + self._world.accounts.keys.root_certificate
                return {"code": "10000", "alipay_cert_content": b64encode(chain.encode()).decode()}
        raise Failed("40004", "CERT_NOT_EXIST", "证书不存在")

    def _signed_token(self, call: Call, account: Account, name: str, given: Fields) -> Response:
        """Tell who a code stands for; this method's success has no code, and its errors a node of their own."""
        user = self._who.user(account, given)
        if user is None:
            wrong = _error(Failed("40002", "isv.code-invalid", "授权码code无效"))
            return self._signed_node(call, account, "error_response", _node(wrong))
        return self._signed_node(call, account, f"{name.replace('.', '_')}_response", _compact(user))

    def _signed(self, call: Call, account: Account, name: str, fields: Mapping[str, Any]) -> Response:
        return self._signed_node(call, account, f"{name.replace('.', '_')}_response", _node(fields))

    def _signed_node(self, call: Call, account: Account, name: str, node: str) -> Response:
        signer = _signer_for(self._world, account)
        text = "something else" if call.fault in ("forged", "probe") else node
        parts = [f'"{name}":{node}']
        if "app_certificate" in account.values:
            parts.append(f'"alipay_cert_sn":"{_number_of(signer.certificate)}"')
        if call.fault != "unsigned":
            parts.append(f'"sign":"{rsa_signature(loaded(signer.key), text.encode())}"')
        return _body(f"{{{','.join(parts)}}}")


def _signer_for(world: World, account: Account) -> Signer:
    """Return the key under which an account is answered: in key mode there is one only."""
    return world.signers("alipay")[0 if "app_certificate" in account.values else -1]


def _number_of(pem: str) -> str:
    return certificate_number(load_pem_x509_certificate(pem.encode()))


def signed_notification(world: World, account: Account, fields: dict[str, str], notice: int) -> dict[str, str]:
    """Return a notification's fields with the platform's signature over all but `sign` and `sign_type`."""
    whole = {
        "notify_time": platform_time(world.now_ms()),
        "notify_type": "trade_status_sync",
        "notify_id": f"{notice:032d}",
        "app_id": account.values["app_id"],
        "seller_id": account.values["seller_id"],
        "charset": "utf-8",
        "version": "1.0",
        **fields,
    }
    signer = _signer_for(world, account)
    if "app_certificate" in account.values:
        whole["alipay_cert_sn"] = _number_of(signer.certificate)
    return {**whole, "sign_type": "RSA2", "sign": rsa_signature(loaded(signer.key), joined(whole))}


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)) if call.body else {}


def _error(failed: Failed) -> dict[str, Any]:
    return {"code": failed.code, "sub_code": failed.sub_code, "sub_msg": failed.text, **failed.more}


def _node(fields: Mapping[str, Any]) -> str:
    code = str(fields["code"])
    whole = {"code": code, "msg": _TEXTS[code], **{name: value for name, value in fields.items() if name != "code"}}
    return _compact(whole)


def _compact(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _body(text: str) -> Response:
    return Response(text.encode(), 200, media_type="text/html;charset=utf-8")
