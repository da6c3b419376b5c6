"""One signed request to Alipay's gateway and one believed answer."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from agent.core.errors import Refused, StoreboxError, UnknownOutcome
from sync.platforms.alipay.errors import plain
from sync.platforms.alipay.settings import AlipayMerchant
from sync.platforms.alipay.sign import joined, node_of, notification_message, rsa_signature
from sync.platforms.alipay.trust import Trust
from sync.platforms.amounts import platform_time
from sync.platforms.asked_for import AskedFor
from sync.platforms.base import NowMs, Outcome
from sync.platforms.examination import clock_differs_s
from sync.session import Answer, HttpSession

BILL_BYTES_MAX = 256 * 1024 * 1024
BILL_HOSTS = ("dwbillcenter.alipay.com", "dwbillcenter.alipaydev.com")
OK = "10000"
PAYING = "10003"
_NOT_LET_IN = {
    "isv.invalid-signature": "platform.signature_refused",
    "isv.missing-signature": "platform.signature_refused",
    "isv.invalid-app-id": "platform.merchant_unknown",
    "isv.app-cert-not-exist": "platform.certificate_unknown",
    "isv.missing-app-cert-sn": "platform.certificate_unknown",
    "isv.missing-root-cert-sn": "platform.certificate_unknown",
}
"""What is answered, without a signature, to whom the gateway does not know."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A believed answer; `code` is None when it did what was asked, else the `sub_code`, or the code without one."""

    fields: Mapping[str, Any]
    code: str | None


