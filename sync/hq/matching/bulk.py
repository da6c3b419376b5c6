"""Matching in bulk: what agrees is added up and counted by DuckDB, all else goes to the pure classifier.

The same answers as `agent.core.reconcile.matching.match` with the whole bill in memory, except that pairs in agreement
stand in the totals only. Memory is bounded as long as most of a bill agrees.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path

from agent.core.errors import Refused
from agent.core.reconcile.classes import LineClass
from agent.core.reconcile.facts import Facts
from agent.core.reconcile.finding import Listed, Match
from agent.core.reconcile.matching import alarms, findings_of, totals_of, unit_pairs
from agent.core.reconcile.scope import Scope, Terms
from agent.core.reconcile.statement import Statement, StatementState, check_merchant, check_statement, check_unit
from sync.hq.matching.bulk_bill import BulkBill, NotInBulkError, line_ends, prepared
from sync.hq.matching.bulk_facts import FlatFacts
from sync.hq.matching.bulk_sums import Agreed, Sums
from sync.platforms.bill_files import BillFile

MEMORY_MB = 144
"""What DuckDB may hold; more is spilled to the folder. Rows are kept back by a thread that is ahead in the order of the
file: where they take too much of this, DuckDB lets one thread alone read, in twice the time."""
THREADS = 2


@dataclass(frozen=True, slots=True)
class Bulk:
    """A match, and what was looked at closely for it; the statement holds those lines only."""

    match: Match
    statement: Statement
    facts: Facts


def match_in_bulk(
    bill: BillFile,
    merchant: str,
    day: date,
    facts: FlatFacts,
    terms: Terms,
    folder: Path,
    memory_mb: int = MEMORY_MB,
    threads: int = THREADS,
) -> Bulk:
    """Match a bill with a file of facts; `folder` is empty and takes what does not fit in memory.

    Raises `Refused` as the pure path does, and `NotInBulkError` for a bill that only the platform's reader can judge.
    """
    if not merchant or find_spec("duckdb") is None:
        raise NotInBulkError("merchant" if not merchant else "duckdb is not installed (extra hq)")
    ready = prepared(bill, folder)
    agreed, rows, places = _added_up(ready, merchant, day, facts, terms, folder, memory_mb, threads)
    try:
        lines = tuple(ready.lines(rows))
    except Refused as error:
        # The whole bill says which line, and whether it is one at all.
        raise NotInBulkError("rows") from error
    if agreed.pairs:
        for line in lines:
            check_merchant(merchant, line)
    else:
        check_statement(merchant, day, lines)
    statement = Statement(bill.platform, merchant, day, StatementState.READY, lines, bill.sha256)
    closer = facts.at(places)
    return Bulk(_matched(closer, statement, terms, agreed), statement, closer)


def _added_up(
    bill: BulkBill, merchant: str, day: date, facts: FlatFacts, terms: Terms, folder: Path, memory_mb: int, threads: int
) -> tuple[Agreed, Sequence[str], Sequence[int]]:
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": f"{memory_mb}MB", "threads": threads}
    config |= {"temp_directory": str(folder), "preserve_insertion_order": "false"}
    # How many rows a text has is not known to DuckDB, which would keep the bill in memory to look few orders up in it.
    config["disabled_optimizers"] = "build_side_probe_side"
    try:
        # Lines are counted beside DuckDB, which does not keep both processors busy all the time.
        with ThreadPoolExecutor(1) as beside, duckdb.connect(config=config) as connection:
            ends = beside.submit(line_ends, bill.text)
            sums = Sums(connection, bill, facts, merchant, day, terms, folder, ends)
            agreed = sums.add_up()
            return agreed, sums.rows(), sums.places()
    except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException) as error:
        raise NotInBulkError(str(error)) from error


def _matched(facts: Facts, statement: Statement, terms: Terms, agreed: Agreed) -> Match:
    """Judge what was left over. What agrees proves the bill's unit, and that it isn't empty."""
    scope = Scope({statement.day: statement.state}, terms)
    findings = findings_of(facts, (Listed(statement.day, line) for line in statement.lines), scope)
    if not agreed.payments:
        check_unit(unit_pairs(findings))
    is_empty = not agreed.pairs and not statement.lines
    totals = totals_of(findings)
    total = totals[LineClass.MATCHED]
    total.findings += agreed.pairs
    total.lines += 2 * agreed.pairs
    total.journal_fen += agreed.amount_fen
    total.bill_fen += agreed.amount_fen
    total.fee_fen += agreed.fee_fen
    return Match(findings, totals, alarms(facts.payments, scope, {statement.day} if is_empty else ()))
