"""Asking headquarters where a payment is: signed both ways, bound to the question, never an exception to the asker."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256

from agent.core.canonical import canonical_bytes
from agent.core.chain import Identity
from agent.core.errors import StoreboxError, UnknownOutcome
from agent.core.lookup import CANDIDATES_MAX, Money, Payment, Place, Question, Report
from agent.core.ports import Entropy
from sync.headquarters import HqClient
from sync.keylist import KeyRing

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 6.0
"""The customer stands at the counter; what takes longer is "can't be looked up now"."""
USE = "lookup"
_UNLISTED = ("keys.unknown_kid", "keys.not_for_this")
_MONEY = {money.value: money for money in (Money.PAID, Money.REFUNDED, Money.OPEN, Money.NOT_CHARGED)}
"""What a copy can say; a contradiction is a box's own finding."""


class HqLookups:
    """Headquarters as a place to look a payment up. Several threads may use it."""

    def __init__(
        self,
        identity: Callable[[], Identity],
        client: HqClient,
        keys: KeyRing,
        entropy: Entropy,
        on_key_list: Callable[[Mapping[str, object]], None],
    ) -> None:
        """`on_key_list` should keep a newer key list, which `keys` has taken already."""
        self._identity = identity
        self._client = client
        self._keys = keys
        self._entropy = entropy
        self._on_key_list = on_key_list

    def ask(self, question: Question) -> Report:
        """Return what headquarters know; why they could not be asked, or not be believed, is the report's code."""
        try:
            return self._report(self._believed(question))
        except StoreboxError as error:
            return Report(Place.HEADQUARTERS, code=error.code)

    def _believed(self, question: Question) -> Mapping[str, object]:
        sender = self._identity()
        body = canonical_bytes(_document(question, self._entropy.random_bytes(16).hex()))
        answer = self._client.look_up(sender, body)
        at_ms = answer.get("at_ms")
        if type(at_ms) is not int or answer.get("request") != sha256(body).hexdigest():
            raise UnknownOutcome("hq.answer_of_another")
        fault = self._keys.fault(USE, sender, answer, at_ms)
        if fault in _UNLISTED and self._has_newer_keys():
            fault = self._keys.fault(USE, sender, answer, at_ms)
        if fault is not None:
            raise UnknownOutcome("hq.answer_not_signed", reason=fault)
        return answer

    def _has_newer_keys(self) -> bool:
        newer = self._keys.replace(self._client.key_list())
        if newer:
            self._on_key_list(self._keys.document)
        return newer

    def _report(self, answer: Mapping[str, object]) -> Report:
        found, named = answer.get("found"), answer.get("named")
        if not isinstance(found, list) or not (named is None or isinstance(named, dict)):
            raise UnknownOutcome("hq.garbage_answer")
        payments = tuple(_payment(fact) for fact in found[:CANDIDATES_MAX])
        place = None if named is None else _of_store(Payment(_text(named, "store"), Money.OPEN), named)
        return Report(Place.HEADQUARTERS, payments, named=place)


def _document(question: Question, nonce: str) -> dict[str, object]:
    if question.number is not None:
        return {"nonce": nonce, "number": question.number}
    return {
        "nonce": nonce,
        "amount_fen": question.amount_fen,
        "paid_at_ms": question.paid_at_ms,
        "within_ms": question.within_ms,
    }


def _payment(fact: object) -> Payment:
    if not isinstance(fact, dict) or fact.get("money") not in _MONEY:
        raise UnknownOutcome("hq.garbage_answer")
    payment = Payment(
        _text(fact, "store"),
        _MONEY[fact["money"]],
        _text(fact, "sale") or None,
        _text(fact, "attempt") or None,
        _text(fact, "platform") or None,
        _number(fact, "amount_fen") or 0,
        _number(fact, "at_ms"),
        _text(fact, "till") or None,
        _number(fact, "refunded_fen") or 0,
    )
    return _of_store(payment, fact)


def _of_store(payment: Payment, fact: Mapping[str, object]) -> Payment:
    return replace(payment, name=_text(fact, "name"), phone=_text(fact, "phone"))


def _text(fact: Mapping[str, object], name: str) -> str:
    value = fact.get(name)
    return value[:80] if isinstance(value, str) else ""


def _number(fact: Mapping[str, object], name: str) -> int | None:
    value = fact.get(name)
    return value if type(value) is int else None
