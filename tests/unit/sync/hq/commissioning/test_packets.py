"""Packets on paper: what is drawn can be scanned, what is written can be searched."""

from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from agent.core.chain import Identity
from agent.core.errors import Broken, Refused
from agent.core.network_codes import read_network_code
from agent.core.setup_codes import read_enrolment_code, read_packet_code
from sync.hq import registry
from sync.hq.commissioning.fonts import chinese_font
from sync.hq.commissioning.packet_pages import PacketSheet, StorePacket, write_packets, write_sheet
from sync.hq.commissioning.packet_texts import CARD
from sync.hq.commissioning.packets import make_packets
from sync.hq.commissioning.planning import import_sheet
from sync.hq.office import Office

NOW_MS = 1_795_000_000_000
MADE = datetime(2026, 11, 27, 9, tzinfo=timezone(timedelta(hours=8)))
SHEET = "store,name,wifi,wifi_password,tills,technician\nA001,人民路店,人民路,12345678,2,小刘\nA002,东门店,,,1,\n"


@cache
def font() -> tuple[Path, int]:
    try:
        return chinese_font()
    except Broken:
        pytest.skip("no Chinese font; apt-get install fonts-wqy-zenhei")


def test_codes_on_the_pages_are_read_and_their_texts_are_found(tmp_path: Path) -> None:
    office = Office.open(tmp_path)
    with office.database.write() as connection:
        import_sheet(connection, SHEET.encode(), "小刘", NOW_MS)
        packets = make_packets(
            connection, None, "小刘", NOW_MS, fingerprint=office.keys.fingerprint, host="hq.example.com:8443"
        )
    office.close()
    pages = pypdfium2.PdfDocument(write_packets(packets, font(), "hq.example.com:8443", MADE))
    assert len(pages) == 4
    first, second = packets
    codes = read_codes(pages[0])
    assert codes == {first.enrolment, first.network}
    enrolment = read_enrolment_code(first.enrolment)
    assert (enrolment.store, enrolment.host, enrolment.replaces) == ("A001", "hq.example.com:8443", False)
    assert enrolment.expires_s == NOW_MS // 1000 + 30 * 24 * 3600
    wireless = read_network_code(first.network or "").wireless
    assert wireless is not None and wireless.name == "人民路"
    assert read_codes(pages[1]) == {"X1DRILL", *(f"X1{command.value}" for command, _, _ in CARD)}
    assert read_codes(pages[2]) == {second.enrolment} and second.enrolment != first.enrolment
    text = pages[0].get_textpage().get_text_bounded()
    assert "人民路店" in text and first.short in text and "开通码" in text and "12345678" not in text
    assert "技术员" in pages[1].get_textpage().get_text_bounded()


def test_a_long_network_leaves_the_words_beside_it_readable() -> None:
    words = "Wi-Fi SHOP-OFFICE-5G  IP 192.168.100.150/24  GW 192.168.100.1  proxy proxy.mall.example.com:3128"
    packet = StorePacket("A001", "店", "", 1, "", "", "E1A", "7K2M-9QXD", MADE, "N1A", words)
    page = pypdfium2.PdfDocument(write_packets([packet], font(), "hq.example.com", MADE))[0]
    half = page.get_width() / 2
    beside = page.get_textpage().get_text_bounded(left=half)
    assert "once, until" in beside and "proxy" not in beside
    assert "example.com:3128" in page.get_textpage().get_text_bounded(right=half)


def test_the_sheet_of_an_offline_packet_opens_it_and_says_what_it_does(tmp_path: Path) -> None:
    sheet = PacketSheet("A001", "人民路店", "B2", 2, "7K2M9QXD", MADE, replaces=True)
    pages = pypdfium2.PdfDocument(write_sheet(sheet, font(), MADE))
    assert len(pages) == 1
    (code,) = read_codes(pages[0])
    assert read_packet_code(code) == "7K2M9QXD"
    text = pages[0].get_textpage().get_text_bounded()
    assert "7K2M-9QXD" in text and "人民路店" in text and "换下店里现在的盒子" in text


def read_codes(page: pypdfium2.PdfPage) -> set[str]:
    picture = page.render(scale=3).to_pil().convert("L")
    return {found.text for found in zxingcpp.read_barcodes(picture)}


def test_only_stores_of_the_sheet_that_have_no_box(tmp_path: Path) -> None:
    office = Office.open(tmp_path)
    known = {"fingerprint": office.keys.fingerprint, "host": "hq:1"}
    with office.database.write() as connection:
        with pytest.raises(Refused, match=r"rollout\.no_store"):
            make_packets(connection, None, "x", NOW_MS, **known)
        import_sheet(connection, SHEET.encode(), "x", NOW_MS)
        with pytest.raises(Refused, match=r"rollout\.no_store"):
            make_packets(connection, ["A001", "A009"], "x", NOW_MS, **known)
        with pytest.raises(Refused, match=r"rollout\.bad_host"):
            make_packets(connection, None, "x", NOW_MS, fingerprint=known["fingerprint"], host="http://hq")
        identity = Identity("A001", "B1", 1)
        registry.register_epoch(connection, identity, bytes(32), "enrolled", NOW_MS)
        assert [one.store for one in make_packets(connection, None, "x", NOW_MS, **known)] == ["A002"]
        with pytest.raises(Refused, match=r"enrol\.store_has_box"):
            make_packets(connection, ["A001"], "x", NOW_MS, **known)
    office.close()


def test_a_machine_without_a_font_says_so(tmp_path: Path) -> None:
    with pytest.raises(Broken, match=r"rollout\.font_missing"):
        chinese_font(tmp_path)
