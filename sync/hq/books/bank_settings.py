"""What headquarters was told about its banks: mappings, terms, fees and holidays, as TOML under STATE/bank/.

Examples with comments are in config/bank/. What is wrong is refused with the file's name and the place in it.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.core.errors import Refused
from agent.core.mapped_file import ColumnMap
from agent.core.reconcile.fees import FeeContract, Rounding
from agent.core.settlement.bank import BankLine
from agent.core.settlement.payouts import PayoutTerms

_NAME = re.compile(r"[0-9A-Za-z_-]{1,40}")
_ACCOUNT = re.compile(r"@[a-z0-9_]{1,20}:[0-9A-Za-z_-]{1,64}")
CASH, OTHER = "cash", "other"
Part = TypeVar("Part", bound=BaseModel)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Part):
    """Where a line belongs when all the words that are given are found in it."""

    to: str
    counterparty: str = ""
    text: str = ""
    reference: str = ""

    def fits(self, line: BankLine) -> bool:
        """Tell whether the rule decides; one without words fits nothing."""
        wanted = ((self.counterparty, line.counterparty), (self.text, line.text), (self.reference, line.reference))
        return any(word for word, _ in wanted) and all(word in found for word, found in wanted)


class StatementMapping(_Part):
    """A bank's statement."""

    columns: dict[str, str]
    constants: dict[str, str] = {}
    heading_row: int = Field(0, ge=0)
    delimiter: str = Field(",", min_length=1, max_length=1)
    unit: str = Field("yuan", pattern="^(yuan|fen)$")
    date_format: str = "%Y-%m-%d"
    rule: tuple[Rule, ...] = ()

    def column_map(self) -> ColumnMap:
        """Return how the file is read."""
        return ColumnMap(
            self.columns, self.heading_row, self.delimiter, self.unit, self.date_format, constants=self.constants
        )

    def place_of(self, line: BankLine) -> str | None:
        """Return where a line belongs by the rules, None when none fits."""
        return next((rule.to for rule in self.rule if rule.fits(line)), None)


class Account(_Part):
    """A merchant account and when its money must be there."""

    platform: str
    merchant: str
    lag_days: int = Field(default=1, ge=0, le=30)
    tolerance_fen: int = Field(default=0, ge=0)
    begins: date | None = None

    @property
    def book(self) -> str:
        """Return the account's book."""
        return f"@{self.platform}:{self.merchant}"


class _Fee(_Part):
    rate_ppm: int = Field(ge=0, le=1_000_000)
    merchant: str = ""
    first_day: date | None = None
    last_day: date | None = None
    rounding: Rounding = Rounding.HALF_UP
    gives_back: bool = True


class PayoutSettings(_Part):
    """Which accounts are looked for, and what the platforms may keep."""

    account: tuple[Account, ...] = ()
    fee: tuple[_Fee, ...] = ()

    def contracts(self) -> list[FeeContract]:
        """Return the fees that were agreed."""
        return [FeeContract(**one.model_dump()) for one in self.fee]


class _Year(_Part):
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()


def checked_place(place: str) -> str:
    """Return `place` when a bank line can belong there; else refuse with `bank.bad_place`."""
    if place not in (CASH, OTHER) and not _ACCOUNT.fullmatch(place):
        raise Refused("bank.bad_place", text=place[:40])
    return place


def statement_mapping(state: Path, name: str) -> StatementMapping:
    """Return a mapping by its name; refuses with `bank.mapping_missing` or `bank.mapping_wrong`."""
    path = state / "bank" / f"{name}.toml"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise Refused("bank.mapping_missing", file=f"bank/{name[:40]}.toml")
    mapping = _read(path, StatementMapping)
    for rule in mapping.rule:
        checked_place(rule.to)
    return mapping


def payout_settings(state: Path) -> PayoutSettings:
    """Return terms and fees; none when there is no file. Refuses with `bank.mapping_wrong`."""
    path = state / "bank" / "payouts.toml"
    return _read(path, PayoutSettings) if path.is_file() else PayoutSettings()


def payout_terms(state: Path, lag_days: int) -> PayoutTerms:
    """Return when money is expected, with the holidays that are known. Refuses with `bank.mapping_wrong`."""
    path = state / "bank" / "holidays.toml"
    years = [_checked(path, _Year, year) for year in _table(path).values()] if path.is_file() else []
    holidays = frozenset(day for year in years for day in year.holidays)
    return PayoutTerms(lag_days, holidays, frozenset(day for year in years for day in year.workdays))


def _read(path: Path, kind: type[Part]) -> Part:
    return _checked(path, kind, _table(path))


def _table(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise Refused("bank.mapping_wrong", file=path.name, reason=str(error)[:200]) from error


def _checked(path: Path, kind: type[Part], table: object) -> Part:
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Refused("bank.mapping_wrong", file=path.name, reason=f"{place}: {first['msg']}"[:200]) from error