class Gateway:
    """Speaks for one merchant. Several threads may use it; raises `StoreboxError` for everything not believed."""

    def __init__(self, merchant: AlipayMerchant, now_ms: NowMs, on_outcome: Outcome | None = None) -> None:
        self.merchant = merchant
        self._now_ms = now_ms
        self._on_outcome = on_outcome
        self.trust = Trust(merchant, now_ms)
        self._session = HttpSession(
            merchant.base_url, read_timeout_s=merchant.read_timeout_s, certificates=merchant.authorities
        )
        self._learning = threading.Lock()
        self._asked_for, self._asked_for_notices = AskedFor(), AskedFor()

    def call(self, method: str, content: Mapping[str, Any], **parameters: str) -> Reply:
        """Ask for a method and return what was answered under the platform's signature."""
        try:
            reply = self._call(method, content, parameters)
        except StoreboxError as error:
            self._tell(error.code)
            raise
        self._tell(None)
        return reply

    def call_bare(self, method: str, **parameters: str) -> Reply:
        """Ask for a method of the platform's older kind: parameters beside the others, success without a code."""
        try:
            reply = self._call(method, None, parameters)
        except StoreboxError as error:
            self._tell(error.code)
            raise
        self._tell(None)
        return reply

    def page_url(self, method: str, content: Mapping[str, Any], **parameters: str) -> str:
        """Return the address of a page at the gateway, for a customer's browser; nothing is sent."""
        signed = self._signed(method, content, parameters)
        return f"{self.merchant.base_url}{self.merchant.path}?{urlencode(signed)}"

    def download(self, url: str) -> bytes:
        """Fetch a bill from the address that the platform named; good for seconds, and neither side signs it."""
        parts = urlsplit(url)
        base_url = f"{parts.scheme}://{parts.netloc}"
        if parts.hostname not in BILL_HOSTS and base_url != self.merchant.base_url:
            raise UnknownOutcome("platform.garbage_answer")
        session = HttpSession(
            base_url,
            read_timeout_s=self.merchant.read_timeout_s,
            answer_bytes_max=BILL_BYTES_MAX,
            certificates=self.merchant.authorities,
        )
        try:
            answer = session.send("GET", f"{parts.path}?{parts.query}")
        finally:
            session.close()
        if answer.status != 200:
            raise UnknownOutcome("platform.failed", status=answer.status)
        return answer.body

    def checked_notification(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        """Return a notification's fields when they are the platform's and this merchant's; raises otherwise.

        Amount and order are the caller's to compare. A certificate that nobody knows is downloaded first; strangers'
        inventions don't use the turns of answers.
        """
        number = fields.get("alipay_cert_sn") or None
        self._learn(number, self._asked_for_notices)
        if not self.trust.signed(number, notification_message(fields), fields.get("sign", "")):
            raise UnknownOutcome("platform.answer_not_signed", status=200)
        if fields.get("app_id") != self.merchant.app_id:
            raise Refused("platform.order_differs")
        if self.merchant.seller_id is not None and fields.get("seller_id") not in (None, self.merchant.seller_id):
            raise Refused("platform.order_differs")
        return fields

    def _signed(self, method: str, content: Mapping[str, Any] | None, parameters: Mapping[str, str]) -> dict[str, str]:
        merchant = self.merchant
        carried = "" if content is None else json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        whole = {
            "app_id": merchant.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": platform_time(self._now_ms()),
            "version": "1.0",
            **merchant.certificate_numbers,
            **parameters,
            "biz_content": carried,
        }
        if merchant.app_auth_token is not None:
            whole["app_auth_token"] = merchant.app_auth_token
        kept = {name: value for name, value in whole.items() if value != ""}
        return {**kept, "sign": rsa_signature(merchant.private_key, joined(kept))}

    def _call(self, method: str, content: Mapping[str, Any] | None, parameters: Mapping[str, str]) -> Reply:
        name = f"{method.replace('.', '_')}_response"
        return self._believed(self._sent(method, content, parameters), name, bare=content is None)

    def _sent(self, method: str, content: Mapping[str, Any] | None, parameters: Mapping[str, str]) -> Answer:
        body = urlencode(self._signed(method, content, parameters)).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8", "User-Agent": "storebox"}
        answer = self._session.send("POST", f"{self.merchant.path}?charset=utf-8", body, headers)
        if answer.status != 200:
            raise UnknownOutcome("platform.failed", status=answer.status)
        return answer

    def _believed(self, answer: Answer, name: str, *, bare: bool) -> Reply:
        headers, document, text = answer.headers, _object(answer.body), answer.body.decode("utf-8")
        node, signature, number = node_of(text, name), document.get("sign"), document.get("alipay_cert_sn")
        if node is None and bare:
            node = node_of(text, "error_response")
        signed = node is not None and isinstance(signature, str) and isinstance(number, str | None)
        if not signed or not self._is_signed(number, str(node), str(signature)):
            raise self._unbelieved(document.get("error_response") or document.get(name), headers)
        fields = json.loads(str(node))
        code = fields.get("code")
        if code == OK or (bare and code is None):
            return Reply(fields, None)
        named = fields.get("sub_code") or code
        if not isinstance(named, str):
            raise UnknownOutcome("platform.garbage_answer")
        return Reply(fields, plain(named))

    def _unbelieved(self, refused: object, headers: Mapping[str, str]) -> UnknownOutcome:
        """Return why nothing is known, as exactly as an answer that is not believed can explain it.

        Only the code is kept: with a wrong signature the text repeats the whole request, payment code and all.
        """
        seconds = clock_differs_s(headers, self._now_ms())
        if seconds is not None:
            return UnknownOutcome("platform.clock_differs", seconds=seconds)
        code = refused.get("sub_code") if isinstance(refused, dict) else None
        return UnknownOutcome(_NOT_LET_IN.get(str(code), "platform.answer_not_signed"), status=200)

    def _is_signed(self, number: str | None, node: str, signature: str) -> bool:
        """Tell whether the node, as it came or before its slashes were escaped, carries the platform's signature."""
        self._learn(number, self._asked_for)
        texts = (node,) if "\\/" not in node else (node, node.replace("\\/", "/"))
        return any(self.trust.signed(number, text.encode(), signature) for text in texts)

    def _learn(self, number: str | None, asked_for: AskedFor) -> None:
        """Download a certificate that an answer names and nobody knows; a failure leaves the answer unbelieved.

        The answer that brings it is signed by that same certificate: what makes it believed is its chain.
        """
        if number is None or self.trust.knows(number) or not self.merchant.roots:
            return
        with self._learning:
            if self.trust.knows(number) or not asked_for.may_ask(number):
                return
            name = "alipay.open.app.alipaycert.download"
            document = _object(self._sent(name, {"alipay_cert_sn": number}, {}).body)
            node = document.get(f"{name.replace('.', '_')}_response")
            content = node.get("alipay_cert_content") if isinstance(node, dict) else None
            asked_for.note(number)
            if isinstance(content, str):
                self.trust.learn(number, content)

    def _tell(self, code: str | None) -> None:
        if self._on_outcome is not None:
            self._on_outcome(code)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnknownOutcome("platform.garbage_answer") from error
    if not isinstance(document, dict):
        raise UnknownOutcome("platform.garbage_answer")
    return document
