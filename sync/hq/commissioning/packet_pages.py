"""Packets of stores as PDF, two pages of A4 each: codes and steps; the card of commands and the drill to sign.
And the sheet of an offline packet: the code that opens its file.

Codes are drawn as squares, not as pictures: sharp on any printer. Of the font only the characters that are used go in.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent.core.codes import command_code
from agent.core.recognition import TechnicianCommand
from agent.core.setup_codes import packet_code
from agent.core.typed_codes import shown_typed_code
from sync.hq.commissioning.packet_texts import CARD, DRILL, OFFLINE_STEPS, STEPS

if TYPE_CHECKING:
    from fpdf import FPDF

FONT = "chinese"
QUIET_MODULES = 4
MARGIN_MM, WIDTH_MM = 15.0, 180.0
CODE_MM, CARD_CODE_MM = 62.0, 27.0
GREY = (110, 110, 110)


@dataclass(frozen=True, slots=True)
class StorePacket:
    """What one store's packet says; `network` is None where the box needs no code to reach headquarters."""

    store: str
    name: str
    phone: str
    tills: int
    technician: str
    day: str
    enrolment: str
    short: str
    expires: datetime
    network: str | None
    network_words: str


@dataclass(frozen=True, slots=True)
class PacketSheet:
    """What the sheet of an offline packet says; `code` is the eight characters, `replaces` a box that is there."""

    store: str
    name: str
    box: str
    epoch: int
    code: str
    expires: datetime
    replaces: bool


def write_sheet(sheet: PacketSheet, font: tuple[Path, int], made: datetime) -> bytes:
    """Return the PDF, one page of A4: it travels apart from the stick."""
    pdf = _document(font, made)
    pdf.add_page()
    _line(pdf, f"{sheet.name}   {sheet.store}", 18, 10)
    _line(pdf, f"盒子 box {sheet.box}   第 {sheet.epoch} 段 epoch", 9, 6, GREY)
    if sheet.replaces:
        _line(pdf, "换下店里现在的盒子   replaces the store's present box", 11, 7)
    top = pdf.get_y() + 4
    _qr(pdf, packet_code(sheet.code), MARGIN_MM, top, CODE_MM)
    right = MARGIN_MM + CODE_MM + 8
    _text(pdf, right, top + 12, "离线开通包的口令  Code of the offline packet", 12)
    _text(pdf, right, top + 24, shown_typed_code(sheet.code), 24)
    _text(pdf, right, top + 38, f"{sheet.expires:%Y-%m-%d %H:%M} 前打开  open it before", 9, GREY)
    pdf.set_y(top + CODE_MM + 6)
    for number, (zh, en) in enumerate(OFFLINE_STEPS, 1):
        _line(pdf, f"{number}. {zh}", 11.5, 6)
        _line(pdf, f"    {en}", 8.5, 6.5, GREY)
    return bytes(pdf.output())


def write_packets(packets: Iterable[StorePacket], font: tuple[Path, int], hq: str, made: datetime) -> bytes:
    """Return the PDF. `font` is a file and the face in it; `made` and `expires` carry the zone that is shown."""
    pdf = _document(font, made)
    for packet in packets:
        _first_page(pdf, packet, hq)
        _second_page(pdf, packet)
    return bytes(pdf.output())


def _document(font: tuple[Path, int], made: datetime) -> "FPDF":
    from fpdf import FPDF

    # of tables that no printer needs it says that it leaves them out
    logging.getLogger("fontTools.subset").setLevel(logging.ERROR)
    pdf = FPDF(format="A4")
    pdf.set_creation_date(made)
    pdf.set_auto_page_break(False)
    pdf.set_margins(MARGIN_MM, MARGIN_MM)
    pdf.set_title("storebox")
    pdf.add_font(FONT, fname=font[0], collection_font_number=font[1])
    return pdf


def _first_page(pdf: "FPDF", packet: StorePacket, hq: str) -> None:
    _head(pdf, packet)
    top = pdf.get_y() + 4
    left, right = MARGIN_MM + 12, MARGIN_MM + WIDTH_MM / 2 + 12
    if packet.network is None:
        _text(pdf, left - 12, top + 20, "不用网络码:插上网线就行", 11)
        _text(pdf, left - 12, top + 26, "No network code needed: plug in the cable", 8, GREY)
    else:
        _qr(pdf, packet.network, left, top, CODE_MM)
    _qr(pdf, packet.enrolment, right, top, CODE_MM)
    under = top + CODE_MM + 2
    if packet.network is not None:
        _text(pdf, left - 12, under, "① 网络码  Network", 12)
        _words(pdf, left - 12, under + 6, packet.network_words)
    _text(pdf, right - 12, under, "② 开通码  Enrolment", 12)
    _text(pdf, right - 12, under + 6, f"只能用一次  once, until {packet.expires:%Y-%m-%d %H:%M}", 8, GREY)
    _text(pdf, right - 12, under + 11, f"手输 to type: {packet.short}   {hq}", 8, GREY)
    pdf.set_y(under + 20)
    for number, (zh, en) in enumerate(STEPS, 1):
        _line(pdf, f"{number}. {zh}", 11.5, 6)
        _line(pdf, f"    {en}", 8.5, 6.5, GREY)


