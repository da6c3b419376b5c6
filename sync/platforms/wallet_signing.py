"""Signatures between a merchant and the simulated wallet: HMAC-SHA256 with a shared secret, both ways.

An answer is bound to the nonce of its request, so that an old answer proves nothing.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

MERCHANT_HEADER = "Wallet-Merchant"
NONCE_HEADER = "Wallet-Nonce"
SIGNATURE_HEADER = "Wallet-Signature"


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant's number and secret at the wallet."""

    number: str
    secret: bytes


def request_headers(merchant: Merchant, nonce: str, method: str, target: str, body: bytes) -> dict[str, str]:
    """Return the headers that sign a request."""
    return {
        MERCHANT_HEADER: merchant.number,
        NONCE_HEADER: nonce,
        SIGNATURE_HEADER: _request_signature(merchant, nonce, method, target, body),
    }


def request_is_signed(merchant: Merchant, headers: Mapping[str, str], method: str, target: str, body: bytes) -> bool:
    """Tell whether a request is the merchant's; header names in lower case."""
    expected = _request_signature(merchant, headers.get(NONCE_HEADER.lower(), ""), method, target, body)
    given = headers.get(SIGNATURE_HEADER.lower(), "")
    return headers.get(MERCHANT_HEADER.lower()) == merchant.number and _equal(expected, given)


def answer_signature(merchant: Merchant, nonce: str, status: int, body: bytes) -> str:
    """Return the signature of an answer to the request with `nonce`."""
    return _signature(merchant, f"wallet-answer\n{nonce}\n{status}\n{sha256(body).hexdigest()}")


def answer_is_signed(merchant: Merchant, nonce: str, status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether an answer is the wallet's, to this very request; header names in lower case."""
    return _equal(answer_signature(merchant, nonce, status, body), headers.get(SIGNATURE_HEADER.lower(), ""))


def _request_signature(merchant: Merchant, nonce: str, method: str, target: str, body: bytes) -> str:
    digest = sha256(body).hexdigest()
    return _signature(merchant, f"wallet-request\n{merchant.number}\n{nonce}\n{method} {target}\n{digest}")


def _signature(merchant: Merchant, message: str) -> str:
    return hmac.new(merchant.secret, message.encode(), sha256).hexdigest()


def _equal(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
