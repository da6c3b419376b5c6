"""The sums of hashes of both sides, and which orders they leave for a closer look.

A row's keys are hashes of its platform number (the order's where it has none), out_trade_no and refund number. An order
is in agreement when the hashes of its facts less those of its lines are nothing, and it holds one payment. What is odd
has a hash that nothing makes up for. That is true of many orders together as it is of one: orders are added up in
buckets, and only those of a bucket that leaves something over one by one. Others take along whatever shares a key with
them, again and again, so that the classifier sees whole groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from agent.core.reconcile.scope import Terms
from sync.hq.matching.bulk_bill import BulkBill, NotInBulkError, lines_at
from sync.hq.matching.bulk_facts import COLUMNS, NUMBERS, FlatFacts
from sync.hq.matching.bulk_query import bill_query, csv_source, line_query

if TYPE_CHECKING:
    from concurrent.futures import Future

    import duckdb

_KEYS = (
    "hash(CASE transaction WHEN '' THEN number ELSE transaction END) AS key, hash(number) AS number, "
    "CASE back WHEN '' THEN NULL ELSE hash(back) END AS back"
)
_AGREES = "hash(pays, key, number, CASE WHEN pays THEN 0 ELSE back END, amount_fen, settled_fen)"
_HALVES = "(number >> 32)::UINTEGER AS number, (back >> 32)::UINTEGER AS back"
"""Rows keep half of the hashes that orders only share with each other: by chance, few come along that need not."""
_ODD_FACT, _ODD_LINE = "hash(key, 'fact')", "hash(key, 'line')"
"""What odd rows stand for, so that nothing of the other side makes up for them."""
_BUCKET = "key & 65535"


@dataclass(frozen=True, slots=True)
class Agreed:
    """Pairs of both sides that tell the same: how many, how many of them payments, and what they add up to."""

    pairs: int
    payments: int
    amount_fen: int
    fee_fen: int


class Sums:
    """A day's bill and facts in a DuckDB of its own; raises DuckDB's errors for text that it can't read."""

    def __init__(
        self,
        connection: "duckdb.DuckDBPyConnection",
        bill: BulkBill,
        facts: FlatFacts,
        merchant: str,
        day: date,
        terms: Terms,
        folder: Path,
        line_ends: "Future[Sequence[int]]",
    ) -> None:
        self._connection = connection
        self._bill = f"({bill_query(bill, merchant, day, terms)})"
        self._bill_file = bill
        self._folder = folder
        self._line_ends = line_ends
        types = {name: "BIGINT" if name in NUMBERS else "VARCHAR" for name in COLUMNS}
        self._facts = csv_source(facts.path, types, "\t")

    def add_up(self) -> Agreed:
        """Read both files once; returns what agrees and remembers the rest."""
        run = self._connection.execute
        run(f"""
            CREATE TABLE fact_row AS
            SELECT key, {_HALVES}, place, pays AND is_named AS holds, (CASE WHEN odd = 1 THEN {_ODD_FACT}
                WHEN counts = 1 THEN {_AGREES} ELSE 0 END >> 1)::BIGINT AS balance
            FROM (
                SELECT {_KEYS}, kind = 'P' AS pays, transaction <> '' AS is_named, counts, odd, amount_fen,
                    settled_fen, place
                FROM {self._facts}
            )
        """)
        # In the order of the file, so that a row's number tells its line. The foot is no payment and no refund.
        run("SET preserve_insertion_order = true")
        run(f"""
            CREATE TABLE line_row AS
            SELECT key, {_HALVES}, CASE WHEN foot THEN NULL ELSE pays END AS pays,
                CASE WHEN pays THEN amount_fen ELSE -amount_fen END AS amount_fen,
                CASE WHEN pays THEN fee_fen ELSE -fee_fen END AS fee_fen,
                -(CASE WHEN odd = 1 THEN {_ODD_LINE} ELSE {_AGREES} END >> 1)::BIGINT AS balance
            FROM (
                SELECT {_KEYS}, kind = 'P' AS pays, odd, foot, amount_fen::BIGINT AS amount_fen,
                    settled_fen::BIGINT AS settled_fen, fee_fen
                FROM {self._bill}
            )
        """)
        feet = run("SELECT count(*) FROM line_row WHERE pays IS NULL").fetchone()
        if feet is None or feet[0] != 1:
            raise NotInBulkError("foot")
        run("""
            CREATE VIEW row AS
            SELECT key, number, back, balance FROM fact_row
            UNION ALL
            SELECT key, number, back, balance FROM line_row WHERE pays IS NOT NULL
        """)
        self._gather()
        found = run("""
            SELECT count(*), count(*) FILTER (pays), sum(amount_fen), sum(fee_fen) FROM line_row
            WHERE pays IS NOT NULL AND key NOT IN (SELECT key FROM closer)
        """).fetchone()
        return Agreed(*(int(one or 0) for one in found or ()))

    def rows(self) -> Sequence[str]:
        """Return the bill's rows that need a closer look, as they stand there."""
        places = self._places("rowid", "line_row WHERE pays IS NOT NULL")
        few = self._folder / "closer.txt"
        numbers = [len(self._bill_file.head) + one for one in places]
        few.write_bytes(b"".join(lines_at(self._bill_file.text, self._line_ends.result(), numbers)))
        found = self._lines(few)
        # A stray end of a line counts for DuckDB and not for us: then the whole bill is looked through.
        return found if len(found) == len(places) else self._lines(self._bill_file.text)

    def places(self) -> Sequence[int]:
        """Return where the facts that need a closer look stand in their file."""
        return self._places("place", "fact_row WHERE true")

    def _places(self, place: str, among: str) -> Sequence[int]:
        query = f"SELECT {place} FROM {among} AND key IN (SELECT key FROM closer) ORDER BY 1"
        return [found for (found,) in self._connection.execute(query).fetchall()]

    def _lines(self, text: Path) -> Sequence[str]:
        query = f"""
            SELECT line FROM (SELECT line, {_KEYS} FROM ({line_query(self._bill_file, text)}))
            WHERE key IN (SELECT key FROM closer)
        """
        around = {*self._bill_file.head, *self._bill_file.foot, ""}
        return [line for (line,) in self._connection.execute(query).fetchall() if line not in around]

    def _gather(self) -> None:
        """Collect the orders that do not agree, and what shares a key with them, until nothing more comes."""
        run = self._connection.execute
        run(f"CREATE TABLE bucket AS SELECT {_BUCKET} AS bucket FROM row GROUP BY 1 HAVING sum(balance) <> 0")
        run(f"""
            CREATE TABLE closer AS
            SELECT key FROM row WHERE {_BUCKET} IN (SELECT bucket FROM bucket) GROUP BY 1 HAVING sum(balance) <> 0
            UNION SELECT key FROM fact_row WHERE holds GROUP BY 1 HAVING count(*) > 1
        """)
        known = -1
        while (count := self._count()) != known:
            known = count
            for shared in ("number", "back"):
                run(f"""
                    INSERT INTO closer
                    SELECT DISTINCT key FROM row
                    WHERE {shared} IN (SELECT {shared} FROM row WHERE key IN (SELECT key FROM closer)
                        AND {shared} IS NOT NULL)
                    AND key NOT IN (SELECT key FROM closer)
                """)

    def _count(self) -> int:
        found = self._connection.execute("SELECT count(*) FROM closer").fetchone()
        return found[0] if found else 0
