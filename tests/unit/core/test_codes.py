"""The recogniser: the shop's order, the till's state, and that nothing is charged by guessing."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.code_shapes import is_identity_number
from agent.core.codes import (
    CHARACTER_PROBE,
    Command,
    Kind,
    Recognition,
    Situation,
    command_code,
    receipt_code,
    recognise,
    self_test_code,
)
from agent.core.gs1 import check_digit
from agent.core.scale_labels import layouts_from
from agent.core.sentences_codes import CODES

LAYOUTS = layouts_from(tomllib.loads((Path("config") / "scale_labels.toml").read_text(encoding="utf-8")))
ITEMS = {"D003", "6900000010112", "036000291452", "96385074"}
PRICES = {"00201": 1180, "00101": None}
RINGING = Situation(
    store="S001",
    basket_empty=False,
    own_hosts=frozenset({"shop.example.com"}),
    scale_layouts=LAYOUTS,
    has_item=ITEMS.__contains__,
    has_plu=PRICES.__contains__,
    plu_price_fen=PRICES.get,
)
PAYING = replace(RINGING, total_due=True)
WECHAT = "134567890123456789"
ALIPAY = "281234567890123456"
IDENTITY = "11010519491231002X"


def checked(digits: str) -> str:
    """Return digits with their check digit."""
    return digits + check_digit(digits)


def identity_like_wechat() -> str:
    """Return an identity number that has the shape of a WeChat code: eighteen digits that begin with 13."""
    candidates = (f"13010219900307{serial}1" for serial in range(100, 200))
    return next(number for number in candidates if is_identity_number(number))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("C1" + "A" * 151, Kind.PASS),
        ("B1" + "A" * 151, Kind.PASS),
        ("p1" + "a" * 212, Kind.PASS),
        ("T1ABCDEFGH234567", Kind.TEST),
        ("E1" + "A" * 87, Kind.ENROL),
        ("X1CASH", Kind.COMMAND),
        ("S001-2-000421", Kind.RECEIPT),
        ("S001_2_000421_A1K7QF", Kind.LOOKUP),
        ("4200002345202610031234567890", Kind.LOOKUP),
        ("2026100322001456781234567890", Kind.LOOKUP),
        ("50300002345202610031234567890", Kind.LOOKUP),
        ("HTTPS://SHOP.EXAMPLE.COM/T/B12", Kind.URL),
        ("6900000010112", Kind.ITEM),
        ("D003", Kind.ITEM),
        (WECHAT, Kind.PAYMENT_CODE),
        (ALIPAY, Kind.PAYMENT_CODE),
        ("6212345678901234567", Kind.NAMED_UNSUPPORTED),
        ("0112345678901234567", Kind.NAMED_UNSUPPORTED),
        ("320000abcdef0123456789abcdef", Kind.NAMED_UNSUPPORTED),
        ("wxp://f2f0abcdef", Kind.NAMED_UNSUPPORTED),
        ("SF1234567890123", Kind.UNKNOWN),
        ("https://evil.example/pay", Kind.UNKNOWN),
        ("https://shop.example.com@evil.example/", Kind.UNKNOWN),
        ("http://[", Kind.UNKNOWN),
        ("hello", Kind.UNKNOWN),
    ],
)
def test_each_kind_at_a_till_that_waits_for_money(text: str, kind: Kind) -> None:
    """One example of each kind."""
    assert recognise(text, PAYING).kind is kind


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "code.empty"),
        (" \r\n", "code.empty"),
        ("1" * 8192, "code.too_long"),
        ("13456789012345678\x07", "code.characters"),
        ("1345678901\x00", "code.characters"),
        ("你好", "code.characters"),
        ("C1abc", "code.damaged"),
        ("R1AAAAAAAA", "code.damaged"),
        ("X1FORMAT", "code.unknown_command"),
        ("X1cash", "code.unknown_command"),
        ("6900000010113", "code.check_digit"),
        ("271234567890" + check_digit("271234567890"), "code.scale_label_unknown"),
        ("YT1234567890123", "code.courier"),
        ("https://evil.example/pay", "code.foreign_link"),
        ("\ud800", "code.characters"),
    ],
)
def test_refusals_say_what_is_wrong(text: str, code: str) -> None:
    """A refused text has the code of its sentence."""
    found = recognise(text, PAYING)
    assert (found.kind, found.code) == (Kind.UNKNOWN, code)


def test_full_width_digits_are_no_payment_code() -> None:
    """Digits of another script are refused, not converted."""
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in WECHAT)
    assert recognise(wide, PAYING).code == "code.characters"


def test_a_payment_code_is_taken_only_when_a_total_is_due() -> None:
    """Before the total it asks; in a one-touch store a basket is enough, an empty one isn't."""
    assert recognise(WECHAT, PAYING).platform == "wechat"
    assert recognise(ALIPAY, PAYING).platform == "alipay"
    early = recognise(WECHAT, RINGING)
    assert (early.kind, early.code, early.readings) == (Kind.ASK, "code.total_first", ())
    one_touch = replace(RINGING, one_touch=True)
    assert recognise(WECHAT, one_touch).kind is Kind.PAYMENT_CODE
    assert recognise(WECHAT, replace(one_touch, basket_empty=True)).code == "code.total_first"
    assert recognise(WECHAT, replace(PAYING, login=True)).code == "code.log_in_first"


