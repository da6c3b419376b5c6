"""Slips for people who set up: what they prove is on them, on every paper, in both languages."""

import base64
import json
from dataclasses import replace
from itertools import product

import pytest

from agent.core.codes import CHARACTER_PROBE, Kind, SetupCommand, Situation, command_code, recognise, self_test_code
from agent.core.receipt_parts import Document
from agent.core.receipt_parts import cells as width_of
from agent.core.receipt_setup import (
    TEST_EAN13,
    DeviceFinding,
    DeviceRole,
    Invitation,
    NetworkFinding,
    NetworkLayer,
    SeenDevice,
    SeenNetwork,
    SelfTest,
    invitation_document,
    self_test_document,
)
from agent.services.language import translator
from drivers.printer.document import Barcode, Image, Kick, Qr
from drivers.printer.layout import lines
from tests.golden.setup_examples import INVITATION, SELF_TEST

CHINESE = translator("zh-CN")
EVERYTHING = replace(
    INVITATION,
    store="",
    help_phone="",
    devices=tuple(SeenDevice(role, finding) for role, finding in product(DeviceRole, DeviceFinding)),
    networks=tuple(SeenNetwork(layer, finding, "10.1.1.9") for layer, finding in product(NetworkLayer, NetworkFinding)),
)


def printed(document: Document, cells: int = 32) -> str:
    """Return the text of a slip on paper."""
    return "\n".join(line.text for line in lines(document, cells))


def things(document: Document, kind: type, cells: int = 32) -> list[object]:
    """Return what is no text on a slip."""
    return [line.thing for line in lines(document, cells) if isinstance(line.thing, kind)]


@pytest.mark.parametrize("cells", [16, 24, 32, 42, 48])
def test_the_ruler_fills_the_paper(cells: int) -> None:
    """Whatever the paper's width, one line of digits counts its cells."""
    text = printed(self_test_document(SELF_TEST, CHINESE), cells)
    assert ("1234567890" * 5)[:cells] in text.splitlines()


@pytest.mark.parametrize(("cells", "dots"), [(32, 384), (42, 504), (48, 576)])
def test_the_greys_are_a_quarter_half_three_quarters_and_all(cells: int, dots: int) -> None:
    """No paper of the kind scales the bars; their dots are counted."""
    [image] = things(self_test_document(SELF_TEST, CHINESE), Image, cells)
    assert isinstance(image, Image)
    assert image.width <= dots
    row = image.width // 8
    bar, gap = (9, 3) if cells == 32 else (12, 5)
    shares = []
    for number in range(4):
        left = number * (bar + gap)
        bits = sum(
            image.rows[line * row + column].bit_count()
            for line in range(image.height)
            for column in range(left, left + bar)
        )
        shares.append(bits / (bar * 8 * image.height))
    assert shares == [0.25, 0.5, 0.75, 1.0]


def test_every_code_of_the_test_slip_is_recognised() -> None:
    """Scanned at a till none of them charges, adds or is unknown."""
    document = self_test_document(SELF_TEST, CHINESE)
    data = [code.data for code in things(document, Qr) if isinstance(code, Qr)]
    kinds = [recognise(one, Situation("S001", total_due=True)).kind for one in data]
    assert data == [SELF_TEST.code, CHARACTER_PROBE, command_code(SetupCommand.ENC)]
    assert kinds == [Kind.TEST, Kind.TEST, Kind.SETUP]
    assert things(document, Barcode) == [Barcode(TEST_EAN13, "ean13")]


def test_a_printer_without_drawer_and_cutter_is_not_asked_for_them() -> None:
    """What is not there is not to be watched, and no pulse is sent."""
    assert len(things(self_test_document(SELF_TEST, CHINESE), Kick)) == 1
    bare = self_test_document(replace(SELF_TEST, drawer=False, cutter=False), CHINESE)
    assert not things(bare, Kick)
    assert "钱箱" not in printed(bare)
    assert "切刀" not in printed(bare)
    assert "切刀应切断" in printed(self_test_document(replace(SELF_TEST, drawer=False), CHINESE))


def test_a_kitchen_printer_binds_no_till() -> None:
    """Its test says who it is and promises no binding."""
    text = printed(self_test_document(replace(SELF_TEST, till=None, name="kitchen"), CHINESE))
    assert "kitchen" in text
    assert "绑定" not in text


def test_a_box_without_a_store_prints_no_empty_words() -> None:
    """Before enrolment there is no store."""
    text = printed(self_test_document(replace(SELF_TEST, store="", branch="", till=None), CHINESE))
    assert "门店" not in text
    assert "总部[门店-开通盒子]出一张码" in printed(invitation_document(replace(INVITATION, store=""), CHINESE), 48)


def test_the_invitation_offers_its_two_commands() -> None:
    """What is printed is what the recogniser takes."""
    codes = [one.data for one in things(invitation_document(INVITATION, CHINESE), Qr) if isinstance(one, Qr)]
    found = [recognise(one, Situation("S001")).setup for one in codes]
    assert found == [SetupCommand.INVITE, SetupCommand.PASSCODE]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("cells", [24, 32, 42, 48])
@pytest.mark.parametrize("invitation", [INVITATION, EVERYTHING])
def test_slips_of_setting_up_keep_the_rules_of_paper(invitation: Invitation, cells: int, language: str) -> None:
    """No line too wide, none begins with closing punctuation, all of GB2312, plain data."""
    translate = translator(language)
    for document in (self_test_document(SELF_TEST, translate), invitation_document(invitation, translate)):
        assert json.loads(json.dumps(document)) == document
        for line in lines(document, cells):
            assert width_of(line.text) * (2 if line.size in ("wide", "double") else 1) <= cells
            assert line.text.strip()[:1] not in set(",。、)】!?:;"), line.text
            line.text.encode("gb2312")


def test_a_test_code_needs_enough_chance() -> None:
    """A short number could be met again."""
    assert self_test_code(bytes(range(10))) == "T1" + base64.b32encode(bytes(range(10))).decode()
    with pytest.raises(ValueError, match="9 bytes"):
        self_test_code(bytes(9))


def test_the_test_slip_takes_the_plainest_facts() -> None:
    """Nothing but what every caller knows."""
    test = SelfTest(box="B", version="1", name="receipt1", model="", line="", code=self_test_code(bytes(10)))
    assert "receipt1" in printed(self_test_document(test, CHINESE))


def test_a_spare_names_its_headquarters_and_asks_for_a_code_of_replacement() -> None:
    spare = printed(invitation_document(replace(INVITATION, spare="https://hq.example.com"), CHINESE))
    assert "备用盒子" in spare and "https://hq.example.com" in spare and "扫换盒子的码" in spare
    assert "备用盒子" not in printed(invitation_document(INVITATION, CHINESE))
