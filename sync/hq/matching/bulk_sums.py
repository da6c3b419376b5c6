"""The sums of hashes of both sides, and which orders they leave for a closer look.

A row's keys are hashes of its platform number (the order's where it has none), out_trade_no and refund number. An order
is in agreement when both sides have as many rows under its first key, their hashes add up to nothing without carry
(exclusive or: no fact stands twice, so twins on one side only leave something over), nothing in it is odd, and it holds
one payment. That is true of many orders together as it is of one: orders are added up in buckets, and only those of a
bucket that does not add up one by one. Others take along whatever shares a key with them, again and again, so that the
classifier sees whole groups.
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
    import duckdb

_KEYS = (
    "hash(CASE transaction WHEN '' THEN number ELSE transaction END) AS key, hash(number) AS number, "
    "CASE back WHEN '' THEN NULL ELSE hash(back) END AS back"
)
_AGREES = "hash(pays, key, number, CASE WHEN pays THEN 0 ELSE back END, amount_fen, settled_fen)"
_HALVES = "(number >> 32)::UINTEGER AS number, (back >> 32)::UINTEGER AS back"
"""Rows keep half of the hashes that orders only share with each other: by chance, few come along that need not."""
_PAYS, _ODD, _COUNTS, _HOLDS, _FOOT = 1, 2, 4, 8, 16
"""Bits of a row's `marks`: a payment, one that is odd, one that must be answered, one with a number of the platform."""
_SEEN = ", ".join(
    f"marks & {bit} <> 0 AS {name}"
    for name, bit in (("pays", _PAYS), ("odd", _ODD), ("counts", _COUNTS), ("holds", _HOLDS))
)

_ADDED = (
    "count(*) FILTER (side < 0) AS pairs, count(*) FILTER (side < 0 AND pays) AS payments, "
    "sum(amount_fen) AS amount_fen, sum(fee_fen) AS fee_fen"
)
_ADDED_AGAIN = "sum(pairs), sum(payments), sum(amount_fen), sum(fee_fen)"
_BUCKETS = 65_536
_SUSPECTED = f"WHERE key & {_BUCKETS - 1} IN (SELECT bucket FROM bucket WHERE NOT agreed)"


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
    ) -> None:
        self._connection = connection
        self._bill = f"({bill_query(bill, merchant, day, terms)})"
        self._bill_file = bill
        self._folder = folder
        types = {name: "BIGINT" if name in NUMBERS else "VARCHAR" for name in COLUMNS}
        self._facts = csv_source(facts.path, types, "\t")

    def add_up(self) -> Agreed:
        """Read both files once; returns what agrees and remembers the rest."""
        run = self._connection.execute
        run(f"""
            CREATE TABLE fact_row AS
            SELECT key, {_HALVES}, CASE counts WHEN 1 THEN {_AGREES} ELSE 0 END AS agrees, place,
                (pays::INT * {_PAYS} + odd * {_ODD} + counts * {_COUNTS} + holds::INT * {_HOLDS})::UTINYINT AS marks
            FROM (
                SELECT {_KEYS}, kind = 'P' AS pays, counts, odd, amount_fen, settled_fen, place,
                    kind = 'P' AND transaction <> '' AS holds
                FROM {self._facts}
            )
        """)
        # In the order of the file, so that a row's number tells its line.
        run("SET preserve_insertion_order = true")
        run(f"""
            CREATE TABLE line_row AS
            SELECT key, {_HALVES}, {_AGREES} AS agrees,
                CASE WHEN pays THEN amount_fen ELSE -amount_fen END AS amount_fen,
                CASE WHEN pays THEN fee_fen ELSE -fee_fen END AS fee_fen,
                (pays::INT * {_PAYS} + odd * {_ODD} + {_COUNTS} + foot::INT * {_FOOT})::UTINYINT AS marks
            FROM (
                SELECT {_KEYS}, kind = 'P' AS pays, odd, foot, amount_fen::BIGINT AS amount_fen,
                    settled_fen::BIGINT AS settled_fen, fee_fen
                FROM {self._bill}
            )
        """)
        feet = run(f"SELECT count(*) FROM line_row WHERE marks & {_FOOT} <> 0").fetchone()
        if feet is None or feet[0] != 1:
            raise NotInBulkError("foot")
        run(f"""
            CREATE VIEW row AS
            SELECT 1 AS side, key, number, back, agrees, {_SEEN}, 0 AS amount_fen, 0 AS fee_fen, place
            FROM fact_row
            UNION ALL
            SELECT -1, key, number, back, agrees, {_SEEN}, amount_fen, fee_fen, rowid
            FROM line_row WHERE marks & {_FOOT} = 0
        """)
        for name, key, among in (("bucket", f"key & {_BUCKETS - 1}", ""), ("sum", "key", _SUSPECTED)):
            run(f"""
                CREATE TABLE {name} AS
                SELECT {key} AS {name}, {_ADDED},
                    bit_xor(agrees) = 0 AND NOT bool_or(odd) AND sum(side * counts::INT) = 0 AS agreed
                FROM row {among} GROUP BY 1
            """)
        self._gather()
        every, closer = (
            self._added(f"SELECT {_ADDED_AGAIN} FROM bucket"),
            self._added(f"SELECT {_ADDED} FROM row WHERE key IN (SELECT key FROM closer)"),
        )
        return Agreed(*(one - other for one, other in zip(every, closer, strict=True)))

    def _added(self, query: str) -> tuple[int, ...]:
        found = self._connection.execute(query).fetchone()
        return tuple(int(one or 0) for one in found or ())

    def rows(self) -> Sequence[str]:
        """Return the bill's rows that need a closer look, as they stand there."""
        places = self._places(-1)
        few = self._folder / "closer.txt"
        few.write_bytes(b"".join(lines_at(self._bill_file.text, [len(self._bill_file.head) + one for one in places])))
        found = self._lines(few)
        # A stray end of a line counts for DuckDB and not for us: then the whole bill is looked through.
        return found if len(found) == len(places) else self._lines(self._bill_file.text)

    def places(self) -> Sequence[int]:
        """Return where the facts that need a closer look stand in their file."""
        return self._places(1)

    def _places(self, side: int) -> Sequence[int]:
        query = f"SELECT place FROM row WHERE side = {side} AND key IN (SELECT key FROM closer) ORDER BY place"
        return [place for (place,) in self._connection.execute(query).fetchall()]

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
        run("""
            CREATE TABLE closer AS
            SELECT sum AS key FROM sum WHERE NOT agreed
            UNION SELECT key FROM row WHERE holds GROUP BY key HAVING count(*) > 1
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
