"""Bars of the codes that shops print: EAN-13, EAN-8, UPC-A, Code 128. Text in, modules out."""

from __future__ import annotations


def _sixes(text: str) -> tuple[str, ...]:
    return tuple(text[at : at + 6] for at in range(0, len(text), 7))


_LEFT_ODD = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111")
_LEFT = (*_LEFT_ODD, "0111011", "0110111", "0001011")
_PARITIES = _sixes("LLLLLL LLGLGG LLGGLG LLGGGL LGLLGG LGGLLG LGGGLL LGLGLG LGLGGL LGGLGL")
_WIDTHS = _sixes(
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 "
    "122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 "
    "321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 "
    "211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 "
    "213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 "
    "121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 "
    "241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 "
    "412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 "
    "211214 211232"
)
_LENGTHS = {"ean13": 13, "upca": 12, "ean8": 8}
_STOP = "2331112"
_STARTS = {"A": 103, "B": 104, "C": 105}
_SWITCHES = {"C": 99, "B": 100, "A": 101}
_SPECIALS = {"S": 98, "1": 102, "2": 97, "3": 96}


def _complement(pattern: str) -> str:
    return pattern.translate(str.maketrans("01", "10"))


def _check_digit(digits: str) -> str:
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def _ean(digits: str, length: int) -> str | None:
    """A code of `length` digits with its check digit, which may be missing; None when it is wrong."""
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (length - 1, length):
        return None
    whole = digits[: length - 1] + _check_digit(digits[: length - 1])
    return whole if whole.startswith(digits) else None


def ean_modules(digits: str, length: int) -> str | None:
    """Modules of an EAN-13 (13), UPC-A (12) or EAN-8 (8) as 0 and 1; None when it is no such code."""
    whole = _ean(digits, length)
    if whole is None:
        return None
    whole = "0" + whole if length == 12 else whole
    parity = _PARITIES[int(whole[0])] if len(whole) == 13 else "LLLL"
    body = whole[1:] if len(whole) == 13 else whole
    half = len(body) // 2
    left = "".join(
        _LEFT[int(digit)] if kind == "L" else _complement(_LEFT[int(digit)])[::-1]
        for digit, kind in zip(body[:half], parity, strict=True)
    )
    right = "".join(_complement(_LEFT[int(digit)]) for digit in body[half:])
    return f"101{left}01010{right}101"


def _code128_values(text: str) -> list[int] | None:
    """Symbol values of data with Epson's code-set prefixes `{A {B {C` and functions `{1 {S {{`."""
    if text[:1] != "{" or text[1:2] not in _STARTS:
        return None
    chosen = text[1]
    values = [_STARTS[chosen]]
    at = 2
    while at < len(text):
        char = text[at]
        if char == "{" and text[at + 1 : at + 2] in _SWITCHES:
            chosen = text[at + 1]
            values.append(_SWITCHES[chosen])
            at += 2
        elif char == "{" and text[at + 1 : at + 2] in _SPECIALS:
            values.append(_SPECIALS[text[at + 1]])
            at += 2
        elif chosen == "C":
            values.append(ord(char))
            at += 1
        else:
            at += 2 if char == "{" else 1
            values.append(ord(char) - 32 if ord(char) >= 32 else ord(char) + 64)
    return values if all(value < len(_WIDTHS) for value in values) else None


def code128_modules(text: str) -> str | None:
    """Modules of a Code 128 as `GS k` 73 takes it (code set C: one byte for two digits)."""
    values = _code128_values(text)
    if values is None:
        return None
    check = (values[0] + sum(at * value for at, value in enumerate(values))) % 103
    widths = "".join(_WIDTHS[value] for value in (*values, check)) + _STOP
    return "".join(("1" if at % 2 == 0 else "0") * int(width) for at, width in enumerate(widths))


def readable(payload: bytes, symbology: str) -> str:
    """The text under the bars: with its check digit, without code-set prefixes."""
    text = payload.decode("latin-1")
    if symbology in _LENGTHS:
        return _ean(text, _LENGTHS[symbology]) or text
    if symbology != "code128":
        return text
    out, chosen, at = "", "", 0
    while at < len(text):
        if text[at] == "{":
            chosen = text[at + 1 : at + 2] if text[at + 1 : at + 2] in _STARTS else chosen
            out += "{" if text[at + 1 : at + 2] == "{" else ""
            at += 2
        else:
            out += f"{ord(text[at]):02d}" if chosen == "C" else text[at]
            at += 1
    return out


def modules_of(payload: bytes, symbology: str) -> str | None:
    """Modules as 0 and 1, or None when the data is wrong or the symbology isn't drawn."""
    text = payload.decode("latin-1")
    if symbology in _LENGTHS:
        return ean_modules(text, _LENGTHS[symbology])
    return code128_modules(text) if symbology == "code128" else None
