"""One signed request to WeChat Pay and one believed answer, over v3 (JSON) or V2 (XML)."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.core.errors import StoreboxError, UnknownOutcome
from agent.core.ports import Entropy
from sync.platforms.asked_for import AskedFor
from sync.platforms.base import NowMs, Outcome
from sync.platforms.examination import clock_differs_s
from sync.platforms.wechat import envelope, refusals
from sync.platforms.wechat.settings import WechatMerchant
from sync.platforms.wechat.sign import (
    PUBLIC_KEY_PREFIX,
    authorization,
    request_message,
    rsa_signature,
    v2_signature,
    v2_verified,
)
from sync.platforms.wechat.trust import Trust
from sync.session import ANSWER_BYTES_MAX, Answer, HttpSession

BILL_BYTES_MAX = 256 * 1024 * 1024
_CERTIFICATES = "/v3/certificates"
_SIGN_TYPE = "HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Reply:
    """A believed answer; `code` is the platform's error code, None when it did what was asked."""

    status: int
    fields: Mapping[str, Any]
    code: str | None


class Channel:
    """Speaks for one merchant. Several threads may use it; raises `StoreboxError` for everything not believed."""

    def __init__(
        self, merchant: WechatMerchant, entropy: Entropy, now_ms: NowMs, on_outcome: Outcome | None = None
    ) -> None:
        self.merchant = merchant
        self.trust = Trust(merchant, now_ms)
        self._entropy = entropy
        self._now_ms = now_ms
        self._on_outcome = on_outcome
        self._session = self._opened()
        self._bills = self._opened(answer_bytes_max=BILL_BYTES_MAX)
        self._with_certificate = self._opened(client_certificate=merchant.client_certificate)
        self._learning = threading.Lock()
        self._asked_for, self._asked_for_notices = AskedFor(), AskedFor()

    def _opened(
        self, *, answer_bytes_max: int = ANSWER_BYTES_MAX, client_certificate: tuple[str, str] | None = None
    ) -> HttpSession:
        merchant = self.merchant
        return HttpSession(
            merchant.url,
            read_timeout_s=merchant.read_timeout_s,
            answer_bytes_max=answer_bytes_max,
            certificates=merchant.authorities,
            client_certificate=client_certificate,
        )

    def v3(self, method: str, target: str, document: Mapping[str, Any] | None = None) -> Reply:
        """Send a v3 request and return what was answered under the platform's signature."""
        body = b"" if document is None else json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        return self._told(lambda: self._v3_reply(self._v3_answer(self._session, method, target, body)))

    def v2(self, path: str, fields: Mapping[str, str], *, certificate: bool = False) -> Reply:
        """Send a V2 request and return what was answered under the merchant's shared key."""
        return self._told(lambda: self._v2_reply(path, fields, certificate))

    def download(self, url: str) -> bytes:
        """Fetch a bill from the address that the platform named; such answers carry no signature, only a hash."""
        if not url.startswith(f"{self._session.base_url}/"):
            raise UnknownOutcome("platform.garbage_answer")
        answer = self._v3_answer(self._bills, "GET", url.removeprefix(self._session.base_url), b"")
        if answer.status != 200:
            raise UnknownOutcome("platform.failed", status=answer.status)
        return answer.body

    def nonce(self) -> str:
        """Return 32 characters that were never used before."""
        return self._entropy.random_bytes(16).hex()

    def _v3_answer(self, session: HttpSession, method: str, target: str, body: bytes) -> Answer:
        headers = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": "storebox"}
        if self.merchant.public_key_id is not None:
            headers["Wechatpay-Serial"] = self.merchant.public_key_id
        return session.send(method, target, body, headers, self._authorization)

    def _authorization(self, method: str, target: str, body: bytes) -> Mapping[str, str]:
        merchant, timestamp_s, nonce = self.merchant, self._now_ms() // 1000, self.nonce()
        message = request_message(method, target, timestamp_s, nonce, body)
        signature = rsa_signature(merchant.private_key, message)
        return {"Authorization": authorization(merchant.mchid, merchant.serial_no, signature, timestamp_s, nonce)}

    def _v3_reply(self, answer: Answer) -> Reply:
        self._believe(answer)
        if answer.status == 202 or (answer.status >= 300 and not answer.body):
            raise UnknownOutcome("platform.failed", status=answer.status)
        fields = _object(answer.body)
        if answer.status < 300:
            return Reply(answer.status, fields, None)
        code = fields.get("code")
        if not isinstance(code, str) or not code:
            raise UnknownOutcome("platform.failed", status=answer.status)
        return Reply(answer.status, fields, code)

    def _believe(self, answer: Answer) -> None:
        """Check an answer's signature; an unknown certificate is fetched first, each at most once a minute."""
        serial = answer.headers.get("wechatpay-serial", "")
        if serial and not self.trust.knows(serial):
            self._learn_certificates(serial, self._asked_for)
        code = self.trust.why_not(answer.headers, answer.body)
        if code is None:
            return
        if code == "platform.clock_differs":
            seconds = self.trust.differs_s(answer.headers["wechatpay-timestamp"])
            raise UnknownOutcome("platform.clock_differs", seconds=seconds)
        raise self._unbelieved(answer, code)

    def _unbelieved(self, answer: Answer, code: str) -> UnknownOutcome:
        """Return why nothing is known, as exactly as an answer that is not believed can explain it."""
        seconds = clock_differs_s(answer.headers, self._now_ms())
        if seconds is not None:
            return UnknownOutcome("platform.clock_differs", seconds=seconds)
        if answer.status == 401:
            return UnknownOutcome(refusals.of_v3(refusals.message_of(answer.body)), status=answer.status)
        if answer.status >= 500:
            return UnknownOutcome("platform.failed", status=answer.status)
        return UnknownOutcome(code, status=answer.status)

    def learn_for_notice(self, serial: str) -> None:
        """Download an unknown certificate that a notification names; strangers' inventions don't use answers' turns."""
        if serial and not serial.startswith(PUBLIC_KEY_PREFIX):
            self._learn_certificates(serial, self._asked_for_notices)

    def _learn_certificates(self, serial: str, asked_for: AskedFor) -> None:
        """Download the platform's certificates; a failure leaves what is known, and the answer unbelieved."""
        with self._learning:
            if self.trust.knows(serial) or not asked_for.may_ask(serial):
                return
            answer = self._v3_answer(self._session, "GET", _CERTIFICATES, b"")
            if answer.status == 200:
                self.trust.learn(answer.body)
                asked_for.note(serial)

    def _v2_reply(self, path: str, fields: Mapping[str, str], certificate: bool) -> Reply:
        key = self.merchant.api_v2_key
        if key is None:
            raise UnknownOutcome("platform.setting_missing", setting="api_v2_key")
        whole = {**fields, "nonce_str": self.nonce(), "sign_type": _SIGN_TYPE}
        body = envelope.written({**whole, "sign": v2_signature(whole, key, _SIGN_TYPE)})
        session = self._with_certificate if certificate else self._session
        answer = session.send("POST", path, body, {"Content-Type": "text/xml", "User-Agent": "storebox"})
        if answer.status != 200:
            raise UnknownOutcome("platform.failed", status=answer.status)
        try:
            said = envelope.read(answer.body)
        except envelope.NotAnEnvelope as error:
            raise UnknownOutcome("platform.garbage_answer") from error
        refused = refusals.of_v2(said)
        if refused is not None:
            raise UnknownOutcome(refused, status=answer.status)
        if not v2_verified(said, key):
            raise UnknownOutcome("platform.answer_not_signed", status=answer.status)
        if said.get("return_code") != "SUCCESS":
            raise UnknownOutcome("platform.failed", status=answer.status)
        done = said.get("result_code") == "SUCCESS"
        return Reply(200, said, None if done else said.get("err_code") or "UNNAMED")

    def _told(self, act: Callable[[], Reply]) -> Reply:
        try:
            reply = act()
        except StoreboxError as error:
            self._tell(error.code)
            raise
        self._tell(None)
        return reply

    def _tell(self, code: str | None) -> None:
        if self._on_outcome is not None:
            self._on_outcome(code)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body) if body else {}
    except (ValueError, RecursionError) as error:
        raise UnknownOutcome("platform.garbage_answer") from error
    if not isinstance(value, dict):
        raise UnknownOutcome("platform.garbage_answer")
    return value
