"""Labels of the store's scales: layouts as data (`config/scale_labels.toml`), and what a label says. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.core.errors import Refused
from agent.core.gs1 import has_right_check, is_digits, price_verifier
from agent.core.money import price_of

_PATTERN = re.compile(r"[0-9]{2}[0-9XMWV]{10,20}C")
_KEYS = frozenset({"name", "pattern", "amount_unit_fen", "weight_unit_g", "check", "tolerance_fen", "enabled"})


@dataclass(frozen=True, slots=True)
class ScaleLayout:
    """How one kind of label is read: one letter a digit, see `config/scale_labels.toml`."""

    name: str
    pattern: str
    amount_unit_fen: int = 1
    weight_unit_g: int = 1
    check_from_left: bool = False
    tolerance_fen: int = 1


@dataclass(frozen=True, slots=True)
class ScaleLabel:
    """What a label says; a field that its layout does not have is None."""

    layout: str
    plu: str
    amount_fen: int | None
    weight_g: int | None
    tolerance_fen: int = 1

    def agrees_with(self, price_fen: int) -> bool | None:
        """Tell whether amount and weight fit a price per kilogram; None when the label has only one of them."""
        if self.amount_fen is None or self.weight_g is None:
            return None
        return abs(price_of(price_fen, self.weight_g, "g") - self.amount_fen) <= self.tolerance_fen


def layouts_from(data: Mapping[str, Any]) -> tuple[ScaleLayout, ...]:
    """Build the enabled layouts from plain data (`{"layout": [...]}`); refuses wrong ones (`scale_layout.bad`)."""
    rows = data.get("layout", [])
    if not isinstance(rows, list):
        raise Refused("scale_layout.bad", name="layout", key="layout")
    return tuple(_layout(row) for row in rows if not isinstance(row, Mapping) or row.get("enabled", True))


def read_label(text: str, layout: ScaleLayout) -> ScaleLabel | None:
    """Return what the label says by this layout, or None when it does not fit or its check digit is wrong."""
    if len(text) != len(layout.pattern) or not is_digits(text):
        return None
    if any(letter.isdigit() and letter != digit for letter, digit in zip(layout.pattern, text, strict=True)):
        return None
    if not has_right_check(text, from_left=layout.check_from_left):
        return None
    amount, weight = _field(text, layout, "M"), _field(text, layout, "W")
    verifier = _field(text, layout, "V")
    if verifier and verifier != price_verifier(amount or weight):
        return None
    return ScaleLabel(
        layout.name,
        _field(text, layout, "X"),
        int(amount) * layout.amount_unit_fen if amount else None,
        int(weight) * layout.weight_unit_g if weight else None,
        layout.tolerance_fen,
    )


def _field(text: str, layout: ScaleLayout, letter: str) -> str:
    return "".join(digit for digit, place in zip(text, layout.pattern, strict=True) if place == letter)


def _layout(row: object) -> ScaleLayout:
    if not isinstance(row, Mapping):
        raise Refused("scale_layout.bad", name="layout", key="layout")
    name, pattern = str(row.get("name", "")), str(row.get("pattern", ""))
    for key in row:
        if key not in _KEYS:
            raise Refused("scale_layout.bad", name=name[:40], key=str(key)[:40])
    if not name or not _is_pattern(pattern):
        raise Refused("scale_layout.bad", name=name[:40], key="pattern")
    return ScaleLayout(
        name,
        pattern,
        _one_of(row, "amount_unit_fen", (1, 10, 100)),
        _one_of(row, "weight_unit_g", (1, 10, 100)),
        _check_from_left(row),
        _one_of(row, "tolerance_fen", tuple(range(101))),
    )


def _is_pattern(pattern: str) -> bool:
    if not _PATTERN.fullmatch(pattern) or "X" not in pattern or not ("M" in pattern or "W" in pattern):
        return False
    verified = pattern.count("M") or pattern.count("W")
    return "V" not in pattern or (pattern.count("V") == 1 and verified in (4, 5))


def _one_of(row: Mapping[str, Any], key: str, allowed: tuple[int, ...]) -> int:
    value = row.get(key, 1)
    if type(value) is not int or value not in allowed:
        raise Refused("scale_layout.bad", name=str(row.get("name", ""))[:40], key=key)
    return value


def _check_from_left(row: Mapping[str, Any]) -> bool:
    value = row.get("check", "right")
    if value not in ("right", "left"):
        raise Refused("scale_layout.bad", name=str(row.get("name", ""))[:40], key="check")
    return bool(value == "left")
