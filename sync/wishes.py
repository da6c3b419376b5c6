"""A payment platform through headquarters: the same `Platform` port, whose keys lie there and not in the shop.

Each call is a signed wish to one of headquarters' addresses. Only a signed answer to this very request is believed;
whatever else comes, or does not come, is UNKNOWN with a code.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import cast

from agent.core.bill import Bill, BillLine, BillSource, BillType, BillVerdict, FundLine
from agent.core.canonical import canonical_bytes
from agent.core.chain import Identity
from agent.core.errors import Refused, StoreboxError, UnknownOutcome
from agent.core.payment import Custody, Offer, PlatformAnswer, RefundAnswer, Way
from agent.core.ports import Entropy, Signer
from agent.core.wish import (
    READING,
    TEXT_MAX,
    USE,
    Verb,
    Wish,
    WishAnswer,
    parse_answer,
    request_digest,
    unknown,
    wish_document,
)
from sync.addresses import Addresses
from sync.headquarters import document_of
from sync.keylist import KeyRing
from sync.pins import Pins
from sync.platforms.base import Outcome
from sync.platforms.timings import refund_limits_of, timing_of
from sync.session import HttpSession, signed_by

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 25.0
"""Longer than headquarters wait for a platform, so that what is known there is heard here."""


def addresses_of(urls: Sequence[str], read_timeout_s: float = READ_TIMEOUT_S, pins: Pins | None = None) -> Addresses:
    """Return headquarters' addresses for payments, in their order; refuses a wrong one with `network.bad_url`."""
    sessions = [
        HttpSession(url, connect_timeout_s=CONNECT_TIMEOUT_S, read_timeout_s=read_timeout_s, pins=pins) for url in urls
    ]
    return Addresses(sessions)


class HqCustody:
    """The way to headquarters' payments, shared by every platform of a box."""

    def __init__(
        self, identity: Identity, signer: Signer, keys: KeyRing, addresses: Addresses, entropy: Entropy
    ) -> None:
        self._identity = identity
        self._headers = signed_by(identity, signer)
        self._keys = keys
        self._addresses = addresses
        self._entropy = entropy

    def wish(self, wish: Wish) -> WishAnswer:
        """Send a wish and return the answer, if it can be believed; raises `StoreboxError`."""
        body = canonical_bytes(wish_document(wish, self._entropy.random_bytes(16).hex()))
        target = f"/v1/boxes/{self._identity.box}/wishes"
        answer = self._addresses.send("POST", target, body, self._headers, question=wish.verb in READING)
        document = document_of(answer).get("answer")
        if not isinstance(document, Mapping):
            raise UnknownOutcome("hq.garbage_answer", status=answer.status)
        self._check(document, request_digest(body))
        return parse_answer(wish.verb, document.get("answer"))

    def close(self) -> None:
        """Close idle connections."""
        self._addresses.close()

    def _check(self, document: Mapping[str, object], request: str) -> None:
        """Raise `UnknownOutcome` unless headquarters signed this answer to this request."""
        at_ms = document.get("at_ms")
        if type(at_ms) is not int or document.get("request") != request:
            raise UnknownOutcome("wish.answer_of_another")
        fault = self._keys.fault(USE, self._identity, document, at_ms)
        if fault == "keys.unknown_kid":
            listed = self._addresses.send("GET", "/v1/keys", b"", question=True)
            self._keys.replace(document_of(listed))
            fault = self._keys.fault(USE, self._identity, document, at_ms)
        if fault is not None:
            raise UnknownOutcome(fault)


class HqPlatform:
    """A platform of which headquarters hold the merchant's keys. No method raises for the network."""

    custody = Custody.HQ

    def __init__(self, name: str, custody: HqCustody, on_outcome: Outcome | None = None, merchant: str = "hq") -> None:
        """`merchant` is what `attempt.started` records; which account it is, headquarters decide."""
        self.name = name
        self.merchant = merchant
        self.timing = timing_of(name)
        self.refund_limits = refund_limits_of(name)
        self._custody = custody
        self._on_outcome = on_outcome

    def pay(self, out_trade_no: str, amount_fen: int, auth_code: str, subject: str) -> PlatformAnswer:
        """Take money by the customer's payment code; headquarters submit it at most once."""
        return self._order(Verb.PAY, out_trade_no, amount_fen=amount_fen, auth_code=auth_code, subject=subject)

    def query(self, out_trade_no: str) -> PlatformAnswer:
        """Ask what became of an order, at either address."""
        return self._order(Verb.QUERY, out_trade_no)

    def find(self, transaction: str) -> PlatformAnswer:
        """Ask which order has the platform's own number, at either address; it may be another store's."""
        return cast(PlatformAnswer, self._answer(Wish(Verb.FIND, self.name, "", transaction=transaction)))

    def reverse(self, out_trade_no: str) -> PlatformAnswer:
        """Undo an order, paid or not; no payment of this number is submitted any more."""
        return self._order(Verb.REVERSE, out_trade_no)

    def refund(self, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int) -> RefundAnswer:
        """Give money back under a number of its own."""
        wish = Wish(
            Verb.REFUND,
            self.name,
            out_trade_no,
            amount_fen=amount_fen,
            total_fen=total_fen,
            out_refund_no=out_refund_no,
        )
        return cast(RefundAnswer, self._answer(wish))

    def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundAnswer:
        """Ask what became of a refund, at either address."""
        wish = Wish(Verb.QUERY_REFUND, self.name, out_trade_no, out_refund_no=out_refund_no)
        return cast(RefundAnswer, self._answer(wish))

    def offer(
        self, way: Way, out_trade_no: str, amount_fen: int, subject: str, expires_at_ms: int, payer: str | None = None
    ) -> Offer:
        """Open an order for the customer's phone."""
        wish = Wish(
            Verb.OFFER,
            self.name,
            out_trade_no,
            amount_fen=amount_fen,
            subject=subject[:TEXT_MAX],
            way=way,
            expires_at_ms=expires_at_ms,
            payer=payer,
        )
        return cast(Offer, self._answer(wish))

    def close(self, out_trade_no: str) -> PlatformAnswer:
        """Close an order that was offered; it is never offered again."""
        return self._order(Verb.CLOSE, out_trade_no)

    def fetch_bill(self, day: date, bill_type: BillType = BillType.TRADE) -> Bill:
        """Refuse: bills are of the merchant, and headquarters hold them."""
        return Bill(BillVerdict.REFUSED, day, code="platform.not_offered")

    def read_bill(self, source: BillSource) -> Iterator[BillLine]:
        """Refuse with `platform.not_offered`: a bill is read where the merchant's keys are."""
        raise Refused("platform.not_offered")

    def read_funds(self, source: BillSource) -> Iterator[FundLine]:
        """Refuse with `platform.not_offered`, likewise."""
        raise Refused("platform.not_offered")

    def _order(self, verb: Verb, out_trade_no: str, **fields: object) -> PlatformAnswer:
        fields["subject"] = str(fields.get("subject", ""))[:TEXT_MAX]
        return cast(PlatformAnswer, self._answer(Wish(verb, self.name, out_trade_no, **fields)))  # type: ignore[arg-type]

    def _answer(self, wish: Wish) -> WishAnswer:
        try:
            answer = self._custody.wish(wish)
        except StoreboxError as error:
            self._tell(error.code)
            return unknown(wish, error.code)
        self._tell(None)
        return answer

    def _tell(self, code: str | None) -> None:
        if self._on_outcome is not None:
            self._on_outcome(code)
