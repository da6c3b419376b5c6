"""Trade item numbers after the GS1 General Specifications: check digits, padding, links, price verifiers. Pure."""

import re
from urllib.parse import urlsplit

_DIGITS = re.compile(r"[0-9]+")
_LINK_PATH = re.compile(r"/01/([0-9]{8,14})(?:/|$)")
_TWO_MINUS = (0, 2, 4, 6, 8, 9, 1, 3, 5, 7)
_THREE = (0, 3, 6, 9, 2, 5, 8, 1, 4, 7)
_FIVE_PLUS = (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)
_FIVE_MINUS = (0, 5, 9, 4, 8, 3, 7, 2, 6, 1)


def is_digits(text: str) -> bool:
    """Tell whether the text is one or more ASCII digits; full-width and other digits are not."""
    return _DIGITS.fullmatch(text) is not None


def check_digit(digits: str, *, from_left: bool = False) -> str:
    """Return the check digit of `digits` (without it): weights 3, 1, 3 … from the right.

    `from_left` begins at the first digit with weight 1, as some 18-digit scales do.
    """
    weights = [1, 3] if from_left else [3, 1]
    ordered = digits if from_left else digits[::-1]
    total = sum(int(digit) * weights[index % 2] for index, digit in enumerate(ordered))
    return str(-total % 10)


def has_right_check(digits: str, *, from_left: bool = False) -> bool:
    """Tell whether the last digit is the right check digit of those before it."""
    return len(digits) > 1 and is_digits(digits) and check_digit(digits[:-1], from_left=from_left) == digits[-1]


def gtin_13(digits: str) -> str:
    """Return a GTIN-8, -12, -13 or -14 without packing level as 13 digits; a GTIN-8 stays as it is."""
    if len(digits) == 12:
        return "0" + digits
    if len(digits) == 14 and digits[0] == "0":
        return digits[1:]
    return digits


def inner_of_case(digits: str) -> str | None:
    """Return the GTIN-13 of the piece inside a case (GTIN-14 with packing level 1 to 8), or None."""
    if len(digits) != 14 or digits[0] not in "12345678":
        return None
    return digits[1:13] + check_digit(digits[1:13])


def gtin_of_link(text: str) -> str | None:
    """Return the GTIN of a GS1 Digital Link (`https://id.gs1.org/01/…`, any host), or None."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https"):
        return None
    found = _LINK_PATH.search(parts.path)
    return found.group(1) if found and has_right_check(found.group(1)) else None


def price_verifier(field: str) -> str | None:
    """Return the verifier digit of a price or weight field of 4 or 5 digits, or None for another length."""
    numbers = [int(digit) for digit in field]
    if len(numbers) == 4:
        total = _weighted(numbers, (_TWO_MINUS, _TWO_MINUS, _THREE, _FIVE_MINUS))
        return str(3 * total % 10)
    if len(numbers) == 5:
        total = _weighted(numbers, (_FIVE_PLUS, _TWO_MINUS, _FIVE_MINUS, _FIVE_PLUS, _TWO_MINUS))
        return str(_FIVE_MINUS.index(-total % 10))
    return None


def _weighted(numbers: list[int], tables: tuple[tuple[int, ...], ...]) -> int:
    return sum(table[number] for number, table in zip(numbers, tables, strict=True))
