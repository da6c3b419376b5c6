"""Lines of a kept bill, read by the platform's own reader or by a mapping of columns (`STATE/acquirers/NAME.toml`).

A card acquirer's or voucher platform's file is matched like the wallets' bills once its columns are named; an example
with comments is config/acquirer.toml.
"""

import re
import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.core.bill import BillKind, BillLine
from agent.core.errors import Refused
from agent.core.mapped_file import ColumnMap
from agent.core.reconcile.statement import billed_as, check_statement
from agent.core.settlement.acquirers import read_bill as read_mapped
from sync.hq.books.accounts import account_of
from sync.platforms.bill_files import open_bill
from sync.platforms.wallet import read_bill as read_wallet

FOLDER = "acquirers"
WALLET = "wallet"
_NAME = re.compile(r"[0-9A-Za-z_-]{1,40}")


class AcquirerMapping(BaseModel):
    """How an acquirer's file is read; `kinds` says what the words of its column `kind` mean.

    `platform` and `merchant` name its account, `tenders` what it pays for, `stores` where; all stores when left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    platform: str = ""
    merchant: str = ""
    tenders: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()

    columns: dict[str, str]
    kinds: dict[str, BillKind] = {}
    constants: dict[str, str] = {}
    heading_row: int = Field(0, ge=0)
    delimiter: str = Field(",", min_length=1, max_length=1)
    unit: str = Field("yuan", pattern="^(yuan|fen)$")
    date_format: str = "%Y-%m-%d %H:%M:%S"

    def column_map(self) -> ColumnMap:
        """Return how the file is read."""
        return ColumnMap(
            self.columns, self.heading_row, self.delimiter, self.unit, self.date_format, constants=self.constants
        )


def acquirer_mapping(state: Path, name: str) -> AcquirerMapping:
    """Return a mapping by its name; refuses with `bank.mapping_missing` or `bank.mapping_wrong`."""
    path = state / FOLDER / f"{name}.toml"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise Refused("bank.mapping_missing", file=f"{FOLDER}/{name[:40]}.toml")
    try:
        return AcquirerMapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Refused("bank.mapping_wrong", file=path.name, reason=f"{place}: {first['msg']}"[:200]) from error
    except (ValueError, OSError) as error:
        raise Refused("bank.mapping_wrong", file=path.name, reason=str(error)[:200]) from error


def lines_of_bill(state: Path, path: Path, book: str, form: str) -> Sequence[BillLine]:
    """Return a bill's lines, in memory; `form` is blank for the platform's own, else the name of a mapping.

    Refuses what is none (`bill.unknown_form`, `platform.bill_unreadable`, `file.…`).
    """
    platform, merchant = account_of(book)
    if form:
        mapping = acquirer_mapping(state, form)
        return tuple(read_mapped(path.read_bytes(), mapping.column_map(), merchant, mapping.kinds))
    if platform == WALLET:
        with path.open("rb") as file:
            return tuple(read_wallet(file, merchant))
    return tuple(open_bill(path).lines())


def check_whose(book: str, day: date, lines: Sequence[BillLine]) -> None:
    """Refuse the bill of another merchant or day (`bill.other_merchant`, `bill.other_day`)."""
    check_statement(billed_as(*account_of(book)), day, lines)
