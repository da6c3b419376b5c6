"""A wish: a box's request that headquarters take or return money, and headquarters' signed answer, as documents; pure.

The request is canonical JSON under the box's signature; a nonce makes every request another one, so that an old answer
never passes for a new one: the answer names the digest of the request it answers. Amounts are in fen.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from hashlib import sha256
from typing import Any

from agent.core.canonical import canonical_bytes
from agent.core.chain import Identity
from agent.core.errors import Broken, Refused
from agent.core.payment import Offer, OfferVerdict, PlatformAnswer, RefundAnswer, RefundVerdict, Verdict, Way

USE = "wish"
"""The use of the keys that sign answers."""
AMOUNT_MAX_FEN = 10**12
TEXT_MAX = 256

WishAnswer = PlatformAnswer | RefundAnswer | Offer


class Verb(StrEnum):
    """What a box may wish; the methods of `agent.core.payment.Platform` that need a merchant's keys, bills apart."""

    PAY = "pay"
    OFFER = "offer"
    QUERY = "query"
    FIND = "find"
    REVERSE = "reverse"
    CLOSE = "close"
    REFUND = "refund"
    QUERY_REFUND = "query_refund"


TAKING = frozenset({Verb.PAY, Verb.OFFER})
"""After one of `UNDOING` none of these is ever submitted for the same number."""
UNDOING = frozenset({Verb.REVERSE, Verb.CLOSE})
READING = frozenset({Verb.QUERY, Verb.FIND, Verb.QUERY_REFUND})
ACTS = frozenset(Verb) - READING
OF_REFUNDS = frozenset({Verb.REFUND, Verb.QUERY_REFUND})
BOX_REPLACED = "wish.box_replaced"
"""Of a taking that never went to a platform, because another box trades in the sender's place: it sells no more."""
REFUND_OVER_CAP = "wish.refund_over_cap"
"""Of a refund that is above what its store may give back on a day: it is taken on a later one."""

_PLATFORM = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_ORDER = re.compile(r"[0-9A-Za-z_]{1,32}")
_TRANSACTION = re.compile(r"[0-9A-Za-z]{8,64}")
_REFUND = re.compile(r"[0-9A-Za-z_]{1,64}")
_AUTH_CODE = re.compile(r"[!-~]{1,128}")
_NONCE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Wish:
    """One wish. `auth_code` is a bearer secret of the customer: never shown, logged or stored."""

    verb: Verb
    platform: str
    out_trade_no: str
    amount_fen: int | None = None
    """What is taken, offered or given back."""
    auth_code: str | None = field(default=None, repr=False)
    subject: str = ""
    out_refund_no: str | None = None
    total_fen: int | None = None
    """What the order was about, for a refund of a part."""
    way: Way | None = None
    expires_at_ms: int | None = None
    payer: str | None = field(default=None, repr=False)
    transaction: str | None = None
    """The platform's own number of the order that is looked for; its out_trade_no is not known then, and empty."""
    nonce: str = ""
    """The request's own, where a box wishes it."""

    def content(self) -> str:
        """Return the digest of what makes this wish itself: the same again is the same act.

        Secrets and words for people are left out. A payment is submitted by one request, so that another request's
        nonce tells an earlier attempt's number that is used again; an offer may be asked for twice and is told by its
        end, which each attempt has of its own.
        """
        parts = {
            "verb": self.verb.value,
            "platform": self.platform,
            "out_trade_no": self.out_trade_no,
            "amount_fen": self.amount_fen,
            "out_refund_no": self.out_refund_no,
            "total_fen": self.total_fen,
            "way": None if self.way is None else self.way.value,
        }
        if self.verb is Verb.PAY:
            parts["nonce"] = self.nonce
        if self.verb is Verb.OFFER:
            parts["expires_at_ms"] = self.expires_at_ms
        return sha256(canonical_bytes(parts)).hexdigest()


