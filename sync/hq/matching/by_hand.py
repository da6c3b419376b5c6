"""Matching one bill file by hand."""

from datetime import date
from pathlib import Path

from agent.core.reconcile.fees import FeeContract
from agent.core.reconcile.finding import Match
from agent.core.reconcile.matching import match
from agent.core.reconcile.scope import Terms
from agent.core.reconcile.statement import Statement, StatementState, check_statement
from sync.hq.database import Database
from sync.hq.matching.facts import read_facts
from sync.platforms.bill_files import open_bill

PPM_A_BASIS_POINT = 100


def match_file(
    database: Database, path: Path, merchant: str, day: date, rate_bp: int | None = None, expected: str | None = None
) -> tuple[Match, Statement, list[str]]:
    """Match a bill with the entries that are here; also returns the entries that can't be read.

    `rate_bp` is the merchant's fee in hundredths of a percent, None judges no fees; `expected` the bill's announced
    hash. Refuses what is not this merchant's bill of this day (`bill.…`, `platform.bill_unreadable`).
    """
    bill = open_bill(path, expected)
    lines = tuple(bill.lines())
    check_statement(merchant, day, lines)
    statement = Statement(bill.platform, merchant, day, StatementState.READY, lines, bill.sha256)
    with database.read() as connection:
        read = read_facts(connection, bill.platform, merchant, day, lines)
    contracts = () if rate_bp is None else (FeeContract(rate_bp * PPM_A_BASIS_POINT),)
    terms = Terms(contracts=contracts, journal_until_ms=read.journal_until_ms)
    return match(read.facts, [statement], terms), statement, read.unreadable
