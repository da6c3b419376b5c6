"""Matching one bill file by hand."""

import logging
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from agent.core.errors import StoreboxError
from agent.core.reconcile.fees import FeeContract
from agent.core.reconcile.finding import Match
from agent.core.reconcile.matching import match
from agent.core.reconcile.scope import Terms
from agent.core.reconcile.statement import Statement, StatementState, check_statement
from sync.hq.database import Database
from sync.hq.matching.bulk import Bulk, match_in_bulk
from sync.hq.matching.bulk_bill import NotInBulkError
from sync.hq.matching.bulk_facts import rows_of
from sync.hq.matching.facts import days_of_named, facts_of_store, journal_until_ms, read_facts, wanted_days
from sync.platforms.bill_files import BillFile, open_bill

log = logging.getLogger(__name__)

PPM_A_BASIS_POINT = 100
BULK_BYTES = 10 * 1024 * 1024
"""From this size of a bill's text on, about 50,000 lines, a match is made in bulk."""


def match_file(
    database: Database,
    path: Path,
    merchant: str,
    day: date,
    rate_bp: int | None = None,
    expected: str | None = None,
    bulk_bytes: int = BULK_BYTES,
) -> tuple[Match, Statement, list[str]]:
    """Match a bill with the entries that are here; also returns the entries that can't be read.

    `rate_bp` is the merchant's fee in hundredths of a percent, None judges no fees; `expected` the bill's announced
    hash. Refuses what is not this merchant's bill of this day (`bill.…`, `platform.bill_unreadable`). From
    `bulk_bytes` of text on the statement holds only the lines that were not plainly in agreement.
    """
    bill = open_bill(path, expected)
    contracts = () if rate_bp is None else (FeeContract(rate_bp * PPM_A_BASIS_POINT),)
    if _is_big(bill, bulk_bytes):
        with database.read() as connection:
            found = _in_bulk(connection, bill, merchant, day, contracts)
        if found is not None:
            return found
    lines = tuple(bill.lines())
    check_statement(merchant, day, lines)
    statement = Statement(bill.platform, merchant, day, StatementState.READY, lines, bill.sha256)
    with database.read() as connection:
        read = read_facts(connection, bill.platform, merchant, day, lines)
    terms = Terms(contracts=contracts, journal_until_ms=read.journal_until_ms)
    return match(read.facts, [statement], terms), statement, read.unreadable


def _is_big(bill: BillFile, bulk_bytes: int) -> bool:
    """Tell whether a bill's unpacked text has so many bytes; one that can't be unpacked is for its reader."""
    try:
        with bill.plain() as (stream, _):
            size = 0
            while size < bulk_bytes and (piece := stream.read(1024 * 1024)):
                size += len(piece)
            return size >= bulk_bytes
    except (StoreboxError, OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        return False


def _in_bulk(
    connection: Connection, bill: BillFile, merchant: str, day: date, contracts: tuple[FeeContract, ...]
) -> tuple[Match, Statement, list[str]] | None:
    """Match in bulk; None for a bill of an unusual form: its platform's reader judges it and says what is wrong."""
    try:
        return _with_older(connection, bill, merchant, day, contracts)
    except NotInBulkError as error:
        log.info("%s is not matched in bulk: %s", bill.path.name, error)
        return None


def _with_older(
    connection: Connection, bill: BillFile, merchant: str, day: date, contracts: tuple[FeeContract, ...]
) -> tuple[Match, Statement, list[str]]:
    wanted = wanted_days(connection, day)
    terms = Terms(contracts=contracts, journal_until_ms=journal_until_ms(connection, wanted))
    found, unreadable = _matched(connection, bill, merchant, day, wanted, terms)
    known = {one.attempt for one in found.facts.payments}
    strange = [line for line in found.statement.lines if line.out_trade_no not in known]
    older = days_of_named(connection, strange)
    if any(not days <= wanted.get(store, set()) for store, days in older.items()):
        # Orders of earlier days are named, mostly by refunds: their days are read too.
        for store, days in older.items():
            wanted.setdefault(store, set()).update(days)
        found, unreadable = _matched(connection, bill, merchant, day, wanted, terms)
    return found.match, found.statement, unreadable


def _matched(
    connection: Connection, bill: BillFile, merchant: str, day: date, wanted: Mapping[str, set[str]], terms: Terms
) -> tuple[Bulk, list[str]]:
    """Write the facts store by store, so that one store's are in memory at a time, and match."""
    unreadable: list[str] = []
    with tempfile.TemporaryDirectory(prefix="storebox-match-") as scratch:
        flat, spill = Path(scratch) / "facts", Path(scratch) / "spill"
        spill.mkdir()
        with flat.open("w", encoding="utf-8", newline="") as file:
            for store, days in wanted.items():
                facts = facts_of_store(connection, bill.platform, merchant, store, days, unreadable)
                file.writelines(rows_of(facts, day))
        return match_in_bulk(bill, merchant, day, flat, terms, spill), unreadable
