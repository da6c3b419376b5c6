"""What the paper looks like: a slip's bytes through the emulated printer, against a golden picture, cell by cell.

The dots come from two fonts of the system, so only those of the goldens are compared; another version of a font may
move a few dots of a character, and that is let pass. A character that is missing, another, or elsewhere is not.
"""

import pytest

pytest.importorskip("PIL")

import zxingcpp
from PIL import Image, ImageChops

from drivers.emulators.glyphs import FONT_ROOT, Glyphs
from drivers.emulators.paper import PLAIN
from drivers.emulators.picture import SlipPainter
from drivers.emulators.printer import EmulatedPrinter
from drivers.emulators.profiles import profile_for
from drivers.printer import qr
from drivers.printer.document import Barcode, Qr
from drivers.printer.encoder import encode
from drivers.printer.layout import lines
from tests.golden.examples import SLIPS
from tests.golden.paper import BUILT, FOLDER
from tests.unit.drivers.shop import PROFILES

FONTS = ("wqy-zenhei.ttc", "DejaVuSansMono.ttf")
PAPERS = {58: "pos58", 80: "pos80"}
CELL = (12, 24)
DIFFERING_MAX = 0.2
"""Of a cell's dots: two characters differ in more, two versions of one character in less."""


@pytest.fixture(scope="module")
def glyphs(tmp_path_factory: pytest.TempPathFactory) -> Glyphs:
    """Draw with the goldens' fonts, whatever else the system has."""
    present = {path.name: path for path in FONT_ROOT.rglob("*.tt[cf]")} if FONT_ROOT.is_dir() else {}
    missing = [name for name in FONTS if name not in present]
    if missing:
        pytest.skip(f"no {' nor '.join(missing)}: apt-get install fonts-wqy-zenhei fonts-dejavu-core")
    root = tmp_path_factory.mktemp("fonts")
    for name in FONTS:
        (root / name).symlink_to(present[name])
    return Glyphs(root)


def printed(name: str, width_mm: int, glyphs: Glyphs) -> Image.Image:
    """Return what the emulated printer of this paper strikes for a slip."""
    printer = EmulatedPrinter(profile_for("epson", width_mm, None), lambda: 1000.0, lambda: 7)
    profile = PROFILES[PAPERS[width_mm]]
    printer.feed(encode(SLIPS[name](profile.cells), profile))
    assert not printer.unknown_bytes
    return SlipPainter(printer.profile.width_dots, glyphs).paint([mark.op for mark in printer.marks])


def differing_cells(picture: Image.Image, golden: Image.Image) -> list[str]:
    """Name the cells, by line and column in dots, whose dots are not the golden's."""
    changed = ImageChops.logical_xor(picture, golden)
    width, height = CELL
    wrong = []
    for top in range(0, picture.height, height):
        for left in range(0, picture.width, width):
            cell = changed.crop((left, top, left + width, top + height))
            if cell.histogram()[255] > DIFFERING_MAX * width * height:
                wrong.append(f"{left},{top}")
    return wrong


@pytest.mark.parametrize("width_mm", list(PAPERS))
@pytest.mark.parametrize("name", list(SLIPS))
def test_a_slip_looks_like_its_golden_picture(name: str, width_mm: int, glyphs: Glyphs) -> None:
    picture = printed(name, width_mm, glyphs)
    path = FOLDER / f"{name}_{width_mm}mm.png"
    BUILT.mkdir(parents=True, exist_ok=True)
    picture.save(BUILT / path.name)
    assert path.exists(), f"no golden yet: look at {BUILT / path.name}, and keep it as {path}"
    with Image.open(path) as file:
        golden = file.convert("1")
    assert picture.size == golden.size, f"{BUILT / path.name} is {picture.size}, the golden {golden.size} dots"
    wrong = differing_cells(picture, golden)
    assert not wrong, f"{BUILT / path.name} differs from {path.name} in {len(wrong)} cells: {wrong[:8]}"


@pytest.mark.parametrize("width_mm", list(PAPERS))
@pytest.mark.parametrize("name", list(SLIPS))
def test_every_code_on_a_slip_reads_back(name: str, width_mm: int, glyphs: Glyphs) -> None:
    """A decoder of others finds each QR and bar code in the printed dots, with its text, and QR modules of 3 dots.

    That is 0.375 mm, which the plainest scanner of a counter resolves; most are larger.
    """
    profile = PROFILES[PAPERS[width_mm]]
    things = [line.thing for line in lines(SLIPS[name](profile.cells), profile.cells)]
    wanted = [thing.data for thing in things if isinstance(thing, Qr | Barcode)]
    picture = printed(name, width_mm, glyphs).convert("L")
    # An eye of a QR code now and then passes for a Micro QR code, which we never print.
    formats = (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.EAN13)
    found = [code for code in zxingcpp.read_barcodes(picture, formats=formats) if code.format in formats]
    assert sorted(code.text for code in found) == sorted(wanted)
    for thing in things:
        if isinstance(thing, Qr):
            modules = 17 + 4 * (qr.version(thing.data, thing.level) or 0)
            corner = next(code.position for code in found if code.text == thing.data)
            across = abs(corner.top_right.x - corner.top_left.x)
            assert across / modules >= 2.9, f"{thing.data}: {across} dots for {modules} modules"


def test_another_character_is_seen(glyphs: Glyphs) -> None:
    """The comparison is no formality: one other digit in one line is named."""
    picture = printed("sale", 58, glyphs)
    other = printed("sale", 58, glyphs)
    top = next(y for y in range(0, other.height, 24) if other.crop((0, y, 12, y + 24)).histogram()[0] > 20)
    other.paste(glyphs.glyph("鑫", PLAIN, True), (0, top))
    assert differing_cells(picture, other)
