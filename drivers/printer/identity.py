"""Who a printer says it is: maker, model, serial number and Chinese font (GS I 66 to 69). Pure.

The font is the one fact of these that changes what we send: a printer that has GB2312 only prints blanks or other
characters for the rest of GB18030, whatever its profile promises.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from drivers.printer.charset import Charset
from drivers.printer.profiles import PrinterProfile

QUESTIONS: tuple[tuple[str, bytes], ...] = (
    ("maker", b"\x1dIB"),
    ("model", b"\x1dIC"),
    ("serial", b"\x1dID"),
    ("font", b"\x1dIE"),
)
"""GS I 66 to 69, each answered by a block `5F … 00` (Epson ESC/POS reference)."""

_WIDTHS = ("none", "gb2312", "gbk", "gb18030")
_FONTS = {"GB18030": "gb18030", "GBK": "gbk", "GB2312": "gb2312", "BIG": "none", "JAPAN": "none", "KOREA": "none"}


@dataclass(frozen=True, slots=True)
class Identity:
    """The printer's own words; empty where it was not asked or did not say."""

    maker: str = ""
    model: str = ""
    serial: str = ""
    font: str = ""

    @property
    def title(self) -> str:
        """Maker and model in one line."""
        return f"{self.maker} {self.model}".strip()

    def __str__(self) -> str:
        return " ".join(filter(None, (self.maker, self.model, self.serial, self.font)))


def repertoire_of(font: str) -> str | None:
    """The characters that a font's name promises, None when the name says nothing.

    Fonts of Taiwan, Japan and Korea have no character of ours at its place: "none".
    """
    told = font.upper().replace("-", "")
    return next((repertoire for word, repertoire in _FONTS.items() if word in told), None)


def narrowed(profile: PrinterProfile, identity: Identity) -> PrinterProfile:
    """The profile with at most the characters that the printer says it has; never more than the profile's own."""
    told = repertoire_of(identity.font)
    if told is None or _WIDTHS.index(told) >= _WIDTHS.index(profile.charset.repertoire):
        return profile
    return replace(profile, charset=Charset(told, profile.charset.pages))