def _second_page(pdf: "FPDF", packet: StorePacket) -> None:
    _head(pdf, packet)
    _line(pdf, "命令卡:扫码代替按键   Command card", 12, 7)
    top, across = pdf.get_y(), 4
    for place, (command, zh, en) in enumerate(CARD):
        column, row = place % across, place // across
        left, above = MARGIN_MM + column * WIDTH_MM / across, top + row * 42
        _qr(pdf, command_code(command), left + 8, above, CARD_CODE_MM)
        _text(pdf, left + 4, above + CARD_CODE_MM + 1, zh, 10)
        _text(pdf, left + 4, above + CARD_CODE_MM + 6, en, 7.5, GREY)
    pdf.set_y(top + 42 * -(-len(CARD) // across) + 2)
    _line(pdf, "演练   Drill", 12, 7)
    for zh, en in DRILL:
        box_top = pdf.get_y() + 1.2
        pdf.rect(MARGIN_MM, box_top, 4, 4)
        _text(pdf, MARGIN_MM + 7, pdf.get_y(), zh, 10.5)
        _text(pdf, MARGIN_MM + 92, pdf.get_y() + 0.6, en, 7.5, GREY)
        pdf.set_y(pdf.get_y() + 7.5)
    pdf.set_y(pdf.get_y() + 6)
    for left, zh, en in ((MARGIN_MM, "技术员", "technician"), (MARGIN_MM + WIDTH_MM / 2, "店长", "store manager")):
        pdf.line(left, pdf.get_y() + 10, left + WIDTH_MM / 2 - 8, pdf.get_y() + 10)
        _text(pdf, left, pdf.get_y() + 11, f"{zh} {en}", 8, GREY)
    under = pdf.get_y() + 18
    _qr(pdf, command_code(TechnicianCommand.DRILL), MARGIN_MM, under, CARD_CODE_MM)
    _text(pdf, MARGIN_MM + CARD_CODE_MM + 4, under + 4, "扫这个码,盒子带着做演练,单子上写下一步", 10.5)
    _text(pdf, MARGIN_MM + CARD_CODE_MM + 4, under + 10, "Scan it: the box leads through the drill by slips", 7.5, GREY)


def _head(pdf: "FPDF", packet: StorePacket) -> None:
    pdf.add_page()
    _line(pdf, f"{packet.name}   {packet.store}", 18, 10)
    facts = (
        f"{packet.tills} 个柜台 tills",
        f"上门 {packet.day}" if packet.day else "",
        f"技术员 {packet.technician}" if packet.technician else "",
        f"电话 {packet.phone}" if packet.phone else "",
    )
    _line(pdf, "   ".join(filter(None, facts)), 9, 6, GREY)
    pdf.line(MARGIN_MM, pdf.get_y() + 1, MARGIN_MM + WIDTH_MM, pdf.get_y() + 1)
    pdf.set_y(pdf.get_y() + 4)


def _line(pdf: "FPDF", text: str, size: float, height_mm: float, colour: tuple[int, int, int] = (0, 0, 0)) -> None:
    pdf.set_font(FONT, size=size)
    pdf.set_text_color(*colour)
    pdf.set_x(MARGIN_MM)
    pdf.multi_cell(WIDTH_MM, height_mm, text, align="L", new_x="LMARGIN", new_y="NEXT")


def _text(
    pdf: "FPDF", left_mm: float, top_mm: float, text: str, size: float, colour: tuple[int, int, int] = (0, 0, 0)
) -> None:
    """Write a text at a place and leave the flow where it was."""
    keep_y = pdf.get_y()
    pdf.set_font(FONT, size=size)
    pdf.set_text_color(*colour)
    pdf.set_xy(left_mm, top_mm)
    pdf.cell(WIDTH_MM / 2, size * 0.5, text)
    pdf.set_xy(MARGIN_MM, keep_y)


def _words(pdf: "FPDF", left_mm: float, top_mm: float, text: str) -> None:
    """Write small words into the left half of the page, in as many lines as they need, and leave the flow."""
    keep_y = pdf.get_y()
    pdf.set_font(FONT, size=8)
    pdf.set_text_color(*GREY)
    pdf.set_xy(left_mm, top_mm)
    pdf.multi_cell(WIDTH_MM / 2 - 4, 4, text, align="L")
    pdf.set_xy(MARGIN_MM, keep_y)


def _qr(pdf: "FPDF", text: str, left_mm: float, top_mm: float, side_mm: float) -> None:
    """Draw a QR code at level M with its quiet zone inside the side; a run of dark modules is one rectangle."""
    import segno

    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
    module_mm = side_mm / (len(rows) + 2 * QUIET_MODULES)
    pdf.set_fill_color(0, 0, 0)
    for line, row in enumerate(rows):
        place = 0
        while place < len(row):
            end = place
            while end < len(row) and row[end]:
                end += 1
            if end > place:
                x = left_mm + (place + QUIET_MODULES) * module_mm
                y = top_mm + (line + QUIET_MODULES) * module_mm
                pdf.rect(x, y, (end - place) * module_mm, module_mm, style="F")
            place = max(end, place + 1)
