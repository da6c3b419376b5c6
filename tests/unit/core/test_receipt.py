"""What every slip has to keep on any paper: rules of layout, copies, odd lines, both languages."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.codes import Command, Kind, Situation, command_code, recognise
from agent.core.receipt import (
    CommandCard,
    DayReport,
    Document,
    DrawerMove,
    DrawerSlip,
    InvoiceState,
    LooseEnd,
    Marks,
    Person,
    Reduction,
    RefundState,
    RefundWay,
    ShiftOfDay,
    SlipLine,
    SlipTender,
    Translate,
    command_card_document,
    day_document,
    drawer_document,
    pending_document,
    prebill_document,
    refund_document,
    sale_document,
    shift_document,
    with_kick,
)
from agent.core.receipt_parts import as_copy, with_logo
from agent.core.receipt_parts import cells as width_of
from agent.core.report_figures import CashMovement, Loose, Movement, SalesTotals, TaxTotal, TaxTotals
from agent.services.language import translator
from drivers.printer.layout import lines
from tests.golden import slip_examples as examples

CHINESE = translator("zh-CN")
DAY = DayReport(
    shop=examples.SHOP,
    day="2026-10-03",
    opened_at="10-03 09:50:00",
    closed_at="10-03 23:10:00",
    closed_by=examples.MANAGER,
    shifts=(
        ShiftOfDay("1", "000317", examples.CASHIER, 500000, 500),
        ShiftOfDay("2", "000318", examples.CASHIER, 794383, -1200, forced=True),
    ),
    sales=examples.SHIFT_Z.sales,
    tenders=examples.SHIFT_Z.tenders,
    loose_ends=tuple(LooseEnd(what, 2, 300, "B07") for what in Loose),
    operations=examples.SHIFT_Z.operations,
    tax=examples.SHIFT_Z.tax,
    to_deposit_fen=150000,
    forced_reason="2号机没人",
    chain=examples.SHIFT_Z.chain,
    complete_to=41870,
    code="Z1",
)
DROP = DrawerSlip(
    examples.SHOP,
    DrawerMove.DROP,
    "2026-10-03 15:00:00",
    "2",
    examples.CASHIER,
    100000,
    bag="0317",
    second=examples.MANAGER,
)
BUILDERS: dict[str, Callable[[Translate], Document]] = {
    "sale": lambda translate: sale_document(examples.SALE, translate),
    "refund": lambda translate: refund_document(examples.REFUND, translate),
    "customer's refund": lambda translate: refund_document(replace(examples.REFUND, for_customer=True), translate),
    "z": lambda translate: shift_document(examples.SHIFT_Z, translate),
    "x": lambda translate: shift_document(replace(examples.SHIFT_Z, final=False, cash=None), translate),
    "day": lambda translate: day_document(DAY, translate),
    "pending": lambda translate: pending_document(examples.PENDING, translate),
    "pending, nothing else taken": lambda translate: pending_document(
        replace(examples.PENDING, second=None, approver=None), translate
    ),
    "prebill": lambda translate: prebill_document(examples.PREBILL, translate),
    "drop": lambda translate: drawer_document(DROP, translate),
    "no sale": lambda translate: drawer_document(replace(DROP, move=DrawerMove.NO_SALE, reason="换零钱"), translate),
    "card": lambda translate: command_card_document(CommandCard(examples.SHOP), translate),
}


def printed(document: Document, cells: int = 32) -> str:
    """Return the text of a slip on paper."""
    return "\n".join(line.text for line in lines(document, cells))


def blocks_of(document: Document) -> Iterator[dict[str, object]]:
    """Return a document's blocks."""
    blocks = document["blocks"]
    assert isinstance(blocks, list)
    yield from blocks


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("name", list(BUILDERS))
@pytest.mark.parametrize("cells", [24, 32, 42, 48])
def test_a_slip_keeps_the_rules_of_paper(name: str, cells: int, language: str) -> None:
    """No line is too wide; no line begins with closing punctuation; characters are in GB2312; it is plain data."""
    document = BUILDERS[name](translator(language))
    assert json.loads(json.dumps(document)) == document
    for line in lines(document, cells):
        shown = width_of(line.text) * (2 if line.size in ("wide", "double") else 1)
        assert shown <= cells
        assert not line.text.strip().startswith(tuple(",。、)】!?:;"))
        assert "￥" not in line.text or line.size == "tall"
        line.text.encode("gb2312")


