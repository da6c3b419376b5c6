"""Which merchant takes a store's money, and how much a day: `STATE/pay.toml`, read once; pure but for the file.

Without the file each store uses the merchants' files by the platforms' names, under the default caps. What is said for
a group holds for its stores, what is said for a store holds before that.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.core.errors import Refused
from agent.core.wish import ACTS, Verb

FILE_NAME = "pay.toml"
COUNT, FEN = "count", "fen"
DEFAULT_CAPS = {
    "pay_fen": 50_000_000,
    "pay_count": 20_000,
    "offer_fen": 50_000_000,
    "offer_count": 20_000,
    "reverse_count": 2_000,
    "refund_fen": 5_000_000,
    "refund_count": 1_000,
}
CAPS = frozenset(f"{verb.value}_{what}" for verb in ACTS for what in (FEN, COUNT))
_TABLES = frozenset({"merchants", "caps", "settings"})


@dataclass(frozen=True, slots=True)
class StorePlan:
    """What holds for one store."""

    merchants: Mapping[str, str] = field(default_factory=dict)
    """Merchant by platform; a platform that is not named is its own."""
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By platform, what differs from the merchant's file: a sub-merchant, say."""
    caps: Mapping[str, int] = field(default_factory=lambda: dict(DEFAULT_CAPS))

    def merchant(self, platform: str) -> str:
        """Return the name of the merchant's file for a platform; "" where the store has none."""
        return self.merchants.get(platform, platform)

    def holds(self, verb: Verb, count: int, amount_fen: int) -> bool:
        """Tell whether a day with so many wishes of a verb, over so much, is within the caps."""
        count_max, fen_max = (self.caps.get(f"{verb.value}_{what}") for what in (COUNT, FEN))
        return (count_max is None or count <= count_max) and (fen_max is None or amount_fen <= fen_max)


@dataclass(frozen=True, slots=True)
class PayPlan:
    """The plan of every store; `default` for those that are not named."""

    default: StorePlan = StorePlan()
    stores: Mapping[str, StorePlan] = field(default_factory=dict)

    def of(self, store: str) -> StorePlan:
        """Return what holds for a store."""
        return self.stores.get(store, self.default)


def load_plan(state: Path) -> PayPlan:
    """Return the plan of a state folder; refuses a wrong file with `config.…`, naming the key."""
    file = state / FILE_NAME
    if not file.exists():
        return PayPlan()
    try:
        return plan_of(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("config.unreadable", file=FILE_NAME, reason=type(error).__name__) from error
    except tomllib.TOMLDecodeError as error:
        raise Refused("config.not_toml", file=FILE_NAME, reason=str(error)) from error


def plan_of(data: Mapping[str, Any]) -> PayPlan:
    """Return the plan in a file's data; refuses with `config.wrong_value`, naming the key."""
    groups, stores = data.get("group", []), data.get("store", {})
    if not isinstance(groups, list) or not isinstance(stores, dict):
        raise _wrong("group" if isinstance(stores, dict) else "store", "a table")
    own = {name: value for name, value in data.items() if name not in ("group", "store")}
    default = _layered(StorePlan(), own, "")
    plans: dict[str, StorePlan] = {}
    for group in groups:
        members = group.get("stores") if isinstance(group, dict) else None
        if not isinstance(members, list) or not all(isinstance(one, str) for one in members):
            raise _wrong("group.stores", "a list of stores")
        said = {name: value for name, value in group.items() if name != "stores"}
        plans |= {one: _layered(plans.get(one, default), said, "group.") for one in members}
    for one, said in stores.items():
        plans[one] = _layered(plans.get(one, default), said, f"store.{one}.")
    return PayPlan(default, plans)


def _layered(under: StorePlan, said: object, place: str) -> StorePlan:
    if not isinstance(said, dict):
        raise _wrong(place.rstrip("."), "a table")
    for name, table in said.items():
        if name not in _TABLES or not isinstance(table, dict):
            raise _wrong(f"{place}{name}", "one of the tables merchants, caps, settings")
    merchants = _texts(said.get("merchants", {}), f"{place}merchants")
    settings = {
        platform: {**under.settings.get(platform, {}), **_texts(values, f"{place}settings.{platform}")}
        for platform, values in said.get("settings", {}).items()
    }
    return StorePlan(
        {**under.merchants, **merchants},
        {**under.settings, **settings},
        {**under.caps, **_caps(said.get("caps", {}), f"{place}caps")},
    )


def _caps(values: Mapping[str, object], place: str) -> dict[str, int]:
    caps = {}
    for name, value in values.items():
        if name not in CAPS:
            raise _wrong(f"{place}.{name}", f"one of {', '.join(sorted(CAPS))}")
        if type(value) is not int or value < 0:
            raise _wrong(f"{place}.{name}", "a whole number from 0")
        caps[name] = value
    return caps


def _texts(values: object, place: str) -> dict[str, str]:
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise _wrong(place, "a table of texts")
    return values


def _wrong(key: str, rule: str) -> Refused:
    return Refused("config.wrong_value", file=FILE_NAME, key=key, value="", rule=rule)
