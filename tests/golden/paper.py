"""How goldens show paper: a frame, the style right of it, `[QR]`, `[EAN13 …]`, `[360x24]` for what is no text."""

from collections.abc import Mapping
from pathlib import Path

from agent.core.receipt_parts import cells as width_of
from drivers.printer.document import Barcode, Cut, Image, Kick, Qr, Thing
from drivers.printer.layout import Line, lines

FOLDER = Path(__file__).parent / "slips"
BUILT = Path(__file__).parents[2] / "build" / "slips"
"""Where a test leaves what it saw, to be looked at and kept as the golden when the change is wanted."""
STYLES = {"normal": "", "tall": "   <倍高>", "wide": "   <倍宽>", "double": "   <双倍高宽>"}


def paper(document: Mapping[str, object], cells: int) -> str:
    """Return a document as the reference layouts show it; wide text is shown at single width."""
    edge = f"+{'-' * cells}+"
    shown = [_line(line, cells) for line in lines(document, cells) if not isinstance(line.thing, Cut)]
    return "\n".join([edge, *shown, edge]) + "\n"


def _line(line: Line, cells: int) -> str:
    if line.thing is not None:
        return _framed(_centred(_thing(line.thing), cells), cells)
    content = line.text
    if line.size in ("wide", "double"):
        content = _centred(content.strip(), cells)
    return _framed(content, cells) + STYLES[line.size]


def _thing(thing: Thing) -> str:
    match thing:
        case Qr():
            return "[QR]"
        case Kick():
            return "[KICK]"
        case Barcode(data, symbology):
            return f"[{symbology.upper()} {data}]"
        case Image(width, height):
            return f"[{width}x{height}]"
    return "[?]"


def _centred(content: str, cells: int) -> str:
    return " " * ((cells - width_of(content)) // 2) + content


def _framed(content: str, cells: int) -> str:
    return f"|{content}{' ' * (cells - width_of(content))}|"
