"""The receipt that is measured, and the same one as python-escpos would send it."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agent.bench.counter import Counter, opened
from agent.bench.plan import Plan
from agent.bench.sale import warm_up
from drivers.printer.document import Cut, Feed, Qr
from drivers.printer.layout import TALL_SIZES, WIDE_SIZES, lines
from drivers.printer.profiles import DOTS_PER_MM, PrinterProfile

WITHOUT_FOREIGNER = "python-escpos is not installed (extra escpos): nothing stands beside ours"
_QR_LEVELS = "LMQH"
_STYLE = ("bold", "double_width", "double_height")
_PLAIN = (False, False, False)


def receipt(plan: Plan, count: int) -> Mapping[str, Any]:
    """Return the receipt of a real sale of `count` lines, without the drawer, which the shop opens beforehand."""
    with plan.scratch("receipt") as state, opened(state) as box:
        counter = Counter(box, lines=count)
        warm_up(counter, 1)
        (text,) = box.shop.read().execute("SELECT document FROM spool").fetchone()
    document: Mapping[str, Any] = json.loads(text)
    return document


def without_codes(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a document without its QR codes."""
    return {**document, "blocks": [block for block in document["blocks"] if block["kind"] != "qr"]}


def drawing_codes(profile: PrinterProfile) -> PrinterProfile:
    """Return a model that knows no QR codes, so that they go out as dots."""
    return replace(profile, native_qr=False)


def foreign_printers() -> Any:
    """Return python-escpos' printer classes, or None where it is not installed.

    Its import leaves a folder of pickled capabilities behind; they go where the first import of this process put them.
    """
    os.environ.setdefault("ESCPOS_CAPABILITIES_PICKLE_DIR", tempfile.gettempdir())
    try:
        from escpos import printer
    except ImportError:
        return None
    return printer


def foreign_bytes(printers: Any, document: Mapping[str, Any], profile: PrinterProfile) -> bytes:
    """Return what python-escpos sends for a receipt: our layout line by line, its own commands and codes."""
    foreign = printers.Dummy(profile="TM-T88V")
    foreign.hw("INIT")
    style = _PLAIN
    for line in lines(document, profile.cells, profile.charset):
        if line.thing is not None:
            _put(foreign, line.thing, profile)
            continue
        wished = (line.bold, line.size in WIDE_SIZES, line.size in TALL_SIZES)
        if wished != style:
            foreign.set(**dict(zip(_STYLE, wished, strict=True)), normal_textsize=wished[1:] == _PLAIN[1:])
            style = wished
        foreign.text(line.text + "\n")
    output: bytes = foreign.output
    return output


def _put(foreign: Any, thing: object, profile: PrinterProfile) -> None:
    match thing:
        case Qr() as code:
            foreign.set(align="center")
            foreign.qr(code.data, ec=_QR_LEVELS.index(code.level), size=_dots_a_module(code), native=profile.native_qr)
            foreign.set(align="left")
        case Feed() as feed:
            foreign.ln(feed.lines)
        case Cut():
            foreign.cut()


def _dots_a_module(code: Qr) -> int:
    import segno

    modules = segno.make_qr(code.data, error=code.level, boost_error=False).symbol_size(border=0)[0]
    return max(1, round(code.millimetres * DOTS_PER_MM / int(modules)))
