"""Layout: receipts as they must look on both papers, and properties that hold for any text."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printer.charset import CHINESE, Charset
from drivers.printer.document import Cut, DocumentError, Feed, Kick, Qr
from drivers.printer.layout import WIDE_SIZES, Line, lines
from drivers.printer.wrap import CLOSING, units, wrap

RECEIPT: dict[str, object] = {
    "title": "小票",
    "language": "zh-CN",
    "blocks": [
        {"kind": "rule", "char": "="},
        {
            "kind": "either",
            "narrow": [
                {"kind": "text", "text": "单号 S001-2-000421"},
                {"kind": "text", "text": "时间 2026-10-03 12:41:07"},
            ],
            "wide": [{"kind": "pair", "left": "单号 S001-2-000421", "right": "2026-10-03 12:41:07"}],
        },
        {"kind": "rule"},
        {"kind": "item_head", "name": "品名", "quantity": "数量", "price": "单价", "amount": "金额"},
        {"kind": "item", "name": "剁椒鱼头(微辣)", "quantity": "1", "price": "88.00", "amount": "88.00"},
        {"kind": "pair", "left": "    会员价", "right": "-6.00"},
        {"kind": "pair", "left": "应收", "right": "￥151.00", "size": "tall"},
        {"kind": "pair", "left": "微信订单", "right": "4200002345202610031234567890"},
        {"kind": "text", "text": "本小票是购物凭证,不是发票。退换请带小票,或出示付款账单里的商户单号。"},
        {"kind": "text", "text": "谢谢光临", "align": "center"},
    ],
}

NARROW = """\
================================
单号 S001-2-000421
时间 2026-10-03 12:41:07
--------------------------------
品名/数量x单价              金额
剁椒鱼头(微辣)
  1 x 88.00                88.00
    会员价                 -6.00
应收                    ￥151.00
微信订单
    4200002345202610031234567890
本小票是购物凭证,不是发票。退换
请带小票,或出示付款账单里的商户
单号。
            谢谢光临"""

WIDE = """\
================================================
单号 S001-2-000421           2026-10-03 12:41:07
------------------------------------------------
品名                    数量     单价       金额
剁椒鱼头(微辣)             1    88.00      88.00
    会员价                                 -6.00
