"""Before the count nobody learns what the drawer should hold: X says nothing from which it can be worked out."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.core.roles import Matrix
from agent.services import checkout, days, payments, refunds, shifts, tendering
from agent.services.shop import Shop
from drivers.printer.layout import lines
from tests.shops import CASHIER, LEAD, MANAGER, FakeClock, FakePlatform, config, make_shop

HIDDEN = ("sales_fen", "list_fen", "net_fen", "net_ever_fen")


def sell_in_cash(shop: Shop, amount_fen: int) -> str:
    item = next(item for item in shop.catalog.by_sku.values() if item.unit == "pc" and not item.flags)
    checkout.add_item(shop, CASHIER, item, 1, list_fen=amount_fen)
    done: str = tendering.pay_cash(shop, CASHIER, None)["completed"]["sale"]
    return done


def sell_by_code(shop: Shop, amount_fen: int) -> None:
    item = next(item for item in shop.catalog.by_sku.values() if item.unit == "pc" and not item.flags)
    checkout.add_item(shop, CASHIER, item, 1, list_fen=amount_fen)
    _, submit = payments.start_code_payment(shop, CASHIER, "wechat", "134567890123456789")
    submit()


def traded(folder: Path, cash_fen: int, refunded_fen: int = 300) -> Shop:
    """Return a shop with the same trade but for the amount paid in cash."""
    folder.mkdir()
    platform = FakePlatform()
    shop = make_shop(folder, platforms={"wechat": platform})
    assert isinstance(shop.clock, FakeClock)
    platform.clock = shop.clock
    days.open_the_day(shop, MANAGER)
    shifts.open_a_shift(shop, CASHIER, 50_000)
    sell_by_code(shop, 4_321)
    sell_in_cash(shop, cash_fen)
    back = sell_in_cash(shop, refunded_fen)
    refunds.refund_sale(shop, MANAGER, back, None, "坏的")
    return shop


def printed_x(shop: Shop) -> dict[str, Any]:
    slip = shifts.print_x(shop, LEAD)["slip"]
    row = shop.read().execute("SELECT document FROM spool WHERE slip = ?", (slip,)).fetchone()
    document: dict[str, Any] = json.loads(row[0])
    return document


def without_chain(document: dict[str, Any]) -> str:
    """Return the slip as text; the hash of the journal differs with every entry and tells nothing."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True)
    head, _, rest = text.partition("#")
    return head + rest.partition('"')[2]


def test_the_data_do_not_depend_on_the_cash(tmp_path: Path) -> None:
    one, other = traded(tmp_path / "a", 1_000), traded(tmp_path / "b", 98_765)
    assert shifts.x_report(one, LEAD) == shifts.x_report(other, LEAD)
    for shop in (one, other):
        shop.writer.close()


def test_the_slip_does_not_depend_on_the_cash(tmp_path: Path) -> None:
    one, other = traded(tmp_path / "a", 1_000), traded(tmp_path / "b", 98_765)
    assert without_chain(printed_x(one)) == without_chain(printed_x(other))
    for shop in (one, other):
        shop.writer.close()


def test_what_is_left_out_is_none_and_other_tenders_are_told(tmp_path: Path) -> None:
    shop = traded(tmp_path / "a", 1_000)
    report = shifts.x_report(shop, LEAD)
    assert [report[name] for name in HIDDEN] == [None] * len(HIDDEN)
    assert "cash" not in report
    assert {one["kind"]: one["amount_fen"] for one in report["tenders"]} == {"cash": None, "wechat": 4_321}
    assert report["sales"] == 3
    shop.writer.close()


@pytest.mark.parametrize("cells", [32, 48])
def test_the_slip_shows_a_dash_and_no_total(tmp_path: Path, cells: int) -> None:
    shop = traded(tmp_path / "a", 1_000)
    text = _text(printed_x(shop), cells)
    assert "43.21" in text
    assert "10.00" not in text
    assert "53.21" not in text
    assert text.count(" -\n") == 4
    shop.writer.close()


def test_a_role_that_may_see_it_sees_all(tmp_path: Path) -> None:
    rules = config("roles.toml")
    rules["see_expected_cash"] = {"shift_lead": "yes"}
    shop = traded(tmp_path / "a", 1_000)
    shop = replace(shop, matrix=Matrix.from_data(rules))
    report = shifts.x_report(shop, LEAD)
    assert report["cash"]["expected_fen"] == 51_000
    assert report["net_fen"] == 5_321
    assert "53.21" in _text(printed_x(shop), 48)
    shop.writer.close()


def test_after_the_count_the_report_tells_all(tmp_path: Path) -> None:
    shop = traded(tmp_path / "a", 1_000)
    report = shifts.close_shift(shop, CASHIER, {"10000": 5, "1000": 1})
    assert report["cash"]["expected_fen"] == report["counted_fen"] == 51_000
    assert {one["kind"]: one["amount_fen"] for one in report["tenders"]} == {"cash": 1_000, "wechat": 4_321}
    shop.writer.close()


def _text(document: dict[str, Any], cells: int) -> str:
    return "".join(f"{line.text}\n" for line in lines(document, cells))
