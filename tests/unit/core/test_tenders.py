"""Tenders as shipped, and that wrong data is refused whole."""

import tomllib
from pathlib import Path

import pytest

from agent.core.catalog import catalog_of, item_from
from agent.core.errors import Refused
from agent.core.gs1 import has_right_check
from agent.core.roles import Matrix
from agent.core.tenders import MatchedWith, Offline, Print, Proof, checked_amount, tenders_from

CONFIG = Path("config")
DATA = tomllib.loads((CONFIG / "tenders.toml").read_text(encoding="utf-8"))
TENDERS = tenders_from(DATA)


def test_the_shipped_tenders() -> None:
    """Cash opens the drawer and works offline; wallets are matched with the bill; a static code is provisional."""
    cash, wechat, static = TENDERS["cash"], TENDERS["wechat"], TENDERS["static_code"]
    assert (cash.proof, cash.drawer, cash.offline) == (Proof.COUNT, True, Offline.YES)
    assert cash.account_of("2") == "Assets:Cash:Till2"
    assert (wechat.platform, wechat.offline, wechat.matched_with) == ("wechat", Offline.NO, MatchedWith.BILL)
    assert (static.offline, static.matched_with) == (Offline.PROVISIONAL, MatchedWith.BILL_BY_PERSON)
    assert TENDERS["staff_meal"].print is Print.ASK
    assert (cash.name("zh-CN"), cash.name("en")) == ("现金", "Cash")


def test_every_act_of_a_tender_is_in_the_matrix() -> None:
    """Data files fit each other."""
    matrix = Matrix.from_data(tomllib.loads((CONFIG / "roles.toml").read_text(encoding="utf-8")))
    assert {tender.act for tender in TENDERS.values()} <= set(matrix.acts)


def test_a_cap_is_kept() -> None:
    """At the cap, above it, and without one."""
    assert checked_amount(TENDERS["static_code"], 50000) == 50000
    assert checked_amount(TENDERS["cash"], 10**9) == 10**9
    with pytest.raises(Refused, match=r"tender\.above_cap"):
        checked_amount(TENDERS["static_code"], 50001)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cash": DATA["cash"] | {"enabled": False}}, "tender.cash_off"),
        ({"wechat": DATA["wechat"]}, "tender.cash_off"),
        ({"cash": DATA["cash"] | {"colour": "red"}}, "tender.unknown_key"),
        ({"cash": {key: value for key, value in DATA["cash"].items() if key != "proof"}}, "tender.missing_key"),
        ({"cash": DATA["cash"] | {"proof": "hope"}}, "tender.bad_value"),
        ({"cash": DATA["cash"] | {"drawer": 1}}, "tender.bad_value"),
        ({"cash": DATA["cash"] | {"cap_fen": 0}}, "tender.bad_value"),
        ({"cash": DATA["cash"] | {"name_zh": ""}}, "tender.bad_value"),
        ({"cash": DATA["cash"] | {"print": []}}, "tender.bad_value"),
        ({"cash": "yes"}, "tender.bad_value"),
    ],
)
def test_wrong_data_is_refused(change: dict[str, object], code: str) -> None:
    """One wrong value refuses the whole list; the former stays in force."""
    with pytest.raises(Refused) as refused:
        tenders_from(change)
    assert refused.value.code == code


def test_the_demo_catalogue_holds_together() -> None:
    """Every barcode has its check digit, no code stands twice, weighed items have a PLU of five digits."""
    rows = tomllib.loads((CONFIG / "demo" / "catalogue.toml").read_text(encoding="utf-8"))
    items = [item_from(row) for row in rows["item"]]
    catalog = catalog_of(items, rows["version"])
    assert len(catalog.by_sku) == len(items) == 58
    barcodes = [barcode for item in items for barcode in item.barcodes]
    assert len(set(barcodes)) == len(barcodes) == 25
    assert all(has_right_check(barcode) for barcode in barcodes)
    assert all((item.unit == "g") == (item.plu is not None) for item in items)
    assert {"age", "open_price", "weighed"} <= {flag for item in items for flag in item.flags}
    assert all(item.name_en and item.tax_bp for item in items)