应收                                    ￥151.00
微信订单            4200002345202610031234567890
本小票是购物凭证,不是发票。退换请带小票,或出示付
款账单里的商户单号。
                    谢谢光临"""


def texts(blocks: Sequence[Mapping[str, object]], cells: int = 32, charset: Charset = CHINESE) -> list[str]:
    return [line.text for line in lines({"blocks": list(blocks)}, cells, charset)]


@pytest.mark.parametrize(("cells", "expected"), [(32, NARROW), (48, WIDE)])
def test_a_receipt_on_both_papers(cells: int, expected: str) -> None:
    assert "\n".join(line.text for line in lines(RECEIPT, cells)) == expected


def test_sizes_halve_the_cells() -> None:
    laid_out = lines({"blocks": [{"kind": "text", "text": "湘味小馆", "align": "center", "size": "double"}]}, 32)
    assert laid_out == [Line("    湘味小馆", "double")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("部的开通码,谁也开通不了这台盒子。", ["部的开通码,谁也开通不了这台盒", "子。"]),
        ("来网后自动查。微信若已扣款,请付:36.00元", ["来网后自动查。微信若已扣款,请付:", "36.00元"]),
        ("来网后自动查微信若已扣款会退您￥36.00", ["来网后自动查微信若已扣款会退您", "￥36.00"]),
        ("一二三四五六七八九十一二三四五(六)", ["一二三四五六七八九十一二三四五", "(六)"]),
        ("please keep this receipt for returns", ["please keep this receipt for", "returns"]),
        ("a" * 40, ["a" * 32, "a" * 8]),
    ],
)
def test_breaks_where_a_typesetter_would(text: str, expected: list[str]) -> None:
    assert texts([{"kind": "text", "text": text}]) == expected


def test_a_long_name_never_pushes_the_amount() -> None:
    item = {"kind": "item", "name": "长" * 30, "quantity": "12", "price": "8.00", "amount": "96.00"}
    assert texts([item]) == ["长" * 16, "长" * 14, "  12 x 8.00                96.00"]
    assert texts([item], 48) == ["长" * 24, "长" * 6, " " * 26 + "12     8.00      96.00"]


def test_weighed_goods_keep_their_columns() -> None:
    item = {"kind": "item", "name": "鲈鱼", "quantity": "0.532kg", "price": "58.00", "amount": "30.86"}
    assert texts([item], 48) == ["鲈鱼", "  0.532kg x 58.00                          30.86"]


def test_two_texts_behind_each_other_part_when_the_paper_is_narrow() -> None:
    """A label is never torn from its number to fill a line."""
    block = {"kind": "pair", "left": "Address 18 Renmin Road", "right": "Phone 0731-55550101", "align": "left"}
    assert texts([block], 48) == ["Address 18 Renmin Road  Phone 0731-55550101"]
    assert texts([block], 42) == ["Address 18 Renmin Road", "Phone 0731-55550101"]
    assert texts([{**block, "right": ""}]) == ["Address 18 Renmin Road"]
    assert texts([{**block, "left": "", "right": ""}]) == []


def test_a_label_of_several_lines_keeps_its_indent_and_its_amount() -> None:
    """The amount stands at the end of the last line, or below a single line that leaves no room."""
    long = {"kind": "pair", "left": "  WeChat discount (from the platform)", "right": "5.00"}
    assert texts([long]) == ["  WeChat discount (from the", "  platform)                 5.00"]
    assert texts([{**long, "left": "x" * 30}]) == ["x" * 30, " " * 28 + "5.00"]


def test_an_item_without_price_shows_its_quantity() -> None:
    assert texts([{"kind": "item", "name": "套餐", "quantity": "1", "price": "", "amount": "30.00"}]) == [
        "套餐",
        "  1                        30.00",
    ]


def test_indent_and_paragraphs() -> None:
    assert texts([{"kind": "text", "text": "甲\n乙", "indent": 2}]) == ["  甲", "  乙"]


def test_things_keep_their_order_and_defaults() -> None:
    blocks: list[dict[str, object]] = [
        {"kind": "qr", "data": "x", "caption": "扫码"},
        {"kind": "feed", "lines": 2},
        {"kind": "kick"},
        {"kind": "cut"},
    ]
    laid_out = lines({"blocks": blocks}, 32)
    assert [line.thing or line.text.strip() for line in laid_out] == [
        Qr("x", "M", 28),
        "扫码",
        Feed(2),
        Kick(2, 100),
        Cut(),
    ]


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ({"kind": "poem"}, "document.unknown_block"),
        ({}, "document.unknown_block"),
        ({"kind": ["text"]}, "document.unknown_block"),
        ({"kind": "text", "text": 5}, "document.bad_field"),
        ({"kind": "text", "text": "x", "size": "huge"}, "document.bad_field"),
        ({"kind": "text", "text": "x", "bold": 1}, "document.bad_field"),
        ({"kind": "feed", "lines": -1}, "document.bad_field"),
        ({"kind": "qr", "data": ""}, "document.bad_field"),
        ({"kind": "qr", "data": "x" * 3000}, "document.bad_field"),
        ({"kind": "barcode", "data": "6901234567893", "symbology": "ean13"}, "document.bad_field"),
        ({"kind": "image", "width": 8, "height": 2, "rows": "AA=="}, "document.bad_field"),
        ({"kind": "kick", "pin": 3}, "document.bad_field"),
        ({"kind": "either", "narrow": [{"kind": "poem"}]}, "document.unknown_block"),
    ],
)
@pytest.mark.parametrize("cells", [32, 48])
def test_a_bad_block_is_refused_on_every_paper(block: dict[str, object], code: str, cells: int) -> None:
    with pytest.raises(DocumentError) as caught:
        lines({"blocks": [block]}, cells)
    assert caught.value.code == code


def test_either_cannot_nest_for_ever() -> None:
    block: dict[str, object] = {"kind": "rule"}
    for _ in range(50):
        block = {"kind": "either", "narrow": [block], "wide": []}
    with pytest.raises(DocumentError, match="too_deep"):
        lines({"blocks": [block]}, 32)


def test_blocks_must_be_a_list() -> None:
    for document in ({}, {"blocks": "text"}, {"blocks": [1]}):
        with pytest.raises(DocumentError):
            lines(document, 32)


SHOP_TEXT = st.text(
    st.sampled_from("湘味小馆，。,.()（）《》:： 0123456789-￥abcXYZ/é□😀\t\x10\x1b\u200b"), max_size=120
)
ANY_TEXT = st.one_of(SHOP_TEXT, st.text(max_size=80))
BLOCKS = st.lists(
    st.one_of(
        st.builds(
            lambda text, size, align, indent: {
                "kind": "text", "text": text, "size": size, "align": align, "indent": indent,
            },
            ANY_TEXT,
            st.sampled_from(["normal", "tall", "wide", "double"]),
            st.sampled_from(["left", "center", "right"]),
            st.integers(0, 80),
        ),
        st.builds(lambda left, right: {"kind": "pair", "left": left, "right": right}, ANY_TEXT, ANY_TEXT),
        st.builds(
            lambda name, quantity, price, amount: {
                "kind": "item", "name": name, "quantity": quantity, "price": price, "amount": amount,
            },
            ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT,
        ),
    ),
    max_size=4,
)  # fmt: skip
CHARSETS = st.sampled_from([CHINESE, Charset("gb2312"), Charset("gb18030"), Charset("none")])


@given(BLOCKS, st.integers(16, 69), CHARSETS)
def test_no_line_is_wider_than_the_paper(blocks: list[dict[str, object]], cells: int, charset: Charset) -> None:
    for line in lines({"blocks": blocks}, cells, charset):
        assert charset.width(line.text) * (2 if line.size in WIDE_SIZES else 1) <= cells


@given(ANY_TEXT, st.integers(2, 60))
def test_wrapping_preserves_the_text(text: str, cells: int) -> None:
    clean = CHINESE.clean(text)
    assert "".join(wrap(clean, cells, CHINESE.width)).replace(" ", "") == clean.replace(" ", "")


@given(SHOP_TEXT, st.integers(8, 60))
def test_closing_punctuation_and_numbers_hold(text: str, cells: int) -> None:
    clean = CHINESE.clean(text)
    wrapped = wrap(clean, cells, CHINESE.width)
    if any(CHINESE.width(unit) > cells for unit in units(clean)):
        return
    for before, line in itertools.pairwise(wrapped):
        assert line[:1] not in CLOSING
        assert " " in clean or not (before[-1:].isdigit() and line[:1].isdigit())


@given(st.text(max_size=60), CHARSETS)
def test_cleaned_text_has_a_shape_for_every_character(text: str, charset: Charset) -> None:
    clean = charset.clean(text)
    assert charset.clean(clean) == clean
    assert all(charset.width(char) in (1, 2) for char in clean)
    assert b"".join(run.data for run in charset.runs(clean)).translate(None, bytes(range(0x20, 256))) == b""
