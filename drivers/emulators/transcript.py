"""The slip as text, cell for cell: what a person reads in a terminal, a test or a report."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.emulators.paper import (
    CELL_DOTS,
    Barcode,
    Cut,
    Feed,
    Image,
    Line,
    Mark,
    Op,
    Qr,
    Style,
    cells,
    line_text,
)

LINE_DOTS = 30


def style_words(style: Style) -> str:
    """A style in the words of the printed layouts: 双倍高宽, 倍高, 倍宽, 粗体; empty when plain."""
    size = {(1, 1): "", (1, 2): "倍高", (2, 1): "倍宽", (2, 2): "双倍高宽"}
    name = size.get((style.wide, style.tall), f"{style.wide}x{style.tall}")
    words = [name, "粗体" if style.bold else "", "反白" if style.inverse else ""]
    return " ".join(word for word in words if word)


def _line(line: Line, styles: bool) -> str:
    text = line_text(line)
    if not styles:
        return text
    words = dict.fromkeys(style_words(span.style) for span in line.spans if span.text.strip())
    named = " ".join(word for word in words if word)
    return f"{text}   <{named}>" if named else text


def _centred(text: str, middle_dots: int) -> str:
    left = middle_dots // CELL_DOTS - cells(text, True) // 2
    return " " * max(0, left) + text


def _op_lines(op: Op, width_dots: int, styles: bool) -> list[str]:
    match op:
        case Line():
            return [_line(op, styles)]
        case Feed():
            return [""] * (op.dots // LINE_DOTS)
        case Qr():
            middle = op.left_dots + op.modules * op.module_dots // 2
            return [_centred(f"[QR {op.payload.decode('utf-8', 'replace')}]", middle)]
        case Barcode():
            text = f"[{op.symbology} {op.payload.decode('latin-1')}]"
            middle = {"left": 0, "center": width_dots // 2, "right": width_dots}[op.align]
            return [_centred(text, middle)]
        case Image():
            return [_centred(f"[{op.width}x{op.height}]", op.left_dots + op.width // 2)]
        case Cut():
            mark = "- " if op.partial else "-"
            return [(mark * (width_dots // CELL_DOTS))[: width_dots // CELL_DOTS].rstrip()]
        case _:
            return []


def slip_lines(marks: Iterable[Mark], width_dots: int, *, job: int | None = None, styles: bool = False) -> list[str]:
    """The slip (`job`) or all of the paper as lines of text; with `styles` each names its own.

    Symbols, pictures and cuts stand as `[QR …]`, `[ean13 …]`, `[WxH]` and a line of dashes; notes
    and drawer pulses aren't on paper and so not here.
    """
    chosen = (mark.op for mark in marks if job is None or mark.job == job)
    return [text for op in chosen for text in _op_lines(op, width_dots, styles)]