def test_texts_that_must_never_be_printed() -> None:
    """No sentence that the law forbids, no payment code, no full telephone number of a member."""
    for build in BUILDERS.values():
        text = printed(build(CHINESE))
        assert "最终解释权" not in text
        assert "概不退换" not in text
        assert "¥" not in text
    assert "138****5678" in printed(BUILDERS["sale"](CHINESE))


def test_a_copy_says_so_with_its_number() -> None:
    """A reprint carries 重印 and its count, practice 练习; an original neither."""
    assert "重印" not in printed(sale_document(examples.SALE, CHINESE))
    copy = printed(sale_document(replace(examples.SALE, marks=Marks(copy=2)), CHINESE))
    assert "重印 2" in copy
    practice = printed(sale_document(replace(examples.SALE, marks=Marks(practice=True, clock_unset=True)), CHINESE))
    assert "练习" in practice
    assert "时钟未校准" in practice


def test_cash_with_change_beside_a_wallet() -> None:
    """Mixed tenders: what was given, what came back, whose order it is."""
    tenders = (
        SlipTender("现金", 10000, given_fen=20000, change_fen=10000),
        SlipTender("微信支付", 5100, platform="微信", transaction="42" + "0" * 26, out_trade_no="S001_2_000421_A1K7QF"),
        SlipTender("码牌", 100, reference="5678 12:40", provisional=True),
        SlipTender("支付宝", 100, customer_paid_fen=90, merchant_reduction=Reduction("满减", 10)),
    )
    text = printed(sale_document(replace(examples.SALE, tenders=tenders), CHINESE))
    for wanted in ("实收                    200.00", "找零                    100.00", "S001_2_000421_A1K7QF"):
        assert wanted in text
    for wanted in ("5678 12:40", "待核", "其中满减(本店出)"):
        assert wanted in text


def test_weighed_open_priced_and_empty_lines() -> None:
    """Kilograms with three decimals; a line without a unit price; a line of nothing; a total of nothing."""
    goods = (
        SlipLine("苹果", 435, "g", 2580, 1122),
        SlipLine("杂货", 1, "pc", None, 500),
        SlipLine("赠菜", 0, "pc", 8800, 0),
    )
    slip = replace(examples.SALE, lines=goods, reductions=(Reduction("免单", 1622),), total_fen=0, tenders=())
    for cells in (32, 48):
        text = printed(sale_document(slip, CHINESE), cells)
        assert "0.435kg x 25.80" in text
        assert "共 2 件" in text
        assert "￥0.00" in text
    assert "  0 x 88.00                 0.00" in printed(sale_document(slip, CHINESE))


def test_a_bare_sale_has_no_empty_headings() -> None:
    """Without table, member, coupon, invoice and number nothing of them is printed."""
    bare = replace(
        examples.SALE, table=None, guests=None, member=None, coupon=None, invoice=None, calling=None, check_code=None
    )
    text = printed(sale_document(replace(bare, rounding_fen=5), CHINESE))
    for absent in ("桌号", "会员 ", "取餐号", "发票(可开", "验真"):
        assert absent not in text
    assert "抹零                       -0.05" in text


@pytest.mark.parametrize("cells", [32, 48])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_shop_without_address_and_telephone_prints_no_empty_words(language: str, cells: int) -> None:
    """Neither is asked for at set-up, and the settings' defaults are empty: no slip asks to call nobody."""
    shop, translate = replace(examples.SHOP, address="", phone=""), translator(language)
    texts = [
        printed(sale_document(replace(examples.SALE, shop=shop), translate), cells),
        printed(refund_document(replace(examples.REFUND, shop=shop, for_customer=True), translate), cells),
        printed(pending_document(replace(examples.PENDING, shop=shop), translate), cells),
    ]
    for absent in ("地址", "电话", "想问进度", "Address", "Phone", "Ask how"):
        assert absent not in "".join(texts)
    only = sale_document(replace(examples.SALE, shop=replace(shop, phone="0731-55550101")), translate)
    assert printed(only, cells).count("0731-55550101") == 1


def test_refunds_say_where_the_money_is() -> None:
    """Cash is done at once, a registered wallet refund waits for the network, without a receipt there is no sale."""
    cash = RefundWay("现金", 1637, original_way=False)
    waiting = RefundWay("支付宝", 1637, original_way=True, state=RefundState.QUEUED, platform="支付宝")
    bare = replace(examples.REFUND, sale=None, sale_written_at=None, coupon=None, points_taken=None, receipt=None)
    text = printed(refund_document(replace(bare, ways=(cash, waiting), invoice=InvoiceState.ISSUED), CHINESE))
    assert "退给顾客 现金              16.37" in text
    assert "已登记,来网自动退" in text
    assert "已开具" in text
    assert "原单号" not in text


