"""How goldens show paper: a frame, the style right of it, `[QR]` for a code."""

from collections.abc import Mapping
from pathlib import Path

from agent.core.receipt_parts import cells as width_of
from drivers.printer.document import Cut, Kick, Qr, Thing
from drivers.printer.layout import Line, lines

FOLDER = Path(__file__).parent / "slips"
STYLES = {"normal": "", "tall": "   <倍高>", "wide": "   <倍宽>", "double": "   <双倍高宽>"}


def paper(document: Mapping[str, object], cells: int) -> str:
    """Return a document as the reference layouts show it; wide text is shown at single width."""
    edge = f"+{'-' * cells}+"
    shown = [_line(line, cells) for line in lines(document, cells) if not isinstance(line.thing, Cut)]
    return "\n".join([edge, *shown, edge]) + "\n"


def golden(name: str, cells: int) -> str:
    """Return the reference layout of a slip."""
    return (FOLDER / f"{name}_{cells}.txt").read_text(encoding="utf-8")


def _line(line: Line, cells: int) -> str:
    if line.thing is not None:
        return _framed(_centred(_thing(line.thing), cells), cells)
    content = line.text
    if line.size in ("wide", "double"):
        content = _centred(content.strip(), cells)
    return _framed(content, cells) + STYLES[line.size]


def _thing(thing: Thing) -> str:
    if isinstance(thing, Qr):
        return "[QR]"
    return "[KICK]" if isinstance(thing, Kick) else "[?]"


def _centred(content: str, cells: int) -> str:
    return " " * ((cells - width_of(content)) // 2) + content


def _framed(content: str, cells: int) -> str:
    return f"|{content}{' ' * (cells - width_of(content))}|"
