"""Sales of third-party tills: by the counter's own rules, once a number, covered to the fen."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.core.errors import Credentials, Refused
from agent.services import days, foreign_sales, shifts
from agent.services.shop import Shop
from tests.shops import CASHIER, MANAGER, make_shop

LINES = [
    {"sku": "X1", "name": "外卖套餐", "quantity": 2, "unit": "pc", "price_fen": 1500, "list_fen": 3000},
    {"name": "折扣菜", "quantity": 1, "list_fen": 1000, "discounts": [{"reason": "会员日", "amount_fen": 100}]},
]
CASH = [{"kind": "cash", "amount_fen": 3900, "given_fen": 5000}]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path)
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 0)
    yield made
    made.writer.close()


def record(shop: Shop, reference: str = "T-1", key: str | None = None, **changes: Any) -> dict[str, Any]:
    """Record the sale with some of it changed."""
    given = {"lines": LINES, "tenders": CASH, **changes}
    return foreign_sales.record_sale(shop, CASHIER, reference, given["lines"], given["tenders"], key)


def test_a_foreign_sale_is_an_ordinary_entry_with_a_receipt(shop: Shop) -> None:
    """Lines, discounts, change, the other till's number, and a slip in the spool."""
    done = record(shop)
    (body,) = shop.read().execute("SELECT body FROM journal WHERE kind = 'sale.completed'").fetchone()
    sale = json.loads(body)
    assert (sale["total_fen"], sale["reference"], sale["channel"]) == (3900, "T-1", "api")
    assert done["change_fen"] == 1100
    assert shop.read().execute("SELECT slip FROM spool").fetchone() == (done["slip"],)


def test_the_same_number_is_taken_once_and_the_same_key_answers_alike(shop: Shop) -> None:
    """A lost answer is asked for again; a second sale under the number is refused."""
    first = record(shop, key="k")
    assert record(shop, key="k") == first
    with pytest.raises(Refused, match=r"sale\.reference_known"):
        record(shop, key="other")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tenders": [{"kind": "cash", "amount_fen": 3899}]}, "sale.not_covered"),
        ({"tenders": [{"kind": "cash", "amount_fen": 4000}]}, "sale.not_covered"),
        ({"tenders": [{"kind": "wechat", "amount_fen": 3900}]}, "tender.needs_platform"),
        ({"tenders": [{"kind": "gold", "amount_fen": 3900}]}, "tender.unknown"),
        ({"tenders": [{"kind": "card", "amount_fen": 3900}]}, "tender.reference_missing"),
        ({"tenders": [{"kind": "cash", "amount_fen": 3900, "given_fen": 100}]}, "tender.bad_amount"),
        ({"lines": [{"name": "x", "quantity": -1, "list_fen": 1}]}, "sale.bad_quantity"),
        ({"lines": [{**LINES[1], "discounts": [{"reason": "x", "amount_fen": 1001}]}]}, "sale.bad_amount"),
        ({"lines": []}, "sale.empty"),
    ],
)
def test_what_does_not_add_up_leaves_nothing(shop: Shop, changes: dict[str, Any], code: str) -> None:
    """Refused by its code; no entry, no slip, and the number is still free."""
    with pytest.raises(Refused) as refused:
        record(shop, **changes)
    assert refused.value.code == code
    assert shop.read().execute("SELECT count(*) FROM view_sale").fetchone() == (0,)
    record(shop)


def test_parts_of_one_tender_count_together(shop: Shop) -> None:
    """A third-party till does not get around a right or a cap by naming a tender twice."""
    lines = [{"name": "大件", "quantity": 1, "list_fen": 30_000}]
    card = [{"kind": "card", "amount_fen": 15_000, "reference": slip} for slip in ("1", "2")]
    with pytest.raises(Credentials, match=r"approval\.needed"):
        record(shop, lines=lines, tenders=card)
    one = [card[0], {"kind": "cash", "amount_fen": 15_000}]
    assert record(shop, lines=lines, tenders=one)["total_fen"] == 30_000
