"""Whatever an article is called, it comes out as plain text: from builder to paper, on every printer of config/devices.

Names arrive from headquarters, from third-party tills and from keyboards. They may hold control bytes, commands of
printers, marks that turn the direction of writing, characters that no printer has, and more of all that than fits.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.core.receipt import Document, Reduction, SlipLine, sale_document
from agent.services.language import translator
from drivers.emulators.paper import Cut, Feed, Mark, Pulse, as_fields
from drivers.emulators.paper import Line as PaperLine
from drivers.emulators.papertape import PaperTape
from drivers.emulators.printer import EmulatedPrinter
from drivers.emulators.profiles import profile_for
from drivers.printer import raster
from drivers.printer.encoder import encode
from drivers.printer.layout import WIDE_SIZES, Line, lines
from drivers.printer.profiles import PrinterProfile
from tests.golden import slip_examples as examples
from tests.unit.drivers.shop import PROFILES

CELL_DOTS = 12
COMMANDS = (
    "\x1b@", "\x1bp\x00\x19\x19", "\x1dV\x00", "\x1dV\x42\x00", "\x10\x04\x01", "\x10\x05\x02",
    "\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08", "\x10\x14\x01\x00\x01", "\x1d(k\x03\x001Q0",
    "\x1dv0\x00\x01\x00\x01\x00", "\x1c.", "\x1c&", "\x1bt\x10", "\x1d!\x77", "\x1b=\x00", "\x1bL",
    "\x18", "\x0c", "\r", "\n", "\x00", "\x7f", "\x80",
)  # fmt: skip
MARKS = "\u202e\u202d\u200f\u2066\u200b\u200c\u200d\u2060\ufeff\u00ad\u061c\ufe0f\u0301\u0308\u20e3\u034f\u115f\u3164"
ODD = "😀👨\u200d👩\u200d👧🇨🇳1\ufe0f\u20e3㐀䶵𠀀\U0010ffff\ue000龦€ḿ１２３ＡＢ％，．。「」﷽ﷺשלום مرحبا ไทย한글ｶﾞ㌔½²Ⅻ①㈱"
PLAIN = "剁椒鱼头(微辣)小炒黄牛肉 12.50kg/份,。《》【】-+%&'\"\\{}|~^`"
NAMES = st.lists(
    st.one_of(st.sampled_from(COMMANDS), st.text(MARKS, max_size=4), st.text(ODD, max_size=6), st.text(max_size=12),
              st.text(PLAIN, max_size=20)),
    max_size=25,
).map("".join)  # fmt: skip
CHINESE = translator("zh-CN")


@dataclass
class Printed:
    """What a slip did to an emulated printer."""

    marks: list[Mark]
    answer: bytes
    unknown_bytes: int
    unsupported_commands: int


def document_of(name: str) -> Document:
    """Return a receipt on which the name stands wherever somebody's text stands."""
    goods = (SlipLine(name, 2, "pc", 1250, 2500, (Reduction(name, 100),)), examples.JUICE)
    return sale_document(
        replace(examples.SALE, shop=replace(examples.SHOP, name=name), lines=goods, table=name, receipt=None), CHINESE
    )


def print_on(profile: PrinterProfile, document: Document) -> Printed:
    """Send the document's bytes to a printer with every glyph and every command."""
    printer = EmulatedPrinter(profile_for("epson", 58 if profile.dots == 384 else 80), lambda: 1000.0, lambda: 7)
    answer = printer.feed(encode(document, profile))
    return Printed(printer.marks, answer, printer.unknown_bytes, printer.unsupported_commands)


def lines_on_paper(marks: list[Mark]) -> list[tuple[str, int, int]]:
    """Return each printed line: its characters, their dots, how tall it is."""
    found = []
    for mark in marks:
        if isinstance(mark.op, PaperLine):
            spans = mark.op.spans
            tall = max((span.style.tall for span in spans), default=1)
            found.append(("".join(span.text for span in spans), sum(span.dots for span in spans), tall))
    return found


def expected(line: Line, profile: PrinterProfile) -> tuple[str, int, int]:
    """Return what a line of the layout has to become."""
    text = line.text.rstrip(" ")
    wide = 2 if line.size in WIDE_SIZES else 1
    tall = 2 if text and line.size in ("tall", "double") else 1
    return text, profile.charset.width(text) * CELL_DOTS * wide, tall


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
@given(name=NAMES)
@example(name="")
@example(name="".join(COMMANDS))
@example(name=MARKS + ODD)
@example(name="长" * 2000)
@example(name="A" * 2000)
@example(name="\x1b" * 300)
def test_any_name_is_plain_text_on_paper(profile: PrinterProfile, name: str) -> None:
    """Each line of the layout is one line of paper with exactly its characters and cells, and nothing else happens."""
    document = document_of(name)
    printed, harmless = print_on(profile, document), print_on(profile, document_of("A"))
    assert (printed.unknown_bytes, printed.unsupported_commands) == (0, 0)
    assert printed.answer == harmless.answer, "a command was smuggled: the printer answered"
    wanted = [expected(line, profile) for line in lines(document, profile.cells, profile.charset) if line.thing is None]
    on_paper = lines_on_paper(printed.marks)
    assert on_paper[: len(wanted)] == wanted
    assert not any(text for text, _, _ in on_paper[len(wanted) :]), "more on paper than was laid out"
    assert all(dots <= profile.dots for _, dots, _ in on_paper)
    assert things(printed) == things(harmless), "a name cut, kicked, fed or drew"


def things(printed: Printed) -> list[object]:
    """Return what happened besides lines."""
    return [mark.op for mark in printed.marks if not isinstance(mark.op, PaperLine)]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
@given(name=NAMES)
def test_no_slip_holds_a_real_time_command(profile: PrinterProfile, name: str) -> None:
    """Printers obey them in the middle of anything, so no byte of a slip may look like one."""
    assert not raster.has_real_time(encode(document_of(name), profile))


def test_amounts_stay_at_the_right_edge_under_any_name() -> None:
    """The longest and the emptiest names leave the amounts where they belong."""
    for name in ("", " ", "\u200b", "长" * 500, "A" * 500, "\x1b@" * 50, "\n\n"):
        for profile in PROFILES.values():
            shown = [line.text for line in lines(document_of(name), profile.cells, profile.charset)]
            amounts = [text for text in shown if text.endswith(" 25.00")]
            assert [profile.charset.width(text) for text in amounts] == [profile.cells]


def test_the_paper_log_holds_the_names_as_printed(tmp_path: Path) -> None:
    """One JSON line a printed line, whatever the name tried."""
    path = tmp_path / "paper.jsonl"
    name = "".join(COMMANDS) + MARKS + ODD
    document = document_of(name)
    with PaperTape(path) as tape:
        printer = EmulatedPrinter(profile_for("epson", 80), lambda: 1000.0, lambda: 7, on_mark=tape)
        printer.feed(encode(document, PROFILES["tm-t88"]))
    logged = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    kinds = [fields for mark in printer.marks if (fields := as_fields(mark)) is not None]
    assert logged == kinds
    assert not any(isinstance(mark.op, Pulse) for mark in printer.marks)
    assert sum(isinstance(mark.op, Cut) for mark in printer.marks) == 1
    assert any(isinstance(mark.op, Feed) for mark in printer.marks)
    for line in logged:
        assert all(char >= " " for char in line.get("text", ""))