def wish_document(wish: Wish, nonce: str) -> dict[str, object]:
    """Return the body of a request; `nonce` are 32 hexadecimal digits, never used before."""
    details: dict[str, object] = {
        "amount_fen": wish.amount_fen,
        "auth_code": wish.auth_code,
        "subject": wish.subject or None,
        "out_refund_no": wish.out_refund_no,
        "total_fen": wish.total_fen,
        "way": None if wish.way is None else wish.way.value,
        "expires_at_ms": wish.expires_at_ms,
        "payer": wish.payer,
        "transaction": wish.transaction,
    }
    given = {name: value for name, value in details.items() if value is not None}
    head = {"nonce": nonce, "verb": wish.verb.value, "platform": wish.platform, "out_trade_no": wish.out_trade_no}
    return {**head, **given}


def parse_wish(document: object, store: str) -> Wish:
    """Return the wish in a request's body.

    Refuses with `wish.malformed`, naming the field, and with `wish.of_another_store` when the order's number does not
    begin with the store's: a box speaks for its own orders only, also where stores share a merchant.
    """
    if not isinstance(document, Mapping):
        raise _malformed("json")
    if not isinstance(nonce := document.get("nonce"), str) or not _NONCE.fullmatch(nonce):
        raise _malformed("nonce")
    try:
        verb = Verb(str(document.get("verb")))
    except ValueError as error:
        raise _malformed("verb") from error
    wish = Wish(
        verb,
        platform=_matching(document, "platform", _PLATFORM),
        out_trade_no="" if verb is Verb.FIND else _matching(document, "out_trade_no", _ORDER),
        amount_fen=_amount(document, "amount_fen"),
        auth_code=_matching(document, "auth_code", _AUTH_CODE) if verb is Verb.PAY else None,
        subject=_text(document, "subject") or "",
        out_refund_no=_matching(document, "out_refund_no", _REFUND) if verb in OF_REFUNDS else None,
        total_fen=_amount(document, "total_fen"),
        way=_way(document) if verb is Verb.OFFER else None,
        expires_at_ms=_integer(document, "expires_at_ms"),
        payer=_text(document, "payer"),
        transaction=_matching(document, "transaction", _TRANSACTION) if verb is Verb.FIND else None,
        nonce=nonce,
    )
    _complete(wish)
    if verb is not Verb.FIND and not wish.out_trade_no.startswith(f"{store}_"):
        raise Refused("wish.of_another_store", store=store)
    return wish


def _complete(wish: Wish) -> None:
    needed = {
        "amount_fen": wish.amount_fen is None and wish.verb in TAKING | {Verb.REFUND},
        "total_fen": wish.verb is Verb.REFUND and (wish.total_fen or 0) < (wish.amount_fen or 0),
        "expires_at_ms": wish.verb is Verb.OFFER and wish.expires_at_ms is None,
    }
    for name, lacking in needed.items():
        if lacking:
            raise _malformed(name)


def request_digest(body: bytes) -> str:
    """Return how an answer names the request that it answers: SHA-256 of the body as sent, in hex."""
    return sha256(body).hexdigest()


def answer_document(
    identity: Identity, request: str, answer: WishAnswer, at_ms: int, kid: str, merchant: str = ""
) -> dict[str, object]:
    """Return headquarters' answer to the request of that digest, before it is signed; `merchant` took or gave."""
    return {
        "store": identity.store,
        "box": identity.box,
        "epoch": identity.epoch,
        "request": request,
        "at_ms": at_ms,
        "kid": kid,
        "merchant": merchant,
        "answer": answer_fields(answer),
    }


