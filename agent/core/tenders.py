"""Tenders as data: each way in which a sale can be paid, from `config/tenders.toml` or a directive of HQ."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from agent.core.errors import Refused


class Proof(StrEnum):
    """What shows at the counter that the money is there."""

    COUNT = "count"
    PLATFORM_ANSWER = "platform_answer"
    HQ_SIGNATURE = "hq_signature"
    REFERENCE = "reference"
    BALANCE = "balance"
    CONSUMED = "consumed"
    CUSTOMER = "customer"
    APPROVAL = "approval"
    DEPOSIT_SLIP = "deposit_slip"


class Reference(StrEnum):
    """Whether a number must be given with the tender."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Offline(StrEnum):
    """What happens when the tender is chosen without a network."""

    YES = "yes"
    PROVISIONAL = "provisional"
    LIMITED = "limited"
    NO = "no"


class MatchedWith(StrEnum):
    """What later shows that the money really arrived."""

    DEPOSIT_SLIP = "deposit_slip"
    BILL = "bill"
    BILL_BY_PERSON = "bill_by_person"
    ACQUIRER_FILE = "acquirer_file"
    OWN_LEDGER = "own_ledger"
    VOUCHER_FILE = "voucher_file"
    RECEIPT_LATER = "receipt_later"
    OWN_LIABILITY = "own_liability"
    NOTHING = "nothing"


class Print(StrEnum):
    """Whether a sale paid this way gets its receipt printed without being asked."""

    ALWAYS = "always"
    ASK = "ask"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Tender:
    """One way of paying.

    `act` is the row of the role matrix that is asked with the amount; `cap_fen` None is no cap; `account` may hold
    `{till}`, which `account_of` fills.
    """

    kind: str
    name_zh: str
    name_en: str
    proof: Proof
    account: str
    matched_with: MatchedWith
    platform: str | None = None
    reference: Reference = Reference.NONE
    act: str = "sell"
    cap_fen: int | None = None
    drawer: bool = False
    refundable: bool = True
    offline: Offline = Offline.NO
    sale: bool = True
    print: Print = Print.ALWAYS
    enabled: bool = True

    def account_of(self, till: str) -> str:
        """Return the ledger account at a till."""
        return self.account.replace("{till}", till)

    def name(self, language: str) -> str:
        """Return the tender's name in a language (`zh-CN`, `en`)."""
        return self.name_zh if language.startswith("zh") else self.name_en


_FIELDS = frozenset(field.name for field in fields(Tender)) - {"kind"}
_REQUIRED = ("name_zh", "name_en", "proof", "account", "matched_with")
_ENUMS: Mapping[str, type[StrEnum]] = {
    "proof": Proof,
    "reference": Reference,
    "offline": Offline,
    "matched_with": MatchedWith,
    "print": Print,
}
_TEXTS = ("name_zh", "name_en", "account", "platform", "act")
_SWITCHES = ("drawer", "refundable", "sale", "enabled")


def tenders_from(data: Mapping[str, Any]) -> dict[str, Tender]:
    """Build the tenders from plain data, in its order.

    Refuses a key that nobody knows (`tender.unknown_key`), a missing one (`tender.missing_key`), a wrong value
    (`tender.bad_value`) and a list that switches cash off (`tender.cash_off`).
    """
    tenders = {kind: _tender(kind, values) for kind, values in data.items()}
    if "cash" not in tenders or not tenders["cash"].enabled:
        raise Refused("tender.cash_off")
    return tenders


def checked_amount(tender: Tender, amount_fen: int) -> int:
    """Return the amount when the tender may carry it; refuses what is above its cap (`tender.above_cap`)."""
    if tender.cap_fen is not None and amount_fen > tender.cap_fen:
        raise Refused("tender.above_cap", kind=tender.kind, amount_fen=amount_fen, cap_fen=tender.cap_fen)
    return amount_fen


def _tender(kind: str, values: object) -> Tender:
    if not isinstance(values, Mapping):
        raise Refused("tender.bad_value", kind=kind, key=kind)
    for key in values:
        if key not in _FIELDS:
            raise Refused("tender.unknown_key", kind=kind, key=str(key)[:40])
    for key in _REQUIRED:
        if key not in values:
            raise Refused("tender.missing_key", kind=kind, key=key)
    return Tender(kind=kind, **{key: _value(kind, key, value) for key, value in values.items()})


def _value(kind: str, key: str, value: object) -> Any:
    enumeration = _ENUMS.get(key)
    if enumeration is not None and isinstance(value, str) and value in list(enumeration):
        return enumeration(value)
    if key in _TEXTS and isinstance(value, str) and value:
        return value
    if key in _SWITCHES and isinstance(value, bool):
        return value
    if key == "cap_fen" and type(value) is int and value > 0:
        return value
    raise Refused("tender.bad_value", kind=kind, key=key)