def test_a_payment_code_is_not_shown_in_full() -> None:
    """The secret stays out of the representation; first two and last four may be shown."""
    found = recognise(WECHAT, PAYING)
    assert found.text == WECHAT
    assert found.masked == "13************6789"
    assert WECHAT not in repr(found)


@pytest.mark.parametrize("total_due", [True, False])
@pytest.mark.parametrize("number", [IDENTITY, identity_like_wechat()])
def test_an_identity_number_is_asked_about(number: str, total_due: bool) -> None:
    """Neither with X nor in the shape of a WeChat code is it taken for money, and it is not kept."""
    found = recognise(number, replace(RINGING, total_due=total_due))
    assert (found.kind, found.code) == (Kind.ASK, "code.identity_number")
    assert found.readings[0].kind is Kind.UNKNOWN
    assert number not in found.readings[0].text


def test_articles_are_found_under_every_form_of_their_number() -> None:
    """UPC-A, its padded form, GTIN-14 of level 0, EAN-8 and GS1 Digital Link give the catalogue's own code."""
    assert recognise("036000291452", RINGING).item == "036000291452"
    assert recognise("0036000291452", RINGING).item == "036000291452"
    assert recognise("06900000010112", RINGING).item == "6900000010112"
    assert recognise("96385074", RINGING).item == "96385074"
    assert recognise("https://id.gs1.org/01/06900000010112/10/ABC", RINGING).item == "6900000010112"


def test_an_unknown_article_and_a_case() -> None:
    """A right number that the catalogue lacks is said so; a case asks for its content."""
    unknown = recognise(checked("690123456789"), RINGING)
    assert (unknown.kind, unknown.known, unknown.code) == (Kind.ITEM, False, "code.item_not_in_catalogue")
    case = recognise(checked("1690000001011"), RINGING)
    assert (case.kind, case.code) == (Kind.ASK, "code.case_of_item")
    assert case.readings[0].item == "6900000010112"


def test_scale_labels_with_weight_or_amount() -> None:
    """Thirteen digits give what their layout says."""
    amount = recognise(checked("210020100513"), RINGING)
    assert (amount.kind, amount.item, amount.amount_fen, amount.weight_g) == (Kind.SCALE_ITEM, "00201", 513, None)
    weight = recognise(checked("250020100435"), RINGING)
    assert (weight.item, weight.amount_fen, weight.weight_g) == ("00201", None, 435)


def test_an_eighteen_digit_label_is_proved_by_its_price() -> None:
    """Amount = weight × price: an article even while a total is due, although it looks like an Alipay code."""
    label = checked("26" + "00201" + "00513" + "00435")
    found = recognise(label, PAYING)
    assert (found.kind, found.amount_fen, found.weight_g) == (Kind.SCALE_ITEM, 513, 435)


def test_a_label_that_may_be_a_payment_code_asks() -> None:
    """Wrong amount or no price to compare with: while a total is due both readings are offered, none is taken."""
    for plu, amount in (("00201", "00999"), ("00101", "00513")):
        found = recognise(checked("26" + plu + amount + "00435"), PAYING)
        assert (found.kind, found.code) == (Kind.ASK, "code.label_or_payment")
        assert [reading.kind for reading in found.readings] == [Kind.SCALE_ITEM, Kind.PAYMENT_CODE]


def test_a_label_with_an_old_price_asks_before_the_total() -> None:
    """While nothing can be paid, the only question is which price holds."""
    found = recognise(checked("26" + "00201" + "00999" + "00435"), RINGING)
    assert (found.kind, found.code) == (Kind.ASK, "code.scale_price_differs")
    assert [reading.kind for reading in found.readings] == [Kind.SCALE_ITEM]


def test_a_label_of_an_unknown_plu_is_a_payment_code() -> None:
    """Only an existing PLU makes eighteen digits a label."""
    assert recognise(checked("26" + "99999" + "00513" + "00435"), PAYING).kind is Kind.PAYMENT_CODE


def test_two_layouts_that_fit_ask() -> None:
    """Amount or weight: a person decides."""
    both = layouts_from(
        {"layout": [{"name": "a", "pattern": "21XXXXXMMMMMC"}, {"name": "w", "pattern": "21XXXXXWWWWWC"}]}
    )
    found = recognise(checked("210020100513"), replace(RINGING, scale_layouts=both))
    assert (found.kind, len(found.readings)) == (Kind.ASK, 2)