def answer_fields(answer: WishAnswer) -> dict[str, object]:
    """Return an answer of a platform as plain data; `parse_answer` reads it back."""
    if isinstance(answer, PlatformAnswer):
        return {
            "verdict": answer.verdict.value,
            "out_trade_no": answer.out_trade_no,
            "transaction": answer.transaction,
            "platform_at_ms": answer.platform_at_ms,
            "amount_fen": answer.amount_fen,
            "customer_paid_fen": answer.customer_paid_fen,
            "platform_discount_fen": answer.platform_discount_fen,
            "merchant_discount_fen": answer.merchant_discount_fen,
            "payer": answer.payer,
            "code": answer.code,
            "platform": answer.platform,
        }
    if isinstance(answer, RefundAnswer):
        return {
            "verdict": answer.verdict.value,
            "out_refund_no": answer.out_refund_no,
            "refund_transaction": answer.refund_transaction,
            "amount_fen": answer.amount_fen,
            "customer_fen": answer.customer_fen,
            "platform_fen": answer.platform_fen,
            "merchant_fen": answer.merchant_fen,
            "code": answer.code,
        }
    return {
        "verdict": answer.verdict.value,
        "out_trade_no": answer.out_trade_no,
        "qr": answer.qr,
        "url": answer.url,
        "parameters": None if answer.parameters is None else dict(answer.parameters),
        "code": answer.code,
    }


def parse_answer(verb: Verb, given: object) -> WishAnswer:
    """Return what headquarters answered to a wish of `verb`; raises `Broken("wish.answer_malformed")`."""
    if not isinstance(given, Mapping):
        raise Broken("wish.answer_malformed", field="answer")
    try:
        if verb in OF_REFUNDS:
            return RefundAnswer(**{**_known(RefundAnswer, given), "verdict": RefundVerdict(given["verdict"])})
        if verb is Verb.OFFER:
            return Offer(**{**_known(Offer, given), "verdict": OfferVerdict(given["verdict"])})
        return PlatformAnswer(**{**_known(PlatformAnswer, given), "verdict": Verdict(given["verdict"])})
    except (KeyError, TypeError, ValueError) as error:
        raise Broken("wish.answer_malformed", field="answer") from error


def _known(kind: type[WishAnswer], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that this release knows: a newer headquarters may say more."""
    names = {one.name for one in fields(kind)}
    return {name: value for name, value in given.items() if name in names}


def unknown(wish: Wish, code: str) -> WishAnswer:
    """Return the answer that nothing is known of a wish, of the kind that its verb has."""
    if wish.verb in OF_REFUNDS:
        return RefundAnswer(RefundVerdict.UNKNOWN, wish.out_refund_no or "", code=code)
    if wish.verb is Verb.OFFER:
        return Offer(OfferVerdict.UNKNOWN, wish.out_trade_no, code=code)
    return PlatformAnswer(Verdict.UNKNOWN, wish.out_trade_no, code=code)


def refused(wish: Wish, code: str) -> WishAnswer:
    """Return the answer that a wish is refused and nothing was done; an undoing or a question stays unknown."""
    if wish.verb in OF_REFUNDS:
        return RefundAnswer(RefundVerdict.REFUSED, wish.out_refund_no or "", code=code)
    if wish.verb is Verb.OFFER:
        return Offer(OfferVerdict.REFUSED, wish.out_trade_no, code=code)
    verdict = Verdict.DECLINED if wish.verb is Verb.PAY else Verdict.UNKNOWN
    return PlatformAnswer(verdict, wish.out_trade_no, code=code)


def _matching(document: Mapping[str, object], name: str, form: re.Pattern[str]) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise _malformed(name)
    return value


def _text(document: Mapping[str, object], name: str) -> str | None:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        raise _malformed(name)
    return value


def _integer(document: Mapping[str, object], name: str) -> int | None:
    value = document.get(name)
    if value is None:
        return None
    if type(value) is not int or value < 0:
        raise _malformed(name)
    return value


def _amount(document: Mapping[str, object], name: str) -> int | None:
    value = _integer(document, name)
    if value is not None and not 1 <= value <= AMOUNT_MAX_FEN:
        raise _malformed(name)
    return value


def _way(document: Mapping[str, object]) -> Way:
    try:
        return Way(str(document.get("way")))
    except ValueError as error:
        raise _malformed("way") from error


def _malformed(field_name: str) -> Refused:
    return Refused("wish.malformed", field=field_name)
