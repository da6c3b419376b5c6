"""Characters as dots: every glyph in a cell of its own, so that columns align to the dot.

Real printers have dot fonts of 12x24 and 24x24 and enlarge by repeating dots; so does this, with
the shapes taken from an installed font.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

from drivers.emulators.errors import EmulatorError
from drivers.emulators.paper import Style

FONT_ROOT = Path("/usr/share/fonts")
CHINESE_FONTS = (
    ("wqy-zenhei.ttc", 0),
    ("wqy-microhei.ttc", 0),
    ("NotoSansCJK-Regular.ttc", 2),
    ("NotoSansSC-Regular.otf", 0),
    ("NotoSansCJKsc-Regular.otf", 0),
    ("NotoSerifCJK-Regular.ttc", 2),
)
"""File names under /usr/share/fonts and the face in the file, the best first."""
LATIN_FONTS = ("DejaVuSansMono.ttf", "LiberationMono-Regular.ttf", "NotoSansMono-Regular.ttf")

CELL_HEIGHT = 24
SMALL_CELL = (9, 17)
_BLACK_FROM = 110
_CHINESE_SIZE = 23
_LATIN_SIZES = {CELL_HEIGHT: 20, SMALL_CELL[1]: 15}
_BASELINES = {CELL_HEIGHT: 19, SMALL_CELL[1]: 13}


def _find(names: Iterable[str], root: Path) -> Path | None:
    present = {path.name: path for path in sorted(root.rglob("*.[to]t[fc]"))} if root.is_dir() else {}
    return next((present[name] for name in names if name in present), None)


class Glyphs:
    """Draws characters into cells. `EmulatorError("emulator.font_missing")` without a CJK font."""

    def __init__(self, root: Path = FONT_ROOT) -> None:
        chinese = _find((name for name, _ in CHINESE_FONTS), root)
        if chinese is None:
            raise EmulatorError(
                "emulator.font_missing",
                f"no Chinese font under {root}; install one: apt-get install fonts-wqy-zenhei",
            )
        face = dict(CHINESE_FONTS)[chinese.name]
        latin = _find(LATIN_FONTS, root) or chinese
        self._chinese = ImageFont.truetype(str(chinese), _CHINESE_SIZE, index=face)
        self._latin = {height: ImageFont.truetype(str(latin), size) for height, size in _LATIN_SIZES.items()}
        self._cache: dict[tuple[str, Style, bool], Image.Image] = {}

    def glyph(self, char: str, style: Style, kanji: bool) -> Image.Image:
        """The finished cell of a character, enlarged and styled; 0 is black, 255 white."""
        key = (char, style, kanji)
        cell = self._cache.get(key)
        if cell is None:
            cell = self._cache[key] = self._draw(char, style, kanji)
        return cell

    def _draw(self, char: str, style: Style, kanji: bool) -> Image.Image:
        wide = kanji and char > "\x7f"
        width, height = (24, 24) if wide else SMALL_CELL if style.small else (12, CELL_HEIGHT)
        cell = self._shape(char, width, height, wide)
        if style.bold:
            shifted = Image.new("L", cell.size, 255)
            shifted.paste(cell, (1, 0))
            cell = ImageChops.darker(cell, shifted)
        if style.underline:
            bottom = (0, height - style.underline, width - 1, height - 1)
            ImageDraw.Draw(cell).rectangle(bottom, fill=0)
        if style.inverse:
            cell = ImageChops.invert(cell)
        size = (width * style.wide, height * style.tall)
        return cell.resize(size, Image.Resampling.NEAREST).convert("1", dither=Image.Dither.NONE)

    def _shape(self, char: str, width: int, height: int, wide: bool) -> Image.Image:
        """The bare character in black on white, in pure dots."""
        cell = Image.new("L", (width, height), 255)
        if not char.strip():
            return cell
        draw = ImageDraw.Draw(cell)
        if wide:
            box = self._chinese.getbbox(char, anchor="ls")
            left = (width - (box[2] + box[0])) / 2 if char > "\u3020" and char < "\uff00" else 0
            draw.text((left, 20), char, font=self._chinese, fill=0, anchor="ls")
        else:
            latin = self._latin[height]
            left = (width - latin.getlength(char)) / 2
            draw.text((left, _BASELINES[height]), char, font=latin, fill=0, anchor="ls")
        return cell.point([0 if level <= 255 - _BLACK_FROM else 255 for level in range(256)])
