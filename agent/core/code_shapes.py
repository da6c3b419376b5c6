"""What a text looks like by itself: identity numbers, payment codes, platform numbers, codes of other systems.

A shape is no proof. `agent.core.codes` decides with the till's state what a scanned text is taken for.
"""

import re
from datetime import date

from agent.core.gs1 import is_digits

_IDENTITY = re.compile(r"[1-9][0-9]{16}[0-9Xx]")
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY_CHECKS = "10X98765432"
_OWN_NUMBER = re.compile(r"([A-Z0-9]{1,10})_([0-9]{1,9})_([0-9]{6,9})_([AR])[0-9]{1,3}(?:[A-Z2-7]{4})?")
_WECHAT_REFUND = re.compile(r"50[0-9]{26,27}")
_MEDICAL_INSURANCE = re.compile(r"[1-8][0-9]{5}(?=[0-9a-z]*[a-z])[0-9a-z]{22}")
_COURIER = re.compile(r"(SF|YT|JT|JD|JDV|STO|YD|ZTO|EMS)[A-Z]{0,2}[0-9]{9,15}(-[0-9]+-[0-9]+-?)?")
_COLLECTION = re.compile(r"(wxp://|https?://(qr\.alipay\.com|qr\.95516\.com|payapp\.weixin\.qq\.com)/)", re.IGNORECASE)


def is_identity_number(text: str) -> bool:
    """Tell whether the text is a resident identity number: 18 places, valid birth date, ISO 7064 MOD 11-2 check."""
    if not _IDENTITY.fullmatch(text):
        return False
    if not (text[6:8] in ("18", "19", "20") and _is_date(text[6:14])):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _IDENTITY_WEIGHTS, strict=True))
    return _IDENTITY_CHECKS[total % 11] == text[17].upper()


def wallet_of(text: str) -> str | None:
    """Return whose payment code a text has the shape of: `wechat` (10–15, 18 digits), `alipay` (25–30, 16–24), or None.

    Source: WeChat Pay and Alipay documentation of the payment code.
    """
    if not is_digits(text):
        return None
    if len(text) == 18 and 10 <= int(text[:2]) <= 15:
        return "wechat"
    if 16 <= len(text) <= 24 and 25 <= int(text[:2]) <= 30:
        return "alipay"
    return None


def unsupported_of(text: str) -> str | None:
    """Return the name of a kind of code that is known and not taken here, or None.

    `unionpay` (62, 19 digits), `ecny` (01, 16 to 24 digits), `medical_insurance` (28 characters with letters behind a
    region), `collection_code` (somebody's own code for receiving money). The shapes of e-CNY and medical insurance
    are unpublished and taken from practice; a wrong name costs a sentence, never money.
    """
    if is_digits(text) and len(text) == 19 and text.startswith("62"):
        return "unionpay"
    if is_digits(text) and 16 <= len(text) <= 24 and text.startswith("01"):
        return "ecny"
    if _MEDICAL_INSURANCE.fullmatch(text):
        return "medical_insurance"
    return "collection_code" if _COLLECTION.match(text) else None


def platform_number_of(text: str) -> str | None:
    """Return whose order number a text is: `wechat` (42…, 28 digits), `alipay` (date first, 28 digits), or None.

    The number of a WeChat refund (50…, 28 or 29 digits) counts as `wechat` too.
    """
    if not is_digits(text):
        return None
    if len(text) == 28 and text.startswith("42"):
        return "wechat"
    if len(text) == 28 and text.startswith("20") and _is_date(text[:8]):
        return "alipay"
    return "wechat" if is_wechat_refund(text) else None


def is_wechat_refund(text: str) -> bool:
    """Return whether a text has the shape of a WeChat refund's number."""
    return _WECHAT_REFUND.fullmatch(text) is not None


def store_of_number(text: str) -> str | None:
    """Return the store of an out_trade_no or out_refund_no of ours, or None."""
    found = _OWN_NUMBER.fullmatch(text)
    return found.group(1) if found else None


def is_courier_number(text: str) -> bool:
    """Tell whether the text is a parcel's waybill number of a large Chinese courier."""
    return _COURIER.fullmatch(text) is not None


def masked(text: str) -> str:
    """Write a secret or personal number so that it may be shown and logged: first 2, last 4."""
    return f"{text[:2]}{'*' * (len(text) - 6)}{text[-4:]}" if len(text) > 6 else "*" * len(text)


def _is_date(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return True
