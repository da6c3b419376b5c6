"""The match of one merchant account's day with what headquarters has: small bills line by line, big ones in bulk.

`match_day` picks the way itself; the findings are the same either way, except that in bulk orders in agreement stand in
the totals only. Both ways read the facts out of the entries, so a match needs nothing that was computed before.
"""

import logging
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from agent.core.errors import StoreboxError
from agent.core.reconcile.fees import FeeContract
from agent.core.reconcile.finding import Match
from agent.core.reconcile.matching import match
from agent.core.reconcile.scope import Terms
from agent.core.reconcile.statement import Statement, StatementState, check_statement
from sync.hq.matching.bulk import Bulk, match_in_bulk
from sync.hq.matching.bulk_bill import NotInBulkError
from sync.hq.matching.bulk_facts import FlatFacts
from sync.hq.matching.facts import days_of_named, facts_of_store, journal_until_ms, read_facts, wanted_days
from sync.platforms.bill_files import BillFile

log = logging.getLogger(__name__)

BULK_BYTES = 10 * 1024 * 1024
"""From this size of a bill's text on, about 50,000 lines, a match is made in bulk."""


@dataclass(frozen=True, slots=True)
class DayMatch:
    """What came of a day: fit for `agent.core.reconcile.differences.changes`.

    In bulk `statement` holds only the lines that were not plainly in agreement, and `match.findings` none of the
    others; `match.totals` always count every line. `unreadable` names entries of the stores that no fact came of.
    """

    match: Match
    statement: Statement
    unreadable: Sequence[str]
    in_bulk: bool


def match_day(
    connection: Connection,
    bill: BillFile,
    merchant: str,
    day: date,
    contracts: Sequence[FeeContract] = (),
    bulk_bytes: int = BULK_BYTES,
) -> DayMatch:
    """Match a day's bill with the facts that the stores' entries tell.

    `contracts` judge the fees, none of them judges no fee. From `bulk_bytes` of text on the match is made in bulk if
    DuckDB is there and the bill is of the platform's plain form; the memory that it takes is bounded then. Refuses what
    is not this merchant's bill of this day (`bill.…`, `platform.bill_unreadable`).
    """
    if _is_big(bill, bulk_bytes):
        try:
            return _in_bulk(connection, bill, merchant, day, contracts)
        except NotInBulkError as error:
            # The platform's own reader judges an unusual bill and says what is wrong with it.
            log.info("%s is not matched in bulk: %s", bill.path.name, error)
    lines = tuple(bill.lines())
    check_statement(merchant, day, lines)
    statement = Statement(bill.platform, merchant, day, StatementState.READY, lines, bill.sha256)
    return _line_by_line(connection, statement, contracts)


def match_without_bill(connection: Connection, statement: Statement) -> DayMatch:
    """Judge a day whose bill isn't here, by what `statement.state` says of it; it has no lines."""
    return _line_by_line(connection, statement, ())


def _line_by_line(connection: Connection, statement: Statement, contracts: Sequence[FeeContract]) -> DayMatch:
    read = read_facts(connection, statement.platform, statement.merchant, statement.day, statement.lines)
    terms = Terms(contracts=contracts, journal_until_ms=read.journal_until_ms)
    return DayMatch(match(read.facts, [statement], terms), statement, read.unreadable, in_bulk=False)


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
    connection: Connection, bill: BillFile, merchant: str, day: date, contracts: Sequence[FeeContract]
) -> DayMatch:
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
    return DayMatch(found.match, found.statement, unreadable, in_bulk=True)


def _matched(
    connection: Connection, bill: BillFile, merchant: str, day: date, wanted: Mapping[str, set[str]], terms: Terms
) -> tuple[Bulk, list[str]]:
    """Write the facts store by store, so that one store's are in memory at a time, and match."""
    unreadable: list[str] = []
    with tempfile.TemporaryDirectory(prefix="storebox-match-") as scratch:
        flat, spill = FlatFacts(Path(scratch) / "facts", day), Path(scratch) / "spill"
        spill.mkdir()
        flat.write(
            facts_of_store(connection, bill.platform, merchant, store, days, unreadable)
            for store, days in wanted.items()
        )
        return match_in_bulk(bill, merchant, day, flat, terms, spill), unreadable
