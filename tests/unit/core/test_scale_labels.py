"""Scale label layouts and GS1 numbers, against the examples of the GS1 General Specifications."""

import pytest

from agent.core.errors import Refused
from agent.core.gs1 import check_digit, gtin_13, has_right_check, inner_of_case, price_verifier
from agent.core.scale_labels import ScaleLayout, layouts_from, read_label


@pytest.mark.parametrize(("digits", "check"), [("690123456789", "2"), ("9638507", "4"), ("03600029145", "2")])
def test_check_digits(digits: str, check: str) -> None:
    """EAN-13, EAN-8 and UPC-A."""
    assert check_digit(digits) == check
    assert has_right_check(digits + check)


def test_the_price_verifier_of_four_and_five_digits() -> None:
    """The two examples of section 7.9; other lengths have none."""
    assert price_verifier("2875") == "9"
    assert price_verifier("14685") == "6"
    assert price_verifier("123") is None


def test_a_label_with_a_verifier() -> None:
    """A wrong verifier makes the label unreadable although the check digit is right."""
    layout = ScaleLayout("verified", "28XXXXVMMMMMC")
    right, wrong = "280001614685", "280001714685"
    label = read_label(right + check_digit(right), layout)
    assert label is not None
    assert (label.plu, label.amount_fen) == ("0001", 14685)
    assert read_label(wrong + check_digit(wrong), layout) is None


def test_units_and_the_check_from_the_left() -> None:
    """Amounts in jiao, weights in 10 g; a check digit that begins at the first digit."""
    layout = ScaleLayout("left", "26XXXXXMMMMMWWWWWC", 10, 10, check_from_left=True)
    digits = "26002010005100043"
    label = read_label(digits + check_digit(digits, from_left=True), layout)
    assert label is not None
    assert (label.amount_fen, label.weight_g) == (510, 430)


def test_padding_and_cases() -> None:
    """UPC-A becomes 13 digits, level 0 of GTIN-14 too; a case knows its piece."""
    assert gtin_13("036000291452") == "0036000291452"
    assert gtin_13("06901234567892") == "6901234567892"
    assert inner_of_case("16901234567899") == "6901234567892"
    assert inner_of_case("96901234567899") is None


@pytest.mark.parametrize(
    "row",
    [
        {"name": "x", "pattern": "21XXXXXC"},
        {"name": "x", "pattern": "21XXXXXMMMMM"},
        {"name": "x", "pattern": "21XXXXVMMMMMMC"},
        {"name": "x", "pattern": "21MMMMMMMMMMC"},
        {"name": "", "pattern": "21XXXXXMMMMMC"},
        {"name": "x", "pattern": "21XXXXXMMMMMC", "colour": 1},
        {"name": "x", "pattern": "21XXXXXMMMMMC", "weight_unit_g": 7},
        {"name": "x", "pattern": "21XXXXXMMMMMC", "check": "middle"},
        {"name": "x", "pattern": "21XXXXXMMMMMC", "tolerance_fen": True},
        "21XXXXXMMMMMC",
    ],
)
def test_a_wrong_layout_is_refused(row: object) -> None:
    """A typing error in the data is named, not ignored."""
    with pytest.raises(Refused, match=r"scale_layout\.bad"):
        layouts_from({"layout": [row]})


def test_a_layout_can_be_switched_off() -> None:
    """Only what the store's scales print is understood."""
    assert layouts_from({"layout": [{"name": "x", "pattern": "21XXXXXMMMMMC", "enabled": False}]}) == ()
    with pytest.raises(Refused):
        layouts_from({"layout": "21"})