def test_an_own_code_that_is_also_an_item_asks() -> None:
    """The shop's item code may collide with a command."""
    found = recognise("X1CASH", replace(RINGING, has_item={"X1CASH"}.__contains__))
    assert (found.kind, [one.kind for one in found.readings]) == (Kind.ASK, [Kind.COMMAND, Kind.ITEM])


@pytest.mark.parametrize("number", ["S001-2-000421", "S001-2-000421-R1", "A-1-000001"])
def test_a_receipts_code_gives_its_number_back(number: str) -> None:
    """What is printed is what is looked up; only characters that every keyboard leaves alone."""
    code = receipt_code(number)
    assert code.isalnum()
    assert code.isupper()
    found = recognise(code, RINGING)
    assert (found.kind, found.number) == (Kind.RECEIPT, number)


@pytest.mark.parametrize("command", list(Command))
def test_every_command_is_recognised(command: Command) -> None:
    """The card's codes do what they say, at every till state."""
    for situation in (RINGING, PAYING, replace(RINGING, login=True)):
        assert recognise(command_code(command), situation).command is command


def test_a_lookup_names_the_store_of_its_number() -> None:
    """A number of the shop next door is looked up there."""
    assert recognise("S002_1_000007_A2BCDE", PAYING).store == "S002"


def kinds_of(found: Recognition) -> set[Kind]:
    """Return the kind of a recognition and of all its readings."""
    return {found.kind, *(one.kind for one in found.readings)}


situations = st.builds(
    replace,
    st.just(RINGING),
    total_due=st.booleans(),
    basket_empty=st.booleans(),
    login=st.booleans(),
    one_touch=st.booleans(),
)
digit_texts = st.text("0123456789", min_size=1, max_size=30)
payment_texts = st.one_of(
    st.from_regex(r"1[0-5][0-9]{16}", fullmatch=True),
    st.from_regex(r"(2[5-9]|30)[0-9]{14,22}", fullmatch=True),
)
texts = st.one_of(st.text(max_size=600), digit_texts, payment_texts, st.text("CMOPBAERTX1 -_/:.", max_size=40))


@given(texts, situations)
def test_it_never_crashes_and_always_has_a_sentence(text: str, situation: Situation) -> None:
    """Whatever a scanner sends gives a kind, and every code has its sentence."""
    found = recognise(text, situation)
    for one in (found, *found.readings):
        assert one.code is None or one.code in CODES
    if found.kind in (Kind.ASK, Kind.UNKNOWN, Kind.NAMED_UNSUPPORTED):
        assert found.code is not None


@given(st.one_of(payment_texts, texts), situations)
def test_nothing_is_paid_without_a_total(text: str, situation: Situation) -> None:
    """Without a total due (or a basket in a one-touch store) no reading is a payment code."""
    waiting = situation.total_due or (situation.one_touch and not situation.basket_empty)
    if situation.login or not waiting:
        assert Kind.PAYMENT_CODE not in kinds_of(recognise(text, situation))


birth_dates = st.dates().filter(lambda day: 1900 <= day.year < 2100)


@given(st.integers(110000, 659999), birth_dates, st.integers(0, 999), situations)
def test_an_identity_number_is_never_a_payment(region: int, birth: object, serial: int, situation: Situation) -> None:
    """Any valid identity number is asked about, at every till state."""
    stem = f"{region}{str(birth).replace('-', '')}{serial:03d}"
    number = next(stem + check for check in "0123456789X" if is_identity_number(stem + check))
    assert recognise(number, situation).kind in (Kind.ASK, Kind.SCALE_ITEM)


@given(st.integers(0, 10**16 - 1), situations)
def test_what_looks_like_label_and_payment_is_not_charged_blindly(number: int, situation: Situation) -> None:
    """A label of a known PLU is an article or a question, never money by itself."""
    label = checked("2600201" + f"{number % 10**10:010d}")
    assert recognise(label, situation).kind in (Kind.SCALE_ITEM, Kind.ASK)


def test_the_character_code_tells_what_changed_on_its_way() -> None:
    """Whole, with Caps Lock on, through another keyboard layout, cut short: never a payment, never unknown."""
    situation = Situation("S001", total_due=True)
    said = {
        CHARACTER_PROBE: None,
        CHARACTER_PROBE.swapcase(): "code.test_case",
        CHARACTER_PROBE.replace("-", "'").replace("/", "?"): "code.test_characters",
        CHARACTER_PROBE.upper(): "code.test_characters",
        CHARACTER_PROBE[:40]: "code.test_characters",
    }
    for text, code in said.items():
        found = recognise(text, situation)
        assert (found.kind, found.code) == (Kind.TEST, code), text


@given(st.binary(min_size=10, max_size=16))
def test_no_test_slip_passes_for_the_character_code(nonce: bytes) -> None:
    """A test slip's own number is what it is, whatever chance made of it."""
    found = recognise(self_test_code(nonce), Situation("S001", total_due=True))
    assert (found.kind, found.code) == (Kind.TEST, None)