def test_an_x_report_before_the_count_hides_the_drawer() -> None:
    """Nobody sees the expected cash before a blind count."""
    text = printed(BUILDERS["x"](CHINESE))
    assert "【现金】" not in text
    assert "班次中途 X" in text


def test_a_quiet_shift_prints_zeros() -> None:
    """Nothing sold, nothing counted over or short, movements without notes."""
    cash = replace(
        examples.SHIFT_Z.cash,  # type: ignore[type-var]
        movements=(CashMovement(Movement.PAID_IN, 100), CashMovement(Movement.DROP, 100)),
        expected_fen=0,
        counted_fen=0,
        reason="",
    )
    quiet = replace(
        examples.SHIFT_Z,
        sales=SalesTotals(0, 0, (), 0, 0, 0),
        tenders=(),
        others=(),
        platforms=(),
        cash=cash,
        loose_ends=(),
        tax=TaxTotals((TaxTotal(650, 0),)),
        code=None,
        provisional=False,
    )
    text = printed(shift_document(quiet, CHINESE))
    for wanted in ("净销售                      0.00", "相符                        0.00", "6.5%", "没有"):
        assert wanted in text
    assert "收入                        1.00" in text
    assert "缴款                       -1.00" in text


def test_every_code_on_the_command_card_is_a_command() -> None:
    """What is printed is what the recogniser takes."""
    document = command_card_document(CommandCard(examples.SHOP), CHINESE)
    data = [str(block["data"]) for block in blocks_of(document) if block["kind"] == "qr"]
    assert data == [command_code(command) for command in Command]
    assert all(recognise(one, Situation("S001")).kind is Kind.COMMAND for one in data)


def test_a_kick_stands_in_front() -> None:
    """The drawer opens before the slip is out."""
    document = with_kick(sale_document(examples.SALE, CHINESE), pin=5, milliseconds=200)
    first = next(blocks_of(document))
    assert first == {"kind": "kick", "pin": 5, "milliseconds": 200}


names = st.text("剁椒鱼头()微辣,。ABCabc 12.5", min_size=1, max_size=60).filter(lambda name: bool(name.strip()))


@given(names, st.integers(0, 10**6), st.sampled_from(["pc", "g"]), st.integers(0, 10**9), st.sampled_from([32, 48]))
def test_a_long_name_never_pushes_the_amount(name: str, quantity: int, unit: str, list_fen: int, cells: int) -> None:
    """Whatever an item is called, its amount ends at the right edge of a line."""
    line = SlipLine(name, quantity, unit, 2580, list_fen)
    slip = replace(examples.SALE, lines=(line,), cashier=Person("王", "1"))
    amount = f" {list_fen // 100}.{list_fen % 100:02d}"
    shown = [one for one in lines(sale_document(slip, CHINESE), cells) if one.text.endswith(amount)]
    assert any(width_of(one.text) == cells for one in shown)


def test_a_logo_stands_on_what_customers_get() -> None:
    """Receipts and pre-bills carry it below the mark of a copy, reports and drawer slips never."""
    picture = {"kind": "image", "width": 8, "height": 1, "rows": "/w=="}
    sale = BUILDERS["sale"](CHINESE)
    assert with_logo(sale, None)["blocks"] == sale["blocks"]
    assert next(blocks_of(with_logo(sale, picture))) == picture
    assert next(blocks_of(with_logo(BUILDERS["prebill"](CHINESE), picture))) == picture
    copy = list(blocks_of(with_logo(as_copy(sale, 1, CHINESE), picture)))
    assert copy[0]["text"] == "重印 1"
    assert copy[1] == picture
    for name in ("z", "day", "drop", "card", "refund"):
        assert picture not in list(blocks_of(with_logo(BUILDERS[name](CHINESE), picture)))


def test_a_copy_of_a_copy_has_one_mark_and_opens_no_drawer() -> None:
    """Marks do not pile up; kicks and the wish for the drawer go."""
    original = {**with_kick(BUILDERS["sale"](CHINESE)), "drawer": True}
    first = as_copy(original, 1, CHINESE)
    second = as_copy(first, 2, CHINESE)
    assert "drawer" not in second
    assert [block["kind"] for block in blocks_of(second)].count("kick") == 0
    assert "重印 2" in printed(second)
    assert "重印 1" not in printed(second)
