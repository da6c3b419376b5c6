"""Headquarters as a box sees it: the requests of its protocol, and what each status means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent.core.canonical import canonical_bytes, parse
from agent.core.chain import Identity
from agent.core.errors import Broken, Credentials, Refused, StoreboxError, TryLater, UnknownOutcome
from agent.core.ports import Signer
from sync.session import Answer, HttpSession, signed_by
from sync.wire import CONTENT_ENCODING, Receipt, compress, parse_receipt

RETRY_AFTER_MAX_S = 3600
VALUES_MAX = 12


@dataclass(frozen=True, slots=True)
class Reply:
    """A receipt, not yet believed; `accepted` is false when HQ wants another number or sees a fork."""

    accepted: bool
    receipt: Receipt
    key_list_version: int = 0
    """Of the list that headquarters have now, as they say; 0 when they say nothing. What it lists the root signed."""


class HqClient:
    """Sends a box's signed requests. Raises `StoreboxError`; nothing here retries or waits."""

    def __init__(self, session: HttpSession, signer: Signer, first: Callable[[], None] | None = None) -> None:
        """`first` is done before the first signed request, and again before the next one until it does not raise."""
        self._session = session
        self._signer = signer
        self._first = first

    def upload(self, sender: Identity, body: bytes) -> Reply:
        """Send an upload body; HQ's 409 is a reply too."""
        return self.send_compressed(sender, compress(body))

    def send_compressed(self, sender: Identity, data: bytes) -> Reply:
        """Send an upload body that is compressed already, for instance the same one again."""
        headers = {"Content-Type": "application/json", "Content-Encoding": CONTENT_ENCODING}
        answer = self._send(sender, "POST", f"/v1/boxes/{sender.box}/entries", data, headers)
        return _reply(answer)

    def beat(self, sender: Identity, heartbeat: Mapping[str, object]) -> Reply:
        """Send a heartbeat; HQ answers with the receipt of the present epoch."""
        document = {
            "store": sender.store,
            "box": sender.box,
            "epoch": sender.epoch,
            "heartbeat": heartbeat,
        }
        headers = {"Content-Type": "application/json"}
        target = f"/v1/boxes/{sender.box}/heartbeat"
        return _reply(self._send(sender, "POST", target, canonical_bytes(document), headers))

    def cursor(self, sender: Identity, epoch: int) -> Reply:
        """Ask how much of an epoch HQ has."""
        return _reply(self._send(sender, "GET", f"/v1/boxes/{sender.box}/cursor?epoch={epoch}"))

    def look_up(self, sender: Identity, body: bytes) -> Mapping[str, object]:
        """Ask where a payment is; returns the answer as it came, which the caller checks."""
        headers = {"Content-Type": "application/json"}
        answer = _document(self._send(sender, "POST", f"/v1/boxes/{sender.box}/lookups", body, headers)).get("answer")
        if not isinstance(answer, dict):
            raise UnknownOutcome("hq.garbage_answer")
        return answer

    def retire(self, sender: Identity, told: Mapping[str, object]) -> Mapping[str, object]:
        """Ask HQ to take this box's key out of use; returns the certificate as it came, which the caller checks."""
        headers = {"Content-Type": "application/json"}
        answer = self._send(sender, "POST", f"/v1/boxes/{sender.box}/retire", canonical_bytes(told), headers)
        certificate = _document(answer).get("certificate")
        if not isinstance(certificate, dict):
            raise UnknownOutcome("hq.garbage_answer")
        return certificate

    def key_list(self) -> Mapping[str, object]:
        """Fetch the key list; the caller checks its signature."""
        answer = self._session.send("GET", "/v1/keys")
        return _document(answer)

    def time_ms(self) -> int:
        """Ask for HQ's clock."""
        at_ms = _document(self._session.send("GET", "/v1/time")).get("at_ms")
        if type(at_ms) is not int:
            raise UnknownOutcome("hq.garbage_answer")
        return at_ms

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _send(
        self,
        sender: Identity,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        if self._first is not None:
            self._first()
            self._first = None
        return self._session.send(method, target, body, headers, signed_by(sender, self._signer))


def answer_error(answer: Answer) -> StoreboxError:
    """Return the error that an answer of HQ other than 200 stands for, with HQ's own code when it gave one."""
    code, told = _error_code(answer)
    values = {**told, "status": answer.status}
    if answer.status in (429, 503):
        return TryLater(code or "hq.busy", **{**values, "retry_after_s": _retry_after_s(answer)})
    if answer.status in (401, 403):
        return Credentials(code or "hq.not_allowed", **values)
    if 400 <= answer.status < 500:
        return Refused(code or "hq.refused", **values)
    return UnknownOutcome("hq.failed", status=answer.status)


def document_of(answer: Answer) -> Mapping[str, object]:
    """Return the JSON object of a 200 answer; raises what any other answer stands for."""
    return _document(answer)


def _document(answer: Answer, *statuses: int) -> Mapping[str, object]:
    if answer.status not in (statuses or (200,)):
        raise answer_error(answer)
    value = _parsed(answer)
    if not isinstance(value, dict):
        raise UnknownOutcome("hq.garbage_answer", status=answer.status)
    return value


def _reply(answer: Answer) -> Reply:
    document = _document(answer, 200, 409)
    if "receipt" not in document and answer.status == 409:
        raise answer_error(answer)
    try:
        told = document.get("key_list_version")
        receipt = parse_receipt(document.get("receipt"))
        return Reply(answer.status == 200, receipt, told if type(told) is int else 0)
    except Refused as error:
        raise UnknownOutcome("hq.garbage_answer", status=answer.status) from error


def _parsed(answer: Answer) -> object:
    try:
        return parse(answer.body)
    except Broken:
        return None


def _error_code(answer: Answer) -> tuple[str | None, dict[str, int | str | None]]:
    """Return HQ's own code and the values of its sentence, of what a sentence may say; None and none without."""
    value = _parsed(answer)
    error = value.get("error") if isinstance(value, dict) else None
    code, told = (error.get("code"), error.get("values")) if isinstance(error, dict) else (None, None)
    values: dict[str, int | str | None] = {}
    for name, one in list(told.items())[:VALUES_MAX] if isinstance(told, dict) else ():
        if type(one) is int or isinstance(one, str):
            values[name[:40]] = one[:80] if isinstance(one, str) else one
    return code[:60] if isinstance(code, str) else None, values


def _retry_after_s(answer: Answer) -> int | None:
    text = answer.headers.get("retry-after", "").strip()
    if not text.isdecimal() or not text.isascii():
        return None
    return min(int(text[:9]), RETRY_AFTER_MAX_S)
