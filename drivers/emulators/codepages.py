"""Bytes to characters: `ESC t` code pages and the Chinese multibyte mode (`FS &`)."""

from __future__ import annotations

import re

MISSING = "□"
"""What the printer strikes for a character that its font does not have."""

_CODECS = {
    0: "cp437",
    2: "cp850",
    3: "cp860",
    4: "cp863",
    5: "cp865",
    13: "cp857",
    14: "cp737",
    15: "iso8859_7",
    16: "cp1252",
    17: "cp866",
    18: "cp852",
    19: "cp858",
    32: "cp720",
    33: "cp775",
    34: "cp855",
    35: "cp861",
    36: "cp862",
    37: "cp864",
    38: "cp869",
    39: "iso8859_2",
    40: "iso8859_15",
    45: "cp1250",
    46: "cp1251",
    47: "cp1253",
    48: "cp1254",
    49: "cp1255",
    50: "cp1256",
    51: "cp1257",
    52: "cp1258",
}
"""`ESC t n` as numbered in Epson's reference; other pages have no characters above 7E here."""

_KATAKANA_PAGE = 1
_KATAKANA = {
    0x80: "▁▂▃▄▅▆▇█▏▎▍▌▋▊▉┼┴┬┤├▔─│▕┌┐└┘╭╮╰╯ ",
    0xA1: "".join(map(chr, range(0xFF61, 0xFFA0))),
    0xE0: "═╞╪╡◢◣◥◤♠♥♦♣●○╱╲╳円年月日時分秒〒市区町村人",
}
"""Page 1 has no codec of Python's: rules and blocks, half-width katakana, signs. Foreign encoders rule with it."""

SINGLE_TEXT = re.compile(rb"[\x20-\x7e\x80-\xff]+")
KANJI_TEXT = re.compile(rb"(?:[\x20-\x7e]|[\x81-\xfe](?:[\x40-\x7e\x80-\xfe]|[\x30-\x39][\x81-\xfe][\x30-\x39]))+")

_UNIT = re.compile(rb"[\x20-\x7e]|[\x81-\xfe](?:[\x40-\x7e\x80-\xfe]|[\x30-\x39]..)", re.DOTALL)


def _page(number: int) -> list[str]:
    codec = _CODECS.get(number, "ascii")
    page = [bytes((code,)).decode(codec, "replace") for code in range(256)]
    if number == _KATAKANA_PAGE:
        for first, chars in _KATAKANA.items():
            page[first : first + len(chars)] = chars
    return [MISSING if char == "\ufffd" else char for char in page]


_PAGES: dict[int, list[str]] = {}


def decode_page(data: bytes, number: int) -> str:
    """Characters of a single-byte text in code page `number`, one for each byte."""
    page = _PAGES.get(number)
    if page is None:
        page = _PAGES[number] = _page(number)
    return "".join([page[code] for code in data])


def decode_kanji(data: bytes, font: str) -> str:
    """Characters of a multibyte text; those that the font lacks become □.

    Fonts hold the two-byte set of GBK (`GB2312` clones) or all of GB18030's basic plane.
    """
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        text = "".join([_decode_unit(unit) for unit in _UNIT.findall(data)])
    if text.isascii():
        return text
    if font == "GB18030":
        return "".join([char if char <= "\uffff" else MISSING for char in text])
    try:
        text.encode("gbk")
    except UnicodeEncodeError:
        return "".join([char if _in_gbk(char) else MISSING for char in text])
    return text


def _decode_unit(unit: bytes) -> str:
    try:
        return unit.decode("gb18030")
    except UnicodeDecodeError:
        return MISSING


def _in_gbk(char: str) -> bool:
    try:
        char.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def kanji_verdict(data: bytes | bytearray, at: int) -> int:
    """What a lead byte that is not (yet) a whole character is: 0 wait for more, -1 unknown."""
    rest = data[at : at + 4]
    if not 0x81 <= rest[0] <= 0xFE:
        return -1
    shapes = ((0x30, 0x39), (0x81, 0xFE), (0x30, 0x39))
    pairs = zip(rest[1:], shapes, strict=False)
    return 0 if len(rest) < 4 and all(low <= code <= high for code, (low, high) in pairs) else -1


def multibyte_units(data: bytes) -> list[tuple[int, bool]]:
    """Runs of a Kanji-mode text: (length in bytes, multibyte or not)."""
    runs: list[tuple[int, bool]] = []
    at = 0
    while at < len(data):
        start = at
        multibyte = data[at] >= 0x80
        while at < len(data) and (data[at] >= 0x80) == multibyte:
            if not multibyte:
                at += 1
            else:
                at += 4 if 0x30 <= data[at + 1] <= 0x39 else 2
        runs.append((at - start, multibyte))
    return runs
