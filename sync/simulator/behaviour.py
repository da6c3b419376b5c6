"""What a customer of the simulated wallet does: the last two digits of the payment code decide, never chance."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

AUTH_CODE = re.compile(r"(?:2[5-9]|30)\d{14,22}|1[0-5]\d{16}")
"""Both wallets' ranges, since it stands in for either: Alipay's 16 to 24 digits, WeChat Pay's 18 from 10 to 15."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How an order goes: after `waits_s` it becomes `ends`; `arrives` and `answers` are about the network."""

    ends: str = "paid"
    code: str | None = None
    waits_s: int = 0
    discount_percent: int = 0
    arrives: bool = True
    answers: bool = True


AT_ONCE = Behaviour()
INVALID = Behaviour("declined", "AUTH_CODE_INVALID")
BY_SUFFIX: Mapping[str, Behaviour] = {
    **{f"7{seconds}": Behaviour(waits_s=seconds) for seconds in range(1, 10)},
    "81": Behaviour("declined", "BALANCE_TOO_LOW"),
    "82": Behaviour(answers=False),
    "83": Behaviour(arrives=False, answers=False),
    "84": Behaviour(discount_percent=10),
    "85": Behaviour("declined", "AUTH_CODE_EXPIRED"),
    "86": Behaviour("closed", "PASSWORD_NOT_ENTERED", waits_s=30),
    "87": Behaviour("declined", "USER_CANCELLED", waits_s=2),
    "88": Behaviour(waits_s=20),
}


def behaviour(auth_code: str) -> Behaviour:
    """Return what the holder of a payment code does."""
    if not AUTH_CODE.fullmatch(auth_code):
        return INVALID
    return BY_SUFFIX.get(auth_code[-2:], AT_ONCE)
