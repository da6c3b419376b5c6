"""What a store sells: items with price, unit, tax and flags, found by code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agent.core.errors import Refused


@dataclass(frozen=True, slots=True)
class Item:
    """One thing for sale. `price_fen` is per piece (`pc`) or per kilogram (`g`); None means an open price."""

    sku: str
    name: str
    price_fen: int | None
    unit: str = "pc"
    tax_code: str = ""
    tax_bp: int = 0
    department: str = ""
    flags: frozenset[str] = frozenset()
    barcodes: tuple[str, ...] = ()
    plu: str | None = None
    name_en: str = ""

    def named(self, language: str) -> "Item":
        """Return the item under its name in a language (`zh-CN`, `en`); without an English name the Chinese stands."""
        return replace(self, name=self.name_en) if language.startswith("en") and self.name_en else self


@dataclass(frozen=True, slots=True)
class Catalog:
    """The items of a store, by sku, by barcode and by PLU of the scale."""

    version: int
    by_sku: Mapping[str, Item] = field(default_factory=dict)
    by_code: Mapping[str, Item] = field(default_factory=dict)
    by_plu: Mapping[str, Item] = field(default_factory=dict)

    def find(self, code: str) -> Item | None:
        """Return the item of a sku or barcode, or None."""
        return self.by_sku.get(code) or self.by_code.get(code)

    def item(self, code: str) -> Item:
        """Return the item of a sku or barcode; refuses an unknown one (`item.unknown`)."""
        found = self.find(code)
        if found is None:
            raise Refused("item.unknown", code=code[:40])
        return found


def catalog_of(items: Iterable[Item], version: int) -> Catalog:
    """Index items; the first of two items with one code keeps it."""
    by_sku: dict[str, Item] = {}
    by_code: dict[str, Item] = {}
    by_plu: dict[str, Item] = {}
    for item in items:
        by_sku.setdefault(item.sku, item)
        for code in item.barcodes:
            by_code.setdefault(code, item)
        if item.plu is not None:
            by_plu.setdefault(item.plu, item)
    return Catalog(version, by_sku, by_code, by_plu)


def item_from(data: Mapping[str, Any]) -> Item:
    """Build an item from plain data of the catalogue; refuses wrong values (`catalog.bad_item`)."""
    price_fen = data.get("price_fen")
    unit = data.get("unit", "pc")
    tax_bp = data.get("tax_bp", 0)
    wrong_price = price_fen is not None and (type(price_fen) is not int or not 0 <= price_fen <= 10**10)
    if wrong_price or unit not in ("pc", "g") or type(tax_bp) is not int or not data.get("sku"):
        raise Refused("catalog.bad_item", sku=str(data.get("sku", ""))[:40])
    return Item(
        sku=str(data["sku"]),
        name=str(data["name"]),
        price_fen=price_fen,
        unit=unit,
        tax_code=str(data.get("tax_code", "")),
        tax_bp=tax_bp,
        department=str(data.get("department", "")),
        flags=frozenset(data.get("flags", ())),
        barcodes=tuple(data.get("barcodes", ())),
        plu=data.get("plu"),
        name_en=str(data.get("name_en", "")),
    )
