"""Matching one bill file by hand."""

from datetime import date
from pathlib import Path

from agent.core.reconcile.fees import FeeContract
from sync.hq.database import Database
from sync.hq.matching.one_day import BULK_BYTES, DayMatch, match_day
from sync.platforms.bill_files import open_bill

PPM_A_BASIS_POINT = 100


def match_file(
    database: Database,
    path: Path,
    merchant: str,
    day: date,
    rate_bp: int | None = None,
    expected: str | None = None,
    bulk_bytes: int = BULK_BYTES,
) -> DayMatch:
    """Match a bill with the entries that are here.

    `rate_bp` is the merchant's fee in hundredths of a percent, None judges no fees; `expected` the bill's announced
    hash. Refuses what is not this merchant's bill of this day (`bill.…`, `platform.bill_unreadable`).
    """
    bill = open_bill(path, expected)
    contracts = () if rate_bp is None else (FeeContract(rate_bp * PPM_A_BASIS_POINT),)
    with database.read() as connection:
        return match_day(connection, bill, merchant, day, contracts, bulk_bytes)
