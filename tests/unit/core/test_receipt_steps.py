"""Slips of setup: bilingual where something did not work, and nothing on them that a customer may not find."""

import pytest

from agent.core.errors import Refused
from agent.core.receipt_steps import (
    Belonging,
    NetworkStep,
    Proven,
    StepResult,
    bound_document,
    enrolled_document,
    network_document,
    packet_document,
    ready_document,
    refusal_document,
    takes_over_document,
    typing_document,
)
from agent.core.sentences import help_code, known_codes, sentence_for, sentence_of
from agent.services.language import translator
from drivers.printer.layout import lines

ZH, EN = translator("zh-CN"), translator("en")
WHO = Belonging("S001", "SB7K2MQX", 2, "https://hq.example.com", "0123456789abcdef" * 2, pinned=False)
PROVEN = Proven("1", "EPSON TM-T88", "Newland EM20", 3)


def printed(document: object, cells: int = 32) -> str:
    assert isinstance(document, dict)
    return "\n".join(line.text for line in lines(document, cells))


@pytest.mark.parametrize("cells", [32, 42, 48])
@pytest.mark.parametrize("code", sorted(code for code in known_codes() if code.startswith(("setup.", "enrol."))))
def test_a_refusal_is_in_both_languages_with_code_and_help(code: str, cells: int) -> None:
    said = sentence_for(code)
    text = printed(refusal_document(code, said, "SB7K2MQX", ZH, "zh-CN"), cells).replace("\n", "")
    assert said.zh_title in text
    assert said.en_title.split()[0] in text
    assert help_code(code) in text
    assert "SB7K2MQX" in text


def test_values_of_a_refusal_are_filled_in() -> None:
    error = Refused("setup.scanner_taken", till="2")
    assert "2号机" in printed(refusal_document(error.code, sentence_of(error), "B", ZH, "zh-CN"))


def test_the_network_is_told_layer_by_layer_with_the_mac() -> None:
    steps = [
        StepResult(NetworkStep.LINK, True, "enp1s0"),
        StepResult(NetworkStep.ADDRESS, False, "10.0.0.9/24"),
        StepResult(NetworkStep.GATEWAY, None),
    ]
    text = printed(network_document(steps, "52:54:00:00:00:01", "SB1", ZH, "zh-CN"))
    order = [
        text.index(word) for word in ("网线或WiFi", "enp1s0", "不通", "10.0.0.9/24", "还没试", "52:54:00:00:00:01")
    ]
    assert order == sorted(order)


def test_first_contact_is_said_plainly() -> None:
    text = printed(enrolled_document(WHO, EN, "en"), 48)
    assert "0123 4567 89ab cdef" in text
    assert "First contact" in text
    pinned = Belonging(**{**{name: getattr(WHO, name) for name in WHO.__slots__}, "pinned": True})
    assert "First contact" not in printed(enrolled_document(pinned, EN, "en"), 48)


def test_what_is_still_to_be_scanned_is_named() -> None:
    text = printed(bound_document(PROVEN, ["2", "3"], ZH, "zh-CN"))
    assert "2号机" in text
    assert "3号机" in text


def test_the_last_slip_says_when_nothing_was_proved() -> None:
    assert "没扫自检单" in printed(ready_document(WHO, [], False, ZH, "zh-CN")).replace("\n", "")
    assert "没扫自检单" not in printed(ready_document(WHO, [PROVEN], True, ZH, "zh-CN"))


def test_a_stick_is_answered_with_how_to_open_its_packets() -> None:
    one = printed(packet_document(1, "SB7K2MQX", "http://192.168.1.50:8080", ZH, "zh-CN"))
    assert "找到 U 盘" in one
    assert "http://192.168.1.50:8080" in one.replace("\n", "").replace(" ", "")
    assert "30 enrolment packets" in printed(packet_document(30, "SB7K2MQX", "http://x", EN, "en"), 48)


def test_a_box_in_anothers_place_says_what_comes_and_what_must_be_kept() -> None:
    online = printed(takes_over_document(WHO, 550_000, 0, EN, "en"), 48)
    assert "550000 older entries" in online and "on the stick" not in online
    offline = printed(takes_over_document(WHO, None, 1, ZH, "zh-CN"))
    assert "没网也马上能卖" in offline and "U 盘上有旧盒子的账" in offline and "storebox staff add" in offline


def test_a_box_that_knows_no_headquarters_says_that_its_address_is_typed_too() -> None:
    page = "http://192.168.1.50:8080"
    assert "不知道总部网址" in printed(typing_document("SB7K2MQX", page, "", ZH, "zh-CN"))
    known = printed(typing_document("SB7K2MQX", page, "https://hq.example.com", EN, "en"), 48)
    assert "https://hq.example.com" in known and "S001 7K2M-9QXD" in known
